//! A contestant of benches/run.py, as a process: `peers NAME DIRECTORY` reads commands, one a line, and answers each
//! with its measurements and `end`. benches/libmls.cpp understands the same commands.
//!
//! A contestant is two devices of one group, alice and bob. What is not in the answer is not measured.

mod contestant;
mod engine;
mod fixtures;
mod meter;
mod open_mls;

use contestant::{ALICE, BOB, Change, Contestant};
use meter::Meter;
use std::{
    fs,
    io::{BufRead, Write},
    path::Path,
};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [name, directory, rest @ ..] = &arguments[..] else { panic!("peers NAME DIRECTORY") };
    let directory = Path::new(directory);
    let contestant: Box<dyn Contestant> = match name.as_str() {
        "fixtures" => return fixtures::write(directory, rest),
        "welcome" => return fixtures::welcome(directory, rest),
        "floor" => return fixtures::floor(directory, rest),
        "mls-rs-memory" => engine::memory(),
        "mls-rs-sqlite" => engine::sqlite(directory),
        "openmls-memory" => open_mls::memory(),
        "openmls-sqlite" => open_mls::sqlite(directory),
        _ => panic!("no contestant {name}"),
    };
    serve(contestant);
}

fn serve(mut contestant: Box<dyn Contestant>) {
    let mut sent = Vec::new();
    for line in std::io::stdin().lock().lines() {
        let line = line.expect("a line");
        let words: Vec<&str> = line.split(' ').collect();
        let mut meter = Meter::default();
        obey(&mut *contestant, &words, &mut sent, &mut meter);
        let mut out = std::io::stdout().lock();
        write!(out, "{meter}end\n").and_then(|()| out.flush()).expect("someone who listens");
    }
}

fn obey(contestant: &mut dyn Contestant, words: &[&str], sent: &mut Vec<Vec<u8>>, meter: &mut Meter) {
    let number = |index: usize| words[index].parse::<usize>().expect("a number");
    let file = |index: usize| fs::read(words[index]).expect("a file");
    match words[0] {
        // A group of two, made by alice.
        "pair" => {
            contestant.start();
            let package = contestant.key_package(BOB);
            let (_, welcome) = contestant.commit(&Change::Add(vec![package]));
            contestant.accept();
            meter.measure("join", || contestant.join(BOB, &welcome.expect("a Welcome")));
        }
        "invite" => {
            contestant.forget();
            for (device, path) in [(ALICE, words[1]), (BOB, words[2])] {
                fs::write(path, contestant.key_package(device)).expect("written");
            }
        }
        "join" => {
            let welcome = file(1);
            for device in [ALICE, BOB] {
                meter.measure("join", || contestant.join(device, &welcome));
            }
        }
        "key_package" => {
            (0..number(1)).for_each(|_| drop(meter.measure("key package", || contestant.key_package(ALICE))));
        }
        "create" => (0..number(1)).for_each(|_| meter.measure("create", || contestant.create())),
        "encrypt" => {
            let data = vec![0x61; number(2)];
            sent.extend((0..number(1)).map(|_| meter.measure("encrypt", || contestant.encrypt(&data))));
        }
        "decrypt" => {
            for message in sent.drain(..) {
                meter.measure("decrypt", || contestant.decrypt(&[message]));
            }
        }
        "backlog" => {
            let messages = std::mem::take(sent);
            meter.measure("backlog", || contestant.decrypt(&messages));
        }
        "commit" => (0..number(1)).for_each(|_| commit(contestant, &Change::Path, "commit", meter)),
        "add" => {
            for package in fixtures::frames(&file(1)).into_iter().take(number(2)) {
                commit(contestant, &Change::Add(vec![package]), "add", meter);
                let last = contestant.last_leaf();
                commit(contestant, &Change::Remove(last), "remove", meter);
            }
        }
        // One commit that adds all of them to a group of alice's own.
        "bulk" => {
            contestant.start();
            let add = Change::Add(fixtures::frames(&file(1)).into_iter().take(number(2)).collect());
            meter.measure("bulk add", || contestant.commit(&add));
            meter.measure("bulk add accept", || contestant.accept());
        }
        "load" => (0..number(1)).for_each(|_| contestant.load(meter)),
        "peak" => meter.note("peak", meter::peak_kilobytes()),
        _ => panic!("no command {}", words[0]),
    }
}

/// Alice makes a commit and merges it, bob processes it.
fn commit(contestant: &mut dyn Contestant, change: &Change, name: &str, meter: &mut Meter) {
    let (message, _) = meter.measure(name, || contestant.commit(change));
    meter.measure(&format!("{name} accept"), || contestant.accept());
    meter.measure(&format!("{name} process"), || contestant.process(&message));
}
