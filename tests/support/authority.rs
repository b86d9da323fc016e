//! A certificate authority of the smallest kind: X.509 certificates with Ed25519 keys (RFC 5280, RFC 8410).
use mls::SigningKey;
use mls_rs::{CipherSuite, CipherSuiteProvider, CryptoProvider};
use mls_rs_crypto_awslc::{AwsLcCipherSuite, AwsLcCryptoProvider};

pub struct Authority {
    name: String,
    key: SigningKey,
    /// Its own certificate, which it has signed itself.
    pub root: Vec<u8>,
}

/// From when to when, seconds since 1970.
pub type Validity = std::ops::Range<u64>;

/// 2020 to 2040.
pub const LONG: Validity = 1_577_836_800..2_208_988_800;

fn suite() -> AwsLcCipherSuite {
    AwsLcCryptoProvider::new().cipher_suite_provider(CipherSuite::CURVE25519_AES128).expect("the suite")
}

pub fn key() -> SigningKey {
    let (secret, public) = suite().signature_key_generate().expect("a key");
    SigningKey { secret: secret.as_bytes().to_vec().into(), public: public.as_bytes().to_vec() }
}

impl Authority {
    pub fn new(name: &str) -> Self {
        let mut authority = Self { name: name.into(), key: key(), root: Vec::new() };
        authority.root = authority.sign(name, &authority.key.public, LONG, true);
        authority
    }

    /// A certificate for this key, as a chain without the root.
    pub fn certify(&self, subject: &str, public: &[u8], validity: Validity) -> Vec<Vec<u8>> {
        vec![self.sign(subject, public, validity, false)]
    }

    /// An authority under this one, with its certificate.
    pub fn delegate(&self, name: &str) -> Self {
        let key = key();
        let root = self.sign(name, &key.public, LONG, true);
        Self { name: name.into(), key, root }
    }

    fn sign(&self, subject: &str, public: &[u8], validity: Validity, authority: bool) -> Vec<u8> {
        let algorithm = tlv(0x30, &[0x06, 3, 0x2b, 0x65, 0x70]); // Ed25519
        let times = [time(validity.start), time(validity.end)].concat();
        let bits = [&[0], public].concat();
        let public = tlv(0x30, &[algorithm.clone(), tlv(0x03, &bits)].concat());
        // basicConstraints, critical
        let constraints = tlv(0x30, if authority { &[0x01, 1, 0xff] } else { &[] });
        let extension = [&[0x06, 3, 0x55, 0x1d, 0x13, 0x01, 1, 0xff][..], &tlv(0x04, &constraints)].concat();
        let extensions = tlv(0xa3, &tlv(0x30, &tlv(0x30, &extension)));
        let serial = suite().random_bytes_vec(8).expect("random bytes");
        let to_sign = tlv(
            0x30,
            &[
                tlv(0xa0, &[0x02, 1, 2]), // version 3
                tlv(0x02, &[&[1], serial.as_slice()].concat()),
                algorithm.clone(),
                name(&self.name),
                tlv(0x30, &times),
                name(subject),
                public,
                extensions,
            ]
            .concat(),
        );
        let signature = suite().sign(&self.key.secret.to_vec().into(), &to_sign).expect("signed");
        tlv(0x30, &[to_sign, algorithm, tlv(0x03, &[&[0], signature.as_slice()].concat())].concat())
    }
}

fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut out = vec![tag];
    match content.len() {
        len @ 0..=0x7f => out.push(len as u8),
        len @ 0x80..=0xff => out.extend_from_slice(&[0x81, len as u8]),
        len => out.extend_from_slice(&[0x82, (len >> 8) as u8, len as u8]),
    }
    out.extend_from_slice(content);
    out
}

/// A name with a common name alone.
fn name(common: &str) -> Vec<u8> {
    let attribute = [&[0x06, 3, 0x55, 0x04, 0x03][..], &tlv(0x0c, common.as_bytes())].concat();
    tlv(0x30, &tlv(0x31, &tlv(0x30, &attribute)))
}

/// A UTCTime, for the years up to 2049.
fn time(seconds: u64) -> Vec<u8> {
    let (days, rest) = ((seconds / 86_400) as i64, seconds % 86_400);
    // Years that begin with March, in eras of 400.
    let shifted = days + 719_468;
    let (era, day) = (shifted / 146_097, shifted % 146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day_of_year = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day_of_month = day_of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year + era * 400 + i64::from(month <= 2);
    let text = format!(
        "{:02}{month:02}{day_of_month:02}{:02}{:02}{:02}Z",
        year % 100,
        rest / 3_600,
        rest / 60 % 60,
        rest % 60
    );
    tlv(0x17, text.as_bytes())
}
