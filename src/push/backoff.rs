use super::random::random;
use std::time::Duration;

const FIRST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(30);

/// How long to wait from one try to the next: twice as long each time, and half of that by chance, so that many
/// processes do not come back together.
pub(super) struct Backoff(Duration);

impl Default for Backoff {
    fn default() -> Self {
        Self(FIRST)
    }
}

impl Backoff {
    pub(super) fn next(&mut self) -> Duration {
        let half = self.0 / 2;
        self.0 = (self.0 * 2).min(LONGEST);
        half + half.mul_f64(random() as f64 / u64::MAX as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_and_are_never_the_same() {
        let waits = || {
            let mut backoff = Backoff::default();
            [1, 2, 4, 8, 16, 30, 30].map(|most| {
                let (wait, most) = (backoff.next(), Duration::from_secs(most));
                assert!(most / 2 <= wait && wait <= most, "{wait:?} of {most:?}");
                wait
            })
        };
        assert_ne!(waits(), waits());
    }
}
