//! A group without its tree: enough to tell what can have come from a member, at the same cost for every size.
//!
//! The engine uses up a message's key before it checks the message's tag, so one flipped byte costs the genuine message
//! its key, and reading the group again costs as much as the group is large. After the first failure a group is under
//! *suspicion*: each message is opened by a copy of its skeleton first, and the loaded group sees only what passes. That
//! ends when [`CLEAN`] messages in a row were genuine.

use super::session::{Failure, Session, Unfolded, consume, run};
use crate::{
    Result,
    client::ClientCore,
    engine::{self, EngineGroup, Parts},
    ledger::Used,
};
use mls_rs::{MlsMessage, error::MlsError as EngineError, group::ReceivedMessage};

/// So many genuine messages end a suspicion.
pub(super) const CLEAN: u32 = 64;
/// So many handshake messages of an epoch may make the group be read again, since only members can send them and mostly
/// do not. Further ones wait for the application.
pub(super) const COSTLY: u32 = 32;

/// What a skeleton can tell of a message.
pub(super) enum Sight {
    /// Its tag is good: whoever is at this leaf can have sent it, or another member who uses that one's keys.
    Tagged(u32),
    /// It opens to this without a tree: one of our own that is cached, or an outsider's.
    Opened(Box<ReceivedMessage>),
    /// It is an outsider's commit, signed by whom it names.
    Signed,
    /// It does not open.
    Failed(Failure),
}

/// What a group with one leaf makes of a message.
pub(super) enum Proof {
    /// Who is at that leaf has signed it. Of a commit that is all that can be said.
    Commit,
    /// Signed, and read.
    Read(Box<ReceivedMessage>),
    /// Who is at that leaf has not signed it.
    Failed(Failure),
}

/// A skeleton that is only copied, never used itself.
pub(super) struct Probe {
    parts: Parts,
    skeleton: EngineGroup,
}

impl Probe {
    /// `snapshot` is a group's small one.
    pub(super) fn load(client: &ClientCore, id: &[u8], snapshot: &[u8]) -> Result<Self> {
        let parts = client.parts();
        Ok(Self { skeleton: client.load_engine(&parts, id, engine::ended(snapshot)?)?, parts })
    }

    /// The current epoch of a loaded group, with keys gone that the store does not know of yet.
    pub(super) fn of(client: &ClientCore, session: &Session, fresh: &[Used]) -> Result<Self> {
        let mut probe = Self::load(client, &session.row.id, &session.row.snapshot)?;
        session.unfolded.iter().for_each(|unfolded: &Unfolded| probe.consume(unfolded.used));
        fresh.iter().for_each(|used| probe.consume(*used));
        Ok(probe)
    }

    /// A message was received: its key is gone.
    pub(super) fn consume(&mut self, used: Used) {
        consume(&mut self.skeleton, used);
    }

    pub(super) fn look(&self, message: MlsMessage) -> Sight {
        let mut copy = self.skeleton.clone();
        match run(|| copy.process_incoming_message(message)) {
            Ok(received) => Sight::Opened(Box::new(received)),
            Err(Failure::Engine(error)) => match *error {
                // After the tag comes the signature, and there is no tree to look its key up in.
                EngineError::InvalidNodeIndex(node) => Sight::Tagged(node / 2),
                EngineError::ExpectedNode => Sight::Tagged(0),
                EngineError::GroupUsedAfterReInit => Sight::Signed,
                error => Sight::Failed(Failure::Engine(Box::new(error))),
            },
            Err(failure) => Sight::Failed(failure),
        }
    }

    /// The same group with one leaf in its tree, of which only the identity is right: it tells whether the message
    /// was signed by who is there, and reads it if it is an application message or a proposal.
    pub(super) fn with_leaf(
        &mut self,
        client: &ClientCore,
        id: &[u8],
        leaf: u32,
        identity: &engine::LeafIdentity,
    ) -> Result<Reader> {
        run(|| self.skeleton.write_to_storage())?;
        let written = self.parts.provider.take_written().expect("the engine has just written");
        let parts = client.parts();
        let engine = client.load_engine(&parts, id, engine::with_leaf(&written.snapshot, leaf, identity)?)?;
        Ok(Reader { parts, engine })
    }
}

/// A group with one leaf.
pub(super) struct Reader {
    pub(super) parts: Parts,
    pub(super) engine: EngineGroup,
}

impl Reader {
    pub(super) fn read(&mut self, message: MlsMessage) -> Proof {
        match run(|| self.engine.process_incoming_message(message)) {
            Ok(received) => Proof::Read(Box::new(received)),
            Err(Failure::Engine(error)) if matches!(*error, EngineError::GroupUsedAfterReInit) => Proof::Commit,
            Err(failure) => Proof::Failed(failure),
        }
    }
}
