//! The groups that contestants join: the same for all of them, made once.
//!
//! A *sparse* group has been made by one commit that added everybody, a *warm* one has keys in every node of its tree.
//! Its maker does not check signatures, which would take most of the time; those who join do.

use crate::{
    engine::{SUITE, identity},
    meter::Meter,
};
use mls_rs::{
    CipherSuite, CipherSuiteProvider, Client, CryptoProvider, ExtensionList, Group, MlsMessage,
    client_builder::{MlsConfig, PaddingMode},
    identity::basic::BasicIdentityProvider,
    mls_rules::{CommitOptions, DefaultMlsRules, EncryptionOptions},
};
use mls_rs_core::{
    crypto::{HpkeCiphertext, HpkePsk, HpkePublicKey, HpkeSecretKey, SignaturePublicKey, SignatureSecretKey},
    group::{EpochRecord, GroupState, GroupStateStorage},
};
use mls_rs_crypto_awslc::{AwsLcCipherSuite, AwsLcCryptoError, AwsLcCryptoProvider};
use std::{
    fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
    time::Duration,
};
use zeroize::Zeroizing;

type Result<T> = std::result::Result<T, AwsLcCryptoError>;

/// AWS-LC that finds every signature good.
#[derive(Clone)]
struct Credulous;

#[derive(Clone)]
struct CredulousSuite(AwsLcCipherSuite);

impl CryptoProvider for Credulous {
    type CipherSuiteProvider = CredulousSuite;

    fn supported_cipher_suites(&self) -> Vec<CipherSuite> {
        AwsLcCryptoProvider::all_supported_cipher_suites()
    }

    fn cipher_suite_provider(&self, suite: CipherSuite) -> Option<CredulousSuite> {
        AwsLcCryptoProvider::new().cipher_suite_provider(suite).map(CredulousSuite)
    }
}

macro_rules! as_in_aws_lc {
    ($(fn $name:ident(&self $(, $argument:ident: $kind:ty)*) -> $answer:ty;)*) => {
        $(fn $name(&self $(, $argument: $kind)*) -> $answer {
            self.0.$name($($argument),*)
        })*
    };
}

impl CipherSuiteProvider for CredulousSuite {
    type Error = AwsLcCryptoError;
    type HpkeContextS = <AwsLcCipherSuite as CipherSuiteProvider>::HpkeContextS;
    type HpkeContextR = <AwsLcCipherSuite as CipherSuiteProvider>::HpkeContextR;

    fn verify(&self, _: &SignaturePublicKey, _: &[u8], _: &[u8]) -> Result<()> {
        Ok(())
    }

    as_in_aws_lc! {
        fn cipher_suite(&self) -> CipherSuite;
        fn hash(&self, data: &[u8]) -> Result<Vec<u8>>;
        fn mac(&self, key: &[u8], data: &[u8]) -> Result<Vec<u8>>;
        fn aead_seal(&self, key: &[u8], data: &[u8], aad: Option<&[u8]>, nonce: &[u8]) -> Result<Vec<u8>>;
        fn aead_open(&self, key: &[u8], data: &[u8], aad: Option<&[u8]>, nonce: &[u8]) -> Result<Zeroizing<Vec<u8>>>;
        fn aead_key_size(&self) -> usize;
        fn aead_nonce_size(&self) -> usize;
        fn kdf_extract(&self, salt: &[u8], ikm: &[u8]) -> Result<Zeroizing<Vec<u8>>>;
        fn kdf_expand(&self, prk: &[u8], info: &[u8], len: usize) -> Result<Zeroizing<Vec<u8>>>;
        fn kdf_extract_size(&self) -> usize;
        fn hpke_seal(&self, key: &HpkePublicKey, info: &[u8], aad: Option<&[u8]>, pt: &[u8]) -> Result<HpkeCiphertext>;
        fn hpke_seal_psk(
            &self, key: &HpkePublicKey, info: &[u8], aad: Option<&[u8]>, pt: &[u8], psk: HpkePsk<'_>
        ) -> Result<HpkeCiphertext>;
        fn hpke_open(
            &self, ciphertext: &HpkeCiphertext, local_secret: &HpkeSecretKey, local_public: &HpkePublicKey,
            info: &[u8], aad: Option<&[u8]>
        ) -> Result<Zeroizing<Vec<u8>>>;
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
    }
}

/// A group in a file: its state, which is all that is needed to go on from there.
#[derive(Clone)]
struct File(Arc<Mutex<PathBuf>>);

impl GroupStateStorage for File {
    type Error = std::convert::Infallible;

    fn state(&self, _: &[u8]) -> std::result::Result<Option<Zeroizing<Vec<u8>>>, Self::Error> {
        Ok(Some(fs::read(&*self.0.lock().expect("a path")).expect("a group").into()))
    }

    fn epoch(&self, _: &[u8], _: u64) -> std::result::Result<Option<Zeroizing<Vec<u8>>>, Self::Error> {
        Ok(None)
    }

    fn write(
        &mut self,
        state: GroupState,
        _: Vec<EpochRecord>,
        _: Vec<EpochRecord>,
    ) -> std::result::Result<(), Self::Error> {
        fs::write(&*self.0.lock().expect("a path"), &*state.data).expect("written");
        Ok(())
    }

    fn max_epoch_id(&self, _: &[u8]) -> std::result::Result<Option<u64>, Self::Error> {
        Ok(None)
    }
}

/// `tree`: whether its Welcomes bring the tree.
fn member(name: &str, file: &File, tree: bool) -> Client<impl MlsConfig + use<>> {
    let (identity, secret) = identity(name);
    Client::builder()
        .group_state_storage(file.clone())
        .identity_provider(BasicIdentityProvider)
        .crypto_provider(Credulous)
        // OpenMLS takes no key package that lives longer than 84 days.
        .key_package_lifetime(Duration::from_secs(60 * 86_400))
        .mls_rules(
            DefaultMlsRules::new()
                .with_encryption_options(EncryptionOptions::new(false, PaddingMode::None))
                .with_commit_options(
                    CommitOptions::new().with_ratchet_tree_extension(tree).with_single_welcome_message(true),
                ),
        )
        .signing_identity(identity, secret, SUITE)
        .build()
}

fn key_package<C: MlsConfig>(client: &Client<C>) -> MlsMessage {
    client.generate_key_package_message(ExtensionList::new(), ExtensionList::new(), None).expect("a key package")
}

/// Adds them all in one commit.
fn add<C: MlsConfig>(group: &mut Group<C>, packages: Vec<MlsMessage>) -> MlsMessage {
    let mut builder = group.commit_builder();
    for package in packages {
        builder = builder.add_member(package).expect("a key package");
    }
    let mut commit = builder.build().expect("a commit");
    group.apply_pending_commit().expect("applied");
    commit.welcome_messages.remove(0)
}

/// `peers fixtures DIRECTORY WARM SIZE...`, in rising order: groups of two members less, and key packages of strangers.
/// Warm ones up to the size WARM.
pub fn write(directory: &Path, sizes: &[String]) {
    let mut sizes: Vec<usize> = sizes.iter().map(|size| size.parse().expect("a size")).collect();
    let warm_max = sizes.remove(0);
    let file = File(Arc::default());
    let save = |group: &mut Group<_>, shape: &str, size: usize| {
        *file.0.lock().expect("a path") = directory.join(format!("{shape}-{size}"));
        group.write_to_storage().expect("written");
    };
    let maker = member("maker", &file, false);
    let create = || maker.create_group(ExtensionList::new(), ExtensionList::new(), None).expect("a group");

    let strangers = sizes.last().expect("a size") + 100;
    let packages: Vec<MlsMessage> =
        (0..strangers).map(|n| key_package(&member(&format!("stranger {n}"), &file, false))).collect();
    let mut framed = Vec::new();
    for package in &packages {
        let bytes = package.to_bytes().expect("encoded");
        framed.extend((bytes.len() as u32).to_be_bytes());
        framed.extend(bytes);
    }
    fs::write(directory.join("packages"), framed).expect("written");

    for size in &sizes {
        let mut group = create();
        add(&mut group, packages[100..size - 3 + 100].to_vec());
        save(&mut group, "sparse", *size);
    }

    // Every second leaf is added, and its neighbour joins by itself, which fills the path above both.
    let mut group = create();
    let mut members = 1;
    for size in sizes.into_iter().filter(|size| *size <= warm_max) {
        while members < size - 2 {
            if members % 2 == 0 {
                add(&mut group, vec![key_package(&member(&format!("member {members}"), &file, false))]);
            } else {
                let info = group.group_info_message_allowing_ext_commit(true).expect("a GroupInfo");
                let joiner = member(&format!("member {members}"), &file, false);
                let (_, commit) =
                    joiner.external_commit_builder().expect("a builder").build(info).expect("an external commit");
                group.process_incoming_message(commit).expect("processed");
            }
            members += 1;
        }
        save(&mut group, "warm", size);
    }
}

/// `peers welcome GROUP ALICE BOB WELCOME`, all files: adds two to a copy of the group.
pub fn welcome(group: &Path, rest: &[String]) {
    let [alice, bob, welcome] = rest else { panic!("peers welcome GROUP ALICE BOB WELCOME") };
    let file = File(Arc::new(Mutex::new(group.to_owned())));
    let mut group = member("maker", &file, true).load_group(&[]).expect("a group");
    let packages =
        [alice, bob].map(|path| MlsMessage::from_bytes(&fs::read(path).expect("a file")).expect("a message"));
    let message = add(&mut group, packages.to_vec());
    fs::write(welcome, message.to_bytes().expect("encoded")).expect("written");
}

/// `peers floor FILE COUNT`: what adding so many cannot do without: for each one two signatures to verify (of the key
/// package and of its leaf) and one HPKE encryption (of the Welcome's secrets).
pub fn floor(packages: &Path, rest: &[String]) {
    let count: usize = rest[0].parse().expect("a number");
    let size =
        fs::metadata(packages).expect("a file").len() as usize / frames(&fs::read(packages).expect("a file")).len();
    let suite = AwsLcCryptoProvider::new().cipher_suite_provider(SUITE).expect("the suite");
    let (secret, public) = suite.signature_key_generate().expect("a key");
    let (_, recipient) = suite.kem_generate().expect("a key");
    let signed = vec![7; size];
    let signature = suite.sign(&secret, &signed).expect("signed");
    let mut meter = Meter::default();
    meter.measure("floor", || {
        for _ in 0..count {
            for _ in 0..2 {
                suite.verify(&public, &signature, &signed).expect("good");
            }
            suite.hpke_seal(&recipient, b"MLS 1.0 Welcome", None, &[7; 36]).expect("sealed");
        }
    });
    print!("{meter}");
}

/// Messages one behind the other, each with its length.
pub fn frames(mut bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut frames = Vec::new();
    while let Some((length, rest)) = bytes.split_first_chunk::<4>() {
        let (frame, rest) = rest.split_at(u32::from_be_bytes(*length) as usize);
        frames.push(frame.to_vec());
        bytes = rest;
    }
    frames
}
