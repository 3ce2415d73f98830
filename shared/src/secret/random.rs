//! Where randomness enters the program, and the only place: everything else is given bytes and ids as arguments.

use std::{
    fmt,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use jiff::Timestamp;
use ulid::Ulid;

use super::digest::hmac_sha256;

/// A source of random bytes and of ids. Clones share their source, and with it the order of their ids.
#[derive(Clone)]
pub struct Random(Arc<Inner>);

struct Inner {
    source: Source,
    last_ulid: Mutex<Ulid>,
}

enum Source {
    System,
    Seeded { seed: [u8; 8], blocks_given: AtomicU64 },
}

impl Random {
    /// The generator of AWS-LC, seeded by the operating system.
    pub fn system() -> Self {
        Self::of(Source::System)
    }

    /// For tests: the same bytes in the same order for the same seed. Anyone can compute them.
    pub fn seeded(seed: u64) -> Self {
        Self::of(Source::Seeded {
            seed: seed.to_be_bytes(),
            blocks_given: AtomicU64::new(0),
        })
    }

    /// `N` random bytes, fit for keys.
    ///
    /// # Panics
    /// If the system has no randomness to give: no answer is safe then, and a Lambda that ends here is replaced.
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.0.source.fill(&mut bytes);
        bytes
    }

    /// An id that sorts by time: 48 bits of milliseconds since 1970 and 80 random bits (the ULID specification).
    ///
    /// Within one source ids strictly increase, because lists sort by them: a call for the same millisecond as the id
    /// before, or for an earlier one (requests read the clock when they begin and interleave), answers the successor
    /// of that id. The time inside an id may therefore run ahead of `now`; nothing reads it as a fact.
    pub fn ulid(&self, now: Timestamp) -> Ulid {
        let now_ms = u64::try_from(now.as_millisecond()).unwrap_or(0);
        let mut last = self.0.last_ulid.lock().unwrap_or_else(PoisonError::into_inner);
        *last = if now_ms > last.timestamp_ms() {
            Ulid::from_parts(now_ms, self.ulid_bits())
        } else {
            // Out of 80 bits within one millisecond: on to the next one.
            last.increment().unwrap_or_else(|next_millisecond| next_millisecond)
        };
        *last
    }

    /// An id of something that is told of later than it was: it sorts by the time it is of, before what is known already.
    pub fn ulid_of(&self, at: Timestamp) -> Ulid {
        Ulid::from_parts(u64::try_from(at.as_millisecond()).unwrap_or(0), self.ulid_bits())
    }

    fn of(source: Source) -> Self {
        Self(Arc::new(Inner {
            source,
            last_ulid: Mutex::new(Ulid::nil()),
        }))
    }

    fn ulid_bits(&self) -> u128 {
        let mut bits = [0; 16];
        bits[6..].copy_from_slice(&self.bytes::<10>());
        u128::from_be_bytes(bits)
    }
}

impl Source {
    fn fill(&self, bytes: &mut [u8]) {
        match self {
            #[expect(clippy::expect_used, reason = "see the panics of `bytes`")]
            #[expect(clippy::disallowed_methods, reason = "the one adapter to the system's randomness")]
            Self::System => aws_lc_rs::rand::fill(bytes).expect("the system gives randomness"),
            Self::Seeded { seed, blocks_given } => {
                for chunk in bytes.chunks_mut(32) {
                    let block = blocks_given.fetch_add(1, Ordering::Relaxed);
                    chunk.copy_from_slice(&hmac_sha256(seed, &block.to_be_bytes())[..chunk.len()]);
                }
            }
        }
    }
}

impl fmt::Debug for Random {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0.source {
            Source::System => "Random(system)",
            Source::Seeded { .. } => "Random(seeded)",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_millisecond(ms).unwrap()
    }

    #[test]
    fn a_seed_repeats_and_another_does_not() {
        let (a, b, c) = (Random::seeded(1), Random::seeded(1), Random::seeded(2));
        let first = a.bytes::<40>();
        assert_eq!(first, b.bytes());
        assert_ne!(first, c.bytes());
        assert_ne!(first, a.bytes());
        assert_ne!(first[..8], first[32..]);
    }

    #[test]
    fn the_system_does_not_repeat() {
        let random = Random::system();
        assert_ne!(random.bytes::<32>(), random.bytes::<32>());
        assert_ne!(random.bytes::<32>(), [0; 32]);
    }

    #[test]
    fn ids_increase_whatever_the_clock_says() {
        let random = Random::seeded(7);
        let mut last = random.ulid(at(1_774_000_000_000));
        assert_eq!(last.timestamp_ms(), 1_774_000_000_000);
        for step in [0, 0, 1, 0, -5, 0, 2, -3_600_000, 10] {
            let id = random.clone().ulid(at(1_774_000_000_000 + step));
            assert!(id > last && id.to_string() > last.to_string(), "{id} after {last}");
            last = id;
        }
        assert_eq!(last.timestamp_ms(), 1_774_000_000_010);
    }

    #[test]
    fn a_full_millisecond_runs_into_the_next() {
        let random = Random::seeded(7);
        *random.0.last_ulid.lock().unwrap() = Ulid::from_parts(5, (1 << 80) - 1);
        assert_eq!(random.ulid(at(5)), Ulid::from_parts(6, 0));
    }

    #[test]
    fn a_time_before_1970_is_no_reason_to_fail() {
        assert!(Random::seeded(7).ulid(at(-1)) > Ulid::nil());
    }
}
