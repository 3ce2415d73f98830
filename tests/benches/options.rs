//! What was asked for on the command line.

use std::time::Duration;

pub const USAGE: &str =
    "tests/bench [ingest|latency|due|cold|views|publication|fanout]... [--rounds N] [--wait SECONDS]";

/// Longest wait for a quiet machine before each section, unless another is given.
const WAIT: Duration = Duration::from_secs(180);

pub struct Options {
    /// In this order.
    pub sections: Vec<Section>,
    /// Turns of each side; none: as many as the section thinks it needs.
    pub rounds: Option<usize>,
    /// Longest wait for a quiet machine.
    pub wait: Duration,
}

#[derive(Clone, Copy)]
pub enum Section {
    Ingest,
    Latency,
    Due,
    Cold,
    Views,
    Publication,
    Fanout,
}

impl Section {
    const ALL: [Self; 7] = [
        Self::Ingest,
        Self::Latency,
        Self::Due,
        Self::Cold,
        Self::Views,
        Self::Publication,
        Self::Fanout,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::Ingest => "ingest",
            Self::Latency => "latency",
            Self::Due => "due",
            Self::Cold => "cold",
            Self::Views => "views",
            Self::Publication => "publication",
            Self::Fanout => "fanout",
        }
    }

    pub fn title(self) -> &'static str {
        match self {
            Self::Ingest => "ingest: alerts a second",
            Self::Latency => "latency: from an alert's POST to the webhook about it",
            Self::Due => "due: how late pages are that fall due together",
            Self::Cold => "cold: a Lambda's size, start and memory",
            Self::Views => "views: of a status page a second",
            Self::Publication => "publication: how long, with how much behind it",
            Self::Fanout => "fanout: whether subscribers delay who is woken",
        }
    }
}

impl Options {
    /// None: the words mean nothing, or it was not `cargo bench` that started this (which says `--bench`): run as a test,
    /// say by `cargo test --all-targets`, it does nothing.
    pub fn read(words: impl Iterator<Item = String>) -> Option<Self> {
        let mut options = Self {
            sections: Vec::new(),
            rounds: None,
            wait: WAIT,
        };
        let mut is_bench = false;
        let mut words = words.peekable();
        while let Some(word) = words.next() {
            match word.as_str() {
                "--bench" => is_bench = true,
                "--rounds" => options.rounds = Some(words.next()?.parse().ok().filter(|rounds| *rounds > 0)?),
                "--wait" => options.wait = Duration::from_secs(words.next()?.parse().ok()?),
                name => options
                    .sections
                    .push(Section::ALL.into_iter().find(|section| section.name() == name)?),
            }
        }
        if options.sections.is_empty() {
            options.sections = Section::ALL.to_vec();
        }
        is_bench.then_some(options)
    }
}
