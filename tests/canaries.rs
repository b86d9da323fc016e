//! What is secret is in no `Debug` form and in no error, whatever is printed, and the library itself prints nothing.
mod support;
use mls::*;
use std::{fmt::Debug, process::Command};
use support::{scratch::Scratch, *};

const TEXT: &[u8] = b"a canary that nobody may hear sing";
const PSK: &[u8] = b"a pre-shared canary, just as silent";
const STORE_KEY: [u8; 32] = *b"the canary that keeps the store.";

/// Whether a text has a secret: as text, in hexadecimal, or as a list of numbers.
fn tells(text: &str, secret: &[u8]) -> bool {
    let piece = &secret[..12.min(secret.len())];
    let hex: String = piece.iter().map(|byte| format!("{byte:02x}")).collect();
    let numbers: Vec<String> = piece.iter().map(u8::to_string).collect();
    let text = text.replace(['\n', ' '], "");
    let plain = String::from_utf8_lossy(piece).replace(' ', "");
    text.contains(&plain) || text.to_lowercase().contains(&hex) || text.contains(&numbers.join(","))
}

struct Silence {
    secrets: Vec<Vec<u8>>,
    looked_at: u32,
    errors: u32,
}

impl Silence {
    fn of(&mut self, value: &impl Debug) {
        for text in [format!("{value:?}"), format!("{value:#?}")] {
            assert!(!self.secrets.iter().any(|secret| tells(&text, secret)), "it sings: {text}");
        }
        self.looked_at += 1;
    }

    /// An answer to a call that was given secrets, which is mostly an error.
    fn answer<T: Debug>(&mut self, result: Result<T>) {
        self.of(&result);
        if let Err(error) = result {
            self.of(&error.to_string());
            self.of(&(error.message(), error.detail()));
            self.errors += 1;
        }
    }
}

#[test]
fn the_search_finds_a_secret_in_each_form() {
    assert!(tells(&format!("{TEXT:?}"), TEXT) && tells(&format!("{TEXT:#?}"), TEXT));
    assert!(tells(&String::from_utf8_lossy(TEXT), TEXT));
    assert!(tells(&TEXT.iter().map(|byte| format!("{byte:02X}")).collect::<String>(), TEXT));
    assert!(!tells("a canary", TEXT));
}

#[test]
fn no_secret_is_in_a_debug_form_or_in_an_error() {
    let scratch = Scratch::in_memory("canaries");
    let file = scratch.file("bob.db");
    let bob = Client::open(&file, STORE_KEY.to_vec(), options("bob")).expect("opens");
    let alice = device("alice");
    let signing = bob.export_signing_key(None).expect("a key");
    key_package(&bob);
    let reference = bob.key_packages().expect("the inventory").remove(0).reference.to_vec();
    let package = bob.export_key_package(reference).expect("its keys");
    let mut secrets = vec![TEXT.to_vec(), PSK.to_vec(), STORE_KEY.to_vec(), signing.secret.to_vec()];
    secrets.extend([&package.init_key, &package.encryption_key].map(|key| key.to_vec()));
    let mut silence = Silence { secrets, looked_at: 0, errors: 0 };
    silence.of(&signing);
    silence.of(&package);
    silence.of(&NewIdentity { signing_key: Some(signing.clone()), ..NewIdentity::default() });
    silence.of(&options("bob"));
    silence.of(&bob);
    for client in [&alice, &bob] {
        client.add_psk(b"psk".to_vec(), PSK.to_vec()).expect("kept");
    }
    let groups = group_of(&[&alice, &bob]);
    silence.secrets.push(groups[0].export_secret("label", Vec::new(), 32).expect("a secret"));
    silence.of(&groups[1]);
    let events = bob.receive(groups[0].encrypt(TEXT.to_vec(), EncryptOptions::default()).expect("encrypted"));
    silence.of(&events);
    silence.of(&bob.inbox(0, 100).expect("the inbox"));
    let psk = vec![Proposal::ExternalPsk { id: b"psk".to_vec() }];
    let commit = groups[1].commit(psk, CommitOptions::default()).expect("a commit");
    silence.of(&commit);
    silence.of(&groups[1].pending_commits());
    silence.of(&alice.receive(commit.message().expect("its bytes")));
    commit.accept().expect("accepted");
    silence.of(&(bob.inbox(0, 100), bob.key_packages(), groups[1].members(), groups[1].proposals()));

    // Errors about secrets, and with secrets in what was given.
    silence.answer(Client::open(&file, vec![8; 32], options("bob")));
    silence.answer(Client::open(&scratch.file("other.db"), STORE_KEY[..31].to_vec(), options("bob")));
    silence.answer(bob.receive(TEXT.to_vec()));
    silence.answer(inspect(TEXT.to_vec()));
    silence.answer(bob.add_psk(vec![0; 70_000], PSK.to_vec()));
    silence.answer(bob.import_key_package(KeyPackageSecrets { message: TEXT.to_vec(), ..package.clone() }));
    let wrong = SigningKey { secret: signing.secret[1..].to_vec().into(), ..signing.clone() };
    silence.answer(bob.set_identity(NewIdentity { signing_key: Some(wrong), ..NewIdentity::default() }));
    bob.close().expect("closed");
    silence.answer(groups[1].encrypt(TEXT.to_vec(), EncryptOptions::default()));
    assert!(silence.looked_at > 25 && silence.errors > 4, "{} {}", silence.looked_at, silence.errors);
}

/// Says and hears, in a process whose output is looked at.
#[test]
fn child() {
    let Ok(file) = std::env::var("LIBMLS_CANARY_FILE") else { return };
    let bob = Client::open(&file, STORE_KEY.to_vec(), options("bob")).expect("opens");
    let alice = device("alice");
    let groups = group_of(&[&alice, &bob]);
    for _ in 0..40 {
        let message = groups[0].encrypt(TEXT.to_vec(), EncryptOptions::default()).expect("encrypted");
        let mut damaged = message.clone();
        *damaged.last_mut().expect("not empty") ^= 1;
        bob.receive(damaged).expect("received");
        bob.receive(message).expect("received");
    }
    bob.receive(TEXT.to_vec()).expect("received");
}

#[test]
fn the_library_prints_nothing_at_any_level_of_logging() {
    let scratch = Scratch::in_memory("printed");
    let output = Command::new(std::env::current_exe().expect("this binary"))
        .args(["child", "--exact", "--nocapture", "--test-threads=1"])
        .env("LIBMLS_CANARY_FILE", scratch.file("bob.db"))
        .envs([("RUST_LOG", "trace"), ("RUST_BACKTRACE", "full"), ("SQLITE_TRACE", "1")])
        .output()
        .expect("it runs");
    assert!(output.status.success());
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let lines = said.lines().filter(|line| !line.is_empty());
    let of_the_harness = |line: &&str| ["running ", "test "].iter().any(|start| line.starts_with(start));
    assert_eq!(lines.filter(|line| !of_the_harness(line)).collect::<Vec<_>>(), Vec::<&str>::new());
}
