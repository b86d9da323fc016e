//! Proposals that this device has forgotten. They are kept until the epoch ends: who did not hear of it may still commit
//! them, and that commit has to be understood.

use super::{Session, row::WITHDRAWN};
use crate::{
    Result,
    client::ClientCore,
    engine::{Proposals, Snapshot},
    ledger::{decode, encode},
    store::{Batch, GroupTag, Key, Store},
};
use minicbor::{Decode, Encode, bytes::ByteVec};
use mls_rs::{group::CachedProposal, mls_rs_codec::MlsEncode};

#[derive(Default, Encode, Decode)]
pub(super) struct Withdrawn {
    #[n(0)]
    proposals: Vec<ByteVec>,
}

impl Withdrawn {
    /// How many are kept: a member that fills the cache again and again must not fill the store.
    pub(super) const KEPT: usize = 256;

    fn key(tag: GroupTag) -> Key {
        Key::group(WITHDRAWN, tag, &[])
    }

    pub(super) fn get(store: &Store, tag: GroupTag) -> Result<Vec<CachedProposal>> {
        let Some(row) = store.get(&Self::key(tag))? else { return Ok(Vec::new()) };
        let row: Self = decode(&row)?;
        row.proposals.iter().map(|bytes| Ok(CachedProposal::from_bytes(bytes)?)).collect()
    }

    /// The row with these in addition.
    pub(super) fn with(store: &Store, tag: GroupTag, more: &[CachedProposal]) -> Result<Self> {
        let mut old = Self::get(store, tag)?;
        // What was made again is forgotten again: once is enough, and twice cannot be loaded.
        old.retain(|old| !contains(more, old));
        let all = old.iter().chain(more);
        let mut proposals: Vec<ByteVec> = all.map(|proposal| Ok(proposal.to_bytes()?.into())).collect::<Result<_>>()?;
        proposals.drain(..proposals.len().saturating_sub(Self::KEPT));
        Ok(Self { proposals })
    }

    pub(super) fn put(&self, batch: &mut Batch, tag: GroupTag) {
        batch.put(Self::key(tag), encode(self));
    }

    pub(super) fn forget(batch: &mut Batch, tag: GroupTag) {
        batch.delete(Self::key(tag));
    }
}

fn contains(cached: &[CachedProposal], proposal: &CachedProposal) -> bool {
    cached.iter().any(|cached| cached.proposal_ref() == proposal.proposal_ref())
}

/// The snapshot with these proposals cached and no others.
pub(super) fn with_proposals(snapshot: &mut Snapshot, cached: &[CachedProposal]) -> Result<()> {
    let mut proposals = Proposals::find(&snapshot.small)?;
    proposals.all.clear();
    for cached in cached {
        // As the engine keeps them: reference, then proposal and sender.
        cached.proposal_ref().mls_encode(&mut proposals.all)?;
        cached.proposal().mls_encode(&mut proposals.all)?;
        cached.sender().mls_encode(&mut proposals.all)?;
    }
    // What the messages of our own were: without it their echo is still known as our own.
    proposals.own.clear();
    snapshot.small = proposals.put(&snapshot.small);
    Ok(())
}

impl Session {
    /// Caches again what was forgotten, in memory.
    pub(super) fn put_back(&mut self, client: &ClientCore, withdrawn: Vec<CachedProposal>) -> Result<()> {
        let mut cached = self.engine.get_cached_proposals();
        let forgotten: Vec<_> = withdrawn.into_iter().filter(|proposal| !contains(&cached, proposal)).collect();
        cached.extend(forgotten);
        let (mut snapshot, _) = self.snapshot()?;
        with_proposals(&mut snapshot, &cached)?;
        let whole = Snapshot::join(&snapshot.small, &snapshot.tree)?;
        self.engine = client.load_engine(&self.parts, &self.row.id, whole)?;
        Ok(())
    }
}
