//! Proposals by those who are no members (RFC 9420 section 12.1.8) that the engine does not make. A proposal to be added
//! it makes, but takes a single time for the lifetime of the new key package and for those of all members: a group with
//! one leaf that is younger, or has expired, could then not be joined.

use super::{random, suite_provider, wire::put_vector};
use crate::{CipherSuite, ErrorCode, MlsError, Result};
use mls_rs::{CipherSuiteProvider, crypto::SignatureSecretKey};

/// Where a proposal from outside comes from, and where it goes.
pub(crate) struct Outside<'a> {
    pub(crate) suite: CipherSuite,
    pub(crate) group_id: &'a [u8],
    pub(crate) epoch: u64,
    pub(crate) signer: &'a SignatureSecretKey,
    pub(crate) aad: &'a [u8],
}

impl Outside<'_> {
    /// The message that proposes to add `key_package`, signed with its own key.
    pub(crate) fn new_member(&self, key_package: &[u8]) -> Result<Vec<u8>> {
        // Sender: new_member_proposal. An Add.
        self.proposal(&[3], &[&[0, 1], key_package].concat())
    }

    /// The message by which the external sender `index` proposes to mix in the resumption secret of an epoch.
    pub(crate) fn resumption_psk(&self, index: u32, epoch: u64) -> Result<Vec<u8>> {
        let mut proposal = vec![0, 4, 2, 1]; // PreSharedKey; a resumption secret, for an application
        put_vector(&mut proposal, self.group_id);
        proposal.extend_from_slice(&epoch.to_be_bytes());
        put_vector(&mut proposal, &random(suite_provider(self.suite)?.kdf_extract_size())?);
        self.proposal(&[&[2], index.to_be_bytes().as_slice()].concat(), &proposal)
    }

    fn proposal(&self, sender: &[u8], proposal: &[u8]) -> Result<Vec<u8>> {
        let mut content = vec![0, 1, 0, 1]; // version, wire format
        put_vector(&mut content, self.group_id);
        content.extend_from_slice(&self.epoch.to_be_bytes());
        content.extend_from_slice(sender);
        put_vector(&mut content, self.aad);
        content.push(2); // content: proposal
        content.extend_from_slice(proposal);
        // FramedContentTBS is version, wire format and the content, without the group's context.
        let mut signed = Vec::new();
        put_vector(&mut signed, b"MLS 1.0 FramedContentTBS");
        put_vector(&mut signed, &content);
        let signature = suite_provider(self.suite)?
            .sign(self.signer, &signed)
            .map_err(|_| MlsError::new(ErrorCode::InvalidSigningKey, "the proposal cannot be signed"))?;
        put_vector(&mut content, &signature);
        Ok(content)
    }
}
