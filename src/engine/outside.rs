//! A proposal to be added, by one who is no member (RFC 9420 section 12.1.8). The engine makes one too, but takes a
//! single time for the lifetime of the new key package and for those of all members: a group with one leaf that is
//! younger, or has expired, could then not be joined.

use super::{suite_provider, wire::put_vector};
use crate::{CipherSuite, ErrorCode, MlsError, Result};
use mls_rs::{CipherSuiteProvider, crypto::SignatureSecretKey};

/// The message that proposes to add `key_package`, signed with its own key.
pub(crate) fn new_member_proposal(
    suite: CipherSuite,
    group_id: &[u8],
    epoch: u64,
    key_package: &[u8],
    signer: &SignatureSecretKey,
    aad: &[u8],
) -> Result<Vec<u8>> {
    let mut content = Vec::new();
    put_vector(&mut content, group_id);
    content.extend_from_slice(&epoch.to_be_bytes());
    content.push(3); // sender: new_member_proposal
    put_vector(&mut content, aad);
    content.push(2); // content: proposal,
    content.extend_from_slice(&[0, 1]); // an Add
    content.extend_from_slice(key_package);
    // FramedContentTBS: version, wire format and the content, without the group's context.
    let header = [0, 1, 0, 1];
    let mut signed = Vec::new();
    put_vector(&mut signed, b"MLS 1.0 FramedContentTBS");
    put_vector(&mut signed, &[&header, content.as_slice()].concat());
    let signature = suite_provider(suite)?
        .sign(signer, &signed)
        .map_err(|_| MlsError::new(ErrorCode::InvalidSigningKey, "the proposal cannot be signed"))?;
    let mut message = [&header, content.as_slice()].concat();
    put_vector(&mut message, &signature);
    Ok(message)
}
