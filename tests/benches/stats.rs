//! Figures, and how they are printed: a median alone hides whether it can be trusted.

use std::fmt;
use std::time::Duration;

/// Values of one kind, in order of size; at least one.
#[derive(Debug, Clone)]
pub struct Sample(Vec<f64>);

impl Sample {
    pub fn new(values: impl IntoIterator<Item = f64>) -> Self {
        let mut values: Vec<f64> = values.into_iter().collect();
        assert!(!values.is_empty(), "nothing was measured");
        values.sort_by(f64::total_cmp);
        Self(values)
    }

    pub fn of_milliseconds(times: impl IntoIterator<Item = Duration>) -> Self {
        Self::new(times.into_iter().map(|time| time.as_secs_f64() * 1e3))
    }

    pub fn median(&self) -> f64 {
        self.quantile(0.5)
    }

    /// The smallest value that this share of all values does not exceed.
    pub fn quantile(&self, share: f64) -> f64 {
        let place = (share * self.0.len() as f64).ceil() as usize;
        self.0[place.clamp(1, self.0.len()) - 1]
    }

    pub fn min(&self) -> f64 {
        self.0[0]
    }

    pub fn max(&self) -> f64 {
        self.0[self.0.len() - 1]
    }
}

/// `median (min..max)`, with as many decimals as asked for, to the right.
impl fmt::Display for Sample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (decimals, width) = (f.precision().unwrap_or(1), f.width().unwrap_or(0));
        let (median, min, max) = (self.median(), self.min(), self.max());
        let text = format!("{median:.decimals$} ({min:.decimals$}..{max:.decimals$})");
        write!(f, "{text:>width$}")
    }
}
