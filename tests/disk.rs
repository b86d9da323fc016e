//! A device on a disk that fails: killed in the middle of a write, without power at any moment, with calls that answer an
//! error, with no space left. The disk is tests/faults/disk.c, the scenarios and what is checked are those of
//! support/world.rs. The disk itself is checked too: by one that lies about syncs, which has to be noticed, and by what
//! strace counts.
#![cfg(target_os = "linux")]
mod support;
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    process::Command,
};
use support::{
    dice::{Dice, tier},
    disk::Disk,
    remote::{Start, serve},
    scratch::Scratch,
    world::{Harm, SCENARIOS, Scenario},
};

#[test]
fn child() {
    serve();
}

fn on(disk: Disk) -> Start {
    Start { disk: Some(disk), ..Start::default() }
}

/// What a scenario does to its files when nothing fails: each line of the disk's log.
fn calls(scenario: Scenario) -> Vec<String> {
    let scratch = Scratch::new("log");
    let log = scratch.file("log");
    scenario(&on(Disk { log: Some(log.clone()), ..Disk::default() })).end();
    std::fs::read_to_string(log).expect("the log").lines().map(str::to_owned).collect()
}

/// How many changes there are among them.
fn changes(calls: &[String]) -> usize {
    calls.iter().filter(|call| call.starts_with('c')).count()
}

fn writes(calls: &[String]) -> usize {
    calls.iter().filter(|call| call.starts_with("c write")).count()
}

/// Some of the numbers up to `count`, or all.
fn some(dice: &mut Dice, count: usize, wanted: usize) -> Vec<usize> {
    let mut all: Vec<usize> = (1..=count).collect();
    dice.shuffle(&mut all);
    all.truncate(tier(wanted, count));
    all
}

/// Runs a scenario once for each fault. How many runs there were, and what they went through together.
fn run(name: &str, scenario: Scenario, faults: impl Iterator<Item = String>) -> (usize, Harm) {
    let (mut runs, mut all) = (0, Harm::default());
    // One of your own, to look into.
    let own = std::env::var("MLS_DISK_FAULT").ok().filter(|own| own.starts_with(name));
    let own = own.map(|own| vec![own[name.len() + 1..].to_owned()]);
    for fault in own.unwrap_or_else(|| faults.collect()) {
        println!("{name}: {fault}");
        let log = std::env::var("MLS_DISK_LOG").ok();
        let harm = scenario(&on(Disk { log, ..Disk::fault(fault) })).end();
        runs += 1;
        all.deaths += harm.deaths;
        all.failures += harm.failures;
    }
    (runs, all)
}

#[test]
fn a_device_that_is_killed_before_or_in_the_middle_of_any_change_loses_nothing() {
    let mut dice = Dice::new("killed");
    for (name, scenario) in SCENARIOS {
        let count = changes(&calls(*scenario));
        let at = some(&mut dice, count, 6);
        let faults = at.iter().flat_map(|at| ["kill", "half"].map(|kind| format!("{kind}:{at}")));
        let (runs, harm) = run(name, *scenario, faults);
        println!("{name}: {count} changes, {runs} runs, {} deaths", harm.deaths);
        assert_eq!(harm.deaths as usize, runs);
    }
}

#[test]
fn a_device_that_loses_its_power_at_any_moment_loses_nothing() {
    let mut dice = Dice::new("power");
    for (name, scenario) in SCENARIOS {
        let count = changes(&calls(*scenario));
        let at = some(&mut dice, count, 8);
        // Dropped, kept, and some of both as it comes.
        let seeds: Vec<usize> = (0..4).map(|kind| kind + 4 * dice.below(1 << 20)).collect();
        let faults = at.iter().flat_map(|at| seeds.iter().map(move |seed| format!("power:{at}:{seed}")));
        let (runs, harm) = run(name, *scenario, faults);
        println!("{name}: {count} changes, {runs} runs, {} deaths", harm.deaths);
        assert_eq!(harm.deaths as usize, runs);
    }
}

/// How many power losses of the first scenario, in which nothing unsynced is left, are noticed.
fn caught(start: impl Fn(String) -> Start) {
    let quiet = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let (name, scenario) = SCENARIOS[0];
    let count = changes(&calls(scenario));
    let (mut tried, mut caught) = (0, 0);
    // Before there is anything to lose, nothing can be.
    for at in (count / 4..=count).step_by(tier(12, 1)) {
        let start = start(format!("power:{at}:0"));
        tried += 1;
        caught += usize::from(catch_unwind(AssertUnwindSafe(|| scenario(&start).end())).is_err());
    }
    std::panic::set_hook(quiet);
    println!("{name}: {caught} of {tried} were caught");
    assert!(caught * 2 > tried, "{caught} of {tried}");
}

#[test]
fn a_disk_that_lies_about_syncs_is_caught() {
    caught(|fault| on(Disk { is_lying: true, ..Disk::fault(fault) }));
}

#[test]
#[cfg(feature = "faults")]
fn a_store_that_does_not_sync_is_caught() {
    caught(|fault| Start { fault: "unsynced:0".into(), ..on(Disk::fault(fault)) });
}

#[test]
fn a_call_that_fails_leaves_the_old_state_or_the_new_one_and_a_device_that_goes_on() {
    const EIO: u32 = 5;
    const ENOMEM: u32 = 12;
    let mut all = 0;
    let mut dice = Dice::new("failing");
    for (name, scenario) in SCENARIOS {
        let count = calls(*scenario).len();
        let at = some(&mut dice, count, 12);
        let faults = at.iter().flat_map(|at| {
            [(EIO, 1), (EIO, 4), (ENOMEM, 1)].map(|(number, times)| format!("fail:{at}:{number}:{times}"))
        });
        let (runs, harm) = run(name, *scenario, faults);
        println!("{name}: {count} calls, {runs} runs, {} errors, {} opened again", harm.failures, harm.deaths);
        all += harm.failures + harm.deaths;
    }
    assert!(all > 0, "nothing failed");
}

#[test]
fn a_disk_that_is_full_leaves_the_old_state_or_the_new_one_and_a_device_that_goes_on() {
    let mut all = 0;
    let mut dice = Dice::new("full");
    for (name, scenario) in SCENARIOS {
        let calls = calls(*scenario);
        let mut faults = Vec::new();
        for at in some(&mut dice, changes(&calls), 6) {
            faults.extend([1, 5].map(|times| format!("full:{at}:{times}")));
        }
        for at in some(&mut dice, writes(&calls), 6) {
            faults.push(format!("short:{at}:{}", 1 + at % 3));
        }
        let (runs, harm) = run(name, *scenario, faults.into_iter());
        println!("{name}: {runs} runs, {} errors, {} opened again", harm.failures, harm.deaths);
        all += harm.failures + harm.deaths;
    }
    assert!(all > 0, "nothing failed");
}

#[test]
fn sqlite_without_memory_leaves_the_old_state_or_the_new_one_and_a_device_that_goes_on() {
    for (name, scenario) in SCENARIOS {
        let start = Start { scarce: Some(tier(29, 1)), ..Start::default() };
        let mut world = scenario(&start);
        let failed = world.call_alive("failures");
        let harm = world.end();
        println!("{name}: {failed} allocations failed, {} calls", harm.failures);
        assert!(harm.failures > 0, "nothing failed");
        assert_eq!(harm.deaths, 0);
    }
}

#[test]
fn the_disk_sees_every_change_that_strace_sees() {
    let strace = Command::new("strace").args(["-qq", "-o", "/dev/null", "true"]).status();
    if !strace.is_ok_and(|status| status.success()) {
        return println!("\nNOT TESTED: strace is missing, or may not trace here\n");
    }
    let scratch = Scratch::new("strace");
    let (log, trace) = (scratch.file("log"), scratch.file("trace"));
    let calls = "trace=pwrite64,write,fsync,fdatasync,ftruncate,unlink,rename";
    for (name, scenario) in SCENARIOS {
        [&log, &trace].into_iter().for_each(|file| std::fs::write(file, "").expect("written"));
        let under = ["strace", "-f", "-qq", "-y", "-o", &trace, "-e", calls].map(str::to_owned).to_vec();
        scenario(&Start { under, ..on(Disk { log: Some(log.clone()), ..Disk::default() }) }).end();
        let read = |file: &str| std::fs::read_to_string(file).expect("read");
        let seen: Vec<String> = read(&log)
            .lines()
            .filter(|line| line.starts_with('c') && !line.starts_with("c create"))
            .map(|line| line.split(' ').nth(1).expect("a call").to_owned())
            .collect();
        let traced: Vec<&str> = read(&trace).leak().lines().filter_map(change).collect();
        assert_eq!(seen, traced, "{name}");
        println!("{name}: {} changes, as strace has them", seen.len());
    }
}

/// The change that a line of strace tells of.
fn change(line: &str) -> Option<&str> {
    // Not its pipes, nor a call's second half.
    let (call, rest) = line.split_once('(')?;
    if !rest.contains("/libmls-world-") {
        return None;
    }
    Some(match call.rsplit(' ').next()? {
        "pwrite64" | "write" => "write",
        "fsync" | "fdatasync" => "sync",
        "ftruncate" => "truncate",
        call => call,
    })
}
