//! What the C facade adds to a call of the core: `make bench-facade`.
//!
//! Both sides are interleaved, on clients in memory; medians are printed. A look-up of a handle inside the guard is
//! measured alone.
#![allow(unsafe_code)]

use mls::{Client, Device, EncryptOptions, Group, KeyPackageOptions, Options, Proposal, Trust, capi::*};
use std::{
    hint::black_box,
    ptr,
    time::{Duration, Instant},
};

const ROUNDS: usize = 4_000;
const MESSAGE: [u8; 1024] = [7; 1024];

fn options(name: &str) -> Options {
    Options::new().device(Device::new(name, "phone").expect("a name")).trust(Trust::InsecureAcceptAny)
}

/// A group of two, seen by the first, and the second's client.
fn rust_pair() -> (Group, Client) {
    let (alice, bob) = (
        Client::open_in_memory(options("alice")).expect("opens"),
        Client::open_in_memory(options("bob")).expect("opens"),
    );
    let package = bob.create_key_packages(1, KeyPackageOptions::default()).expect("made").remove(0);
    let group = alice.create_group(Default::default()).expect("made");
    let commit = group.commit(vec![Proposal::add(package)], Default::default()).expect("made");
    commit.accept().expect("accepted");
    let events = bob.receive(commit.welcomes().expect("accepted")[0].clone()).expect("received");
    bob.join(events[0].id, None).expect("joined");
    (group, bob)
}

/// The same through C.
struct C {
    group: *mut mls_group_t,
    bob: *mut mls_client_t,
}

fn c_client(name: &str) -> *mut mls_client_t {
    let (options, mut client) = (mls_options_new(), ptr::null_mut());
    let name = std::ffi::CString::new(name).expect("no NUL");
    // SAFETY: strings end, and the places for results are locals.
    unsafe {
        ok(mls_options_set_device(options, name.as_ptr(), c"phone".as_ptr(), ptr::null_mut()));
        ok(mls_options_set_insecure_accept_any(options, ptr::null_mut()));
        ok(mls_client_open_in_memory(options, &mut client, ptr::null_mut()));
    }
    client
}

fn ok(status: mls_status_t) {
    assert_eq!(status, MLS_OK);
}

fn c_pair() -> C {
    let (alice, bob) = (c_client("alice"), c_client("bob"));
    let proposals = mls_proposals_new();
    let (mut packages, mut welcomes, mut group, mut joined) =
        (ptr::null_mut(), ptr::null_mut(), ptr::null_mut(), ptr::null_mut());
    let (mut commit, mut events) = (ptr::null_mut(), ptr::null_mut());
    let mut bytes = mls_bytes_t { data: ptr::null_mut(), len: 0 };
    let (none, defaults) = (ptr::null_mut(), ptr::null());
    // SAFETY: the places for results are locals.
    unsafe {
        ok(mls_client_create_key_packages(bob, 1, defaults, &mut packages, none));
        ok(mls_messages_at(packages, 0, &mut bytes, none));
        ok(mls_proposals_push_add(proposals, bytes.data, bytes.len, none));
        ok(mls_client_create_group(alice, ptr::null(), &mut group, none));
        ok(mls_group_commit(group, proposals, ptr::null(), &mut commit, none));
        ok(mls_commit_accept(commit, none));
        ok(mls_commit_welcomes(commit, &mut welcomes, none));
        ok(mls_messages_at(welcomes, 0, &mut bytes, none));
        ok(mls_client_receive(bob, bytes.data, bytes.len, &mut events, none));
        ok(mls_client_join(bob, mls_events_id(events, 0), ptr::null(), 0, &mut joined, none));
    }
    C { group, bob }
}

fn median(mut times: Vec<Duration>) -> f64 {
    times.sort_unstable();
    times[times.len() / 2].as_secs_f64() * 1e6
}

fn timed<T>(times: &mut Vec<Duration>, call: impl FnOnce() -> T) -> T {
    let begun = Instant::now();
    let answer = black_box(call());
    times.push(begun.elapsed());
    answer
}

fn main() {
    let (group, bob) = rust_pair();
    let c = c_pair();
    let [mut rust_encrypt, mut c_encrypt, mut rust_receive, mut c_receive] = [(); 4].map(|()| Vec::new());
    for _ in 0..ROUNDS {
        let message =
            timed(&mut rust_encrypt, || group.encrypt(MESSAGE.to_vec(), EncryptOptions::default()).expect("encrypted"));
        let events = timed(&mut rust_receive, || bob.receive(message.clone()).expect("received"));
        bob.acknowledge(events[0].id).expect("acknowledged");

        let mut message = mls_bytes_t { data: ptr::null_mut(), len: 0 };
        let mut events = ptr::null_mut();
        // SAFETY: the places for results are locals.
        unsafe {
            timed(&mut c_encrypt, || {
                ok(mls_group_encrypt(
                    c.group,
                    MESSAGE.as_ptr(),
                    MESSAGE.len(),
                    ptr::null(),
                    &mut message,
                    ptr::null_mut(),
                ));
            });
            timed(&mut c_receive, || {
                ok(mls_client_receive(c.bob, message.data, message.len, &mut events, ptr::null_mut()));
            });
            ok(mls_client_acknowledge(c.bob, mls_events_id(events, 0), ptr::null_mut()));
            mls_events_free(events);
            mls_bytes_free(&mut message);
        }
    }
    let (rust, through_c) = (median(rust_encrypt), median(c_encrypt));
    println!("encrypt 1 KiB: core {rust:.2} us, C {through_c:.2} us, facade {:+.2} us", through_c - rust);
    let (rust, through_c) = (median(rust_receive), median(c_receive));
    println!("receive 1 KiB: core {rust:.2} us, C {through_c:.2} us, facade {:+.2} us", through_c - rust);

    const LOOKUPS: u32 = 2_000_000;
    let begun = Instant::now();
    for _ in 0..LOOKUPS {
        // SAFETY: it is a handle.
        black_box(unsafe { mls_client_cipher_suite(c.bob) });
    }
    println!("look-up and guard: {:.0} ns", begun.elapsed().as_secs_f64() * 1e9 / f64::from(LOOKUPS));
}
