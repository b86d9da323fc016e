//! What a group is: who is in it, and what its members agree on.

use super::{Group, GroupStatus, session::run};
use crate::{
    CipherSuite, ErrorCode, Extension, Member, MlsError, Result,
    engine::{credential, public_extensions},
    error::fail,
};
use mls_rs::group::Roster;

#[cfg_attr(feature = "uniffi", uniffi::export)]
impl Group {
    /// Where the group stands.
    pub fn status(&self) -> Result<GroupStatus> {
        self.client.open()?;
        if self.joining()?.is_some() {
            return Ok(GroupStatus::Joining);
        }
        match self.client.status(self.core.tag)? {
            Some(status) => Ok(status),
            None => fail(ErrorCode::GroupNotFound, "this device has no such group"),
        }
    }

    /// The epoch that this device is in (RFC 9420 section 8).
    pub fn epoch(&self) -> Result<u64> {
        Ok(self.lock()?.session().row.epoch)
    }

    /// The group's cipher suite.
    pub fn cipher_suite(&self) -> Result<CipherSuite> {
        Ok(CipherSuite(self.lock()?.session().row.cipher_suite))
    }

    /// This device's leaf.
    pub fn own_leaf(&self) -> Result<u32> {
        Ok(self.lock()?.session().engine.current_member_index())
    }

    /// All members, in the order of their leaves.
    pub fn members(&self) -> Result<Vec<Member>> {
        let mut locked = self.lock()?;
        let session = locked.session();
        Ok(session
            .engine
            .roster()
            .members_iter()
            .map(|member| self.member_of(&member, &session.tree.updated))
            .collect())
    }

    /// The member at a leaf. `MemberNotFound` if it is blank or there is none.
    pub fn member(&self, leaf: u32) -> Result<Member> {
        let mut locked = self.lock()?;
        let session = locked.session();
        match session.engine.member_at_index(leaf) {
            Some(member) => Ok(self.member_of(&member, &session.tree.updated)),
            None => fail(ErrorCode::MemberNotFound, "no member is at this leaf"),
        }
    }
}

impl Group {
    fn member_of(&self, member: &mls_rs::group::Member, updated: &[u64]) -> Member {
        let credential = credential(&member.signing_identity);
        let (user, device) = self.client.settings.device(&credential).map(|d| (d.user, d.device)).unzip();
        let capabilities = &member.capabilities;
        Member {
            leaf: member.index,
            user,
            device,
            credential,
            signature_key: member.signing_identity.signature_key.as_bytes().to_vec(),
            last_update: updated.get(member.index as usize).copied().unwrap_or(0),
            extensions: public_extensions(&member.extensions),
            capabilities_extensions: capabilities.extensions.iter().map(|kind| kind.raw_value()).collect(),
            capabilities_proposals: capabilities.proposals.iter().map(|kind| kind.raw_value()).collect(),
            capabilities_credentials: capabilities.credentials.iter().map(|kind| kind.raw_value()).collect(),
            capabilities_cipher_suites: capabilities.cipher_suites.iter().map(|suite| suite.raw_value()).collect(),
        }
    }
}

#[cfg_attr(feature = "uniffi", uniffi::export)]
impl Group {
    /// How many members there are.
    pub fn member_count(&self) -> Result<u32> {
        let mut locked = self.lock()?;
        let roster: Roster = locked.session().engine.roster();
        Ok(roster.members_iter().count() as u32)
    }

    /// The extensions of the group context.
    pub fn extensions(&self) -> Result<Vec<Extension>> {
        Ok(public_extensions(&self.lock()?.session().engine.context().extensions))
    }

    /// The hash of the ratchet tree (RFC 9420 section 7.8).
    pub fn tree_hash(&self) -> Result<Vec<u8>> {
        Ok(self.lock()?.session().engine.context().tree_hash.clone())
    }

    /// The epoch's authenticator: equal for members in the same state, to be compared out of band (RFC 9420 section
    /// 8.7).
    pub fn epoch_authenticator(&self) -> Result<Vec<u8>> {
        let mut locked = self.lock()?;
        Ok(run(|| locked.session().engine.epoch_authenticator())?.as_bytes().to_vec())
    }

    /// A secret for another protocol, the same for every member in this epoch (RFC 9420 section 8.5). `len` is 1 to
    /// 255 times the hash's size: `InvalidArgument` else.
    pub fn export_secret(&self, label: &str, context: Vec<u8>, len: u32) -> Result<Vec<u8>> {
        if len == 0 || len > 255 * 32 {
            return fail(ErrorCode::InvalidArgument, "an exported secret has 1 to 8,160 bytes");
        }
        let mut locked = self.lock()?;
        locked.session().active()?;
        let engine = &locked.session().engine;
        Ok(run(|| engine.export_secret(label.as_bytes(), &context, len as usize))?.as_bytes().to_vec())
    }

    /// A GroupInfo of this epoch (RFC 9420 section 12.4.3): with `allow_join` it lets its holder join by an external
    /// commit, with `with_tree` it carries the ratchet tree.
    pub fn group_info(&self, allow_join: bool, with_tree: bool) -> Result<Vec<u8>> {
        let mut locked = self.lock()?;
        locked.session().active()?;
        let engine = &locked.session().engine;
        let message = run(|| match allow_join {
            true => engine.group_info_message_allowing_ext_commit(with_tree),
            false => engine.group_info_message(with_tree),
        })?;
        Ok(message.to_bytes()?)
    }

    /// The ratchet tree, for joiners whose Welcome or GroupInfo does not carry it (RFC 9420 section 12.4.3.3).
    pub fn ratchet_tree(&self) -> Result<Vec<u8>> {
        let mut locked = self.lock()?;
        locked.session().active()?;
        locked.session().engine.export_tree().to_bytes().map_err(MlsError::from)
    }
}
