//! How loud a sound is over its length, from its samples as they come.

/// How many samples a second there are.
const RATE: usize = 8000;
/// How many samples become one value on the way: a tenth of a second.
const STEP: usize = RATE / 10;
/// How many values a chat shows.
const SHOWN: usize = 64;
/// A day of sound; what comes later is not listened to.
const MOST_STEPS: usize = 24 * 60 * 60 * 10;

/// Listens.
#[derive(Default)]
pub(super) struct Loudness {
    /// The loudest sample of each step.
    peaks: Vec<u16>,
    in_step: usize,
    peak: u16,
    samples: usize,
    /// The first byte of a sample whose second is still to come.
    half: Option<u8>,
}

impl Loudness {
    /// Hears more samples of sixteen bits, the low byte first; says whether there is room for more.
    pub(super) fn hear(&mut self, bytes: &[u8]) -> bool {
        for &byte in bytes {
            match self.half.take() {
                None => self.half = Some(byte),
                Some(low) => self.hear_one(i16::from_le_bytes([low, byte])),
            }
        }
        self.peaks.len() < MOST_STEPS
    }

    fn hear_one(&mut self, sample: i16) {
        self.samples += 1;
        self.peak = self.peak.max(sample.unsigned_abs());
        self.in_step += 1;
        if self.in_step == STEP {
            self.peaks.push(std::mem::take(&mut self.peak));
            self.in_step = 0;
        }
    }

    /// How many seconds it lasted, begun ones included, and how loud it was; `None` when nothing was heard.
    pub(super) fn result(mut self) -> Option<(u32, Vec<u8>)> {
        if self.in_step > 0 {
            self.peaks.push(self.peak);
        }
        let loudest = u32::from(*self.peaks.iter().max()?).max(1);
        let seconds = u32::try_from(self.samples.div_ceil(RATE)).unwrap_or(u32::MAX);
        let shown = (0..SHOWN).map(|place| {
            let begin = place * self.peaks.len() / SHOWN;
            let end = ((place + 1) * self.peaks.len() / SHOWN).max(begin + 1);
            let part = &self.peaks[begin..end.min(self.peaks.len())];
            let average = part.iter().map(|it| u64::from(*it)).sum::<u64>() / part.len().max(1) as u64;
            (average * 100 / u64::from(loudest)) as u8
        });
        Some((seconds, shown.collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(samples: impl IntoIterator<Item = i16>) -> Option<(u32, Vec<u8>)> {
        let bytes: Vec<u8> = samples.into_iter().flat_map(i16::to_le_bytes).collect();
        let mut loudness = Loudness::default();
        // In pieces that cut samples in two.
        for piece in bytes.chunks(7) {
            assert!(loudness.hear(piece));
        }
        loudness.result()
    }

    #[test]
    fn what_is_loud_in_the_middle_is_shown_so() {
        let quiet = || std::iter::repeat_n(1000, RATE);
        let loud = std::iter::repeat_n([-20_000, 20_000], RATE / 2).flatten();
        let (seconds, shown) = heard(quiet().chain(loud).chain(quiet())).unwrap();
        assert_eq!((seconds, shown.len()), (3, SHOWN));
        assert_eq!((shown[0], shown[SHOWN / 2], shown[SHOWN - 1]), (5, 100, 5));
    }

    #[test]
    fn short_silent_and_missing_sounds_are_said_as_such() {
        assert_eq!(heard([]), None);
        let (seconds, shown) = heard([0; 10]).unwrap();
        assert_eq!((seconds, shown), (1, vec![0; SHOWN]));
        assert_eq!(heard([i16::MIN; 10]).unwrap().1, vec![100; SHOWN]);
    }
}
