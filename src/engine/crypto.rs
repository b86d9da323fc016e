//! AWS-LC for the engine, with one thing added: what the engine decrypts is weighed before it is decoded.

use super::Budget;
use mls_rs::{CipherSuite, CipherSuiteProvider, CryptoProvider};
use mls_rs_core::crypto::{
    HpkeCiphertext, HpkePsk, HpkePublicKey, HpkeSecretKey, SignaturePublicKey, SignatureSecretKey,
};
use mls_rs_crypto_awslc::{AwsLcCipherSuite, AwsLcCryptoError, AwsLcCryptoProvider};
use zeroize::Zeroizing;

type Result<T> = std::result::Result<T, AwsLcCryptoError>;

#[derive(Clone)]
pub(crate) struct Crypto {
    budget: Budget,
}

impl Crypto {
    pub(crate) fn new(budget: Budget) -> Self {
        Self { budget }
    }
}

impl CryptoProvider for Crypto {
    type CipherSuiteProvider = Suite;

    fn supported_cipher_suites(&self) -> Vec<CipherSuite> {
        AwsLcCryptoProvider::all_supported_cipher_suites()
    }

    fn cipher_suite_provider(&self, suite: CipherSuite) -> Option<Suite> {
        let aws_lc = AwsLcCryptoProvider::new().cipher_suite_provider(suite)?;
        Some(Suite { aws_lc, budget: self.budget })
    }
}

#[derive(Clone)]
pub(crate) struct Suite {
    aws_lc: AwsLcCipherSuite,
    budget: Budget,
}

fn out_of_proportion(_: crate::MlsError) -> AwsLcCryptoError {
    AwsLcCryptoError::InvalidKeyData
}

macro_rules! as_in_aws_lc {
    ($(fn $name:ident(&self $(, $argument:ident: $kind:ty)*) -> $answer:ty;)*) => {
        $(fn $name(&self $(, $argument: $kind)*) -> $answer {
            self.aws_lc.$name($($argument),*)
        })*
    };
}

impl CipherSuiteProvider for Suite {
    type Error = AwsLcCryptoError;
    type HpkeContextS = <AwsLcCipherSuite as CipherSuiteProvider>::HpkeContextS;
    type HpkeContextR = <AwsLcCipherSuite as CipherSuiteProvider>::HpkeContextR;

    /// A message's sender data or content, or the GroupInfo of a Welcome: the additional data tells.
    fn aead_open(&self, key: &[u8], ciphertext: &[u8], aad: Option<&[u8]>, nonce: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
        let opened = self.aws_lc.aead_open(key, ciphertext, aad, nonce)?;
        match aad {
            Some(aad) => self.budget.check_content(aad, &opened),
            None => self.budget.check_group_info(&opened),
        }
        .map_err(out_of_proportion)?;
        Ok(opened)
    }

    /// A path secret, or the GroupSecrets of a Welcome.
    fn hpke_open(
        &self,
        ciphertext: &HpkeCiphertext,
        local_secret: &HpkeSecretKey,
        local_public: &HpkePublicKey,
        info: &[u8],
        aad: Option<&[u8]>,
    ) -> Result<Zeroizing<Vec<u8>>> {
        let opened = self.aws_lc.hpke_open(ciphertext, local_secret, local_public, info, aad)?;
        self.budget.check_secrets(&opened).map_err(out_of_proportion)?;
        Ok(opened)
    }

    as_in_aws_lc! {
        fn cipher_suite(&self) -> CipherSuite;
        fn hash(&self, data: &[u8]) -> Result<Vec<u8>>;
        fn mac(&self, key: &[u8], data: &[u8]) -> Result<Vec<u8>>;
        fn aead_seal(&self, key: &[u8], data: &[u8], aad: Option<&[u8]>, nonce: &[u8]) -> Result<Vec<u8>>;
        fn aead_key_size(&self) -> usize;
        fn aead_nonce_size(&self) -> usize;
        fn kdf_extract(&self, salt: &[u8], ikm: &[u8]) -> Result<Zeroizing<Vec<u8>>>;
        fn kdf_expand(&self, prk: &[u8], info: &[u8], len: usize) -> Result<Zeroizing<Vec<u8>>>;
        fn kdf_extract_size(&self) -> usize;
        fn hpke_seal(&self, key: &HpkePublicKey, info: &[u8], aad: Option<&[u8]>, pt: &[u8]) -> Result<HpkeCiphertext>;
        fn hpke_seal_psk(
            &self, key: &HpkePublicKey, info: &[u8], aad: Option<&[u8]>, pt: &[u8], psk: HpkePsk<'_>
        ) -> Result<HpkeCiphertext>;
        fn hpke_open_psk(
            &self, ciphertext: &HpkeCiphertext, local_secret: &HpkeSecretKey, local_public: &HpkePublicKey,
            info: &[u8], aad: Option<&[u8]>, psk: HpkePsk<'_>
        ) -> Result<Zeroizing<Vec<u8>>>;
        fn hpke_setup_s(&self, key: &HpkePublicKey, info: &[u8]) -> Result<(Vec<u8>, Self::HpkeContextS)>;
        fn hpke_setup_r(
            &self, kem_output: &[u8], local_secret: &HpkeSecretKey, local_public: &HpkePublicKey, info: &[u8]
        ) -> Result<Self::HpkeContextR>;
        fn kem_derive(&self, ikm: &[u8]) -> Result<(HpkeSecretKey, HpkePublicKey)>;
        fn kem_generate(&self) -> Result<(HpkeSecretKey, HpkePublicKey)>;
        fn kem_public_key_validate(&self, key: &HpkePublicKey) -> Result<()>;
        fn random_bytes(&self, out: &mut [u8]) -> Result<()>;
        fn signature_key_generate(&self) -> Result<(SignatureSecretKey, SignaturePublicKey)>;
        fn signature_key_derive_public(&self, secret_key: &SignatureSecretKey) -> Result<SignaturePublicKey>;
        fn sign(&self, secret_key: &SignatureSecretKey, data: &[u8]) -> Result<Vec<u8>>;
        fn verify(&self, public_key: &SignaturePublicKey, signature: &[u8], data: &[u8]) -> Result<()>;
    }
}
