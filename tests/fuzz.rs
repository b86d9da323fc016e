//! The fuzz targets (fuzz/) over their corpora, and over seeded mutations of them. This needs no instrumented build; with
//! one, `make fuzz` goes much further.
#[path = "support/dice.rs"]
#[allow(dead_code)]
mod dice;
#[path = "../fuzz/src/lib.rs"]
mod targets;
use dice::{Dice, tier};
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
};
use targets::{TARGETS, Target, planted};

fn corpus(name: &str) -> Vec<Vec<u8>> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(name);
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(directory).expect("the corpus").map(|file| file.expect("a file").path()).collect();
    files.sort();
    files.into_iter().map(|file| std::fs::read(file).expect("read")).collect()
}

/// A seed with a few bytes changed, put in, taken out, or taken from another seed.
fn mutated(dice: &mut Dice, seeds: &[Vec<u8>]) -> Vec<u8> {
    const TELLING: [u8; 8] = [0, 1, 0x3f, 0x40, 0x7f, 0x80, 0xc0, 0xff];
    let mut input = seeds[dice.below(seeds.len())].clone();
    for _ in 0..=dice.below(4) {
        let (at, byte) = (dice.below(input.len() + 1), dice.next() as u8);
        match dice.below(6) {
            0 if at < input.len() => input[at] ^= 1 << (byte & 7),
            1 if at < input.len() => input[at] = TELLING[dice.below(8)],
            2 if at < input.len() => drop(input.drain(at..(at + 1 + dice.below(8)).min(input.len()))),
            3 => input.insert(at, byte),
            4 => {
                let other = &seeds[dice.below(seeds.len())];
                let from = dice.below(other.len() + 1);
                let end = (from + dice.below(16)).min(other.len());
                input.splice(at..at, other[from..end].iter().copied());
            }
            _ => input.extend(std::iter::repeat_with(|| dice.next() as u8).take(3)),
        }
    }
    input
}

/// The first input of so many that the target panics over.
fn hunt(dice: &mut Dice, target: Target, seeds: &[Vec<u8>], rounds: usize) -> Option<Vec<u8>> {
    let inputs = (0..rounds).map(|_| mutated(dice, seeds));
    let mut inputs = seeds.iter().cloned().chain(inputs.collect::<Vec<_>>());
    inputs.find(|input| catch_unwind(AssertUnwindSafe(|| target(input))).is_err())
}

#[test]
fn no_target_panics_over_its_corpus_or_over_mutations_of_it() {
    let mut dice = Dice::new("fuzz");
    for (name, target) in TARGETS {
        let seeds = corpus(name);
        assert!(seeds.len() > 2, "{name} has a corpus");
        let (small, large) = if *name == "sequence" { (40, 5_000) } else { (400, 100_000) };
        let rounds = tier(small, large);
        if let Some(input) = hunt(&mut dice, *target, &seeds, rounds) {
            let hex: String = input.iter().map(|byte| format!("{byte:02x}")).collect();
            panic!("{name} fails over {hex}");
        }
        println!("{name}: {} seeds, {rounds} mutations", seeds.len());
    }
}

#[test]
fn a_planted_mistake_is_found() {
    let quiet = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let found = hunt(&mut Dice::new("planted"), planted, &corpus("message"), 100_000);
    std::panic::set_hook(quiet);
    assert!(found.is_some(), "nothing was found");
}
