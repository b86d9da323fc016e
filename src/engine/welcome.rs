//! What a Welcome continues, read with the key package's private key (RFC 9420 section 12.4.3.1): a branch or the
//! successor after a ReInit names its parent only in what is encrypted for the joiner.

use super::{KeyPackageFields, Reader, suite_provider, wire::put_vector};
use crate::Result;
use mls_rs::CipherSuiteProvider;
use mls_rs_core::crypto::HpkeCiphertext;

/// An epoch of a group that another group continues.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Continued {
    pub(crate) group_id: Vec<u8>,
    pub(crate) epoch: u64,
    /// Whether it ended with that epoch; a branch goes on.
    pub(crate) reinit: bool,
}

/// The group that a Welcome continues, if it does. `None` too for what cannot be read: whoever joins will say why.
pub(crate) fn continued(
    welcome: &[u8],
    reference: &[u8],
    key_package: &KeyPackageFields,
    init_key: &[u8],
) -> Result<Option<Continued>> {
    let mut reader = Reader::new(welcome);
    reader.skip(6)?; // version, wire format, cipher suite
    let mut secrets = Reader::new(reader.vector()?);
    let group_info = reader.vector()?;
    let mut info = Vec::new();
    put_vector(&mut info, b"MLS 1.0 Welcome");
    put_vector(&mut info, group_info);
    let provider = suite_provider(key_package.suite)?;
    while !secrets.is_empty() {
        let joiner = secrets.vector()?;
        let sealed = HpkeCiphertext { kem_output: secrets.vector()?.to_vec(), ciphertext: secrets.vector()?.to_vec() };
        if joiner != reference {
            continue;
        }
        let (secret, public) = (init_key.to_vec().into(), key_package.init_key().to_vec().into());
        return Ok(match provider.hpke_open(&sealed, &secret, &public, &info, None) {
            Ok(opened) => parent(&opened)?,
            Err(_) => None,
        });
    }
    Ok(None)
}

/// The parent that the pre-shared keys of GroupSecrets name.
fn parent(group_secrets: &[u8]) -> Result<Option<Continued>> {
    let mut reader = Reader::new(group_secrets);
    reader.vectors(1)?; // joiner secret
    if reader.u8()? != 0 {
        reader.vectors(1)?; // path secret
    }
    let mut psks = Reader::new(reader.vector()?);
    while !psks.is_empty() {
        if psks.u8()? == 1 {
            psks.vectors(2)?; // an external one, and its nonce
            continue;
        }
        let usage = psks.u8()?;
        let (group_id, epoch) = (psks.vector()?.to_vec(), psks.u64()?);
        psks.vectors(1)?; // nonce
        if usage == 2 || usage == 3 {
            return Ok(Some(Continued { group_id, epoch, reinit: usage == 2 }));
        }
    }
    Ok(None)
}
