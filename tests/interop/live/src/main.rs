//! libmls in one group with another implementation, by random scripts.
//!
//!     interop PEER [--scripts N] [--steps N] [--seed SEED] [--suites 1,2,3]
//!
//! PEER is `libmls`, `openmls`, or the name of one in another process: `bouncycastle`, `ts-mls`; the command that runs
//! it is in `MLS_INTEROP_PEER`. Every script has a seed of its own, which is printed if it fails: `--scripts 1 --seed
//! SEED` runs it again. Every script has at least one member of each side, and either side creates the group.
//!
//!     interop transcripts FOLDER
//!
//! makes the transcripts in `tests/vectors` anew.
//!
//! Exit: 0 if every script has passed, or failed only in ways that are known to be the peer's.

#[cfg(feature = "openmls")]
mod openmls;
mod ours;
mod peer;
mod process;
mod random;
mod script;
mod transcript;

use peer::{Peer, Result};
use random::Random;
use script::Script;
use std::{collections::BTreeMap, process::ExitCode};

struct Arguments {
    peer: String,
    scripts: u64,
    steps: usize,
    seed: u64,
    suites: Vec<u16>,
}

fn arguments() -> Result<Arguments> {
    let mut words = std::env::args().skip(1);
    let peer = words.next().ok_or("which peer?")?;
    let deep = std::env::var_os("MLS_TORTURE").is_some();
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_err(|e| e.to_string())?;
    let mut arguments = Arguments {
        scripts: if deep { 400 } else { 40 },
        steps: if deep { 40 } else { 15 },
        seed: now.as_nanos() as u64 % 1_000_000_000,
        suites: match peer.as_str() {
            "openmls" => vec![1, 2, 3],
            _ => vec![1, 2, 3, 5, 7],
        },
        peer,
    };
    while let Some(word) = words.next() {
        let value = words.next().ok_or(format!("{word} what?"))?;
        let number = || value.parse::<u64>().map_err(|_| format!("{value} is not a number"));
        match word.as_str() {
            "--scripts" => arguments.scripts = number()?,
            "--steps" => arguments.steps = number()? as usize,
            "--seed" => arguments.seed = number()?,
            "--suites" => {
                arguments.suites = value
                    .split(',')
                    .map(|s| s.parse().map_err(|_| "a suite"))
                    .collect::<std::result::Result<_, _>>()?;
            }
            _ => return Err(format!("{word} is not known")),
        }
    }
    Ok(arguments)
}

/// Failures that are the peer's own, by what it says then.
const KNOWN: &[(&str, &str, &str)] = &[
    (
        "BouncyCastle",
        "Commit path has invalid parent hash",
        "it computes another parent hash when the sender's filtered path leaves out the root",
    ),
    (
        "BouncyCastle",
        "Commit path has invalid leaf node",
        "it finds a resync's signature key a duplicate of the leaf that the same commit removes",
    ),
    (
        "ts-mls",
        "No overlap between provided private keys and update path",
        "it does not see its removal by a commit that gives its leaf to somebody else",
    ),
];

fn known(failure: &str) -> Option<&'static str> {
    let is = |(kind, sign, _): &&(&str, &str, &str)| failure.starts_with(kind) && failure.contains(sign);
    KNOWN.iter().find(is).map(|(_, _, reason)| *reason)
}

fn one(arguments: &Arguments, seed: u64, command: &[String]) -> (Result<()>, Option<Script>) {
    let mut random = Random::new(seed ^ 0x5EED);
    let suite = random.pick(&arguments.suites).unwrap_or(1);
    let public = random.coin();
    let count = 3 + random.below(4);
    // At least one of each, in random places.
    let mut sides: Vec<bool> = (0..count).map(|i| i == 0 || i > 1 && random.coin()).collect();
    random.shuffle(&mut sides);
    let peers: Result<Vec<Box<dyn Peer>>> = sides
        .iter()
        .enumerate()
        .map(|(i, is_ours)| {
            let identity = Script::identity(i);
            let padding = random.below(3) * 32; // of those that let it be chosen
            Ok(match (is_ours, arguments.peer.as_str()) {
                (true, _) | (_, "libmls") => Box::new(ours::Ours::new(&identity, suite, public)?) as Box<dyn Peer>,
                #[cfg(feature = "openmls")]
                (_, "openmls") => Box::new(openmls::OpenMls::new(&identity, suite, public, padding)?),
                (_, "bouncycastle") => {
                    Box::new(process::Process::new("BouncyCastle", command, &identity, suite, public)?)
                }
                (_, "ts-mls") => Box::new(process::Process::new("ts-mls", command, &identity, suite, public)?),
                (_, other) => return Err(format!("{other} is no peer")),
            })
        })
        .collect();
    let peers = match peers {
        Ok(peers) => peers,
        Err(error) => return (Err(error), None),
    };
    let mut script = Script::new(seed, peers);
    script.log.push(format!("suite {suite}, handshakes {}", if public { "public" } else { "private" }));
    let result = script.run(arguments.steps);
    (result, Some(script))
}

fn run() -> Result<bool> {
    if let [_, verb, folder] = std::env::args().collect::<Vec<_>>().as_slice()
        && verb == "transcripts"
    {
        transcript::write_all(std::path::Path::new(folder))?;
        return Ok(true);
    }
    let arguments = arguments()?;
    let command: Vec<String> =
        std::env::var("MLS_INTEROP_PEER").unwrap_or_default().split_whitespace().map(str::to_owned).collect();
    println!("interop {}: seed {}, {} scripts", arguments.peer, arguments.seed, arguments.scripts);
    let (mut passed, mut failed, mut compared, mut delivered) = (0, 0, 0, 0);
    let mut expected: BTreeMap<&str, u32> = BTreeMap::new();
    let mut steps: BTreeMap<&str, u32> = BTreeMap::new();
    let mut left_out: BTreeMap<(&str, &str), u32> = BTreeMap::new();
    for n in 0..arguments.scripts {
        let seed = arguments.seed + n;
        let (result, script) = one(&arguments, seed, &command);
        if let Some(script) = &script {
            compared += script.compared;
            delivered += script.delivered;
            script.left_out.iter().for_each(|(what, count)| *left_out.entry(*what).or_default() += count);
            script.steps.iter().for_each(|step| *steps.entry(step).or_default() += 1);
        }
        match result {
            Ok(()) => passed += 1,
            Err(failure) => match known(&failure) {
                Some(reason) => *expected.entry(reason).or_default() += 1,
                None => {
                    failed += 1;
                    println!("FAIL seed {seed}: {failure}");
                    for line in script.iter().flat_map(|script| &script.log) {
                        println!("    {line}");
                    }
                }
            },
        }
    }
    let steps: Vec<String> = steps.iter().map(|(step, count)| format!("{step} {count}")).collect();
    println!("scripts with each step: {}", steps.join(", "));
    for ((peer, reason), count) in &left_out {
        println!("left out, {count} times, for {peer}: {reason}");
    }
    for (reason, count) in &expected {
        println!("expected failure, {count} times: {reason}");
    }
    println!(
        "interop {}: {passed} passed, {failed} failed, {} expected failures; {compared} states compared, {delivered} \
         messages delivered",
        arguments.peer,
        expected.values().sum::<u32>()
    );
    Ok(failed == 0 && passed > 0)
}

fn main() -> ExitCode {
    match run() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(2)
        }
    }
}
