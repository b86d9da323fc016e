//! A device that is killed at any moment keeps what it said, and says nothing twice that must be said once.
//!
//! A scenario runs between a device in a process of its own and one in this process. The former is killed at every
//! point of every transaction in turn, and in a second test at every system call that writes; each time it is started
//! again, does what it was doing once more as an application would, and is checked after every step. The checker itself
//! is checked by a store that answers before it commits.
#![cfg(feature = "faults")]
mod support;
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    process::Command,
};
use support::{
    dice::{Dice, tier},
    remote::{Start, serve},
    scratch::Scratch,
    world::{SCENARIOS, Scenario},
};

#[test]
fn child() {
    serve();
}

/// How many points of each kind a scenario has when nobody dies.
fn points(scenario: Scenario) -> Vec<(String, usize)> {
    let mut world = scenario(&Start { fault: "count:0".into(), ..Start::default() });
    let points = world.call_alive("points");
    world.end();
    points
        .split(' ')
        .map(|point| {
            let (name, count) = point.split_once(':').expect("a count");
            (name.to_owned(), count.parse().expect("a number"))
        })
        .collect()
}

/// Some of the numbers up to `count`, or all.
fn some(dice: &mut Dice, count: usize, wanted: usize) -> Vec<usize> {
    let mut all: Vec<usize> = (1..=count).collect();
    dice.shuffle(&mut all);
    all.truncate(tier(wanted, count));
    all
}

#[test]
fn a_device_that_dies_at_any_point_of_a_transaction_loses_nothing_and_repeats_nothing() {
    let mut dice = Dice::new("points");
    let mut deaths = 0;
    for (name, scenario) in SCENARIOS {
        for (point, count) in points(*scenario) {
            for at in some(&mut dice, count, 2) {
                let start = Start { fault: format!("{point}:{at}"), ..Start::default() };
                println!("{name}: {}", start.fault);
                deaths += scenario(&start).end().deaths;
            }
        }
    }
    println!("{deaths} deaths");
    assert!(deaths as usize >= SCENARIOS.len() * 4, "they do die");
}

#[test]
fn a_store_that_answers_before_it_commits_is_caught() {
    let quiet = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let mut caught = 0;
    let mut tried = 0;
    // Each commit of the chat is a lie once. Where nothing had to be durable, a lie does not matter.
    let (_, scenario) = SCENARIOS[0];
    let (_, count) = points(scenario).into_iter().find(|(point, _)| point == "before").expect("commits");
    for at in (1..=count).step_by(if tier(0, 1) == 1 { 1 } else { 3 }) {
        let start = Start { fault: format!("lie:{at}"), ..Start::default() };
        tried += 1;
        let is_caught = catch_unwind(AssertUnwindSafe(|| scenario(&start).end())).is_err();
        println!("{}: {}", start.fault, if is_caught { "caught" } else { "did no harm" });
        caught += u32::from(is_caught);
    }
    std::panic::set_hook(quiet);
    println!("{caught} of {tried} lies were caught");
    assert!(caught * 2 > tried, "{caught} of {tried}");
}

/// The calls that change a file.
const CALLS: &str = "pwrite64,write,fsync,fdatasync,ftruncate,unlink,rename";

fn strace(log: &str, more: &[&str]) -> Vec<String> {
    let trace = format!("trace={CALLS}");
    let mut line = vec!["strace", "-f", "-qq", "-y", "-o", log, "-e", &trace];
    line.extend_from_slice(more);
    line.into_iter().map(str::to_owned).collect()
}

#[test]
fn a_device_that_is_killed_at_any_system_call_loses_nothing_and_repeats_nothing() {
    if Command::new("strace").args(["-qq", "-o", "/dev/null", "true"]).status().is_ok_and(|status| status.success()) {
        let mut dice = Dice::new("system calls");
        for (name, scenario) in SCENARIOS {
            killed_everywhere(&mut dice, name, *scenario);
        }
    } else {
        println!("\nNOT TESTED: strace is missing, or may not trace here\n");
    }
}

fn killed_everywhere(dice: &mut Dice, name: &str, scenario: Scenario) {
    let scratch = Scratch::new("strace");
    let log = scratch.file("log");
    scenario(&Start { under: strace(&log, &[]), ..Start::default() }).end();
    let log = std::fs::read_to_string(&log).expect("the log");
    // Writing to a pipe is how it talks to us.
    let calls = log.lines().filter(|line| !line.contains("<pipe:") && line.contains("alice.db")).count();
    assert!(calls > 20, "{name}: {calls} calls");
    let calls_only: Vec<&str> = CALLS.split(',').filter(|call| *call != "write").collect();
    let mut deaths = 0;
    for at in some(dice, calls, 6) {
        let kill = format!("inject={}:signal=KILL:when={at}", calls_only.join(","));
        let start = Start { under: strace("/dev/null", &["-e", &kill]), ..Start::default() };
        deaths += scenario(&start).end().deaths;
    }
    println!("{name}: {calls} calls, {deaths} deaths");
    assert!(deaths > 0, "{name}: nobody died");
}
