//! Numbers that a seed repeats.

/// xorshift64*.
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        // Seeds near each other are to start far from each other, and 0 would stay 0.
        Self((seed.wrapping_add(1)).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// Below `end`.
    pub fn below(&mut self, end: usize) -> usize {
        (self.next() >> 33) as usize % end.max(1)
    }

    /// True once in `times`.
    pub fn one_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }
}

/// The seed of a random test: a new one each time, unless `MLS_SEED` gives one. Printed, to be repeated.
pub fn seed(test: &str) -> u64 {
    let seed = match std::env::var("MLS_SEED") {
        Ok(seed) => seed.parse().expect("MLS_SEED is a number"),
        Err(_) => {
            std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(1, |now| now.as_nanos() as u64)
        }
    };
    println!("{test}: MLS_SEED={seed}");
    seed
}

/// Whether the long form of long tests is asked for.
pub fn torture() -> bool {
    std::env::var_os("MLS_TORTURE").is_some()
}
