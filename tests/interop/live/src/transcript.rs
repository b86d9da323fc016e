//! Transcripts in the form of the working group's passive-client vectors: one libmls member only follows, and all that
//! it is given is written down with what it becomes by it.

use crate::{ours::Ours, peer::*, random::Random, script::Script};
use std::{cell::RefCell, fmt::Write, path::Path, rc::Rc};

/// What the member that follows was given.
#[derive(Default)]
struct Record {
    psks: Vec<(Vec<u8>, Vec<u8>)>,
    key_package: Vec<u8>,
    secrets: [Vec<u8>; 3],
    welcome: Vec<u8>,
    tree: Option<Vec<u8>>,
    initial: Vec<u8>,
    proposals: Vec<Vec<u8>>,
    epochs: Vec<(Vec<Vec<u8>>, Vec<u8>, Vec<u8>)>,
}

/// The member that follows.
struct Follower {
    peer: Ours,
    record: Rc<RefCell<Record>>,
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold("\"".to_owned(), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    }) + "\""
}

fn list(items: impl Iterator<Item = String>) -> String {
    format!("[{}]", items.collect::<Vec<_>>().join(","))
}

impl Record {
    fn json(&self, suite: u16) -> String {
        let psks = self.psks.iter().map(|(id, psk)| format!("{{\"psk_id\":{},\"psk\":{}}}", hex(id), hex(psk)));
        let epochs = self.epochs.iter().map(|(proposals, commit, authenticator)| {
            let proposals = list(proposals.iter().map(|proposal| hex(proposal)));
            let (commit, authenticator) = (hex(commit), hex(authenticator));
            format!("{{\"proposals\":{proposals},\"commit\":{commit},\"epoch_authenticator\":{authenticator}}}")
        });
        format!(
            "{{\"cipher_suite\":{suite},\"external_psks\":{},\"key_package\":{},\"init_priv\":{},\"encryption_priv\":{},\
             \"signature_priv\":{},\"welcome\":{},\"ratchet_tree\":{},\"initial_epoch_authenticator\":{},\"epochs\":{}}}",
            list(psks),
            hex(&self.key_package),
            hex(&self.secrets[0]),
            hex(&self.secrets[1]),
            hex(&self.secrets[2]),
            hex(&self.welcome),
            self.tree.as_ref().map_or_else(|| "null".into(), |tree| hex(tree)),
            hex(&self.initial),
            list(epochs)
        )
    }
}

impl Peer for Follower {
    fn kind(&self) -> &'static str {
        "follower"
    }

    fn key_package(&mut self) -> Result<Vec<u8>> {
        let key_package = self.peer.key_package()?;
        let mut record = self.record.borrow_mut();
        record.secrets = self.peer.secrets(&key_package)?;
        record.key_package.clone_from(&key_package);
        Ok(key_package)
    }

    fn add_psk(&mut self, id: &[u8], secret: &[u8]) -> Result<()> {
        self.record.borrow_mut().psks.push((id.to_vec(), secret.to_vec()));
        self.peer.add_psk(id, secret)
    }

    fn create(&mut self, group_id: &[u8]) -> Result<()> {
        self.peer.create(group_id)
    }

    fn join(&mut self, welcome: &[u8], tree: Option<&[u8]>) -> Result<()> {
        self.peer.join(welcome, tree)?;
        let mut record = self.record.borrow_mut();
        record.welcome = welcome.to_vec();
        record.tree = tree.map(<[u8]>::to_vec);
        record.initial = self.peer.state()?.authenticator;
        Ok(())
    }

    fn handle(&mut self, message: &[u8]) -> Result<Got> {
        let got = self.peer.handle(message)?;
        let mut record = self.record.borrow_mut();
        match got {
            Got::Proposal => record.proposals.push(message.to_vec()),
            Got::Commit => {
                let proposals = std::mem::take(&mut record.proposals);
                record.epochs.push((proposals, message.to_vec(), self.peer.state()?.authenticator));
            }
            _ => {}
        }
        Ok(got)
    }

    fn join_external(&mut self, _: &[u8], _: Option<&[u8]>, _: Option<&[u8]>, _: bool) -> Result<Vec<u8>> {
        Err("it only follows".into())
    }

    fn propose(&mut self, _: &Change, _: &[u8]) -> Result<Vec<u8>> {
        Err("it only follows".into())
    }

    fn commit(&mut self, _: &[Change], _: &How) -> Result<Made> {
        Err("it only follows".into())
    }

    fn accept(&mut self) -> Result<()> {
        Err("it only follows".into())
    }

    fn reject(&mut self) -> Result<()> {
        Err("it only follows".into())
    }

    fn encrypt(&mut self, data: &[u8], aad: &[u8]) -> Result<Vec<u8>> {
        self.peer.encrypt(data, aad)
    }

    fn state(&mut self) -> Result<State> {
        self.peer.state()
    }

    fn info(&mut self, with_tree: bool) -> Result<Vec<u8>> {
        self.peer.info(with_tree)
    }

    fn tree(&mut self) -> Result<Vec<u8>> {
        self.peer.tree()
    }
}

/// One transcript: the follower and some others, of which `other` makes every second one.
fn one(seed: u64, suite: u16, other: &dyn Fn(usize, &str, bool) -> Result<Box<dyn Peer>>) -> Result<String> {
    let mut random = Random::new(seed);
    let public = random.coin();
    let record = Rc::new(RefCell::new(Record::default()));
    let mut peers: Vec<Box<dyn Peer>> =
        vec![Box::new(Follower { peer: Ours::new(&Script::identity(0), suite, public)?, record: record.clone() })];
    for i in 1..4 {
        peers.push(other(i, &Script::identity(i), public)?);
    }
    let mut script = Script::new(seed, peers);
    script.follow(12)?;
    Ok(record.borrow().json(suite))
}

/// Writes all transcripts, and how many there are.
pub fn write_all(folder: &Path) -> Result<()> {
    let mut counts =
        "# How many transcripts of each cipher suite each file has: FILE SUITE RUN SKIP. Made with them.\n".to_owned();
    let mut write = |name: &str, suites: &[u16], per_suite: u64, foreign: bool| -> Result<()> {
        let mut cases = Vec::new();
        for suite in suites {
            for n in 0..per_suite {
                let other = |i: usize, identity: &str, public: bool| -> Result<Box<dyn Peer>> {
                    Ok(match foreign && i % 2 == 1 {
                        #[cfg(feature = "openmls")]
                        true => Box::new(crate::openmls::OpenMls::new(identity, *suite, public, 0)?),
                        _ => Box::new(Ours::new(identity, *suite, public)?),
                    })
                };
                cases.push(one(n + 1, *suite, &other)?);
            }
            let _ = writeln!(counts, "{name} {suite} {per_suite} 0");
        }
        std::fs::write(folder.join(name), format!("[\n{}\n]\n", cases.join(",\n"))).map_err(|error| error.to_string())
    };
    write("libmls.json", &[1, 2, 3, 5, 7], 2, false)?;
    write("openmls.json", &[1, 2, 3], 2, true)?;
    std::fs::write(folder.join("expected"), counts).map_err(|error| error.to_string())
}
