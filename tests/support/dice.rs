//! Random choices that can be made again: the seed is printed, and taken from `MLS_SEED` if that is set.

pub struct Dice(u64);

impl Dice {
    /// Prints the seed, so that a failure can be repeated.
    pub fn new(what: &str) -> Self {
        let seed = match std::env::var("MLS_SEED") {
            Ok(seed) => seed.parse().expect("MLS_SEED is a number"),
            Err(_) => {
                std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970").as_nanos()
                    as u64
            }
        };
        println!("{what}: MLS_SEED={seed}");
        Self(seed)
    }

    pub fn with(seed: u64) -> Self {
        Self(seed)
    }

    /// SplitMix64.
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `sides`.
    pub fn below(&mut self, sides: usize) -> usize {
        (self.next() % sides as u64) as usize
    }

    /// The message with one bit of one byte changed, from `from` on.
    pub fn flipped(&mut self, message: &[u8], from: usize) -> Vec<u8> {
        let mut flipped = message.to_vec();
        let at = from + self.below(message.len() - from);
        flipped[at] ^= 1 << self.below(8);
        flipped
    }

    pub fn shuffle<T>(&mut self, list: &mut [T]) {
        for at in (1..list.len()).rev() {
            list.swap(at, self.below(at + 1));
        }
    }
}

/// `small`, or `large` with `MLS_TORTURE=1`.
pub fn tier(small: usize, large: usize) -> usize {
    match std::env::var("MLS_TORTURE").is_ok_and(|on| on == "1") {
        true => large,
        false => small,
    }
}
