//! Signature keys, hashes and random bytes of a cipher suite.

use crate::{CipherSuite, ErrorCode, MlsError, Result, SigningKey, error::fail};
use mls_rs::{CipherSuiteProvider, CryptoProvider};
use mls_rs_core::identity::DerCertificate;
use mls_rs_crypto_awslc::{AwsLcCipherSuite, AwsLcCryptoProvider, x509::CertificateParser};
use mls_rs_identity_x509::X509CertificateReader;
use zeroize::Zeroizing;

/// A suite that this build has, or `Unsupported`.
pub(crate) fn suite(suite: CipherSuite) -> Result<CipherSuite> {
    // The engine's provider answers for suites outside of its list too.
    if CipherSuite::SUPPORTED.contains(&suite) {
        Ok(suite)
    } else {
        fail(ErrorCode::Unsupported, format!("cipher suite {} is not supported", suite.0))
    }
}

pub(crate) fn suite_provider(id: CipherSuite) -> Result<AwsLcCipherSuite> {
    AwsLcCryptoProvider::new()
        .cipher_suite_provider(mls_rs::CipherSuite::new(suite(id)?.0))
        .ok_or_else(|| MlsError::new(ErrorCode::Unsupported, "the cipher suite is not supported"))
}

fn crypto(error: impl std::fmt::Debug) -> MlsError {
    let _ = error; // it could quote key material
    MlsError::new(ErrorCode::Crypto, "a cryptographic operation failed")
}

/// A new signature key pair.
pub(crate) fn generate_signing_key(id: CipherSuite) -> Result<SigningKey> {
    let (secret, public) = suite_provider(id)?.signature_key_generate().map_err(crypto)?;
    Ok(SigningKey { secret: secret.as_bytes().to_vec().into(), public: public.as_bytes().to_vec() })
}

/// A NIST curve's private key at the size of its field, whatever zeros it came with: some write it as a number. `public`
/// is the uncompressed point; other keys stay as they are.
pub(crate) fn private_key(public: &[u8], secret: &[u8]) -> Zeroizing<Vec<u8>> {
    let size = match public {
        [4, point @ ..] if matches!(point.len(), 64 | 96 | 132) => point.len() / 2,
        _ => return Zeroizing::new(secret.to_vec()),
    };
    let zeros = secret.iter().take_while(|byte| **byte == 0).count();
    let number = &secret[zeros..];
    let mut key = Zeroizing::new(vec![0; size.saturating_sub(number.len())]);
    key.extend_from_slice(number);
    key
}

/// Whether the private key is of this suite and belongs to the public one. `InvalidSigningKey` else.
pub(crate) fn check_signing_key(id: CipherSuite, key: &SigningKey) -> Result<SigningKey> {
    let provider = suite_provider(id)?;
    let wrong = |_| MlsError::new(ErrorCode::InvalidSigningKey, "the private key does not belong to the public key");
    let mut secret = private_key(&key.public, &key.secret);
    if key.public.len() == 32 && secret.len() == 32 {
        secret.extend_from_slice(&key.public); // an Ed25519 seed alone
    }
    let checked = SigningKey { secret, public: key.public.clone() };
    let probe = b"libmls key check";
    let signature = provider.sign(&checked.secret.to_vec().into(), probe).map_err(wrong)?;
    provider.verify(&checked.public.clone().into(), &signature, probe).map_err(wrong)?;
    Ok(checked)
}

/// Random bytes.
pub(crate) fn random(len: usize) -> Result<Vec<u8>> {
    let mut bytes = vec![0; len];
    aws_lc_rs::rand::fill(&mut bytes).map_err(crypto)?;
    Ok(bytes)
}

/// SHA-256.
pub(crate) fn hash(bytes: &[u8]) -> [u8; 32] {
    aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes).as_ref().try_into().expect("SHA-256 has 32 bytes")
}

/// The public key of a DER certificate. `InvalidCredential` if it is none.
pub(crate) fn certificate_key(der: &[u8]) -> Result<Vec<u8>> {
    match CertificateParser::new().public_key(&DerCertificate::new(der.to_vec())) {
        Ok(key) => Ok(key.as_bytes().to_vec()),
        Err(_) => fail(ErrorCode::InvalidCredential, "not a certificate, or one with a key of an unknown kind"),
    }
}

/// `InvalidCredential` for what is no DER certificate; its key may be of any kind.
pub(crate) fn check_certificate(der: &[u8]) -> Result<()> {
    match CertificateParser::new().subject_bytes(&DerCertificate::new(der.to_vec())) {
        Ok(_) => Ok(()),
        Err(_) => fail(ErrorCode::InvalidCredential, "not a certificate"),
    }
}
