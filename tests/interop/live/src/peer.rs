//! A member as the scripts see it, whatever implementation it is.

/// A failure, told by whoever failed.
pub type Result<T> = std::result::Result<T, String>;

/// What one member asks of the group.
#[derive(Clone, Debug)]
pub enum Change {
    Add {
        key_package: Vec<u8>,
    },
    /// Renews the proposer's own leaf. By reference only.
    Update,
    Remove {
        leaf: u32,
    },
    Psk {
        id: Vec<u8>,
    },
    Resumption {
        epoch: u64,
    },
    /// The group context has these extensions and no others.
    Context {
        extensions: Vec<(u16, Vec<u8>)>,
    },
}

impl Change {
    /// What it is, in a word or two.
    pub fn name(&self) -> String {
        match self {
            Self::Add { .. } => "an Add".into(),
            Self::Update => "an Update".into(),
            Self::Remove { leaf } => format!("a Remove of leaf {leaf}"),
            Self::Psk { .. } => "a PSK".into(),
            Self::Resumption { epoch } => format!("a resumption PSK of epoch {epoch}"),
            Self::Context { extensions } => format!("{} context extensions", extensions.len()),
        }
    }
}

/// An extension type that every member is capable of.
pub const CONTEXT_EXTENSION: u16 = 0xF042;

/// The extension type `required_capabilities`.
pub const REQUIRED_CAPABILITIES: u16 = 3;

/// What a peer cannot do, so that nobody asks it to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lack {
    /// To make a GroupInfo for an external commit, or to join by one.
    External,
    /// To mix a PSK into an external commit of its own.
    ExternalPsk,
    /// To propose an Update.
    Update,
    /// To process a commit that removes it.
    OwnRemoval,
    /// To know extension types that it does not have a name for.
    PrivateExtensions,
    /// To commit PSKs by reference and by value together.
    MixedPsks,
    /// To propose a resumption PSK by reference.
    ProposeResumption,
    /// To commit new extensions of the group context.
    CommitContext,
}

/// How to commit.
#[derive(Clone, Debug, Default)]
pub struct How {
    pub path: bool,
    pub aad: Vec<u8>,
    /// Whether the Welcome carries the ratchet tree.
    pub tree_inside: bool,
}

/// What a commit makes.
#[derive(Clone, Debug, Default)]
pub struct Made {
    pub commit: Vec<u8>,
    pub welcome: Option<Vec<u8>>,
}

/// What a message was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Got {
    Proposal,
    Commit,
    Removed,
    Message {
        data: Vec<u8>,
        aad: Vec<u8>,
    },
    /// Turned away, with the state unchanged; why.
    Nothing(String),
}

/// What all members have to agree on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State {
    pub epoch: u64,
    pub authenticator: Vec<u8>,
    pub tree_hash: Vec<u8>,
    pub exported: Vec<u8>,
    /// Leaf and basic credential of every member, in the order of the leaves.
    pub members: Vec<(u32, Vec<u8>)>,
}

/// What the exporter is asked for.
pub const EXPORT: (&str, &[u8], u32) = ("interop", b"context", 42);

pub trait Peer {
    /// Which implementation it is.
    fn kind(&self) -> &'static str;
    fn key_package(&mut self) -> Result<Vec<u8>>;
    fn add_psk(&mut self, id: &[u8], secret: &[u8]) -> Result<()>;
    fn create(&mut self, group_id: &[u8]) -> Result<()>;
    fn join(&mut self, welcome: &[u8], tree: Option<&[u8]>) -> Result<()>;
    /// Makes an external commit, which [`accept`](Self::accept) ends; `resync` replaces the own old leaf.
    fn join_external(&mut self, info: &[u8], tree: Option<&[u8]>, psk: Option<&[u8]>, resync: bool) -> Result<Vec<u8>>;
    fn propose(&mut self, change: &Change, aad: &[u8]) -> Result<Vec<u8>>;
    fn commit(&mut self, by_value: &[Change], how: &How) -> Result<Made>;
    fn accept(&mut self) -> Result<()>;
    fn reject(&mut self) -> Result<()>;
    fn handle(&mut self, message: &[u8]) -> Result<Got>;
    fn encrypt(&mut self, data: &[u8], aad: &[u8]) -> Result<Vec<u8>>;
    fn state(&mut self) -> Result<State>;
    fn info(&mut self, with_tree: bool) -> Result<Vec<u8>>;
    fn tree(&mut self) -> Result<Vec<u8>>;
    /// Forgets everything that is not on its disk. Nothing, where there is no disk.
    fn restart(&mut self) -> Result<()> {
        Ok(())
    }
    /// Why it cannot do this; `None` if it can.
    fn lacks(&self, _what: Lack) -> Option<&'static str> {
        None
    }
    /// Whether a message that was changed on the way may be given to it without harm to the genuine one.
    fn survives_tampering(&self) -> bool {
        false
    }
}
