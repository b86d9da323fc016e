//! A member who does not use libmls but the engine itself, and who does not play by the rules: what others can make a
//! device receive, libmls itself never sends.
use mls_rs::{
    CipherSuite, CipherSuiteProvider, CryptoProvider, Extension, ExtensionList, Group, GroupStateStorage,
    IdentityProvider, MlsMessage,
    client_builder::{MlsConfig, PaddingMode},
    crypto::{SignaturePublicKey, SignatureSecretKey},
    error::IntoAnyError,
    identity::{Credential, CredentialType, SigningIdentity, basic::BasicCredential},
    mls_rs_codec::MlsEncode,
    mls_rules::{DefaultMlsRules, EncryptionOptions},
    storage_provider::in_memory::InMemoryGroupStateStorage,
};
use mls_rs_crypto_awslc::{AwsLcCipherSuite, AwsLcCryptoProvider};

/// Asks nobody whether somebody is who they say.
#[derive(Clone)]
struct Anybody;

#[derive(Debug)]
struct Never(std::convert::Infallible);

impl std::fmt::Display for Never {
    fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {}
    }
}

impl std::error::Error for Never {}
impl IntoAnyError for Never {}

impl IdentityProvider for Anybody {
    type Error = Never;

    fn validate_member(
        &self,
        _: &SigningIdentity,
        _: Option<mls_rs::time::MlsTime>,
        _: mls_rs_core::identity::MemberValidationContext<'_>,
    ) -> Result<(), Never> {
        Ok(())
    }

    fn validate_external_sender(
        &self,
        _: &SigningIdentity,
        _: Option<mls_rs::time::MlsTime>,
        _: Option<&ExtensionList>,
    ) -> Result<(), Never> {
        Ok(())
    }

    fn identity(&self, signing_identity: &SigningIdentity, _: &ExtensionList) -> Result<Vec<u8>, Never> {
        Ok(signing_identity.credential.mls_encode_to_vec().expect("encoded"))
    }

    fn valid_successor(&self, _: &SigningIdentity, _: &SigningIdentity, _: &ExtensionList) -> Result<bool, Never> {
        Ok(true)
    }

    fn supported_types(&self) -> Vec<CredentialType> {
        vec![CredentialType::BASIC, CredentialType::X509]
    }
}

const SUITE: CipherSuite = CipherSuite::CURVE25519_AES128;

fn suite() -> AwsLcCipherSuite {
    AwsLcCryptoProvider::new().cipher_suite_provider(SUITE).expect("the suite")
}

fn identity(name: &str) -> (SignatureSecretKey, SigningIdentity) {
    let (secret, public) = suite().signature_key_generate().expect("a key");
    (secret, signing_identity(name, public))
}

fn signing_identity(name: &str, public: SignaturePublicKey) -> SigningIdentity {
    SigningIdentity::new(BasicCredential::new(name.as_bytes().to_vec()).into_credential(), public)
}

fn engine(
    storage: InMemoryGroupStateStorage,
    own: &(SignatureSecretKey, SigningIdentity),
    encrypt: bool,
) -> mls_rs::Client<impl MlsConfig + use<>> {
    let rules = DefaultMlsRules::new().with_encryption_options(EncryptionOptions::new(encrypt, PaddingMode::None));
    mls_rs::Client::builder()
        .group_state_storage(storage)
        .crypto_provider(AwsLcCryptoProvider::new())
        .identity_provider(Anybody)
        .mls_rules(rules)
        .signing_identity(own.1.clone(), own.0.clone(), SUITE)
        .build()
}

/// Key packages of `count` devices that do nothing else.
pub fn crowd(count: usize) -> Vec<Vec<u8>> {
    (0..count)
        .map(|n| {
            let own = identity(&format!("crowd {n}"));
            let client = engine(InMemoryGroupStateStorage::default(), &own, true);
            let none = ExtensionList::new;
            let package = client.generate_key_package_message(none(), none(), None).expect("a key package");
            package.to_bytes().expect("encoded")
        })
        .collect()
}

pub struct Mallory<C: MlsConfig> {
    storage: InMemoryGroupStateStorage,
    client: mls_rs::Client<C>,
    signer: SignatureSecretKey,
    group: Option<Group<C>>,
}

/// `encrypt`: whether his handshake messages are PrivateMessages.
pub fn mallory(encrypt: bool) -> Mallory<impl MlsConfig> {
    let storage = InMemoryGroupStateStorage::default();
    let own = identity("mallory");
    Mallory { client: engine(storage.clone(), &own, encrypt), storage, signer: own.0, group: None }
}

/// A number that RFC 9420 section 13.5 sets aside so that nobody comes to rely on there being no others.
pub const GREASE: u16 = 0x0A0A;

/// Somebody who plays by the rules and has in capabilities, leaf and key packages what nobody knows. His key packages are
/// valid at any time.
pub fn greasy() -> Mallory<impl MlsConfig> {
    let storage = InMemoryGroupStateStorage::default();
    let own = identity("greasy");
    let client = mls_rs::Client::builder()
        .group_state_storage(storage.clone())
        .crypto_provider(AwsLcCryptoProvider::new())
        .identity_provider(Anybody)
        .extension_type(GREASE.into())
        .custom_proposal_type(GREASE.into())
        .key_package_lifetime(std::time::Duration::from_secs(u64::MAX))
        .signing_identity(own.1, own.0.clone(), SUITE)
        .build();
    Mallory { client, storage, signer: own.0, group: None }
}

/// Somebody with a certificate that is another's: its key is not his.
pub fn thief(chain: Vec<Vec<u8>>) -> Mallory<impl MlsConfig> {
    let (signer, public) = suite().signature_key_generate().expect("a key");
    let own = (signer, SigningIdentity::new(Credential::X509(chain.into()), public));
    let storage = InMemoryGroupStateStorage::default();
    Mallory { client: engine(storage.clone(), &own, true), storage, signer: own.0, group: None }
}

impl<C: MlsConfig> Mallory<C> {
    /// A group of his own with one more device; the Welcome for it.
    pub fn invite(&self, key_package: &[u8]) -> Vec<u8> {
        let none = ExtensionList::new;
        let mut group = self.client.create_group(none(), none(), None).expect("a group");
        let added = MlsMessage::from_bytes(key_package).expect("a key package");
        let commit = group.commit_builder().add_member(added).expect("added").build().expect("a commit");
        commit.welcome_messages[0].to_bytes().expect("encoded")
    }

    pub fn key_package(&self) -> Vec<u8> {
        let none = ExtensionList::new;
        let package = self.client.generate_key_package_message(none(), none(), None).expect("a key package");
        package.to_bytes().expect("encoded")
    }

    /// One with GREASE in it, valid since 1970, and with this extension in its leaf.
    pub fn greasy_key_package(&self, kind: u16, data: &[u8]) -> Vec<u8> {
        let list = |kind: u16, data: &[u8]| ExtensionList::from(vec![Extension::new(kind.into(), data.to_vec())]);
        let package = self.client.generate_key_package_message(list(GREASE, data), list(kind, data), Some(0.into()));
        package.expect("a key package").to_bytes().expect("encoded")
    }

    pub fn join(&mut self, welcome: &[u8]) {
        let welcome = MlsMessage::from_bytes(welcome).expect("a Welcome");
        self.group = Some(self.client.join_group(None, &welcome, None).expect("joined").0);
    }

    pub fn group(&mut self) -> &mut Group<C> {
        self.group.as_mut().expect("in a group")
    }

    pub fn receive(&mut self, message: &[u8]) {
        let message = MlsMessage::from_bytes(message).expect("a message");
        self.group().process_incoming_message(message).expect("processed");
    }

    pub fn say(&mut self, text: &[u8]) -> Vec<u8> {
        self.group().encrypt_application_message(text, Vec::new()).expect("encrypted").to_bytes().expect("encoded")
    }

    /// As [`say`](Self::say), after so many generations that nobody sees.
    pub fn say_after(&mut self, skipped: u32, text: &[u8]) -> Vec<u8> {
        (0..skipped).for_each(|_| drop(self.group().next_encryption_key().expect("a key")));
        self.say(text)
    }

    fn state(&mut self) -> Vec<u8> {
        self.group().write_to_storage().expect("written");
        let id = self.group().group_id().to_vec();
        self.storage.state(&id).expect("no error").expect("a state").to_vec()
    }

    /// The same member with another signature key than the one in his leaf: good tags, bad signatures.
    pub fn with_wrong_signer(&mut self) -> Group<C> {
        let mut state = self.state();
        let own = self.signer.as_bytes().to_vec();
        let at = state.len() - own.len();
        assert_eq!(state[at..], own, "the signer is last in the snapshot");
        let wrong = suite().signature_key_generate().expect("a key").0;
        state[at..].copy_from_slice(wrong.as_bytes());
        let id = self.group().group_id().to_vec();
        let state = mls_rs_core::group::GroupState { id: id.clone(), data: state.into() };
        self.storage.clone().write(state, Vec::new(), Vec::new()).expect("written");
        self.client.load_group(&id).expect("loaded")
    }

    /// The key that makes membership tags (RFC 9420 section 6.2): the fourth of the key schedule, which stands between
    /// the epoch's secrets and the end of the snapshot.
    fn membership_key(&mut self) -> Vec<u8> {
        let authenticator = self.group().epoch_authenticator().expect("an authenticator").as_bytes().to_vec();
        let state = self.state();
        let at = state.windows(32).position(|window| window == authenticator).expect("it is in the snapshot");
        // authenticator, external secret, membership key: each a byte of length and 32 bytes
        let key = &state[at + 66..at + 98];
        assert_eq!(state[at + 65], 32);
        key.to_vec()
    }

    /// A PublicMessage of his made from one of the engine's with `change` done to what follows its content type, up to
    /// the signature: signed and tagged as if it were genuine.
    pub fn resigned(&mut self, message: &[u8], change: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
        let mut reader = Fields { bytes: message, at: 4 };
        reader.vector(); // group id
        reader.at += 8 + 5; // epoch, sender
        reader.vector(); // authenticated data
        let kind = message[reader.at];
        reader.at += 1;
        let start = reader.at;
        // From the end: membership tag, confirmation tag, signature.
        let end = message.len() - 33 - if kind == 3 { 33 } else { 0 } - 66;
        let mut content = message[start..end].to_vec();
        change(&mut content);
        let framed = [&message[4..start], &content].concat();
        let context = self.group().context().mls_encode_to_vec().expect("encoded");
        let tbs = [&[0, 1, 0, 1], framed.as_slice(), &context].concat();
        let signature = suite().sign(&self.signer, &with_label(b"FramedContentTBS", &tbs)).expect("signed");
        let mut auth = vector(&signature);
        if kind == 3 {
            auth.extend_from_slice(&message[message.len() - 66..message.len() - 33]);
        }
        let key = self.membership_key();
        let tag = suite().mac(&key, &[tbs.as_slice(), &auth].concat()).expect("a tag");
        [&[0, 1, 0, 1], framed.as_slice(), &auth, &vector(&tag)].concat()
    }
}

/// A Welcome to a key package of suite 1, made by anybody: GroupSecrets that go on after the joiner secret with
/// `secrets`, and `group_info` (RFC 9420 section 12.4.3.1).
pub fn welcome(key_package: &[u8], secrets: &[u8], group_info: &[u8]) -> Vec<u8> {
    let suite = suite();
    let message = MlsMessage::from_bytes(key_package).expect("a key package");
    let reference = message.key_package_reference(&suite).expect("a reference").expect("of a key package");
    let init_key = Fields { bytes: key_package, at: 8 }.vector().to_vec().into();

    let joiner_secret = [1; 32];
    let member_secret = suite.kdf_extract(&joiner_secret, &[0; 32]).expect("a secret");
    let expand = |secret: &[u8], label: &[u8], len: u16| {
        let label = [&len.to_be_bytes(), vector(&[b"MLS 1.0 ", label].concat()).as_slice(), &[0]].concat();
        suite.kdf_expand(secret, &label, len.into()).expect("a secret")
    };
    let welcome_secret = expand(&member_secret, b"welcome", 32);
    let (key, nonce) = (expand(&welcome_secret, b"key", 16), expand(&welcome_secret, b"nonce", 12));
    let group_info = suite.aead_seal(&key, group_info, None, &nonce).expect("sealed");

    let secrets = [vector(&joiner_secret).as_slice(), secrets].concat();
    let sealed = suite.hpke_seal(&init_key, &with_label(b"Welcome", &group_info), None, &secrets).expect("sealed");
    let joiner = [vector(&reference), vector(&sealed.kem_output), vector(&sealed.ciphertext)].concat();
    [&[0, 1, 0, 3, 0, 1], vector(&joiner).as_slice(), &vector(&group_info)].concat()
}

/// RFC 9420 section 5.1.2.
fn with_label(label: &[u8], content: &[u8]) -> Vec<u8> {
    [vector(&[b"MLS 1.0 ", label].concat()), vector(content)].concat()
}

/// A variable-size vector (RFC 9420 section 2.1.2).
pub fn vector(content: &[u8]) -> Vec<u8> {
    let len = content.len() as u32;
    let head = match len {
        0..=0x3f => vec![len as u8],
        0x40..=0x3fff => (len as u16 | 0x4000).to_be_bytes().to_vec(),
        _ => (len | 0x8000_0000).to_be_bytes().to_vec(),
    };
    [head.as_slice(), content].concat()
}

/// Walks over an encoding.
pub struct Fields<'a> {
    pub bytes: &'a [u8],
    pub at: usize,
}

impl<'a> Fields<'a> {
    pub fn vectors(&mut self, count: usize) {
        for _ in 0..count {
            self.vector();
        }
    }

    pub fn vector(&mut self) -> &'a [u8] {
        let first = self.bytes[self.at];
        let width = 1 << (first >> 6);
        let mut len = usize::from(first & 0x3f);
        for byte in &self.bytes[self.at + 1..self.at + width] {
            len = len << 8 | usize::from(*byte);
        }
        self.at += width + len;
        &self.bytes[self.at - len..self.at]
    }
}
