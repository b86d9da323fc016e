//! What a message costs through libmls, beside the bare engine, in one run: `make bench`.
//!
//! Both sides are interleaved; medians are printed. In memory there is no fsync, so what is left is the cost of the
//! inbox, of sealing, and of looking whether anybody else has moved the group.

use mls::{
    Client, CommitOptions, Device, EncryptOptions, EventKind, Group, GroupOptions, KeyPackageOptions, Options,
    Proposal, Trust,
};
use mls_rs::{
    CipherSuite, CipherSuiteProvider, CryptoProvider, ExtensionList, MlsMessage,
    client_builder::{BaseConfig, WithCryptoProvider, WithIdentityProvider},
    identity::{SigningIdentity, basic::BasicCredential, basic::BasicIdentityProvider},
};
use mls_rs_crypto_awslc::AwsLcCryptoProvider;
use std::time::{Duration, Instant};

type Engine =
    mls_rs::Group<WithCryptoProvider<AwsLcCryptoProvider, WithIdentityProvider<BasicIdentityProvider, BaseConfig>>>;

const ROUNDS: usize = 2_000;

fn engine_client(
    name: &str,
) -> mls_rs::Client<WithCryptoProvider<AwsLcCryptoProvider, WithIdentityProvider<BasicIdentityProvider, BaseConfig>>> {
    let suite = CipherSuite::CURVE25519_AES128;
    let crypto = AwsLcCryptoProvider::new();
    let (secret, public) =
        crypto.cipher_suite_provider(suite).expect("the suite").signature_key_generate().expect("a key");
    let identity = SigningIdentity::new(BasicCredential::new(name.as_bytes().to_vec()).into_credential(), public);
    mls_rs::Client::builder()
        .identity_provider(BasicIdentityProvider)
        .crypto_provider(crypto)
        .signing_identity(identity, secret, suite)
        .build()
}

fn engine_pair(members: usize) -> (Engine, Engine) {
    let none = ExtensionList::new;
    let (alice, bob) = (engine_client("alice"), engine_client("bob"));
    let mut a = alice.create_group(none(), none(), None).expect("a group");
    let mut builder = a.commit_builder();
    builder = builder
        .add_member(bob.generate_key_package_message(none(), none(), None).expect("a key package"))
        .expect("added");
    for n in 2..members {
        let other = engine_client(&format!("member {n}"));
        builder = builder
            .add_member(other.generate_key_package_message(none(), none(), None).expect("a key package"))
            .expect("added");
    }
    let commit = builder.build().expect("a commit");
    a.apply_pending_commit().expect("applied");
    let (b, _) = bob.join_group(None, &commit.welcome_messages[0], None).expect("joined");
    (a, b)
}

fn client(name: &str) -> Client {
    let device = Device::new(name, "phone").expect("a name");
    let mut options = Options::new().device(device).trust(Trust::InsecureAcceptAny);
    options.policy.padding = mls::Padding::Step;
    Client::open_in_memory(options).expect("a client")
}

fn key_package(client: &Client) -> Vec<u8> {
    client.create_key_packages(1, KeyPackageOptions::default()).expect("a key package").remove(0)
}

fn pair(members: usize) -> (Group, Client) {
    let (alice, bob) = (client("alice"), client("bob"));
    let group = alice.create_group(GroupOptions::default()).expect("a group");
    let mut adds = vec![Proposal::add(key_package(&bob))];
    adds.extend((2..members).map(|n| Proposal::add(key_package(&client(&format!("member {n}"))))));
    let commit = group.commit(adds, CommitOptions::default()).expect("a commit");
    commit.accept().expect("accepted");
    let events = bob.receive(commit.welcomes().expect("Welcomes").remove(0)).expect("received");
    let EventKind::Invited(invitation) = &events[0].kind else { panic!("no invitation") };
    bob.join(invitation.id, None).expect("joined");
    (group, bob)
}

struct Series(Vec<Duration>);

impl Series {
    fn time<T>(&mut self, call: impl FnOnce() -> T) -> T {
        let start = Instant::now();
        let value = call();
        self.0.push(start.elapsed());
        value
    }

    fn median(mut self) -> f64 {
        self.0.sort();
        self.0[self.0.len() / 2].as_nanos() as f64 / 1e3
    }
}

fn main() {
    println!("members  side      encrypt us  receive us   (1 KiB, suite 1, medians of {ROUNDS})");
    for members in [2, 100] {
        let (mut ea, mut eb) = engine_pair(members);
        let (group, bob) = pair(members);
        let data = vec![0x61; 1024];
        let [mut ee, mut er, mut le, mut lr] = [(); 4].map(|()| Series(Vec::new()));
        for _ in 0..ROUNDS {
            let message = ee.time(|| {
                ea.encrypt_application_message(&data, vec![]).expect("encrypted").to_bytes().expect("encoded")
            });
            er.time(|| {
                eb.process_incoming_message(MlsMessage::from_bytes(&message).expect("decoded")).expect("decrypted")
            });
            let message = le.time(|| group.encrypt(data.clone(), EncryptOptions::default()).expect("encrypted"));
            let events = lr.time(|| bob.receive(message.clone()).expect("received"));
            bob.acknowledge(events[0].id).expect("acknowledged");
        }
        let (ee, er, le, lr) = (ee.median(), er.median(), le.median(), lr.median());
        println!("{members:7}  mls-rs    {ee:10.1}  {er:10.1}");
        println!("{members:7}  libmls    {le:10.1}  {lr:10.1}   ratio {:.2} {:.2}", le / ee, lr / er);
    }
}
