//! The MLS working group's test vectors, as far as they can be reached from outside of the engine. `MLS_TEST_VECTORS`
//! names the folder that has them; without it these tests pass and say loudly that they have shown nothing.
//!
//! The passive-client vectors run through the C ABI: `tests/interop/passive.cpp`. `docs/conformance.md` says which of
//! the others cannot be reached, and what covers the same ground.
#![allow(dead_code)]

#[path = "support/json.rs"]
mod json;

use json::Json;
use mls::{CipherSuite, ContentKind, ErrorCode, WireFormat, inspect};
use mls_rs::{
    CipherSuiteProvider, CryptoProvider, ExtensionList, MlsMessage,
    group::{
        ExportedTree,
        proposal::{AddProposal, ExternalInit, PreSharedKeyProposal, ReInitProposal, RemoveProposal, UpdateProposal},
    },
    mls_rs_codec::{MlsDecode, MlsEncode, VarInt},
};
use mls_rs_core::crypto::HpkeCiphertext;
use std::collections::BTreeMap;

/// A file of the folder; `None`, loudly, without the folder. A folder without the file is a failure.
fn vectors(name: &str) -> Option<Json> {
    match std::env::var_os("MLS_TEST_VECTORS") {
        Some(folder) => Some(Json::file(&std::path::Path::new(&folder).join(name))),
        None => {
            println!("SKIPPED {name}: MLS_TEST_VECTORS names no folder, so this test has shown NOTHING");
            None
        }
    }
}

/// A variable-size vector.
fn vector(content: &[u8]) -> Vec<u8> {
    let len = u32::try_from(content.len()).expect("short");
    let mut out = VarInt::try_from(len).expect("short").mls_encode_to_vec().expect("encodes");
    out.extend_from_slice(content);
    out
}

/// What decodes to a `T` and has nothing behind it, encoded again.
fn again<T: MlsDecode + MlsEncode>(bytes: &[u8]) -> Vec<u8> {
    let mut rest = bytes;
    let value = T::mls_decode(&mut rest).expect("decodes");
    assert!(rest.is_empty(), "something is left");
    value.mls_encode_to_vec().expect("encodes")
}

fn message_again(bytes: &[u8]) -> Vec<u8> {
    MlsMessage::from_bytes(bytes).expect("decodes").to_bytes().expect("encodes")
}

/// A Commit has no encoding of its own outside of a message: put into one, it has to come out again.
fn commit_again(commit: &[u8]) -> Vec<u8> {
    let front = [
        &[0, 1, 0, 1][..],   // version, PublicMessage
        &vector(b"group"),   // group id
        &7u64.to_be_bytes(), // epoch
        &[1, 0, 0, 0, 0],    // sender: the member at leaf 0
        &vector(b"aad"),     // authenticated data
        &[3],                // a commit
    ]
    .concat();
    let back = [vector(b"signature"), vector(b"confirmation"), vector(b"membership")].concat();
    let message = [&front, commit, &back].concat();
    let info = inspect(message.clone()).expect("a message");
    assert_eq!((info.epoch, info.content, info.aad.as_slice()), (Some(7), Some(ContentKind::Commit), &b"aad"[..]));
    let encoded = message_again(&message);
    encoded[front.len()..encoded.len() - back.len()].to_vec()
}

#[test]
fn every_message_is_encoded_as_it_was_decoded() {
    let Some(file) = vectors("messages.json") else { return };
    let mut counts: BTreeMap<String, u32> = BTreeMap::new();
    for case in file.items() {
        for (name, value) in case.fields() {
            let bytes = value.bytes();
            let encoded = match name.as_str() {
                "mls_welcome"
                | "mls_group_info"
                | "mls_key_package"
                | "public_message_application"
                | "public_message_proposal"
                | "public_message_commit"
                | "private_message" => {
                    check_inspection(name, &bytes);
                    message_again(&bytes)
                }
                "ratchet_tree" => ExportedTree::from_bytes(&bytes).expect("decodes").to_bytes().expect("encodes"),
                "add_proposal" => again::<AddProposal>(&bytes),
                "update_proposal" => again::<UpdateProposal>(&bytes),
                // The vectors' leaves are random numbers; the engine reads none from 2^24 on.
                "remove_proposal" if bytes.first().is_some_and(|high| *high != 0) => {
                    assert!(RemoveProposal::mls_decode(&mut bytes.as_slice()).is_err(), "{name}");
                    bytes.clone()
                }
                "remove_proposal" => again::<RemoveProposal>(&bytes),
                "pre_shared_key_proposal" => again::<PreSharedKeyProposal>(&bytes),
                "re_init_proposal" => again::<ReInitProposal>(&bytes),
                "external_init_proposal" => again::<ExternalInit>(&bytes),
                "group_context_extensions_proposal" => again::<ExtensionList>(&bytes),
                "commit" => commit_again(&bytes),
                // Only ever inside of a Welcome, encrypted: no door leads to it.
                "group_secrets" => continue,
                other => panic!("an unknown field {other}"),
            };
            assert_eq!(encoded, bytes, "{name}");
            *counts.entry(name.clone()).or_default() += 1;
        }
    }
    assert_eq!(counts.len(), 16, "{counts:?}");
    assert!(counts.values().all(|count| *count == file.items().len() as u32), "{counts:?}");
    println!("messages.json: {} cases, {} encodings", file.items().len(), counts.values().sum::<u32>());
}

/// What `inspect` says of a message is what the message is, and it takes no other form of it.
fn check_inspection(name: &str, bytes: &[u8]) {
    let info = inspect(bytes.to_vec()).expect("a message");
    let (format, content) = match name {
        "mls_welcome" => (WireFormat::Welcome, None),
        "mls_group_info" => (WireFormat::GroupInfo, None),
        "mls_key_package" => (WireFormat::KeyPackage, None),
        "public_message_application" => (WireFormat::PublicMessage, Some(ContentKind::Application)),
        "public_message_proposal" => (WireFormat::PublicMessage, Some(ContentKind::Proposal)),
        "public_message_commit" => (WireFormat::PublicMessage, Some(ContentKind::Commit)),
        _ => (WireFormat::PrivateMessage, info.content),
    };
    assert_eq!((info.wire_format, info.content), (format, content), "{name}");
    assert_eq!(info.group_id.is_some(), !matches!(format, WireFormat::Welcome | WireFormat::KeyPackage), "{name}");
    for other in [&bytes[..bytes.len() - 1], &[bytes, &[0]].concat()] {
        assert_eq!(inspect(other.to_vec()).expect_err("cut, or with more behind it").code(), ErrorCode::InvalidMessage);
    }
}

#[test]
fn lengths_are_read_as_written_and_only_in_their_shortest_form() {
    if let Some(file) = vectors("deserialization.json") {
        for case in file.items() {
            let header = case.at("vlbytes_header").bytes();
            let length = VarInt::mls_decode(&mut header.as_slice()).expect("decodes");
            assert_eq!(u64::from(u32::from(length)), case.at("length").number());
            assert_eq!(length.mls_encode_to_vec().expect("encodes"), header);
        }
        println!("deserialization.json: {} cases", file.items().len());
    }
    // A key package whose first length takes two bytes where one would do, as the engine and we read it.
    let mut long = vec![0, 1, 0, 2];
    long.extend([0x40, 5]);
    long.extend(b"group");
    long.extend([0; 8]);
    long.extend([1, 0, 0, 0]);
    assert_eq!(inspect(long.clone()).expect_err("not the shortest form").code(), ErrorCode::InvalidMessage);
}

/// RFC 9420 sections 5.1.2, 5.1.3, 5.2, 8: the labels are ours here, the primitives those that the engine uses.
#[test]
fn the_cryptographic_basics_are_the_working_groups() {
    let Some(file) = vectors("crypto-basics.json") else { return };
    let provider = mls_rs_crypto_awslc::AwsLcCryptoProvider::new();
    let (mut run, mut skipped) = (0, Vec::new());
    for case in file.items() {
        let number = case.at("cipher_suite").number() as u16;
        let supported = CipherSuite::SUPPORTED.contains(&CipherSuite(number));
        let Some(suite) = provider.cipher_suite_provider(mls_rs::CipherSuite::new(number)).filter(|_| supported) else {
            skipped.push(number);
            continue;
        };
        let label = |label: &Json| vector(&[b"MLS 1.0 ", label.text().as_bytes()].concat());
        let expand = |secret: &[u8], name: Vec<u8>, context: &[u8], len: u64| {
            let info = [&(len as u16).to_be_bytes()[..], &name, &vector(context)].concat();
            suite.kdf_expand(secret, &info, len as usize).expect("expands").to_vec()
        };

        let hash = case.at("ref_hash");
        let input = [vector(hash.at("label").text().as_bytes()), vector(&hash.at("value").bytes())].concat();
        assert_eq!(suite.hash(&input).expect("hashes"), hash.at("out").bytes());

        let with = case.at("expand_with_label");
        let out = expand(
            &with.at("secret").bytes(),
            label(with.at("label")),
            &with.at("context").bytes(),
            with.at("length").number(),
        );
        assert_eq!(out, with.at("out").bytes());

        let derive = case.at("derive_secret");
        let out = expand(&derive.at("secret").bytes(), label(derive.at("label")), b"", suite.kdf_extract_size() as u64);
        assert_eq!(out, derive.at("out").bytes());

        let tree = case.at("derive_tree_secret");
        let generation = (tree.at("generation").number() as u32).to_be_bytes();
        let out = expand(&tree.at("secret").bytes(), label(tree.at("label")), &generation, tree.at("length").number());
        assert_eq!(out, tree.at("out").bytes());

        let sign = case.at("sign_with_label");
        let content = [label(sign.at("label")), vector(&sign.at("content").bytes())].concat();
        let public = sign.at("pub").bytes().into();
        suite.verify(&public, &sign.at("signature").bytes(), &content).expect("the vector's signature");
        let own = suite.sign(&sign.at("priv").bytes().into(), &content);
        // Ed25519 private keys are seeds in the vectors, seed and public key in the engine; libmls takes both.
        let own =
            own.or_else(|_| suite.sign(&[sign.at("priv").bytes(), sign.at("pub").bytes()].concat().into(), &content));
        suite.verify(&public, &own.expect("signs"), &content).expect("our signature");

        let encrypt = case.at("encrypt_with_label");
        let info = [label(encrypt.at("label")), vector(&encrypt.at("context").bytes())].concat();
        let sealed = HpkeCiphertext {
            kem_output: encrypt.at("kem_output").bytes(),
            ciphertext: encrypt.at("ciphertext").bytes(),
        };
        let (secret, public) = (encrypt.at("priv").bytes().into(), encrypt.at("pub").bytes().into());
        let opened = suite.hpke_open(&sealed, &secret, &public, &info, None).expect("opens");
        assert_eq!(opened.to_vec(), encrypt.at("plaintext").bytes());
        let sealed = suite.hpke_seal(&public, &info, None, &encrypt.at("plaintext").bytes()).expect("seals");
        let opened = suite.hpke_open(&sealed, &secret, &public, &info, None).expect("opens");
        assert_eq!(opened.to_vec(), encrypt.at("plaintext").bytes());
        run += 1;
    }
    assert_eq!((run, skipped.as_slice()), (5, &[4, 6][..]));
    println!("crypto-basics.json: {run} suites, SKIPPED {skipped:?}");
}

/// The trees of the tree vectors, at least as encodings: what is in them the engine checks when it joins by them.
#[test]
fn every_ratchet_tree_is_encoded_as_it_was_decoded() {
    let mut count = 0;
    for (name, fields) in [
        ("tree-validation.json", &["tree"][..]),
        ("treekem.json", &["ratchet_tree"]),
        ("tree-operations.json", &["tree_before", "tree_after"]),
    ] {
        let Some(file) = vectors(name) else { return };
        for case in file.items() {
            for field in fields {
                let bytes = case.at(field).bytes();
                let tree = ExportedTree::from_bytes(&bytes).expect("decodes");
                assert_eq!(tree.to_bytes().expect("encodes"), bytes);
                count += 1;
            }
        }
    }
    println!("ratchet trees: {count}");
}
