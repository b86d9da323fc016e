//! What a Welcome continues, read with the key package's private key (RFC 9420 section 12.4.3.1): a branch or the
//! successor after a ReInit names its parent only in what is encrypted for the joiner.

use super::{KeyPackageFields, Reader, snapshot::resumption_secret, suite_provider, wire::put_vector};
use crate::{CipherSuite, ErrorCode, MlsError, Result};
use mls_rs::{CipherSuiteProvider, MlsMessage};
use mls_rs_core::crypto::HpkeCiphertext;
use zeroize::Zeroizing;

/// An epoch of a group that another group continues.
pub(crate) struct Continued {
    pub(crate) group_id: Vec<u8>,
    pub(crate) epoch: u64,
    /// Whether it ended with that epoch; a branch goes on.
    pub(crate) reinit: bool,
    suite: CipherSuite,
    /// The encoded id of the pre-shared key by which it does.
    psk: Vec<u8>,
    joiner_secret: Zeroizing<Vec<u8>>,
}

impl Continued {
    /// The GroupInfo in the Welcome, its signature not checked. `parent` is a snapshot of the epoch that is continued.
    pub(crate) fn group_info(&self, welcome: &[u8], parent: &[u8]) -> Result<MlsMessage> {
        let provider = suite_provider(self.suite)?;
        let wrong = || MlsError::new(ErrorCode::InvalidWelcome, "the Welcome is not genuine");
        let size = provider.kdf_extract_size();
        let expand = |secret: &[u8], label: &[u8], context: &[u8], length: usize| {
            let mut info = (length as u16).to_be_bytes().to_vec();
            put_vector(&mut info, &[b"MLS 1.0 ", label].concat());
            put_vector(&mut info, context);
            provider.kdf_expand(secret, &info, length).map_err(|_| wrong())
        };
        let extract = |salt: &[u8], secret: &[u8]| provider.kdf_extract(salt, secret).map_err(|_| wrong());
        // RFC 9420 section 8.4: the first of one pre-shared key.
        let label = [self.psk.as_slice(), &[0, 0, 0, 1]].concat();
        let none = vec![0; size];
        let input = expand(&extract(&none, &resumption_secret(parent)?)?, b"derived psk", &label, size)?;
        let member = extract(&self.joiner_secret, &extract(&input, &none)?)?;
        let secret = expand(&member, b"welcome", &[], size)?;
        let key = expand(&secret, b"key", &[], provider.aead_key_size())?;
        let nonce = expand(&secret, b"nonce", &[], provider.aead_nonce_size())?;
        let mut reader = Reader::new(welcome);
        reader.skip(6)?; // version, wire format, cipher suite
        reader.vectors(1)?; // secrets
        let opened = provider.aead_open(&key, reader.vector()?, None, &nonce).map_err(|_| wrong())?;
        // In a message of its own: version, wire format.
        Ok(MlsMessage::from_bytes(&[&[0, 1, 0, 4], opened.as_slice()].concat())?)
    }
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
            Ok(opened) => parent(key_package.suite, &opened)?,
            Err(_) => None,
        });
    }
    Ok(None)
}

/// The parent that the pre-shared key of GroupSecrets names. RFC 9420 sections 11.2 and 11.3 give a group that continues
/// another no more than the one.
fn parent(suite: CipherSuite, group_secrets: &[u8]) -> Result<Option<Continued>> {
    let mut reader = Reader::new(group_secrets);
    let joiner_secret = Zeroizing::new(reader.vector()?.to_vec());
    if reader.u8()? != 0 {
        reader.vectors(1)?; // path secret
    }
    let psk = reader.vector()?;
    let mut fields = Reader::new(psk);
    if psk.is_empty() || fields.u8()? == 1 {
        return Ok(None);
    }
    let usage = fields.u8()?;
    let (group_id, epoch) = (fields.vector()?.to_vec(), fields.u64()?);
    fields.vectors(1)?; // nonce
    Ok((fields.is_empty() && (usage == 2 || usage == 3)).then(|| Continued {
        group_id,
        epoch,
        reinit: usage == 2,
        suite,
        psk: psk.to_vec(),
        joiner_secret,
    }))
}
