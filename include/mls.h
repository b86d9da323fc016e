/*
 * libmls: durable, end-to-end encrypted groups. Messaging Layer Security, RFC 9420.
 *
 * Generated from src/capi by cbindgen; do not edit. SPDX-License-Identifier: Apache-2.0 OR MIT
 *
 * Handles. Every mls_*_t but mls_bytes_t is opaque: a token, not an address. What a call answers through `out` is
 * yours, to be given to the noun's `_free`; what you pass in stays yours and is copied. `free` never fails: NULL, a
 * handle that is freed already and one that is still used by another thread are fine. A handle that was freed, or never
 * was one, is MLS_ERROR_CLOSED; one of another noun MLS_ERROR_WRONG_TYPE; one that was made before the process forked
 * MLS_ERROR_FORKED: open the client again in the child.
 *
 * Answers. A call answers MLS_OK or one of MLS_ERROR_*, and its result through `out`, which is cleared on entry: there
 * is a result if and only if there is MLS_OK. `error`, if not NULL, is set to NULL on entry and to an error of yours
 * when the call fails; do not reuse one that you have not freed. Look-ups that return their value return 0, or an empty
 * string, for a handle or an index that is none.
 *
 * Any call can answer MLS_ERROR_NULL_POINTER for a pointer that must not be NULL, MLS_ERROR_CLOSED,
 * MLS_ERROR_WRONG_TYPE, MLS_ERROR_FORKED, MLS_ERROR_PANIC; one that takes bytes MLS_ERROR_TOO_LARGE, one that takes a
 * string MLS_ERROR_INVALID_UTF8. This is not said again at each call. "Store errors" are MLS_ERROR_STORE_LOCKED,
 * MLS_ERROR_STORE_CORRUPT, MLS_ERROR_STORE_NEWER, MLS_ERROR_STORE_FULL, MLS_ERROR_STORE_IO, MLS_ERROR_STALE,
 * MLS_ERROR_SUSPENDED, MLS_ERROR_CALLBACK_FAILED (of a store, an anchor or a validator). After an error nothing has
 * changed, unless the call says otherwise.
 *
 * Threads. Any call may be made from any thread at any time. Calls on one group wait for each other; other groups do
 * not. No lock is held while a callback runs that the callback could need; one that calls into the group that is
 * calling it gets MLS_ERROR_REENTRANT. Callbacks must not unwind: no C++ exception, no longjmp.
 *
 * Bytes and text. Bytes in are a pointer and a length, (NULL, 0) for none; they must be readable for the call. Text in
 * is NUL-terminated UTF-8. Bytes out are an mls_bytes_t. Constants only grow: keep a default branch.
 *
 * Versions. Before 1.0 a new MLS_ABI_VERSION says that programs must be built again.
 */

#ifndef MLS_H
#define MLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__) || defined(__clang__)
#define MLS_MUST_USE __attribute__((warn_unused_result))
#else
#define MLS_MUST_USE
#endif

/* In place of an options handle: every default. */
#define MLS_DEFAULTS NULL

/* The media type of an MLS message (RFC 9420 section 17.10). */
#define MLS_MEDIA_TYPE "message/mls"

/// The version of the header: major. Compare with `mls_version`.
#define MLS_VERSION_MAJOR 0

/// The version of the header: minor.
#define MLS_VERSION_MINOR 1

/// The version of the header: patch.
#define MLS_VERSION_PATCH 0

/// The ABI of the header. Compare with `mls_abi_version`: equal numbers fit each other.
#define MLS_ABI_VERSION 0

/// MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519, the default and the one every implementation has (RFC 9420 section
/// 17.1).
#define MLS_CIPHER_SUITE_X25519_AES128 1

/// MLS_128_DHKEMP256_AES128GCM_SHA256_P256.
#define MLS_CIPHER_SUITE_P256_AES128 2

/// MLS_128_DHKEMX25519_CHACHA20POLY1305_SHA256_Ed25519.
#define MLS_CIPHER_SUITE_X25519_CHACHA 3

/// MLS_256_DHKEMP521_AES256GCM_SHA512_P521.
#define MLS_CIPHER_SUITE_P521_AES256 5

/// MLS_256_DHKEMP384_AES256GCM_SHA384_P384.
#define MLS_CIPHER_SUITE_P384_AES256 7

/// Bytes of a store key.
#define MLS_STORE_KEY_LEN 32

/// The call did what it says.
#define MLS_OK 0

/// An argument is out of its documented range.
#define MLS_ERROR_INVALID_ARGUMENT 1

/// A required pointer is NULL.
#define MLS_ERROR_NULL_POINTER 2

/// A string is not UTF-8.
#define MLS_ERROR_INVALID_UTF8 3

/// The object was freed or closed, or was never made here.
#define MLS_ERROR_CLOSED 4

/// The handle is of another type.
#define MLS_ERROR_WRONG_TYPE 5

/// A callback called into the object that is calling it.
#define MLS_ERROR_REENTRANT 6

/// The process forked after the handle was made; open the client again in the child.
#define MLS_ERROR_FORKED 7

/// A bug in libmls: a panic was caught. The group is read again from its store at the next call.
#define MLS_ERROR_PANIC 8

/// The role the client was opened with does not allow this call.
#define MLS_ERROR_NOT_ALLOWED 9

/// Cipher suite, extension, or feature that this build does not have.
#define MLS_ERROR_UNSUPPORTED 10

/// A callback of the application failed.
#define MLS_ERROR_CALLBACK_FAILED 11

/// The store cannot be read yet: the device is locked or another process holds it.
#define MLS_ERROR_STORE_LOCKED 20

/// The store key does not open this store. The store is untouched.
#define MLS_ERROR_STORE_KEY_WRONG 21

/// The store's content is damaged, or is no libmls store. It is untouched.
#define MLS_ERROR_STORE_CORRUPT 22

/// A newer libmls wrote the store. It is untouched.
#define MLS_ERROR_STORE_NEWER 23

/// No space is left; nothing was changed.
#define MLS_ERROR_STORE_FULL 24

/// Reading or writing failed; nothing was changed.
#define MLS_ERROR_STORE_IO 25

/// Another handle or process kept changing the group; nothing was changed.
#define MLS_ERROR_STALE 26

/// The client is suspended; resume it first.
#define MLS_ERROR_SUSPENDED 27

/// The store belongs to another device than the options say.
#define MLS_ERROR_STORE_IDENTITY 28

/// The store is an older copy of itself, a restored backup: sending would use keys twice. Join the group again by an
/// external commit.
#define MLS_ERROR_STORE_ROLLED_BACK 29

/// This device has no such group.
#define MLS_ERROR_GROUP_NOT_FOUND 40

/// A group of this id exists already.
#define MLS_ERROR_GROUP_EXISTS 41

/// This device was removed, or the group was replaced: it can no longer be used.
#define MLS_ERROR_GROUP_CLOSED 42

/// The external commit that joins this group is not accepted yet.
#define MLS_ERROR_GROUP_JOINING 43

/// Proposals wait: commit them first (RFC 9420 section 12.4).
#define MLS_ERROR_COMMIT_REQUIRED 44

/// No successor is announced for this group, or it cannot be joined this way.
#define MLS_ERROR_NO_SUCCESSOR 46

/// No such commit is pending.
#define MLS_ERROR_COMMIT_NOT_FOUND 50

/// Another commit won the epoch.
#define MLS_ERROR_SUPERSEDED 51

/// The commit is not accepted yet, so its Welcomes must not leave the device.
#define MLS_ERROR_COMMIT_NOT_ACCEPTED 52

/// Four commits are pending in this epoch already.
#define MLS_ERROR_TOO_MANY_COMMITS 53

/// A proposal is not valid in this group now.
#define MLS_ERROR_INVALID_PROPOSAL 60

/// No such proposal is cached.
#define MLS_ERROR_PROPOSAL_NOT_FOUND 61

/// No member is at this leaf.
#define MLS_ERROR_MEMBER_NOT_FOUND 62

/// The device is a member already.
#define MLS_ERROR_DUPLICATE_MEMBER 63

/// The key package is malformed, or its signature or suite does not fit.
#define MLS_ERROR_INVALID_KEY_PACKAGE 70

/// The key package's lifetime does not include now.
#define MLS_ERROR_KEY_PACKAGE_EXPIRED 71

/// No such key package is in the inventory.
#define MLS_ERROR_KEY_PACKAGE_NOT_FOUND 72

/// The credential is malformed.
#define MLS_ERROR_INVALID_CREDENTIAL 80

/// The validator or the roots turned the credential down.
#define MLS_ERROR_CREDENTIAL_DENIED 81

/// The validator answered "later".
#define MLS_ERROR_CREDENTIAL_LATER 82

/// The private key does not belong to the credential or the suite.
#define MLS_ERROR_INVALID_SIGNING_KEY 83

/// The bytes are no MLS message.
#define MLS_ERROR_INVALID_MESSAGE 90

/// A message of this kind does not belong in this call.
#define MLS_ERROR_UNEXPECTED_MESSAGE 91

/// The input is over a documented limit.
#define MLS_ERROR_TOO_LARGE 92

/// No such invitation waits.
#define MLS_ERROR_INVITATION_NOT_FOUND 93

/// The ratchet tree has to be given with this Welcome or GroupInfo.
#define MLS_ERROR_TREE_REQUIRED 94

/// The ratchet tree does not fit the group.
#define MLS_ERROR_INVALID_TREE 95

/// The Welcome cannot be opened, or what is in it is not valid.
#define MLS_ERROR_INVALID_WELCOME 96

/// The GroupInfo is not valid, or does not allow an external commit.
#define MLS_ERROR_INVALID_GROUP_INFO 97

/// A pre-shared key is missing or has another value.
#define MLS_ERROR_PSK_NOT_FOUND 98

/// The inbox is full: acknowledge events first. No key was consumed.
#define MLS_ERROR_INBOX_FULL 100

/// This device's own policy denies it.
#define MLS_ERROR_DENIED 101

/// A cryptographic operation failed.
#define MLS_ERROR_CRYPTO 110

/// The engine failed in a way that has no code of its own; see the detail.
#define MLS_ERROR_ENGINE 111

/// The same call can succeed later.
#define MLS_ADVICE_RETRY 1

/// The call, not the state, is at fault.
#define MLS_ADVICE_FIX_CALL 2

/// Use the object again: it is read afresh from the store.
#define MLS_ADVICE_RELOAD 3

/// Join the group again by an external commit, with the user's consent.
#define MLS_ADVICE_REJOIN 4

/// Wait until the device is unlocked or the other process is done.
#define MLS_ADVICE_UNLOCK 5

/// Restore the store, or start anew.
#define MLS_ADVICE_RESTORE 6

/// No retry will help.
#define MLS_ADVICE_GIVE_UP 7

/// Everything. The default.
#define MLS_ROLE_FULL 0

/// A notification extension: it may receive and look, not acknowledge, send, join or change a group by itself.
#define MLS_ROLE_EXTENSION 1

/// PrivateMessage: the delivery service sees neither proposals nor commits. The default.
#define MLS_HANDSHAKE_PRIVATE 0

/// PublicMessage: the delivery service can follow the group.
#define MLS_HANDSHAKE_PUBLIC 1

/// To a step that grows with the length, about a quarter more at most. The default.
#define MLS_PADDING_STEP 0

/// Not at all: the ciphertext tells the exact length.
#define MLS_PADDING_NONE 1

/// Nobody joins from outside: external commits of strangers are denied. A member's device that resyncs is let in. The
/// default.
#define MLS_EXTERNAL_JOIN_RESYNC_ONLY 0

/// Whoever is trusted joins from outside. Every member has to choose it, or the group parts at the first such commit.
#define MLS_EXTERNAL_JOIN_TRUSTED 1

/// The credential belongs to whom it names.
#define MLS_VERDICT_ACCEPT 0

/// It does not.
#define MLS_VERDICT_DENY 1

/// Not known yet: the message is held with the state unchanged, and decided again by `mls_client_retry_held`.
#define MLS_VERDICT_LATER 2

/// A member of a group that this device is about to join.
#define MLS_PURPOSE_MEMBER 1

/// Somebody who is being added, or joins by an external commit.
#define MLS_PURPOSE_ADD 2

/// A member who changes key or credential; the old ones are given.
#define MLS_PURPOSE_UPDATE 3

/// A sender outside the group, from the `external_senders` extension.
#define MLS_PURPOSE_EXTERNAL_SENDER 4

/// A basic credential: bytes that name somebody.
#define MLS_CREDENTIAL_BASIC 1

/// A chain of X.509 certificates.
#define MLS_CREDENTIAL_X509 2

/// Insert the row, or replace its value.
#define MLS_STORE_WRITE_PUT 1

/// Delete the row if there is one.
#define MLS_STORE_WRITE_DELETE 2

/// Delete every row whose key is at least the write's key and below its end.
#define MLS_STORE_WRITE_DELETE_RANGE 3

/// A handshake message that the service can read.
#define MLS_WIRE_FORMAT_PUBLIC_MESSAGE 1

/// An encrypted message.
#define MLS_WIRE_FORMAT_PRIVATE_MESSAGE 2

/// For those who are being added.
#define MLS_WIRE_FORMAT_WELCOME 3

/// For those who want to join.
#define MLS_WIRE_FORMAT_GROUP_INFO 4

/// For those who want to add its maker.
#define MLS_WIRE_FORMAT_KEY_PACKAGE 5

/// An application message.
#define MLS_CONTENT_APPLICATION 1

/// A proposal.
#define MLS_CONTENT_PROPOSAL 2

/// A commit.
#define MLS_CONTENT_COMMIT 3

/// The group works.
#define MLS_GROUP_ACTIVE 1

/// The external commit that joins it is not accepted yet: it can neither send nor read.
#define MLS_GROUP_JOINING 2

/// This device was removed.
#define MLS_GROUP_CLOSED 3

/// The group ended in favour of a successor.
#define MLS_GROUP_REPLACED 4

/// This device's state has parted from the group's: join again by an external commit.
#define MLS_GROUP_REJOIN_NEEDED 5

/// Extension types that a member knows.
#define MLS_CAPABILITY_EXTENSION 1

/// Proposal types that a member knows.
#define MLS_CAPABILITY_PROPOSAL 2

/// Credential types that a member knows.
#define MLS_CAPABILITY_CREDENTIAL 3

/// Cipher suites that a member knows.
#define MLS_CAPABILITY_CIPHER_SUITE 4

/// Add: the IANA number of the proposal type (RFC 9420 section 17.4).
#define MLS_PROPOSAL_ADD 1

/// Update: the IANA number of the proposal type (RFC 9420 section 17.4).
#define MLS_PROPOSAL_UPDATE 2

/// Remove: the IANA number of the proposal type (RFC 9420 section 17.4).
#define MLS_PROPOSAL_REMOVE 3

/// Pre-shared key: the IANA number of the proposal type (RFC 9420 section 17.4).
#define MLS_PROPOSAL_PSK 4

/// ReInit: the IANA number of the proposal type (RFC 9420 section 17.4).
#define MLS_PROPOSAL_REINIT 5

/// External init: the IANA number of the proposal type (RFC 9420 section 17.4).
#define MLS_PROPOSAL_EXTERNAL_INIT 6

/// Group context extensions: the IANA number of the proposal type (RFC 9420 section 17.4).
#define MLS_PROPOSAL_GROUP_CONTEXT_EXTENSIONS 7

/// The commit is not answered yet.
#define MLS_COMMIT_PENDING 1

/// It was refused; remembered until the epoch ends, so that its own echo still merges.
#define MLS_COMMIT_REJECTED 2

/// The group's epoch came from it.
#define MLS_COMMIT_ACCEPTED 3

/// Another commit won the epoch, or it is not known any more.
#define MLS_COMMIT_SUPERSEDED 4

/// Kept. An application message: show it. Has `sender`, `epoch`, `generation`, `data`, `aad`.
#define MLS_EVENT_MESSAGE 1

/// Kept. A Welcome: `mls_client_join` or `mls_client_decline` with the event's id. Has `preview`, `key_package`.
#define MLS_EVENT_INVITED 2

/// Kept. This device is in a group now: show it, and refill the key packages. Has `joined_by`, `epoch`, `key_package`,
/// `commit`.
#define MLS_EVENT_JOINED 3

/// A proposal was cached: commit it, or clear it. Has `proposal`, `aad`.
#define MLS_EVENT_PROPOSED 4

/// Kept. The group has a new epoch: refresh the roster. Has `sender`, `epoch`, `commit`, `added`, `removed`,
/// `updated`, `psks`, `context_changed`, `custom`, `dropped`, `aad`.
#define MLS_EVENT_COMMITTED 5

/// Kept. Another's commit won over ours: commit again, or not. Has `commit`, `winner`, `epoch`, `still_valid`.
#define MLS_EVENT_SUPERSEDED 6

/// Kept. This device was removed: the group is closed. Has `sender`, `epoch`.
#define MLS_EVENT_REMOVED 7

/// Kept. The group ended in favour of a successor: create or join it. Has `successor`, `cipher_suite`, `sender`.
#define MLS_EVENT_REPLACED 8

/// The message waits: fetch what is missing. Has `reason` (`MLS_HELD_FOR_*`), `epoch`, `waiting`.
#define MLS_EVENT_HELD 9

/// Nothing to do. Has `reason` (`MLS_IGNORED_*`), `epoch`.
#define MLS_EVENT_IGNORED 10

/// This device's policy or the protocol turns it away: nothing to do, or change the policy and receive it again. Has
/// `reason` (`MLS_DENIED_*`), `detail`, `sender`, `message`.
#define MLS_EVENT_DENIED 11

/// Nobody in the group is proven to have sent it: count it. Has `detail`, `epoch`.
#define MLS_EVENT_UNDECRYPTABLE 12

/// Kept. A member's genuine commit cannot be applied here; the group is behind until then: change the policy and
/// receive it again, leave, or rejoin. Has `reason` (`MLS_DENIED_*`), `detail`, `epoch`, `sender`, `message`.
#define MLS_EVENT_STALLED 13

/// Kept. This device's state has parted from the group's: join again by an external commit, with the user's consent.
/// Has `reason` (`MLS_REJOIN_*`), `epoch`.
#define MLS_EVENT_REJOIN_NEEDED 14

/// Joined by a Welcome.
#define MLS_JOINED_BY_WELCOME 1

/// Joined by its own external commit.
#define MLS_JOINED_BY_EXTERNAL_COMMIT 2

/// Held for an earlier commit.
#define MLS_HELD_FOR_EPOCH 1

/// Held for the Welcome to its group.
#define MLS_HELD_FOR_GROUP 2

/// Held for the validator's decision: `mls_client_retry_held`.
#define MLS_HELD_FOR_VALIDATOR 3

/// Held for a client with larger limits (the application, not its extension).
#define MLS_HELD_FOR_LIMITS 4

/// Held for a proposal that a commit refers to.
#define MLS_HELD_FOR_PROPOSAL 5

/// Held for a pre-shared key of a Welcome: `mls_client_add_psk`, then `mls_client_retry_held`.
#define MLS_HELD_FOR_PSK 6

/// It was processed before.
#define MLS_IGNORED_DUPLICATE 1

/// It is our own.
#define MLS_IGNORED_OWN_ECHO 2

/// Its epoch is over and its keys are gone.
#define MLS_IGNORED_TOO_OLD 3

/// The group is closed.
#define MLS_IGNORED_GROUP_CLOSED 4

/// Too much waits for this group already; it was not kept.
#define MLS_IGNORED_HOLD_FULL 5

/// A Welcome for key packages that this device does not have.
#define MLS_IGNORED_NOT_FOR_US 6

/// A Welcome to a group that this device is in.
#define MLS_IGNORED_ALREADY_MEMBER 7

/// This device's policy.
#define MLS_DENIED_POLICY 1

/// The trust policy denied a credential.
#define MLS_DENIED_TRUST 2

/// It is not valid in the protocol.
#define MLS_DENIED_PROTOCOL 3

/// Over a limit.
#define MLS_DENIED_LIMIT 4

/// Our own message at a generation that this store never set aside, or a proposal of ours that it does not know: the
/// store was rolled back.
#define MLS_REJOIN_ROLLED_BACK 1

/// A commit of ours that this store does not know.
#define MLS_REJOIN_UNKNOWN_OWN_COMMIT 2

/// The anchor is ahead of the store.
#define MLS_REJOIN_ANCHOR 3

/// Reserved, and not told: a store that lacks some of a group's state is an older copy (the other reasons) or damaged
/// (`MLS_ERROR_STORE_CORRUPT`), and one that lacks all of it knows of no group.
#define MLS_REJOIN_LOST_STATE 4

/// A member of the group.
#define MLS_SENDER_MEMBER 1

/// A sender of the `external_senders` extension.
#define MLS_SENDER_EXTERNAL 2

/// Somebody who proposes to be added.
#define MLS_SENDER_NEW_MEMBER_PROPOSAL 3

/// Somebody who joined by this external commit.
#define MLS_SENDER_NEW_MEMBER_COMMIT 4

/// All that a commit makes, for delivery services that take it in one.
typedef struct mls_bundle_t mls_bundle_t;

/// A device: one identity, one store. Usable from any thread; different groups do not wait for each other.
///
/// The store is closed by `mls_client_close`, or with the last handle on the client, its groups and its commits.
typedef struct mls_client_t mls_client_t;

/// Where a codec puts its answer. Lent to the callback: the handle is closed when it returns.
typedef struct mls_codec_answer_t mls_codec_answer_t;

/// How to commit. Every default is written at its setter.
typedef struct mls_commit_options_t mls_commit_options_t;

/// A commit of this device's (RFC 9750 section 5.2). It is durable before its bytes are seen. The delivery service has
/// three answers: accepted (`mls_commit_accept`), refused (`mls_commit_reject`), and none: send the same bytes again.
///
/// Its calls can answer what the calls on its group can.
typedef struct mls_commit_t mls_commit_t;

/// A list of commits.
typedef struct mls_commits_t mls_commits_t;

/// Who a member says it is. Whether to believe it is the matter of the trust that was chosen in `mls_options_t`.
typedef struct mls_credential_t mls_credential_t;

/// How to encrypt an application message. Every default is written at its setter.
typedef struct mls_encrypt_options_t mls_encrypt_options_t;

/// Why a call failed. It never carries a secret.
typedef struct mls_error_t mls_error_t;

/// Events, in the order in which they happened.
///
/// Those that the application would miss are kept in the inbox until `mls_client_acknowledge`; the others are only
/// returned. Kinds only grow: keep a default branch. Every accessor but `count`, `id` and `kind` answers
/// `MLS_ERROR_INVALID_ARGUMENT` past the end of the list and for a kind of event that does not have it.
typedef struct mls_events_t mls_events_t;

/// A list of extensions, each a type and its bytes.
typedef struct mls_extensions_t mls_extensions_t;

/// How to make a group. Every default is written at its setter.
typedef struct mls_group_options_t mls_group_options_t;

/// One group of a client. Usable from any thread; calls on one group wait for each other. Several handles on one group
/// are the same group.
///
/// Every call that reads or changes the group can answer `MLS_ERROR_GROUP_NOT_FOUND` if it was deleted and
/// `MLS_ERROR_REENTRANT` from a callback of the group; those that need its current state `MLS_ERROR_GROUP_CLOSED` after
/// this device was removed or the group replaced, `MLS_ERROR_GROUP_JOINING` before its external commit is accepted,
/// `MLS_ERROR_STORE_ROLLED_BACK` when its state has parted from the group's; those that send or change something
/// `MLS_ERROR_NOT_ALLOWED` for an extension's role. These are not said again below.
typedef struct mls_group_t mls_group_t;

/// A new credential and signature key of a member. What is not set: the credential stays, the key is generated.
typedef struct mls_identity_t mls_identity_t;

/// A list of ids, each some bytes.
typedef struct mls_ids_t mls_ids_t;

/// How to join by an external commit. Every default is written at its setter.
typedef struct mls_join_options_t mls_join_options_t;

/// How to make key packages. Every default is written at its setter.
typedef struct mls_key_package_options_t mls_key_package_options_t;

/// A key package with its private keys, for a move to another store or a conformance test. Encodings are RFC 9420's
/// for the cipher suite; the keys are wiped when it is freed.
typedef struct mls_key_package_secrets_t mls_key_package_secrets_t;

/// Key packages of this device that were not used yet.
typedef struct mls_key_packages_t mls_key_packages_t;

/// Members of a group, in the order of their leaves.
typedef struct mls_members_t mls_members_t;

/// What can be seen of a message from outside. Nothing in it is verified.
typedef struct mls_message_info_t mls_message_info_t;

/// A list of MLS messages.
typedef struct mls_messages_t mls_messages_t;

/// How to open a client. Filled by its setters and read when a client is opened; it can be used again, and freed at
/// once.
///
/// The credential is needed when the store is new, and checked when it is not; who decides on other members'
/// credentials (`mls_options_set_trust_on_first_use`, `mls_options_push_trust_root`, `mls_options_set_validator` or
/// `mls_options_set_insecure_accept_any`) is needed always. Everything else has a default, written at its setter.
typedef struct mls_options_t mls_options_t;

/// A group as its GroupInfo shows it (RFC 9420 section 12.4.3).
typedef struct mls_preview_t mls_preview_t;

/// What proposals would do, as somebody made them.
typedef struct mls_proposal_infos_t mls_proposal_infos_t;

/// Proposals to make. The same list goes to `mls_group_propose`, by reference, and to `mls_group_commit`, by value.
typedef struct mls_proposals_t mls_proposals_t;

/// Who sent something, or whom it is about (RFC 9420 section 6): several, one, or none where it is not known.
typedef struct mls_senders_t mls_senders_t;

/// A signature key pair (RFC 9420 section 5.1.2). Wiped when it is freed.
typedef struct mls_signing_key_t mls_signing_key_t;

/// Where `get` and `scan` put rows. Lent to the callback: the handle is closed when it returns.
typedef struct mls_store_rows_t mls_store_rows_t;

/// A store of the application's, in place of SQLite: one ordered key space with compare-and-swap transactions.
///
/// Keys are 1 to 255 bytes and compare bytewise. Values are up to a few MB, sealed by libmls, and mean nothing to the
/// store. Callbacks may come from any thread and may overlap; each must be atomic, must not call into the client that
/// uses the store, and must not unwind. `version`, `get`, `scan` and `commit` are required.
///
/// A callback answers `MLS_OK`, or why it could not: `MLS_ERROR_STORE_LOCKED`, `MLS_ERROR_STORE_FULL`,
/// `MLS_ERROR_STORE_IO`, `MLS_ERROR_STORE_CORRUPT`, `MLS_ERROR_STORE_NEWER`, `MLS_ERROR_SUSPENDED`. Any other answer
/// becomes `MLS_ERROR_CALLBACK_FAILED`.
typedef struct mls_store_t mls_store_t;

/// The writes of a transaction, in their order. Lent to the callback: the handle is closed when it returns.
typedef struct mls_store_writes_t mls_store_writes_t;

/// A credential to decide on. Lent to a validator: the handle is closed when the callback returns. More accessors may
/// come.
typedef struct mls_validation_t mls_validation_t;

/// What a call answers: `MLS_OK`, or one of `MLS_ERROR_*`.
typedef int32_t mls_status_t;

/// Bytes that libmls allocated. Yours: give them to `mls_bytes_free`, once, and do not free a copy.
///
/// A byte after `data[len]` is always there and NUL, so text can be used as a C string. `data` is NULL if a call
/// failed or the value is absent; an empty value has `len` 0 and a `data` that is not NULL.
typedef struct {
    /// The first byte.
    uint8_t *data;
    /// How many there are.
    size_t len;
} mls_bytes_t;

/// The application's decision on a credential: one of `MLS_VERDICT_*`. Anything else says that the callback itself
/// failed: the call that asked answers `MLS_ERROR_CALLBACK_FAILED` and nothing has changed.
///
/// Called from the thread that called libmls, and never with a lock that another group or the client needs; a call
/// into the group in question answers `MLS_ERROR_REENTRANT`. It must not unwind.
typedef int32_t (*mls_validator_fn)(void *user, const mls_validation_t *request);

/// Called once with the `user` pointer of a callback when libmls does not need it any more. It must not unwind, and
/// may come from any thread.
typedef void (*mls_drop_fn)(void *user);

/// The bytes of the basic credential of a device: `mls_codec_answer_set_identity`, then `MLS_OK`. Another answer is a
/// failure. The strings are lent for the call. It must not call into a client, nor unwind.
typedef int32_t (*mls_codec_encode_fn)(void *user,
                                       const char *user_name,
                                       const char *device_name,
                                       mls_codec_answer_t *answer);

/// The device that a basic credential names: `mls_codec_answer_set_device`, then `MLS_OK`. Without it, or with another
/// answer, the credential is foreign: readable as bytes, of no user. The bytes are lent for the call. It must not call
/// into a client, nor unwind.
typedef int32_t (*mls_codec_decode_fn)(void *user,
                                       const uint8_t *identity,
                                       size_t identity_len,
                                       mls_codec_answer_t *answer);

/// Now, seconds since 1970. Called from any thread; it must not call into a client, nor unwind.
typedef uint64_t (*mls_clock_fn)(void *user);

/// Reads the mark into `mark` and answers `MLS_OK`; leaves it 0 if there is none yet. Another answer is a failure. It
/// must not call into a client, nor unwind.
typedef int32_t (*mls_anchor_load_fn)(void *user, uint64_t *mark);

/// Keeps a mark that is larger than any before, and answers `MLS_OK`. Another answer is a failure. It must not call
/// into a client, nor unwind.
typedef int32_t (*mls_anchor_store_fn)(void *user, uint64_t mark);

/// Reads a number that moves whenever anyone commits: this store, another one on the same data, another process. It is
/// compared for equality only, and may also move for no reason. Called before every operation: it has to be cheap.
typedef mls_status_t (*mls_store_version_fn)(void *user, uint64_t *version);

/// Reads the row at `key`: `mls_store_rows_push` if there is one.
typedef mls_status_t (*mls_store_get_fn)(void *user, const uint8_t *key, size_t key_len, mls_store_rows_t *rows);

/// Reads at most `limit` rows whose keys are at least `from` and below `to`: `mls_store_rows_push` in ascending order
/// of keys, or, if `reverse` is not 0, the last ones in descending order.
typedef mls_status_t (*mls_store_scan_fn)(void *user,
                                          const uint8_t *from,
                                          size_t from_len,
                                          const uint8_t *to,
                                          size_t to_len,
                                          int32_t reverse,
                                          uint32_t limit,
                                          mls_store_rows_t *rows);

/// Applies all writes in their order, atomically and durably, if nobody has committed since `version`, and reads the
/// new version into `new_version`. When it answers `MLS_OK` the rows must survive a power loss. If somebody has
/// committed it answers `MLS_ERROR_STALE`; then, and on every other answer, nothing may have been written.
typedef mls_status_t (*mls_store_commit_fn)(void *user,
                                            uint64_t version,
                                            const mls_store_writes_t *writes,
                                            uint64_t *new_version);

/// `checkpoint`: makes deleted and replaced rows unrecoverable, as far as the store can. `suspend`: finishes what is
/// under way and gives back every file lock; other callbacks answer `MLS_ERROR_SUSPENDED` until `resume`; twice is the
/// same as once. `resume`: ends `suspend`, and moves the version.
typedef mls_status_t (*mls_store_fn)(void *user);

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/// The library's version, as `"0.1.0"`. The string is static.
const char *mls_version(void);

/// The library's ABI: a program that was built with an `MLS_ABI_VERSION` of another number must not go on.
uint32_t mls_abi_version(void);

/// `MLS_STORE_KEY_LEN`, for callers that do not read the header.
size_t mls_store_key_len(void);

/// The media type of an MLS message, `MLS_MEDIA_TYPE` (RFC 9420 section 17.10). The string is static.
const char *mls_media_type(void);

/// How many cipher suites this build has.
size_t mls_cipher_suites_count(void);

/// The IANA number of a cipher suite that this build has; 0 past the end.
uint16_t mls_cipher_suites_at(size_t index);

/// Whether this build has a cipher suite. 4 and 6 (X448, Ed448) it has not.
bool mls_cipher_suites_contains(uint16_t cipher_suite);

/// The error's code, one of `MLS_ERROR_*`. 0 if it is no error.
mls_status_t mls_error_code(const mls_error_t *error);

/// What to do about it, one of `MLS_ADVICE_*`. 0 if it is no error.
int32_t mls_error_advice(const mls_error_t *error);

/// One sentence for the developer, in English. Not stable. The string is the error's: it ends with it. Empty if it
/// is no error.
const char *mls_error_message(const mls_error_t *error);

/// The engine's or the database's own word for it, possibly empty. Not stable. The string is the error's: it ends
/// with it. Empty if it is no error.
const char *mls_error_detail(const mls_error_t *error);

/// The name of the error's code: `"GROUP_NOT_FOUND"` for `MLS_ERROR_GROUP_NOT_FOUND`. The string is static. Empty if
/// it is no error.
const char *mls_error_name(const mls_error_t *error);

/// Lets an error go, with its strings. NULL and what is freed already are fine.
void mls_error_free(mls_error_t *error);

/// The name of a status: `"OK"`, or what `mls_error_name` says. The string is static. Empty if there is no such
/// status.
const char *mls_status_name(mls_status_t status);

/// What to do about a status, one of `MLS_ADVICE_*`. 0 for `MLS_OK` and what is no status.
int32_t mls_status_advice(mls_status_t status);

/// Wipes and releases bytes, and sets `data` to NULL and `len` to 0. NULL, and bytes that were released so, are fine.
void mls_bytes_free(mls_bytes_t *bytes);

/// Options with nothing chosen yet. Yours: `mls_options_free`. NULL only if too many handles are live.
mls_options_t *mls_options_new(void);

/// Lets options go; callbacks stay with the clients that use them. NULL and what is freed already are fine.
void mls_options_free(mls_options_t *options);

/// Who this device is: a basic credential (RFC 9420 section 5.3) of a user and a device, both non-empty UTF-8. Its
/// bytes are the user's name, a NUL, the device's name, or what the codec makes of them. Replaces a credential.
///
/// Errors: `MLS_ERROR_INVALID_ARGUMENT` if a name is empty.
MLS_MUST_USE
mls_status_t mls_options_set_device(mls_options_t *options,
                                    const char *user,
                                    const char *device,
                                    mls_error_t **error);

/// Who this device is, by any credential, which is copied. X.509 needs `mls_options_set_signing_key` too. Replaces a
/// device.
MLS_MUST_USE
mls_status_t mls_options_set_credential(mls_options_t *options,
                                        const mls_credential_t *credential,
                                        mls_error_t **error);

/// The signature key of a new store, which is copied. Default: one is generated.
MLS_MUST_USE
mls_status_t mls_options_set_signing_key(mls_options_t *options,
                                         const mls_signing_key_t *key,
                                         mls_error_t **error);

/// The cipher suite of new groups and key packages, by its IANA number. Default `MLS_CIPHER_SUITE_X25519_AES128`.
/// A suite that this build does not have is `MLS_ERROR_UNSUPPORTED` when the client is opened.
MLS_MUST_USE
mls_status_t mls_options_set_cipher_suite(mls_options_t *options,
                                          uint16_t cipher_suite,
                                          mls_error_t **error);

/// What the client may do, one of `MLS_ROLE_*`. Default `MLS_ROLE_FULL`.
///
/// Errors: `MLS_ERROR_INVALID_ARGUMENT` for another number.
MLS_MUST_USE mls_status_t mls_options_set_role(mls_options_t *options, int32_t role, mls_error_t **error);

/// Says that this device knows an extension type beyond RFC 9420's defaults (section 7.2). May be called for several.
MLS_MUST_USE
mls_status_t mls_options_push_extension_capability(mls_options_t *options,
                                                   uint16_t kind,
                                                   mls_error_t **error);

/// Says that this device knows a proposal type beyond RFC 9420's defaults (section 7.2). May be called for several.
MLS_MUST_USE
mls_status_t mls_options_push_proposal_capability(mls_options_t *options,
                                                  uint16_t kind,
                                                  mls_error_t **error);

/// Says that this device knows a credential type beyond its own (RFC 9420 section 7.2). May be called for several.
MLS_MUST_USE
mls_status_t mls_options_push_credential_capability(mls_options_t *options,
                                                    uint16_t kind,
                                                    mls_error_t **error);

/// Whether handshake messages are encrypted, one of `MLS_HANDSHAKE_*` (RFC 9420 section 6). Default
/// `MLS_HANDSHAKE_PRIVATE`.
///
/// Errors: `MLS_ERROR_INVALID_ARGUMENT` for another number.
MLS_MUST_USE
mls_status_t mls_options_set_handshake_encryption(mls_options_t *options,
                                                  int32_t encryption,
                                                  mls_error_t **error);

/// How application messages are padded before encryption, one of `MLS_PADDING_*` (RFC 9420 section 6.3.1). Default
/// `MLS_PADDING_STEP`.
///
/// Errors: `MLS_ERROR_INVALID_ARGUMENT` for another number.
MLS_MUST_USE mls_status_t mls_options_set_padding(mls_options_t *options, int32_t padding, mls_error_t **error);

/// Whether our commits publish a GroupInfo that lets others join by external commit. Default 0.
MLS_MUST_USE mls_status_t mls_options_set_publish_group_info(mls_options_t *options, int32_t yes, mls_error_t **error);

/// Whether proposals of new members are taken (RFC 9420 section 12.1.8). Default 0.
MLS_MUST_USE
mls_status_t mls_options_set_new_member_proposals(mls_options_t *options,
                                                  int32_t yes,
                                                  mls_error_t **error);

/// Whether proposals of the senders in the `external_senders` extension are taken (RFC 9420 section 12.1.8.1). Default
/// 0.
MLS_MUST_USE
mls_status_t mls_options_set_external_sender_proposals(mls_options_t *options,
                                                       int32_t yes,
                                                       mls_error_t **error);

/// Who may join by an external commit, one of `MLS_EXTERNAL_JOIN_*` (RFC 9420 section 12.4.3.2). Default
/// `MLS_EXTERNAL_JOIN_RESYNC_ONLY`.
///
/// Errors: `MLS_ERROR_INVALID_ARGUMENT` for another number.
MLS_MUST_USE mls_status_t mls_options_set_external_join(mls_options_t *options, int32_t who, mls_error_t **error);

/// Seconds that a key package lives (RFC 9420 section 7.2). Default 365 days.
MLS_MUST_USE
mls_status_t mls_options_set_key_package_lifetime(mls_options_t *options,
                                                  uint64_t seconds,
                                                  mls_error_t **error);

/// Seconds by which the begin of a key package's life is set back, for peers with slow clocks. Default one hour.
MLS_MUST_USE
mls_status_t mls_options_set_key_package_backdate(mls_options_t *options,
                                                  uint64_t seconds,
                                                  mls_error_t **error);

/// Whether invitations are joined at once, without `mls_client_join`. Default 0.
MLS_MUST_USE mls_status_t mls_options_set_auto_join(mls_options_t *options, int32_t yes, mls_error_t **error);

/// Events that wait to be acknowledged. At the limit receiving answers `MLS_ERROR_INBOX_FULL`. Default 10,000.
MLS_MUST_USE
mls_status_t mls_options_set_limit_inbox_events(mls_options_t *options,
                                                uint32_t count,
                                                mls_error_t **error);

/// Messages held for a group, for each reason. Default 256.
MLS_MUST_USE
mls_status_t mls_options_set_limit_held_messages(mls_options_t *options,
                                                 uint32_t count,
                                                 mls_error_t **error);

/// Bytes of messages held for a group, for each reason. Default 4 MiB.
MLS_MUST_USE mls_status_t mls_options_set_limit_held_bytes(mls_options_t *options, uint64_t bytes, mls_error_t **error);

/// Groups not known yet for which messages are held. Default 64.
MLS_MUST_USE
mls_status_t mls_options_set_limit_held_unknown_groups(mls_options_t *options,
                                                       uint32_t count,
                                                       mls_error_t **error);

/// Past epochs whose late messages can still be read. Default 3.
MLS_MUST_USE
mls_status_t mls_options_set_limit_past_epochs(mls_options_t *options,
                                               uint32_t count,
                                               mls_error_t **error);

/// Bytes of one message, incoming or ours; opening refuses less than 4,096. Default 16 MiB.
MLS_MUST_USE
mls_status_t mls_options_set_limit_message_bytes(mls_options_t *options,
                                                 uint64_t bytes,
                                                 mls_error_t **error);

/// Leaves of a tree. Default 50,000.
MLS_MUST_USE mls_status_t mls_options_set_limit_members(mls_options_t *options, uint32_t count, mls_error_t **error);

/// Proposals cached from one member. Default 32.
MLS_MUST_USE
mls_status_t mls_options_set_limit_proposals_per_member(mls_options_t *options,
                                                        uint32_t count,
                                                        mls_error_t **error);

/// Proposals in one commit. Default 10,000.
MLS_MUST_USE
mls_status_t mls_options_set_limit_proposals_per_commit(mls_options_t *options,
                                                        uint32_t count,
                                                        mls_error_t **error);

/// Messages after which consumed keys are gone from the disk, not only from use. 1 to 1,024. Default 64.
MLS_MUST_USE
mls_status_t mls_options_set_limit_fold_distance(mls_options_t *options,
                                                 uint32_t messages,
                                                 mls_error_t **error);

/// Own generations set aside in one write. 1 to 64. Default 64.
MLS_MUST_USE
mls_status_t mls_options_set_limit_send_window(mls_options_t *options,
                                               uint32_t generations,
                                               mls_error_t **error);

/// Groups kept loaded. Default 128.
MLS_MUST_USE
mls_status_t mls_options_set_limit_loaded_groups(mls_options_t *options,
                                                 uint32_t count,
                                                 mls_error_t **error);

/// Above this number of members, commits and Welcomes are held for a client that can afford them. Default: never.
MLS_MUST_USE
mls_status_t mls_options_set_limit_hold_commits_above(mls_options_t *options,
                                                      uint32_t members,
                                                      mls_error_t **error);

/// All limits at once, for an iOS notification extension: smaller than the defaults. What a message makes it allocate stays
/// below 8 MB.
MLS_MUST_USE
mls_status_t mls_options_set_limits_extension(mls_options_t *options,
                                              mls_error_t **error);

/// Trusts the first signature key seen for an identity, and remembers it in the store; another key is denied unless
/// the holder of the first one introduced it (an update inside a group). X.509 credentials are denied. Replaces any
/// other choice of trust.
MLS_MUST_USE mls_status_t mls_options_set_trust_on_first_use(mls_options_t *options, mls_error_t **error);

/// Adds a root certificate, DER, to those that X.509 chains may lead to (RFC 9420 section 5.3). A chain must be valid
/// now and carry the member's key. Basic credentials are denied. May be called for several; replaces a choice of
/// trust that is not of roots.
///
/// Errors: `MLS_ERROR_INVALID_CREDENTIAL` when the client is opened, if it is no certificate.
MLS_MUST_USE
mls_status_t mls_options_push_trust_root(mls_options_t *options,
                                         const uint8_t *der,
                                         size_t der_len,
                                         mls_error_t **error);

/// Lets the application decide. `user` goes to every call of `validate`, from any thread, and once to `release` when
/// nothing needs it any more, also if this call fails; `release` may be NULL. Replaces any other choice of trust.
///
/// Errors: `MLS_ERROR_NULL_POINTER` if `validate` is NULL.
MLS_MUST_USE
mls_status_t mls_options_set_validator(mls_options_t *options,
                                       mls_validator_fn validate,
                                       void *user,
                                       mls_drop_fn release,
                                       mls_error_t **error);

/// Accepts every credential. For tests and closed deployments only. Replaces any other choice of trust.
MLS_MUST_USE mls_status_t mls_options_set_insecure_accept_any(mls_options_t *options, mls_error_t **error);

/// Why it is asked, one of `MLS_PURPOSE_*`. 0 if the handle is none.
int32_t mls_validation_purpose(const mls_validation_t *request);

/// The group, if it is known. Yours: `mls_bytes_free`.
MLS_MUST_USE
mls_status_t mls_validation_group_id(const mls_validation_t *request,
                                     mls_bytes_t *out,
                                     mls_error_t **error);

/// The credential to decide on. Yours: `mls_credential_free`.
MLS_MUST_USE
mls_status_t mls_validation_credential(const mls_validation_t *request,
                                       mls_credential_t **out,
                                       mls_error_t **error);

/// The user that the credential names, UTF-8; absent if it is not of the client's form. Yours: `mls_bytes_free`.
MLS_MUST_USE mls_status_t mls_validation_user(const mls_validation_t *request, mls_bytes_t *out, mls_error_t **error);

/// The device that the credential names, UTF-8; absent if it is not of the client's form. Yours: `mls_bytes_free`.
MLS_MUST_USE mls_status_t mls_validation_device(const mls_validation_t *request, mls_bytes_t *out, mls_error_t **error);

/// The signature key that the credential is to vouch for, in RFC 9420's encoding for the cipher suite. Yours:
/// `mls_bytes_free`.
MLS_MUST_USE
mls_status_t mls_validation_signature_key(const mls_validation_t *request,
                                          mls_bytes_t *out,
                                          mls_error_t **error);

/// The credential that the member had before, for `MLS_PURPOSE_UPDATE`. Yours: `mls_credential_free`.
///
/// Errors: `MLS_ERROR_INVALID_ARGUMENT` for another purpose.
MLS_MUST_USE
mls_status_t mls_validation_previous_credential(const mls_validation_t *request,
                                                mls_credential_t **out,
                                                mls_error_t **error);

/// The signature key that the member had before, for `MLS_PURPOSE_UPDATE`; absent for another purpose. Yours:
/// `mls_bytes_free`.
MLS_MUST_USE
mls_status_t mls_validation_previous_signature_key(const mls_validation_t *request,
                                                   mls_bytes_t *out,
                                                   mls_error_t **error);

/// The client's clock, seconds since 1970. 0 if the handle is none.
uint64_t mls_validation_time(const mls_validation_t *request);

/// The application's own form of basic credentials, in place of a user's name, a NUL, a device's name. Called from any
/// thread, also while a group is locked. `user` goes to every call, and once to `release` when nothing needs it any
/// more, also if this call fails; `release` may be NULL.
///
/// Errors: `MLS_ERROR_NULL_POINTER` if `encode` or `decode` is NULL.
MLS_MUST_USE
mls_status_t mls_options_set_codec(mls_options_t *options,
                                   mls_codec_encode_fn encode,
                                   mls_codec_decode_fn decode,
                                   void *user,
                                   mls_drop_fn release,
                                   mls_error_t **error);

/// Answers an encoding, which is copied.
MLS_MUST_USE
mls_status_t mls_codec_answer_set_identity(mls_codec_answer_t *answer,
                                           const uint8_t *identity,
                                           size_t identity_len,
                                           mls_error_t **error);

/// Answers a decoding: two non-empty names, which are copied.
///
/// Errors: `MLS_ERROR_INVALID_ARGUMENT` if a name is empty.
MLS_MUST_USE
mls_status_t mls_codec_answer_set_device(mls_codec_answer_t *answer,
                                         const char *user,
                                         const char *device,
                                         mls_error_t **error);

/// The time, in place of the system's. `user` goes to every call of `now`, and once to `release` when nothing needs
/// it any more, also if this call fails; `release` may be NULL.
///
/// Errors: `MLS_ERROR_NULL_POINTER` if `now` is NULL.
MLS_MUST_USE
mls_status_t mls_options_set_clock(mls_options_t *options,
                                   mls_clock_fn now,
                                   void *user,
                                   mls_drop_fn release,
                                   mls_error_t **error);

/// Where the store's high-water mark is kept: a place that is not part of the same backup as the store (a platform's
/// keystore, a server). With it, a client that opens an older copy of its store refuses to send and asks for a rejoin
/// (`MLS_ERROR_STORE_ROLLED_BACK`); without it the same is noticed only from messages that the old copy does not know.
///
/// `load` is called once when a client opens, `store` after writes that could lose a key if rolled back. When it fails,
/// the write stays and its call succeeds; the next such write tells the anchor, and flush, suspend and close answer
/// `MLS_ERROR_CALLBACK_FAILED` if it fails again, when they have done everything else. `user` goes to every call, from any thread, and once to `release` when nothing needs it any more, also if this call fails;
/// `release` may be NULL.
///
/// Errors: `MLS_ERROR_NULL_POINTER` if `load` or `store` is NULL.
MLS_MUST_USE
mls_status_t mls_options_set_anchor(mls_options_t *options,
                                    mls_anchor_load_fn load,
                                    mls_anchor_store_fn store,
                                    void *user,
                                    mls_drop_fn release,
                                    mls_error_t **error);

/// The basic credential of a user's device: the user's name, a NUL, the device's name, both non-empty UTF-8. Yours:
/// `mls_credential_free`.
///
/// Errors: `MLS_ERROR_INVALID_ARGUMENT` if a name is empty.
MLS_MUST_USE
mls_status_t mls_credential_new_device(const char *user,
                                       const char *device,
                                       mls_credential_t **out,
                                       mls_error_t **error);

/// The basic credential of any bytes, which are copied. Yours: `mls_credential_free`.
MLS_MUST_USE
mls_status_t mls_credential_new_basic(const uint8_t *identity,
                                      size_t identity_len,
                                      mls_credential_t **out,
                                      mls_error_t **error);

/// An X.509 credential without certificates yet: push the member's own first, then each one's issuer. Yours:
/// `mls_credential_free`. NULL only if too many handles are live.
mls_credential_t *mls_credential_new_x509(void);

/// Appends a certificate, DER, to an X.509 credential; it is copied, and read when it is used.
///
/// Errors: `MLS_ERROR_INVALID_ARGUMENT` if the credential is not X.509.
MLS_MUST_USE
mls_status_t mls_credential_push_certificate(mls_credential_t *credential,
                                             const uint8_t *der,
                                             size_t der_len,
                                             mls_error_t **error);

/// Lets a credential go. NULL and what is freed already are fine.
void mls_credential_free(mls_credential_t *credential);

/// The IANA number of the credential's type: `MLS_CREDENTIAL_*`, or another. 0 if the handle is none.
uint16_t mls_credential_kind(const mls_credential_t *credential);

/// The credential's bytes: a basic identity, the first certificate's DER, or what a type that libmls does not read
/// carries. Yours: `mls_bytes_free`.
MLS_MUST_USE
mls_status_t mls_credential_bytes(const mls_credential_t *credential,
                                  mls_bytes_t *out,
                                  mls_error_t **error);

/// How many certificates there are; 0 for a credential that is not X.509.
size_t mls_credential_certificates_count(const mls_credential_t *credential);

/// A certificate of the chain, DER, the member's own first. Yours: `mls_bytes_free`.
///
/// Errors: `MLS_ERROR_INVALID_ARGUMENT` past the end of the chain.
MLS_MUST_USE
mls_status_t mls_credential_certificate(const mls_credential_t *credential,
                                        size_t index,
                                        mls_bytes_t *out,
                                        mls_error_t **error);

/// A key pair of the application's, which is copied. The secret key is 64 bytes (seed and public key) or the 32-byte
/// seed for Ed25519, the scalar for NIST curves; the public key is 32 bytes or the uncompressed point. Yours:
/// `mls_signing_key_free`. Whether the halves belong together is checked where it is used
/// (`MLS_ERROR_INVALID_SIGNING_KEY`).
MLS_MUST_USE
mls_status_t mls_signing_key_new(const uint8_t *secret_key,
                                 size_t secret_key_len,
                                 const uint8_t *public_key,
                                 size_t public_key_len,
                                 mls_signing_key_t **out,
                                 mls_error_t **error);

/// Wipes and lets a key go. NULL and what is freed already are fine.
void mls_signing_key_free(mls_signing_key_t *key);

/// The secret key, as `mls_signing_key_new` takes it. Yours: `mls_bytes_free`, which wipes it.
MLS_MUST_USE mls_status_t mls_signing_key_secret(const mls_signing_key_t *key, mls_bytes_t *out, mls_error_t **error);

/// The public key, as `mls_signing_key_new` takes it. Yours: `mls_bytes_free`.
MLS_MUST_USE mls_status_t mls_signing_key_public(const mls_signing_key_t *key, mls_bytes_t *out, mls_error_t **error);

/// A new identity with nothing set. Yours: `mls_identity_free`. NULL only if too many handles are live.
mls_identity_t *mls_identity_new(void);

/// Lets a new identity go. NULL and what is freed already are fine.
void mls_identity_free(mls_identity_t *identity);

/// The new credential, which is copied. Default: unchanged.
MLS_MUST_USE
mls_status_t mls_identity_set_credential(mls_identity_t *identity,
                                         const mls_credential_t *credential,
                                         mls_error_t **error);

/// The new signature key, which is copied. Default: one is generated.
MLS_MUST_USE
mls_status_t mls_identity_set_signing_key(mls_identity_t *identity,
                                          const mls_signing_key_t *key,
                                          mls_error_t **error);

/// An empty list. Yours: `mls_extensions_free`. NULL only if too many handles are live.
mls_extensions_t *mls_extensions_new(void);

/// Appends an extension; its data is copied.
MLS_MUST_USE
mls_status_t mls_extensions_push(mls_extensions_t *extensions,
                                 uint16_t kind,
                                 const uint8_t *data,
                                 size_t data_len,
                                 mls_error_t **error);

/// How many extensions there are. 0 if the handle is none.
size_t mls_extensions_count(const mls_extensions_t *extensions);

/// The IANA number of an extension's type.
///
/// Errors: `MLS_ERROR_INVALID_ARGUMENT` past the end.
MLS_MUST_USE
mls_status_t mls_extensions_kind(const mls_extensions_t *extensions,
                                 size_t index,
                                 uint16_t *out,
                                 mls_error_t **error);

/// An extension's data. Yours: `mls_bytes_free`.
///
/// Errors: `MLS_ERROR_INVALID_ARGUMENT` past the end.
MLS_MUST_USE
mls_status_t mls_extensions_data(const mls_extensions_t *extensions,
                                 size_t index,
                                 mls_bytes_t *out,
                                 mls_error_t **error);

/// Lets a list go. NULL and what is freed already are fine.
void mls_extensions_free(mls_extensions_t *extensions);

/// A store without callbacks yet. `user` goes to every callback, and once to `release` when neither the store nor a
/// client needs it any more, also if this call fails; `release` may be NULL. Yours: `mls_store_free`; clients that it
/// opened keep what they need. NULL only if too many handles are live.
mls_store_t *mls_store_new(void *user, mls_drop_fn release);

/// Lets a store go; clients that it opened keep what they need. NULL and what is freed already are fine.
void mls_store_free(mls_store_t *store);

/// How the version is read. Required.
MLS_MUST_USE mls_status_t mls_store_set_version(mls_store_t *store, mls_store_version_fn version, mls_error_t **error);

/// How a row is read. Required.
MLS_MUST_USE mls_status_t mls_store_set_get(mls_store_t *store, mls_store_get_fn get, mls_error_t **error);

/// How a range is read. Required.
MLS_MUST_USE mls_status_t mls_store_set_scan(mls_store_t *store, mls_store_scan_fn scan, mls_error_t **error);

/// How a transaction is written. Required.
MLS_MUST_USE mls_status_t mls_store_set_commit(mls_store_t *store, mls_store_commit_fn commit, mls_error_t **error);

/// How deleted rows are made unrecoverable. Default: not at all.
MLS_MUST_USE mls_status_t mls_store_set_checkpoint(mls_store_t *store, mls_store_fn checkpoint, mls_error_t **error);

/// How file locks are given back. Default: there are none.
MLS_MUST_USE mls_status_t mls_store_set_suspend(mls_store_t *store, mls_store_fn suspend, mls_error_t **error);

/// How `suspend` is ended. Default: there is nothing to do.
MLS_MUST_USE mls_status_t mls_store_set_resume(mls_store_t *store, mls_store_fn resume, mls_error_t **error);

/// Answers a row, which is copied. To be called in a `get` or `scan` callback.
MLS_MUST_USE
mls_status_t mls_store_rows_push(mls_store_rows_t *rows,
                                 const uint8_t *key,
                                 size_t key_len,
                                 const uint8_t *value,
                                 size_t value_len,
                                 mls_error_t **error);

/// How many writes the transaction has. 0 if the handle is none.
size_t mls_store_writes_count(const mls_store_writes_t *writes);

/// What a write does, one of `MLS_STORE_WRITE_*`. 0 past the end.
int32_t mls_store_writes_kind(const mls_store_writes_t *writes, size_t index);

/// The key of a write; the first key of a range. Yours: `mls_bytes_free`.
///
/// Errors: `MLS_ERROR_INVALID_ARGUMENT` past the end.
MLS_MUST_USE
mls_status_t mls_store_writes_key(const mls_store_writes_t *writes,
                                  size_t index,
                                  mls_bytes_t *out,
                                  mls_error_t **error);

/// The value of a `MLS_STORE_WRITE_PUT`. Yours: `mls_bytes_free`.
///
/// Errors: `MLS_ERROR_INVALID_ARGUMENT` for another kind, and past the end.
MLS_MUST_USE
mls_status_t mls_store_writes_value(const mls_store_writes_t *writes,
                                    size_t index,
                                    mls_bytes_t *out,
                                    mls_error_t **error);

/// The first key that a `MLS_STORE_WRITE_DELETE_RANGE` keeps. Yours: `mls_bytes_free`.
///
/// Errors: `MLS_ERROR_INVALID_ARGUMENT` for another kind, and past the end.
MLS_MUST_USE
mls_status_t mls_store_writes_end(const mls_store_writes_t *writes,
                                  size_t index,
                                  mls_bytes_t *out,
                                  mls_error_t **error);

/// Opens the SQLite store at `path`, making it if it is not there. `key` is the store key, `MLS_STORE_KEY_LEN` bytes
/// from the platform's keystore; without it the store cannot be read again. Opening one path twice in a process gives
/// two handles on one store. Yours: `mls_client_free`.
///
/// Errors: `MLS_ERROR_INVALID_ARGUMENT` if the key has another length, no trust is chosen, or a limit is out of its
/// range; `MLS_ERROR_STORE_KEY_WRONG`, `MLS_ERROR_STORE_CORRUPT`, `MLS_ERROR_STORE_NEWER`, with the file untouched;
/// `MLS_ERROR_STORE_IDENTITY` if it belongs to another device; `MLS_ERROR_UNSUPPORTED` for a cipher suite that this
/// build does not have; `MLS_ERROR_INVALID_CREDENTIAL`, `MLS_ERROR_INVALID_SIGNING_KEY`; store errors.
MLS_MUST_USE
mls_status_t mls_client_open(const char *path,
                             const uint8_t *key,
                             size_t key_len,
                             const mls_options_t *options,
                             mls_client_t **out,
                             mls_error_t **error);

/// Opens a store in memory that is gone with the client. Yours: `mls_client_free`.
///
/// Errors: as `mls_client_open`.
MLS_MUST_USE
mls_status_t mls_client_open_in_memory(const mls_options_t *options,
                                       mls_client_t **out,
                                       mls_error_t **error);

/// Opens the application's own store, whose values are sealed under `key` as in `mls_client_open`. Yours:
/// `mls_client_free`.
///
/// Errors: as `mls_client_open`; `MLS_ERROR_INVALID_ARGUMENT` if a required callback is not set.
MLS_MUST_USE
mls_status_t mls_client_open_store(const mls_store_t *store,
                                   const uint8_t *key,
                                   size_t key_len,
                                   const mls_options_t *options,
                                   mls_client_t **out,
                                   mls_error_t **error);

/// Makes everything durable and closes the store, for all handles on the client, its groups and its commits: calls with
/// them answer `MLS_ERROR_CLOSED` from then on. Closing twice is fine.
///
/// Errors: store errors; it is closed then too.
MLS_MUST_USE mls_status_t mls_client_close(const mls_client_t *client, mls_error_t **error);

/// Lets a client go. Its groups and commits stay usable; the store is closed with the last of them, and nothing is
/// written: acknowledgements that are not durable yet come back, so call `mls_client_close` first. NULL and what is freed
/// already are fine.
void mls_client_free(mls_client_t *client);

/// Makes acknowledgements durable, and deleted keys unrecoverable from the files.
///
/// Errors: store errors; `MLS_ERROR_STORE_LOCKED` if another process is in the way: try again later;
/// `MLS_ERROR_CALLBACK_FAILED` of the anchor, when everything else is done.
MLS_MUST_USE mls_status_t mls_client_flush(const mls_client_t *client, mls_error_t **error);

/// Finishes what is under way and gives back every file lock, until `mls_client_resume`; calls answer
/// `MLS_ERROR_SUSPENDED` meanwhile. iOS kills a suspended process that holds a lock. Twice is the same as once.
///
/// Errors: store errors.
MLS_MUST_USE mls_status_t mls_client_suspend(const mls_client_t *client, mls_error_t **error);

/// Ends `mls_client_suspend`; does nothing if it is not suspended.
///
/// Errors: store errors; the client is still suspended then.
MLS_MUST_USE mls_status_t mls_client_resume(const mls_client_t *client, mls_error_t **error);

/// Changes the store key, at once and whole: one row is sealed anew.
///
/// Errors: `MLS_ERROR_INVALID_ARGUMENT` if the key has not `MLS_STORE_KEY_LEN` bytes; store errors.
MLS_MUST_USE
mls_status_t mls_client_rekey(const mls_client_t *client,
                              const uint8_t *key,
                              size_t key_len,
                              mls_error_t **error);

/// This device's credential. Yours: `mls_credential_free`.
///
/// Errors: store errors.
MLS_MUST_USE
mls_status_t mls_client_credential(const mls_client_t *client,
                                   mls_credential_t **out,
                                   mls_error_t **error);

/// The cipher suite of new groups and key packages. 0 if the handle is none.
uint16_t mls_client_cipher_suite(const mls_client_t *client);

/// This device's public signature key for a cipher suite, 0 for the client's own. Yours: `mls_bytes_free`.
///
/// Errors: `MLS_ERROR_UNSUPPORTED` for a suite that this build does not have; store errors.
MLS_MUST_USE
mls_status_t mls_client_signature_key(const mls_client_t *client,
                                      uint16_t cipher_suite,
                                      mls_bytes_t *out,
                                      mls_error_t **error);

/// This device's signature key pair for a cipher suite, 0 for the client's own: whoever has it can speak as this
/// device. Yours: `mls_signing_key_free`, which wipes it.
///
/// Errors: as `mls_client_signature_key`.
MLS_MUST_USE
mls_status_t mls_client_export_signing_key(const mls_client_t *client,
                                           uint16_t cipher_suite,
                                           mls_signing_key_t **out,
                                           mls_error_t **error);

/// A new credential or signature key, for key packages and groups that are made from now on. In a group it is changed
/// by a commit or an update proposal with the same identity: a basic credential's bytes and a certificate's subject say
/// which device it is, and a member cannot become another one.
///
/// Errors: `MLS_ERROR_INVALID_CREDENTIAL`, `MLS_ERROR_INVALID_SIGNING_KEY`, `MLS_ERROR_NOT_ALLOWED` for an extension's
/// role; store errors.
MLS_MUST_USE
mls_status_t mls_client_set_identity(const mls_client_t *client,
                                     const mls_identity_t *identity,
                                     mls_error_t **error);

/// Makes key packages for others to fetch, 1 to 1,000 at once (RFC 9420 section 10), their private keys stored before
/// they are returned. Each is deleted by the join that uses it, but for those of last resort. `options` may be
/// `MLS_DEFAULTS`. Yours: `mls_messages_free`.
///
/// Errors: `MLS_ERROR_INVALID_ARGUMENT` for another count, `MLS_ERROR_UNSUPPORTED` for a suite that this build does not
/// have, `MLS_ERROR_INVALID_SIGNING_KEY` if the client's certificate is for another suite, `MLS_ERROR_INVALID_PROPOSAL`
/// for extensions that this device does not know, `MLS_ERROR_NOT_ALLOWED` for an extension's role; store errors.
MLS_MUST_USE
mls_status_t mls_client_create_key_packages(const mls_client_t *client,
                                            uint32_t count,
                                            const mls_key_package_options_t *options,
                                            mls_messages_t **out,
                                            mls_error_t **error);

/// The key packages that were not used yet. Yours: `mls_key_packages_free`.
///
/// Errors: store errors.
MLS_MUST_USE
mls_status_t mls_client_key_packages(const mls_client_t *client,
                                     mls_key_packages_t **out,
                                     mls_error_t **error);

/// Deletes a key package with its private keys, by its reference. Welcomes for it can no longer be opened.
///
/// Errors: `MLS_ERROR_KEY_PACKAGE_NOT_FOUND`, `MLS_ERROR_NOT_ALLOWED` for an extension's role; store errors.
MLS_MUST_USE
mls_status_t mls_client_delete_key_package(const mls_client_t *client,
                                           const uint8_t *reference,
                                           size_t reference_len,
                                           mls_error_t **error);

/// Deletes the key packages whose life is over, and says how many.
///
/// Errors: `MLS_ERROR_NOT_ALLOWED` for an extension's role; store errors.
MLS_MUST_USE
mls_status_t mls_client_delete_expired_key_packages(const mls_client_t *client,
                                                    uint32_t *out,
                                                    mls_error_t **error);

/// Takes a key package with its private keys into the store, and answers its reference. Yours: `mls_bytes_free`.
///
/// Errors: `MLS_ERROR_UNEXPECTED_MESSAGE` if it is none, `MLS_ERROR_INVALID_KEY_PACKAGE` or
/// `MLS_ERROR_INVALID_SIGNING_KEY` if a private key does not belong to it, `MLS_ERROR_UNSUPPORTED`,
/// `MLS_ERROR_NOT_ALLOWED` for an extension's role; store errors.
MLS_MUST_USE
mls_status_t mls_client_import_key_package(const mls_client_t *client,
                                           const mls_key_package_secrets_t *secrets,
                                           mls_bytes_t *out,
                                           mls_error_t **error);

/// A key package with its private keys, by its reference: whoever has it can read the Welcome that uses it. It stays in
/// this store too: two devices must not both use it. Yours: `mls_key_package_secrets_free`, which wipes it.
///
/// Errors: `MLS_ERROR_KEY_PACKAGE_NOT_FOUND`; store errors.
MLS_MUST_USE
mls_status_t mls_client_export_key_package(const mls_client_t *client,
                                           const uint8_t *reference,
                                           size_t reference_len,
                                           mls_key_package_secrets_t **out,
                                           mls_error_t **error);

/// Keeps an external pre-shared key (RFC 9420 section 8.4) under an id, in place of the one that was there.
///
/// Errors: `MLS_ERROR_INVALID_ARGUMENT` for an empty id or secret, `MLS_ERROR_NOT_ALLOWED` for an extension's role;
/// store errors.
MLS_MUST_USE
mls_status_t mls_client_add_psk(const mls_client_t *client,
                                const uint8_t *id,
                                size_t id_len,
                                const uint8_t *secret,
                                size_t secret_len,
                                mls_error_t **error);

/// Deletes an external pre-shared key; nothing happens if there is none.
///
/// Errors: `MLS_ERROR_NOT_ALLOWED` for an extension's role; store errors.
MLS_MUST_USE
mls_status_t mls_client_delete_psk(const mls_client_t *client,
                                   const uint8_t *id,
                                   size_t id_len,
                                   mls_error_t **error);

/// Makes a group with this device as its only member (RFC 9420 section 11). `options` may be `MLS_DEFAULTS`. Yours:
/// `mls_group_free`.
///
/// Errors: `MLS_ERROR_GROUP_EXISTS` for an id that this store has, `MLS_ERROR_INVALID_ARGUMENT`,
/// `MLS_ERROR_UNSUPPORTED` for a suite that this build does not have, `MLS_ERROR_INVALID_PROPOSAL` for extensions or
/// capabilities that this device does not have, `MLS_ERROR_CREDENTIAL_DENIED` for an external sender,
/// `MLS_ERROR_NOT_ALLOWED` for an extension's role; store errors.
MLS_MUST_USE
mls_status_t mls_client_create_group(const mls_client_t *client,
                                     const mls_group_options_t *options,
                                     mls_group_t **out,
                                     mls_error_t **error);

/// A group of this device, by its id. Yours: `mls_group_free`.
///
/// Errors: `MLS_ERROR_GROUP_NOT_FOUND`; store errors.
MLS_MUST_USE
mls_status_t mls_client_group(const mls_client_t *client,
                              const uint8_t *id,
                              size_t id_len,
                              mls_group_t **out,
                              mls_error_t **error);

/// At most `limit` ids of this device's groups, in a stable order. `after` is the last id of the page before, `(NULL,
/// 0)` for the first page. A group that is only being joined is not among them. Yours: `mls_ids_free`.
///
/// Errors: store errors.
MLS_MUST_USE
mls_status_t mls_client_groups(const mls_client_t *client,
                               const uint8_t *after,
                               size_t after_len,
                               uint32_t limit,
                               mls_ids_t **out,
                               mls_error_t **error);

/// Ids of the groups that external commits of this device join which the service has not answered, after a restart too;
/// those of a resync included. `mls_client_group` has them. Yours: `mls_ids_free`.
///
/// Errors: store errors.
MLS_MUST_USE mls_status_t mls_client_joining_groups(const mls_client_t *client, mls_ids_t **out, mls_error_t **error);

/// Deletes a group with everything of it, its events included; nothing happens if there is none. Handles on it answer
/// `MLS_ERROR_GROUP_NOT_FOUND`, until there is a group of that id again. An invitation to it is not deleted: decline it. Nobody else is told: `mls_group_leave` first, so that the others remove
/// this device.
///
/// Errors: `MLS_ERROR_NOT_ALLOWED` for an extension's role; store errors.
MLS_MUST_USE
mls_status_t mls_client_delete_group(const mls_client_t *client,
                                     const uint8_t *id,
                                     size_t id_len,
                                     mls_error_t **error);

/// Joins the group of an `MLS_EVENT_INVITED`, by that event's id (RFC 9420 section 12.4.3.1). `tree` is the ratchet
/// tree if the preview says that it is needed, `(NULL, 0)` else. The key package is deleted in the same transaction,
/// unless it is of last resort, and the event is acknowledged with it; messages that waited for the group are then processed, and what they brought is in the
/// inbox. Yours: `mls_group_free`.
///
/// Errors: `MLS_ERROR_INVITATION_NOT_FOUND`, `MLS_ERROR_GROUP_EXISTS` if this device is in the group,
/// `MLS_ERROR_TREE_REQUIRED`, `MLS_ERROR_INVALID_TREE`, `MLS_ERROR_INVALID_WELCOME`, `MLS_ERROR_PSK_NOT_FOUND`,
/// `MLS_ERROR_CREDENTIAL_DENIED`, `MLS_ERROR_CREDENTIAL_LATER`, `MLS_ERROR_NOT_ALLOWED` for an extension's role; store
/// errors.
MLS_MUST_USE
mls_status_t mls_client_join(const mls_client_t *client,
                             uint64_t invitation,
                             const uint8_t *tree,
                             size_t tree_len,
                             mls_group_t **out,
                             mls_error_t **error);

/// Turns an invitation down, by the id of its event, which is acknowledged with it: its key package is used up, and nobody
/// is told. Nothing happens if it is gone.
///
/// Errors: `MLS_ERROR_NOT_ALLOWED` for an extension's role; store errors.
MLS_MUST_USE
mls_status_t mls_client_decline(const mls_client_t *client,
                                uint64_t invitation,
                                mls_error_t **error);

/// Makes an external commit that joins the group of a GroupInfo (RFC 9420 section 12.4.3.2). The group of the commit is
/// joining, and cannot send, until the commit is accepted; a resync keeps the old state until then. `options` may be
/// `MLS_DEFAULTS`. Yours: `mls_commit_free`.
///
/// Errors: `MLS_ERROR_INVALID_GROUP_INFO`, `MLS_ERROR_TREE_REQUIRED`, `MLS_ERROR_INVALID_TREE`,
/// `MLS_ERROR_GROUP_EXISTS` without `mls_join_options_set_resync`, `MLS_ERROR_MEMBER_NOT_FOUND` for a resync of a
/// device that is not in the tree, `MLS_ERROR_PSK_NOT_FOUND`, `MLS_ERROR_CREDENTIAL_DENIED`,
/// `MLS_ERROR_CREDENTIAL_LATER`, `MLS_ERROR_UNSUPPORTED`, `MLS_ERROR_NOT_ALLOWED` for an extension's role; store
/// errors.
MLS_MUST_USE
mls_status_t mls_client_join_external(const mls_client_t *client,
                                      const uint8_t *group_info,
                                      size_t group_info_len,
                                      const mls_join_options_t *options,
                                      mls_commit_t **out,
                                      mls_error_t **error);

/// What a GroupInfo says of its group, with nothing stored. `tree` is the ratchet tree if the GroupInfo does not carry
/// it, `(NULL, 0)` else. With the tree the signature is checked and the members are told. Yours: `mls_preview_free`.
///
/// Errors: `MLS_ERROR_INVALID_MESSAGE`, `MLS_ERROR_UNEXPECTED_MESSAGE`, `MLS_ERROR_INVALID_GROUP_INFO`,
/// `MLS_ERROR_INVALID_TREE`, `MLS_ERROR_UNSUPPORTED`; store errors.
MLS_MUST_USE
mls_status_t mls_client_preview(const mls_client_t *client,
                                const uint8_t *group_info,
                                size_t group_info_len,
                                const uint8_t *tree,
                                size_t tree_len,
                                mls_preview_t **out,
                                mls_error_t **error);

/// Proposes from outside that this device be added to the group of a GroupInfo (RFC 9420 section 12.1.8), with a new
/// key package, which is stored. The GroupInfo has to carry the ratchet tree. Answers the message to send. Yours:
/// `mls_bytes_free`.
///
/// Errors: `MLS_ERROR_TREE_REQUIRED`, `MLS_ERROR_INVALID_GROUP_INFO`, `MLS_ERROR_GROUP_EXISTS`,
/// `MLS_ERROR_UNSUPPORTED`, `MLS_ERROR_NOT_ALLOWED` for an extension's role; store errors.
MLS_MUST_USE
mls_status_t mls_client_propose_join(const mls_client_t *client,
                                     const uint8_t *group_info,
                                     size_t group_info_len,
                                     const uint8_t *aad,
                                     size_t aad_len,
                                     mls_bytes_t *out,
                                     mls_error_t **error);

/// Proposes from outside to the group of a GroupInfo, one of whose external senders has this client's signature key
/// (RFC 9420 section 12.1.8.1). `proposals` has exactly one. Answers the message to send. Yours: `mls_bytes_free`.
///
/// Errors: `MLS_ERROR_INVALID_ARGUMENT` for another number of proposals, `MLS_ERROR_INVALID_PROPOSAL` for a kind that
/// an external sender cannot make, `MLS_ERROR_TREE_REQUIRED`, `MLS_ERROR_INVALID_TREE`, `MLS_ERROR_INVALID_GROUP_INFO`,
/// `MLS_ERROR_DENIED` if the group does not list this client's key, `MLS_ERROR_NOT_ALLOWED` for an extension's role;
/// store errors.
MLS_MUST_USE
mls_status_t mls_client_propose_external(const mls_client_t *client,
                                         const uint8_t *group_info,
                                         size_t group_info_len,
                                         const uint8_t *tree,
                                         size_t tree_len,
                                         const mls_proposals_t *proposals,
                                         const uint8_t *aad,
                                         size_t aad_len,
                                         mls_bytes_t *out,
                                         mls_error_t **error);

/// Takes any MLS message, finds its group and answers what happened, in order: one message can release several that
/// were held. What a peer or the network does is an event, never an error: bytes that are no MLS message are
/// `MLS_EVENT_UNDECRYPTABLE`. What the application would miss stays in the inbox until it is acknowledged. Whatever an
/// event reports is stored when this returns. Yours: `mls_events_free`.
///
/// Errors: `MLS_ERROR_UNEXPECTED_MESSAGE` for a bare KeyPackage or GroupInfo, `MLS_ERROR_TOO_LARGE` over the limit,
/// `MLS_ERROR_INBOX_FULL` before any key is consumed, `MLS_ERROR_REENTRANT` from a callback of the same group; store
/// errors. Nothing has changed then.
MLS_MUST_USE
mls_status_t mls_client_receive(const mls_client_t *client,
                                const uint8_t *message,
                                size_t message_len,
                                mls_events_t **out,
                                mls_error_t **error);

/// Takes a backlog, in few transactions. Yours: `mls_events_free`.
///
/// Errors: as `mls_client_receive`. An error ends it: kept events of the messages before are in the inbox then, and which
/// one failed is found by receiving them one by one: what was processed is a duplicate then.
MLS_MUST_USE
mls_status_t mls_client_receive_many(const mls_client_t *client,
                                     const mls_messages_t *messages,
                                     mls_events_t **out,
                                     mls_error_t **error);

/// Processes once more what is held for the validator, for a proposal, for a pre-shared key, or for a client with larger
/// limits. Stops when the inbox is full. Yours: `mls_events_free`.
///
/// Errors: as `mls_client_receive`; `MLS_ERROR_INBOX_FULL` if nothing came before that, and what is left waits on.
MLS_MUST_USE
mls_status_t mls_client_retry_held(const mls_client_t *client,
                                   mls_events_t **out,
                                   mls_error_t **error);

/// At most `limit`, 0 to 1,000, of the events that are kept and not acknowledged, whose ids are above `after` (0 for
/// all), in the order of their ids. After a crash: what was not durably acknowledged, with the same ids. Each counts as
/// delivered once more, durably, before it is returned. Yours: `mls_events_free`.
///
/// Errors: store errors.
MLS_MUST_USE
mls_status_t mls_client_inbox(const mls_client_t *client,
                              uint64_t after,
                              uint32_t limit,
                              mls_events_t **out,
                              mls_error_t **error);

/// Says that the application has saved an event: it is not delivered again. It becomes durable with the next write,
/// `mls_client_flush`, or the close. In any order; an id that was not kept is fine.
///
/// Errors: `MLS_ERROR_NOT_ALLOWED` for an extension's role; store errors.
MLS_MUST_USE mls_status_t mls_client_acknowledge(const mls_client_t *client, uint64_t id, mls_error_t **error);

/// Options with every default. Yours: `mls_key_package_options_free`. NULL only if too many handles are live.
mls_key_package_options_t *mls_key_package_options_new(void);

/// Lets them go. NULL and what is freed already are fine.
void mls_key_package_options_free(mls_key_package_options_t *options);

/// The cipher suite, by its IANA number. Default: the client's.
MLS_MUST_USE
mls_status_t mls_key_package_options_set_cipher_suite(mls_key_package_options_t *options,
                                                      uint16_t cipher_suite,
                                                      mls_error_t **error);

/// Whether the key package may be used more than once, when nothing else is left; 0 for no. Default 0.
MLS_MUST_USE
mls_status_t mls_key_package_options_set_last_resort(mls_key_package_options_t *options,
                                                     int32_t yes,
                                                     mls_error_t **error);

/// Seconds that the key package lives. Default: as `mls_options_set_key_package_lifetime` says.
MLS_MUST_USE
mls_status_t mls_key_package_options_set_lifetime(mls_key_package_options_t *options,
                                                  uint64_t seconds,
                                                  mls_error_t **error);

/// Extensions of the key package, which are copied.
MLS_MUST_USE
mls_status_t mls_key_package_options_set_extensions(mls_key_package_options_t *options,
                                                    const mls_extensions_t *extensions,
                                                    mls_error_t **error);

/// Extensions of the leaf, which are copied.
MLS_MUST_USE
mls_status_t mls_key_package_options_set_leaf_extensions(mls_key_package_options_t *options,
                                                         const mls_extensions_t *extensions,
                                                         mls_error_t **error);

/// How many key packages there are. 0 if the handle is none.
size_t mls_key_packages_count(const mls_key_packages_t *key_packages);

/// Lets a list go. NULL and what is freed already are fine.
void mls_key_packages_free(mls_key_packages_t *key_packages);

/// A key package's reference (RFC 9420 section 5.2). Yours: `mls_bytes_free`.
///
/// Errors: `MLS_ERROR_INVALID_ARGUMENT` past the end.
MLS_MUST_USE
mls_status_t mls_key_packages_reference(const mls_key_packages_t *key_packages,
                                        size_t index,
                                        mls_bytes_t *out,
                                        mls_error_t **error);

/// A key package's cipher suite.
///
/// Errors: `MLS_ERROR_INVALID_ARGUMENT` past the end.
MLS_MUST_USE
mls_status_t mls_key_packages_cipher_suite(const mls_key_packages_t *key_packages,
                                           size_t index,
                                           uint16_t *out,
                                           mls_error_t **error);

/// Whether a key package may be used more than once.
///
/// Errors: `MLS_ERROR_INVALID_ARGUMENT` past the end.
MLS_MUST_USE
mls_status_t mls_key_packages_last_resort(const mls_key_packages_t *key_packages,
                                          size_t index,
                                          bool *out,
                                          mls_error_t **error);

/// Since when a key package is valid, seconds since 1970.
///
/// Errors: `MLS_ERROR_INVALID_ARGUMENT` past the end.
MLS_MUST_USE
mls_status_t mls_key_packages_not_before(const mls_key_packages_t *key_packages,
                                         size_t index,
                                         uint64_t *out,
                                         mls_error_t **error);

/// Until when a key package is valid, seconds since 1970.
///
/// Errors: `MLS_ERROR_INVALID_ARGUMENT` past the end.
MLS_MUST_USE
mls_status_t mls_key_packages_not_after(const mls_key_packages_t *key_packages,
                                        size_t index,
                                        uint64_t *out,
                                        mls_error_t **error);

/// The message to publish. Yours: `mls_bytes_free`.
///
/// Errors: `MLS_ERROR_INVALID_ARGUMENT` past the end.
MLS_MUST_USE
mls_status_t mls_key_packages_message(const mls_key_packages_t *key_packages,
                                      size_t index,
                                      mls_bytes_t *out,
                                      mls_error_t **error);

/// A key package with everything empty: set all of it. Yours: `mls_key_package_secrets_free`. NULL only if too many
/// handles are live.
mls_key_package_secrets_t *mls_key_package_secrets_new(void);

/// Wipes and lets it go. NULL and what is freed already are fine.
void mls_key_package_secrets_free(mls_key_package_secrets_t *secrets);

/// Sets the key package message, which is copied.
MLS_MUST_USE
mls_status_t mls_key_package_secrets_set_message(mls_key_package_secrets_t *secrets,
                                                 const uint8_t *message,
                                                 size_t message_len,
                                                 mls_error_t **error);

/// The key package message. Yours: `mls_bytes_free`.
MLS_MUST_USE
mls_status_t mls_key_package_secrets_message(const mls_key_package_secrets_t *secrets,
                                             mls_bytes_t *out,
                                             mls_error_t **error);

/// Sets the private key of its `init_key`, which is copied.
MLS_MUST_USE
mls_status_t mls_key_package_secrets_set_init_key(mls_key_package_secrets_t *secrets,
                                                  const uint8_t *init_key,
                                                  size_t init_key_len,
                                                  mls_error_t **error);

/// The private key of its `init_key`. Yours: `mls_bytes_free`.
MLS_MUST_USE
mls_status_t mls_key_package_secrets_init_key(const mls_key_package_secrets_t *secrets,
                                              mls_bytes_t *out,
                                              mls_error_t **error);

/// Sets the private key of its leaf's `encryption_key`, which is copied.
MLS_MUST_USE
mls_status_t mls_key_package_secrets_set_encryption_key(mls_key_package_secrets_t *secrets,
                                                        const uint8_t *encryption_key,
                                                        size_t encryption_key_len,
                                                        mls_error_t **error);

/// The private key of its leaf's `encryption_key`. Yours: `mls_bytes_free`.
MLS_MUST_USE
mls_status_t mls_key_package_secrets_encryption_key(const mls_key_package_secrets_t *secrets,
                                                    mls_bytes_t *out,
                                                    mls_error_t **error);

/// Sets the private key of its leaf's `signature_key`, which is copied.
MLS_MUST_USE
mls_status_t mls_key_package_secrets_set_signature_key(mls_key_package_secrets_t *secrets,
                                                       const uint8_t *signature_key,
                                                       size_t signature_key_len,
                                                       mls_error_t **error);

/// The private key of its leaf's `signature_key`. Yours: `mls_bytes_free`.
MLS_MUST_USE
mls_status_t mls_key_package_secrets_signature_key(const mls_key_package_secrets_t *secrets,
                                                   mls_bytes_t *out,
                                                   mls_error_t **error);

/// An empty list. Yours: `mls_messages_free`. NULL only if too many handles are live.
mls_messages_t *mls_messages_new(void);

/// Appends a message, which is copied and not read yet.
MLS_MUST_USE
mls_status_t mls_messages_push(mls_messages_t *messages,
                               const uint8_t *message,
                               size_t message_len,
                               mls_error_t **error);

/// How many messages there are. 0 if the handle is none.
size_t mls_messages_count(const mls_messages_t *messages);

/// A message of the list. Yours: `mls_bytes_free`.
///
/// Errors: `MLS_ERROR_INVALID_ARGUMENT` past the end.
MLS_MUST_USE
mls_status_t mls_messages_at(const mls_messages_t *messages,
                             size_t index,
                             mls_bytes_t *out,
                             mls_error_t **error);

/// Lets a list go. NULL and what is freed already are fine.
void mls_messages_free(mls_messages_t *messages);

/// Reads a message from outside, for routing (RFC 9420 section 6). Yours: `mls_message_info_free`.
///
/// Errors: `MLS_ERROR_INVALID_MESSAGE` if it is not one, `MLS_ERROR_TOO_LARGE` above 64 MiB.
MLS_MUST_USE
mls_status_t mls_message_info_read(const uint8_t *message,
                                   size_t message_len,
                                   mls_message_info_t **out,
                                   mls_error_t **error);

/// Lets it go. NULL and what is freed already are fine.
void mls_message_info_free(mls_message_info_t *info);

/// What kind of message it is, one of `MLS_WIRE_FORMAT_*`. 0 if the handle is none.
int32_t mls_message_info_wire_format(const mls_message_info_t *info);

/// What a framed message contains, one of `MLS_CONTENT_*`. 0 for another, and if the handle is none.
int32_t mls_message_info_content(const mls_message_info_t *info);

/// Where the sender claims to stand, one of `MLS_SENDER_*`. 0 if it is no public message, or the handle is none.
int32_t mls_message_info_sender_kind(const mls_message_info_t *info);

/// The cipher suite of a Welcome, a GroupInfo or a KeyPackage. 0 for another, and if the handle is none.
uint16_t mls_message_info_cipher_suite(const mls_message_info_t *info);

/// The message's group; absent for a Welcome and a KeyPackage, which name none. Yours: `mls_bytes_free`.
MLS_MUST_USE
mls_status_t mls_message_info_group_id(const mls_message_info_t *info,
                                       mls_bytes_t *out,
                                       mls_error_t **error);

/// The message's epoch.
///
/// Errors: `MLS_ERROR_INVALID_ARGUMENT` for a Welcome and a KeyPackage, which name none.
MLS_MUST_USE mls_status_t mls_message_info_epoch(const mls_message_info_t *info, uint64_t *out, mls_error_t **error);

/// The leaf that the sender of a public message claims.
///
/// Errors: `MLS_ERROR_INVALID_ARGUMENT` if it claims none.
MLS_MUST_USE
mls_status_t mls_message_info_sender_leaf(const mls_message_info_t *info,
                                          uint32_t *out,
                                          mls_error_t **error);

/// The references of the key packages that a Welcome is for, or of a KeyPackage itself. Yours: `mls_ids_free`.
MLS_MUST_USE
mls_status_t mls_message_info_key_packages(const mls_message_info_t *info,
                                           mls_ids_t **out,
                                           mls_error_t **error);

/// Authenticated data that anyone can read. Yours: `mls_bytes_free`.
MLS_MUST_USE mls_status_t mls_message_info_aad(const mls_message_info_t *info, mls_bytes_t *out, mls_error_t **error);

/// How many ids there are. 0 if the handle is none.
size_t mls_ids_count(const mls_ids_t *ids);

/// An id of the list. Yours: `mls_bytes_free`.
///
/// Errors: `MLS_ERROR_INVALID_ARGUMENT` past the end.
MLS_MUST_USE mls_status_t mls_ids_at(const mls_ids_t *ids, size_t index, mls_bytes_t *out, mls_error_t **error);

/// Lets a list go. NULL and what is freed already are fine.
void mls_ids_free(mls_ids_t *ids);

/// Lets a group go; nothing happens to the group itself. NULL and what is freed already are fine.
void mls_group_free(mls_group_t *group);

/// The group's id. Yours: `mls_bytes_free`.
MLS_MUST_USE mls_status_t mls_group_id(const mls_group_t *group, mls_bytes_t *out, mls_error_t **error);

/// What the group can do now, one of `MLS_GROUP_*`.
///
/// Errors: store errors.
MLS_MUST_USE mls_status_t mls_group_status(const mls_group_t *group, int32_t *out, mls_error_t **error);

/// The group's epoch (RFC 9420 section 8).
///
/// Errors: store errors.
MLS_MUST_USE mls_status_t mls_group_epoch(const mls_group_t *group, uint64_t *out, mls_error_t **error);

/// The group's cipher suite, by its IANA number.
///
/// Errors: store errors.
MLS_MUST_USE mls_status_t mls_group_cipher_suite(const mls_group_t *group, uint16_t *out, mls_error_t **error);

/// This device's leaf.
///
/// Errors: store errors.
MLS_MUST_USE mls_status_t mls_group_own_leaf(const mls_group_t *group, uint32_t *out, mls_error_t **error);

/// All members, in the order of their leaves. Yours: `mls_members_free`.
///
/// Errors: store errors.
MLS_MUST_USE mls_status_t mls_group_members(const mls_group_t *group, mls_members_t **out, mls_error_t **error);

/// The member at a leaf, as a list of one. Yours: `mls_members_free`.
///
/// Errors: `MLS_ERROR_MEMBER_NOT_FOUND`; store errors.
MLS_MUST_USE
mls_status_t mls_group_member(const mls_group_t *group,
                              uint32_t leaf,
                              mls_members_t **out,
                              mls_error_t **error);

/// How many members the group has.
///
/// Errors: store errors.
MLS_MUST_USE mls_status_t mls_group_member_count(const mls_group_t *group, uint32_t *out, mls_error_t **error);

/// The extensions of the group context (RFC 9420 section 8.1). Yours: `mls_extensions_free`.
///
/// Errors: store errors.
MLS_MUST_USE mls_status_t mls_group_extensions(const mls_group_t *group, mls_extensions_t **out, mls_error_t **error);

/// The hash of the ratchet tree (RFC 9420 section 7.8). Yours: `mls_bytes_free`.
///
/// Errors: store errors.
MLS_MUST_USE mls_status_t mls_group_tree_hash(const mls_group_t *group, mls_bytes_t *out, mls_error_t **error);

/// What members compare, by another way, to know that they are in the same epoch of the same group (RFC 9420 section
/// 8.7). Yours: `mls_bytes_free`.
///
/// Errors: store errors.
MLS_MUST_USE
mls_status_t mls_group_epoch_authenticator(const mls_group_t *group,
                                           mls_bytes_t *out,
                                           mls_error_t **error);

/// A secret of `len` bytes that only members of this epoch have, for another protocol (RFC 9420 section 8.5). Yours:
/// `mls_bytes_free`, which wipes it.
///
/// Errors: `MLS_ERROR_INVALID_ARGUMENT` unless `len` is 1 to 255 times the size of the suite's hash; store errors.
MLS_MUST_USE
mls_status_t mls_group_export_secret(const mls_group_t *group,
                                     const char *label,
                                     const uint8_t *context,
                                     size_t context_len,
                                     uint32_t len,
                                     mls_bytes_t *out,
                                     mls_error_t **error);

/// A signed GroupInfo of this epoch (RFC 9420 section 12.4.3): with `allow_join` not 0 others can join by an external
/// commit, with `with_tree` not 0 it carries the ratchet tree. Yours: `mls_bytes_free`.
///
/// Errors: store errors.
MLS_MUST_USE
mls_status_t mls_group_info(const mls_group_t *group,
                            int32_t allow_join,
                            int32_t with_tree,
                            mls_bytes_t *out,
                            mls_error_t **error);

/// The ratchet tree, for joiners whose Welcome or GroupInfo does not carry it (RFC 9420 section 12.4.3.3). Yours:
/// `mls_bytes_free`.
///
/// Errors: store errors.
MLS_MUST_USE mls_status_t mls_group_ratchet_tree(const mls_group_t *group, mls_bytes_t *out, mls_error_t **error);

/// Encrypts for this epoch's members (RFC 9420 section 6.3). The message's key can never be used again, whatever dies
/// when. `options` may be `MLS_DEFAULTS`. Yours: `mls_bytes_free`.
///
/// Errors: `MLS_ERROR_TOO_LARGE` if members with this client's limit of a message's size might refuse it, padding included;
/// `MLS_ERROR_COMMIT_REQUIRED` while proposals wait (section 12.4); store errors. Nothing has changed then.
MLS_MUST_USE
mls_status_t mls_group_encrypt(const mls_group_t *group,
                               const uint8_t *data,
                               size_t data_len,
                               const mls_encrypt_options_t *options,
                               mls_bytes_t *out,
                               mls_error_t **error);

/// Makes proposals for somebody to commit (RFC 9420 section 12.1), with authenticated data that anyone can read, and
/// answers a message for each, in the same order. All of them or none. Yours: `mls_messages_free`.
///
/// What is wrong only together with other proposals (a member twice, two of a kind that may be there once) is found when
/// they are committed: the commit leaves it out.
///
/// Errors: `MLS_ERROR_COMMIT_REQUIRED` for more proposals of ours than members keep of one sender
/// (`mls_options_set_limit_proposals_per_member`), `MLS_ERROR_INVALID_PROPOSAL`, `MLS_ERROR_INVALID_KEY_PACKAGE`,
/// `MLS_ERROR_KEY_PACKAGE_EXPIRED`, `MLS_ERROR_MEMBER_NOT_FOUND`, `MLS_ERROR_PSK_NOT_FOUND`,
/// `MLS_ERROR_CREDENTIAL_DENIED`, `MLS_ERROR_CREDENTIAL_LATER`, `MLS_ERROR_UNSUPPORTED`; store errors.
MLS_MUST_USE
mls_status_t mls_group_propose(const mls_group_t *group,
                               const mls_proposals_t *proposals,
                               const uint8_t *aad,
                               size_t aad_len,
                               mls_messages_t **out,
                               mls_error_t **error);

/// Proposes that this device be removed, which somebody else has to commit (RFC 9420 section 12.1.3). Answers the
/// message to send. Yours: `mls_bytes_free`.
///
/// Errors: store errors.
MLS_MUST_USE
mls_status_t mls_group_leave(const mls_group_t *group,
                             const uint8_t *aad,
                             size_t aad_len,
                             mls_bytes_t *out,
                             mls_error_t **error);

/// The proposals that are cached in this epoch. Yours: `mls_proposal_infos_free`.
///
/// Errors: store errors.
MLS_MUST_USE
mls_status_t mls_group_proposals(const mls_group_t *group,
                                 mls_proposal_infos_t **out,
                                 mls_error_t **error);

/// Drops a proposal of this device's that nobody has committed, by its reference. Others who have received it may still
/// commit it: tell them by other means.
///
/// Errors: `MLS_ERROR_PROPOSAL_NOT_FOUND`; store errors.
MLS_MUST_USE
mls_status_t mls_group_withdraw(const mls_group_t *group,
                                const uint8_t *reference,
                                size_t reference_len,
                                mls_error_t **error);

/// Drops all cached proposals, so that messages can be sent again. A commit of others that refers to one of them is
/// understood all the same.
///
/// Errors: store errors.
MLS_MUST_USE mls_status_t mls_group_clear_proposals(const mls_group_t *group, mls_error_t **error);

/// Makes a commit of these proposals, by value, and of those that are cached, by reference (RFC 9420 section 12.4).
/// NULL for the proposals: only those that are cached; with none at all it renews this device's keys. It is durable
/// before it is seen and pending until `mls_commit_accept` or `mls_commit_reject`; until then the group works in the
/// old epoch. `options` may be `MLS_DEFAULTS`. Yours: `mls_commit_free`.
///
/// Cached proposals that would make peers refuse the commit are left out: a second Update of one sender, an Update of
/// somebody who is removed, an Add of somebody who is added by value.
///
/// Errors: `MLS_ERROR_TOO_MANY_COMMITS` if four are pending in this epoch; `MLS_ERROR_INVALID_PROPOSAL`,
/// `MLS_ERROR_INVALID_KEY_PACKAGE`, `MLS_ERROR_KEY_PACKAGE_EXPIRED`, `MLS_ERROR_DUPLICATE_MEMBER`,
/// `MLS_ERROR_MEMBER_NOT_FOUND`, `MLS_ERROR_PSK_NOT_FOUND`, `MLS_ERROR_CREDENTIAL_DENIED`,
/// `MLS_ERROR_CREDENTIAL_LATER`, `MLS_ERROR_INVALID_CREDENTIAL`, `MLS_ERROR_INVALID_SIGNING_KEY`,
/// `MLS_ERROR_UNSUPPORTED`; store errors. Nothing has changed then.
MLS_MUST_USE
mls_status_t mls_group_commit(const mls_group_t *group,
                              const mls_proposals_t *proposals,
                              const mls_commit_options_t *options,
                              mls_commit_t **out,
                              mls_error_t **error);

/// Commits again, by value, proposals of a commit that was superseded: those that `mls_events_still_valid` answers. A
/// Remove is for who was meant, not for whoever has come to that leaf since: `MLS_ERROR_MEMBER_NOT_FOUND` then.
/// `options` may be `MLS_DEFAULTS`. Yours: `mls_commit_free`.
///
/// Errors: `MLS_ERROR_INVALID_MESSAGE` for what is no proposal, and as `mls_group_commit`.
MLS_MUST_USE
mls_status_t mls_group_commit_again(const mls_group_t *group,
                                    const mls_proposal_infos_t *proposals,
                                    const mls_commit_options_t *options,
                                    mls_commit_t **out,
                                    mls_error_t **error);

/// The commits of this device that are pending in this epoch, also after a restart. Yours: `mls_commits_free`.
///
/// Errors: store errors.
MLS_MUST_USE mls_status_t mls_group_pending_commits(const mls_group_t *group, mls_commits_t **out, mls_error_t **error);

/// A commit of this device's by its id, as `mls_events_commit` answers it: while it is pending or remembered as
/// rejected, and, once accepted, until its `MLS_EVENT_COMMITTED` is acknowledged. So the Welcomes of a commit whose
/// device died after `mls_commit_accept` are delivered after its restart. Yours: `mls_commit_free`.
///
/// Errors: `MLS_ERROR_COMMIT_NOT_FOUND`; store errors.
MLS_MUST_USE
mls_status_t mls_group_find_commit(const mls_group_t *group,
                                   uint64_t id,
                                   mls_commit_t **out,
                                   mls_error_t **error);

/// Makes a new group of some of this one's members, bound to this epoch, by a key package for each of them but this
/// device (RFC 9420 section 11.3); its id is `(NULL, 0)` for a random one. They have to join while they are in the same
/// epoch. `extensions` are those of the new group's context, NULL for this group's. `options` may be `MLS_DEFAULTS`; a
/// path, the tree and the Welcomes can be chosen. The commit is accepted at once: `mls_commit_group` is the new group,
/// `mls_commit_welcomes` its Welcomes. Yours: `mls_commit_free`.
///
/// Errors: `MLS_ERROR_GROUP_EXISTS`, `MLS_ERROR_INVALID_KEY_PACKAGE`, `MLS_ERROR_NO_SUCCESSOR` if somebody is not a
/// member of this group, `MLS_ERROR_INVALID_ARGUMENT` for other options, `MLS_ERROR_INVALID_PROPOSAL` for extensions
/// that a member does not have; store errors.
MLS_MUST_USE
mls_status_t mls_group_branch(const mls_group_t *group,
                              const uint8_t *id,
                              size_t id_len,
                              const mls_messages_t *key_packages,
                              const mls_extensions_t *extensions,
                              const mls_commit_options_t *options,
                              mls_commit_t **out,
                              mls_error_t **error);

/// Makes the successor that a committed ReInit announced, by a key package for every other member (RFC 9420 section
/// 11.2). `options` as for `mls_group_branch`. The commit is accepted at once: `mls_commit_group` is the successor,
/// `mls_commit_welcomes` its Welcomes. Yours: `mls_commit_free`.
///
/// Errors: `MLS_ERROR_NO_SUCCESSOR` if none is announced or the members are not the same, `MLS_ERROR_GROUP_EXISTS`,
/// `MLS_ERROR_INVALID_KEY_PACKAGE`, `MLS_ERROR_INVALID_ARGUMENT` for other options; store errors.
MLS_MUST_USE
mls_status_t mls_group_create_successor(const mls_group_t *group,
                                        const mls_messages_t *key_packages,
                                        const mls_commit_options_t *options,
                                        mls_commit_t **out,
                                        mls_error_t **error);

/// Options with every default. Yours: `mls_group_options_free`. NULL only if too many handles are live.
mls_group_options_t *mls_group_options_new(void);

/// Lets them go. NULL and what is freed already are fine.
void mls_group_options_free(mls_group_options_t *options);

/// The group's id, which is copied. Default: 16 random bytes.
MLS_MUST_USE
mls_status_t mls_group_options_set_id(mls_group_options_t *options,
                                      const uint8_t *id,
                                      size_t id_len,
                                      mls_error_t **error);

/// The cipher suite, by its IANA number. Default: the client's.
MLS_MUST_USE
mls_status_t mls_group_options_set_cipher_suite(mls_group_options_t *options,
                                                uint16_t cipher_suite,
                                                mls_error_t **error);

/// Extensions of the group context, which are copied. Types that have setters here do not belong among them.
MLS_MUST_USE
mls_status_t mls_group_options_set_extensions(mls_group_options_t *options,
                                              const mls_extensions_t *extensions,
                                              mls_error_t **error);

/// Adds an extension type to what every member must be able to do (RFC 9420 section 11.1).
MLS_MUST_USE
mls_status_t mls_group_options_push_required_extension(mls_group_options_t *options,
                                                       uint16_t kind,
                                                       mls_error_t **error);

/// Adds a proposal type to what every member must be able to do (RFC 9420 section 11.1).
MLS_MUST_USE
mls_status_t mls_group_options_push_required_proposal(mls_group_options_t *options,
                                                      uint16_t kind,
                                                      mls_error_t **error);

/// Adds a credential type to what every member must be able to do (RFC 9420 section 11.1).
MLS_MUST_USE
mls_status_t mls_group_options_push_required_credential(mls_group_options_t *options,
                                                        uint16_t kind,
                                                        mls_error_t **error);

/// Adds somebody who may propose from outside (RFC 9420 section 12.1.8.1), by a signature key and a credential, which
/// are copied.
MLS_MUST_USE
mls_status_t mls_group_options_push_external_sender(mls_group_options_t *options,
                                                    const uint8_t *signature_key,
                                                    size_t signature_key_len,
                                                    const mls_credential_t *credential,
                                                    mls_error_t **error);

/// Extensions of our own leaf, which are copied.
MLS_MUST_USE
mls_status_t mls_group_options_set_leaf_extensions(mls_group_options_t *options,
                                                   const mls_extensions_t *extensions,
                                                   mls_error_t **error);

/// Options with every default. Yours: `mls_encrypt_options_free`. NULL only if too many handles are live.
mls_encrypt_options_t *mls_encrypt_options_new(void);

/// Lets them go. NULL and what is freed already are fine.
void mls_encrypt_options_free(mls_encrypt_options_t *options);

/// Authenticated data that anyone can read, which is copied. Default: none.
MLS_MUST_USE
mls_status_t mls_encrypt_options_set_aad(mls_encrypt_options_t *options,
                                         const uint8_t *aad,
                                         size_t aad_len,
                                         mls_error_t **error);

/// Options with every default. Yours: `mls_join_options_free`. NULL only if too many handles are live.
mls_join_options_t *mls_join_options_new(void);

/// Lets them go. NULL and what is freed already are fine.
void mls_join_options_free(mls_join_options_t *options);

/// The ratchet tree, which is copied, if the GroupInfo does not carry it.
MLS_MUST_USE
mls_status_t mls_join_options_set_tree(mls_join_options_t *options,
                                       const uint8_t *tree,
                                       size_t tree_len,
                                       mls_error_t **error);

/// Whether to take the place of this device's old leaf. Default 0.
MLS_MUST_USE mls_status_t mls_join_options_set_resync(mls_join_options_t *options, int32_t yes, mls_error_t **error);

/// Mixes in an external pre-shared key, by its id, that `mls_client_add_psk` was given.
MLS_MUST_USE
mls_status_t mls_join_options_push_psk(mls_join_options_t *options,
                                       const uint8_t *id,
                                       size_t id_len,
                                       mls_error_t **error);

/// Authenticated data that anyone can read, which is copied. Default: none.
MLS_MUST_USE
mls_status_t mls_join_options_set_aad(mls_join_options_t *options,
                                      const uint8_t *aad,
                                      size_t aad_len,
                                      mls_error_t **error);

/// Extensions of our own leaf, which are copied.
MLS_MUST_USE
mls_status_t mls_join_options_set_leaf_extensions(mls_join_options_t *options,
                                                  const mls_extensions_t *extensions,
                                                  mls_error_t **error);

/// How many members there are. 0 if the handle is none.
size_t mls_members_count(const mls_members_t *members);

/// Lets a list go. NULL and what is freed already are fine.
void mls_members_free(mls_members_t *members);

/// Where a member's leaf is in the tree. Stable while it is a member.
///
/// Errors: `MLS_ERROR_INVALID_ARGUMENT` past the end.
MLS_MUST_USE
mls_status_t mls_members_leaf(const mls_members_t *members,
                              size_t index,
                              uint32_t *out,
                              mls_error_t **error);

/// A member's credential. Yours: `mls_credential_free`.
///
/// Errors: `MLS_ERROR_INVALID_ARGUMENT` past the end.
MLS_MUST_USE
mls_status_t mls_members_credential(const mls_members_t *members,
                                    size_t index,
                                    mls_credential_t **out,
                                    mls_error_t **error);

/// The user that a member's credential names, UTF-8; absent if it is not of the client's form. Yours:
/// `mls_bytes_free`.
///
/// Errors: `MLS_ERROR_INVALID_ARGUMENT` past the end.
MLS_MUST_USE
mls_status_t mls_members_user(const mls_members_t *members,
                              size_t index,
                              mls_bytes_t *out,
                              mls_error_t **error);

/// The device that a member's credential names, UTF-8; absent if it is not of the client's form. Yours:
/// `mls_bytes_free`.
///
/// Errors: `MLS_ERROR_INVALID_ARGUMENT` past the end.
MLS_MUST_USE
mls_status_t mls_members_device(const mls_members_t *members,
                                size_t index,
                                mls_bytes_t *out,
                                mls_error_t **error);

/// A member's public signature key. Yours: `mls_bytes_free`.
///
/// Errors: `MLS_ERROR_INVALID_ARGUMENT` past the end.
MLS_MUST_USE
mls_status_t mls_members_signature_key(const mls_members_t *members,
                                       size_t index,
                                       mls_bytes_t *out,
                                       mls_error_t **error);

/// The epoch in which a member's keys last changed, as far as this device has seen (at first the epoch of its own
/// join).
///
/// Errors: `MLS_ERROR_INVALID_ARGUMENT` past the end.
MLS_MUST_USE
mls_status_t mls_members_last_update(const mls_members_t *members,
                                     size_t index,
                                     uint64_t *out,
                                     mls_error_t **error);

/// The extensions of a member's leaf. Yours: `mls_extensions_free`.
///
/// Errors: `MLS_ERROR_INVALID_ARGUMENT` past the end.
MLS_MUST_USE
mls_status_t mls_members_extensions(const mls_members_t *members,
                                    size_t index,
                                    mls_extensions_t **out,
                                    mls_error_t **error);

/// How many types a member says it knows (RFC 9420 section 7.2), those of RFC 9420's defaults left out. `capability`
/// is one of `MLS_CAPABILITY_*`. 0 past the end, and for another capability.
size_t mls_members_capabilities_count(const mls_members_t *members, size_t index, int32_t capability);

/// One of the types that a member says it knows, by its position among them. `capability` is one of
/// `MLS_CAPABILITY_*`.
///
/// Errors: `MLS_ERROR_INVALID_ARGUMENT` past the end, and for another capability.
MLS_MUST_USE
mls_status_t mls_members_capability(const mls_members_t *members,
                                    size_t index,
                                    int32_t capability,
                                    size_t position,
                                    uint16_t *out,
                                    mls_error_t **error);

/// An empty list. Yours: `mls_proposals_free`. NULL only if too many handles are live.
mls_proposals_t *mls_proposals_new(void);

/// Lets a list go. NULL and what is freed already are fine.
void mls_proposals_free(mls_proposals_t *proposals);

/// Add the device that made this key package, which is copied and read when it is used (RFC 9420 section 12.1.1).
MLS_MUST_USE
mls_status_t mls_proposals_push_add(mls_proposals_t *proposals,
                                    const uint8_t *key_package,
                                    size_t key_package_len,
                                    mls_error_t **error);

/// Renew our own leaf (RFC 9420 section 12.1.2). In a commit it forces a path. `identity` is a new credential and key,
/// or NULL to renew the encryption key only; `leaf_extensions` are all of the new ones, or NULL to keep them. Both are
/// copied.
MLS_MUST_USE
mls_status_t mls_proposals_push_update(mls_proposals_t *proposals,
                                       const mls_identity_t *identity,
                                       const mls_extensions_t *leaf_extensions,
                                       mls_error_t **error);

/// Remove the member at this leaf (RFC 9420 section 12.1.3).
MLS_MUST_USE mls_status_t mls_proposals_push_remove(mls_proposals_t *proposals, uint32_t leaf, mls_error_t **error);

/// Mix in an external pre-shared key that all members have, by its id, which is copied (RFC 9420 section 12.1.4).
MLS_MUST_USE
mls_status_t mls_proposals_push_external_psk(mls_proposals_t *proposals,
                                             const uint8_t *id,
                                             size_t id_len,
                                             mls_error_t **error);

/// Mix in the resumption secret of an epoch of this group (RFC 9420 section 12.1.4).
MLS_MUST_USE
mls_status_t mls_proposals_push_resumption_psk(mls_proposals_t *proposals,
                                               uint64_t epoch,
                                               mls_error_t **error);

/// End the group and announce a successor (RFC 9420 section 12.1.5): its id, `(NULL, 0)` for a random one, its cipher
/// suite, and the extensions of its context, NULL for none. All are copied.
MLS_MUST_USE
mls_status_t mls_proposals_push_reinit(mls_proposals_t *proposals,
                                       const uint8_t *group_id,
                                       size_t group_id_len,
                                       uint16_t cipher_suite,
                                       const mls_extensions_t *extensions,
                                       mls_error_t **error);

/// Replace the extensions of the group context by these, which are copied (RFC 9420 section 12.1.7). All of them: what is
/// not among them goes, required capabilities and external senders too.
MLS_MUST_USE
mls_status_t mls_proposals_push_group_context_extensions(mls_proposals_t *proposals,
                                                         const mls_extensions_t *extensions,
                                                         mls_error_t **error);

/// A proposal of the application's own type, which every member must be capable of. Its bytes are copied.
MLS_MUST_USE
mls_status_t mls_proposals_push_custom(mls_proposals_t *proposals,
                                       uint16_t kind,
                                       const uint8_t *data,
                                       size_t data_len,
                                       mls_error_t **error);

/// How many proposals there are. 0 if the handle is none.
size_t mls_proposals_count(const mls_proposals_t *proposals);

/// How many proposals there are. 0 if the handle is none.
size_t mls_proposal_infos_count(const mls_proposal_infos_t *infos);

/// Lets a list go. NULL and what is freed already are fine.
void mls_proposal_infos_free(mls_proposal_infos_t *infos);

/// The IANA number of a proposal's type: `MLS_PROPOSAL_*`, or the application's own. 0 past the end.
uint16_t mls_proposal_infos_kind(const mls_proposal_infos_t *infos, size_t index);

/// Who made a proposal. Yours: `mls_senders_free`.
///
/// Errors: `MLS_ERROR_INVALID_ARGUMENT` past the end.
MLS_MUST_USE
mls_status_t mls_proposal_infos_sender(const mls_proposal_infos_t *infos,
                                       size_t index,
                                       mls_senders_t **out,
                                       mls_error_t **error);

/// What a commit refers to a cached proposal by (RFC 9420 section 5.2); empty if it was made by value. Yours:
/// `mls_bytes_free`.
///
/// Errors: `MLS_ERROR_INVALID_ARGUMENT` past the end.
MLS_MUST_USE
mls_status_t mls_proposal_infos_reference(const mls_proposal_infos_t *infos,
                                          size_t index,
                                          mls_bytes_t *out,
                                          mls_error_t **error);

/// Whom a proposal is about: the added or updated leaf after it, the member to be removed; none for other proposals.
/// Yours: `mls_senders_free`.
///
/// Errors: `MLS_ERROR_INVALID_ARGUMENT` past the end.
MLS_MUST_USE
mls_status_t mls_proposal_infos_subject(const mls_proposal_infos_t *infos,
                                        size_t index,
                                        mls_senders_t **out,
                                        mls_error_t **error);

/// A pre-shared key's id, a successor's group id, a custom proposal's bytes; empty for other proposals. Yours:
/// `mls_bytes_free`.
///
/// Errors: `MLS_ERROR_INVALID_ARGUMENT` past the end.
MLS_MUST_USE
mls_status_t mls_proposal_infos_data(const mls_proposal_infos_t *infos,
                                     size_t index,
                                     mls_bytes_t *out,
                                     mls_error_t **error);

/// A whole proposal, encoded as in RFC 9420 section 12.1. Yours: `mls_bytes_free`.
///
/// Errors: `MLS_ERROR_INVALID_ARGUMENT` past the end.
MLS_MUST_USE
mls_status_t mls_proposal_infos_encoded(const mls_proposal_infos_t *infos,
                                        size_t index,
                                        mls_bytes_t *out,
                                        mls_error_t **error);

/// Lets a commit go; nothing happens to the commit itself. NULL and what is freed already are fine.
void mls_commit_free(mls_commit_t *commit);

/// The commit's id, never used again in its store. 0 if the handle is none.
uint64_t mls_commit_id(const mls_commit_t *commit);

/// The group that it changes. Yours: `mls_group_free`.
MLS_MUST_USE mls_status_t mls_commit_group(const mls_commit_t *commit, mls_group_t **out, mls_error_t **error);

/// Where it stands, one of `MLS_COMMIT_*`.
///
/// Errors: store errors.
MLS_MUST_USE mls_status_t mls_commit_status(const mls_commit_t *commit, int32_t *out, mls_error_t **error);

/// The bytes for the members: the same ones every time. Yours: `mls_bytes_free`.
///
/// Errors: `MLS_ERROR_COMMIT_NOT_FOUND` once its epoch is over and its `MLS_EVENT_COMMITTED` is acknowledged; store
/// errors.
MLS_MUST_USE mls_status_t mls_commit_message(const mls_commit_t *commit, mls_bytes_t *out, mls_error_t **error);

/// Everything at once, also before it is accepted. Only for services that take it all together: a Welcome that leaves
/// the device otherwise, before its commit is accepted, forks the group. Yours: `mls_bundle_free`.
///
/// Errors: as `mls_commit_message`.
MLS_MUST_USE mls_status_t mls_commit_bundle(const mls_commit_t *commit, mls_bundle_t **out, mls_error_t **error);

/// The Welcomes for the joiners, as often as wanted until its `MLS_EVENT_COMMITTED` is acknowledged, after a restart
/// too. Yours: `mls_messages_free`.
///
/// Errors: `MLS_ERROR_COMMIT_NOT_ACCEPTED` before it is accepted, `MLS_ERROR_SUPERSEDED` if it never will be,
/// `MLS_ERROR_COMMIT_NOT_FOUND` after that; store errors.
MLS_MUST_USE mls_status_t mls_commit_welcomes(const mls_commit_t *commit, mls_messages_t **out, mls_error_t **error);

/// The service ordered it: moves the group to the new epoch, durably, and puts `MLS_EVENT_COMMITTED` into the inbox.
/// Doing it again changes nothing: as long as the event is not acknowledged, and for the last 16 commits of a group after
/// that.
///
/// Errors: `MLS_ERROR_SUPERSEDED` if another's commit was received for this epoch, `MLS_ERROR_COMMIT_NOT_FOUND`; store
/// errors.
MLS_MUST_USE
mls_status_t mls_commit_accept(const mls_commit_t *commit,
                               mls_error_t **error);

/// The service turned it down: frees the slot. Doing it again changes nothing; its own echo still merges.
///
/// Errors: `MLS_ERROR_COMMIT_NOT_FOUND`; store errors.
MLS_MUST_USE mls_status_t mls_commit_reject(const mls_commit_t *commit, mls_error_t **error);

/// How many commits there are. 0 if the handle is none.
size_t mls_commits_count(const mls_commits_t *commits);

/// A commit of the list. Yours: `mls_commit_free`.
///
/// Errors: `MLS_ERROR_INVALID_ARGUMENT` past the end.
MLS_MUST_USE
mls_status_t mls_commits_at(const mls_commits_t *commits,
                            size_t index,
                            mls_commit_t **out,
                            mls_error_t **error);

/// Lets a list go. NULL and what is freed already are fine.
void mls_commits_free(mls_commits_t *commits);

/// Lets a bundle go. NULL and what is freed already are fine.
void mls_bundle_free(mls_bundle_t *bundle);

/// The bytes for the members. Yours: `mls_bytes_free`.
MLS_MUST_USE mls_status_t mls_bundle_message(const mls_bundle_t *bundle, mls_bytes_t *out, mls_error_t **error);

/// For the joiners. A service that takes a bundle must not deliver them unless it accepts the commit. Yours:
/// `mls_messages_free`.
MLS_MUST_USE mls_status_t mls_bundle_welcomes(const mls_bundle_t *bundle, mls_messages_t **out, mls_error_t **error);

/// For the service to publish; absent if it was not asked for. Yours: `mls_bytes_free`.
MLS_MUST_USE mls_status_t mls_bundle_group_info(const mls_bundle_t *bundle, mls_bytes_t *out, mls_error_t **error);

/// Options with every default. Yours: `mls_commit_options_free`. NULL only if too many handles are live.
mls_commit_options_t *mls_commit_options_new(void);

/// Lets them go. NULL and what is freed already are fine.
void mls_commit_options_free(mls_commit_options_t *options);

/// Whether to make new keys for our path even where RFC 9420 does not ask for it. Default 0.
MLS_MUST_USE
mls_status_t mls_commit_options_set_force_path(mls_commit_options_t *options,
                                               int32_t yes,
                                               mls_error_t **error);

/// Authenticated data that anyone can read, which is copied. Default: none.
MLS_MUST_USE
mls_status_t mls_commit_options_set_aad(mls_commit_options_t *options,
                                        const uint8_t *aad,
                                        size_t aad_len,
                                        mls_error_t **error);

/// A new credential and key for our own leaf in this group, which are copied; forces a path.
MLS_MUST_USE
mls_status_t mls_commit_options_set_identity(mls_commit_options_t *options,
                                             const mls_identity_t *identity,
                                             mls_error_t **error);

/// New extensions of our own leaf, which are copied; forces a path. Default: the old ones stay.
MLS_MUST_USE
mls_status_t mls_commit_options_set_leaf_extensions(mls_commit_options_t *options,
                                                    const mls_extensions_t *extensions,
                                                    mls_error_t **error);

/// Whether to leave the ratchet tree out of the Welcome; joiners get it from `mls_group_ratchet_tree`. Default 0.
MLS_MUST_USE
mls_status_t mls_commit_options_set_tree_out_of_band(mls_commit_options_t *options,
                                                     int32_t yes,
                                                     mls_error_t **error);

/// Whether to make one Welcome for each joiner in place of one for all. Default 0.
MLS_MUST_USE
mls_status_t mls_commit_options_set_welcome_for_each(mls_commit_options_t *options,
                                                     int32_t yes,
                                                     mls_error_t **error);

/// Whether the bundle has a GroupInfo of the new epoch. Default: as `mls_options_set_publish_group_info` says.
MLS_MUST_USE
mls_status_t mls_commit_options_set_group_info(mls_commit_options_t *options,
                                               int32_t yes,
                                               mls_error_t **error);

/// How many events there are. 0 if the handle is none.
size_t mls_events_count(const mls_events_t *events);

/// Lets a list go, with the plaintexts in it, which are wiped. NULL and what is freed already are fine.
void mls_events_free(mls_events_t *events);

/// An event's id, never used again in its store. Events of one group are in the order of their ids. 0 past the end.
uint64_t mls_events_id(const mls_events_t *events, size_t index);

/// What an event is, one of `MLS_EVENT_*` or, from a newer library, another. 0 past the end.
int32_t mls_events_kind(const mls_events_t *events, size_t index);

/// How often an event was returned before: above 0 after a crash or a pull from the inbox. A message that crashes the
/// application can be recognised by it.
MLS_MUST_USE
mls_status_t mls_events_deliveries(const mls_events_t *events,
                                   size_t index,
                                   uint32_t *out,
                                   mls_error_t **error);

/// The group that an event is about. Yours: `mls_bytes_free`.
MLS_MUST_USE
mls_status_t mls_events_group_id(const mls_events_t *events,
                                 size_t index,
                                 mls_bytes_t *out,
                                 mls_error_t **error);

/// Who sent or committed it: a list of one, or of none for `MLS_EVENT_DENIED` and `MLS_EVENT_STALLED` if it is not
/// known. Yours: `mls_senders_free`.
MLS_MUST_USE
mls_status_t mls_events_sender(const mls_events_t *events,
                               size_t index,
                               mls_senders_t **out,
                               mls_error_t **error);

/// The epoch that it is about: that a message was sent in, that a commit made, that this device joined or left in,
/// that a waiting, ignored, undecryptable or stalled message belongs to (0 if unknown), that a device that must rejoin
/// is in.
MLS_MUST_USE
mls_status_t mls_events_epoch(const mls_events_t *events,
                              size_t index,
                              uint64_t *out,
                              mls_error_t **error);

/// The sender's count of messages in its epoch. Not signed: a member can give another's message a new one.
MLS_MUST_USE
mls_status_t mls_events_generation(const mls_events_t *events,
                                   size_t index,
                                   uint32_t *out,
                                   mls_error_t **error);

/// What was sent. Yours: `mls_bytes_free`.
MLS_MUST_USE
mls_status_t mls_events_data(const mls_events_t *events,
                             size_t index,
                             mls_bytes_t *out,
                             mls_error_t **error);

/// Authenticated data of a message, a proposal or a commit. Yours: `mls_bytes_free`.
MLS_MUST_USE
mls_status_t mls_events_aad(const mls_events_t *events,
                            size_t index,
                            mls_bytes_t *out,
                            mls_error_t **error);

/// The group of an invitation. Yours: `mls_preview_free`.
MLS_MUST_USE
mls_status_t mls_events_preview(const mls_events_t *events,
                                size_t index,
                                mls_preview_t **out,
                                mls_error_t **error);

/// The reference of the key package that an invitation or a join used; empty for an external commit. Yours:
/// `mls_bytes_free`.
MLS_MUST_USE
mls_status_t mls_events_key_package(const mls_events_t *events,
                                    size_t index,
                                    mls_bytes_t *out,
                                    mls_error_t **error);

/// How this device came into the group, one of `MLS_JOINED_BY_*`.
MLS_MUST_USE
mls_status_t mls_events_joined_by(const mls_events_t *events,
                                  size_t index,
                                  int32_t *out,
                                  mls_error_t **error);

/// The proposal that was cached: a list of one. Yours: `mls_proposal_infos_free`.
MLS_MUST_USE
mls_status_t mls_events_proposal(const mls_events_t *events,
                                 size_t index,
                                 mls_proposal_infos_t **out,
                                 mls_error_t **error);

/// The id of our commit that was committed, that was superseded, or that has joined. 0 if it is not ours, or a Welcome.
MLS_MUST_USE
mls_status_t mls_events_commit(const mls_events_t *events,
                               size_t index,
                               uint64_t *out,
                               mls_error_t **error);

/// Who was added. Yours: `mls_senders_free`.
MLS_MUST_USE
mls_status_t mls_events_added(const mls_events_t *events,
                              size_t index,
                              mls_senders_t **out,
                              mls_error_t **error);

/// Who was removed. Yours: `mls_senders_free`.
MLS_MUST_USE
mls_status_t mls_events_removed(const mls_events_t *events,
                                size_t index,
                                mls_senders_t **out,
                                mls_error_t **error);

/// Whose credential or key changed, with the new ones. Yours: `mls_senders_free`.
MLS_MUST_USE
mls_status_t mls_events_updated(const mls_events_t *events,
                                size_t index,
                                mls_senders_t **out,
                                mls_error_t **error);

/// Ids of the external pre-shared keys that were mixed in. Yours: `mls_ids_free`.
MLS_MUST_USE
mls_status_t mls_events_psks(const mls_events_t *events,
                             size_t index,
                             mls_ids_t **out,
                             mls_error_t **error);

/// Whether the extensions of the group context changed.
MLS_MUST_USE
mls_status_t mls_events_context_changed(const mls_events_t *events,
                                        size_t index,
                                        bool *out,
                                        mls_error_t **error);

/// Custom proposals that were committed. Yours: `mls_proposal_infos_free`.
MLS_MUST_USE
mls_status_t mls_events_custom(const mls_events_t *events,
                               size_t index,
                               mls_proposal_infos_t **out,
                               mls_error_t **error);

/// Our own proposals of the old epoch that were not committed. Yours: `mls_proposal_infos_free`.
MLS_MUST_USE
mls_status_t mls_events_dropped(const mls_events_t *events,
                                size_t index,
                                mls_proposal_infos_t **out,
                                mls_error_t **error);

/// Who made the commit that won over ours: a list of one. Yours: `mls_senders_free`.
MLS_MUST_USE
mls_status_t mls_events_winner(const mls_events_t *events,
                               size_t index,
                               mls_senders_t **out,
                               mls_error_t **error);

/// Our proposals that could be committed again, with `mls_group_commit_again`. Yours: `mls_proposal_infos_free`.
MLS_MUST_USE
mls_status_t mls_events_still_valid(const mls_events_t *events,
                                    size_t index,
                                    mls_proposal_infos_t **out,
                                    mls_error_t **error);

/// The successor's group id. Yours: `mls_bytes_free`.
MLS_MUST_USE
mls_status_t mls_events_successor(const mls_events_t *events,
                                  size_t index,
                                  mls_bytes_t *out,
                                  mls_error_t **error);

/// The successor's cipher suite, by its IANA number.
MLS_MUST_USE
mls_status_t mls_events_cipher_suite(const mls_events_t *events,
                                     size_t index,
                                     uint16_t *out,
                                     mls_error_t **error);

/// Why: one of `MLS_HELD_FOR_*`, `MLS_IGNORED_*`, `MLS_DENIED_*` (denied and stalled) or `MLS_REJOIN_*`, as the kind
/// is.
MLS_MUST_USE
mls_status_t mls_events_reason(const mls_events_t *events,
                               size_t index,
                               int32_t *out,
                               mls_error_t **error);

/// How many messages of this group wait now.
MLS_MUST_USE
mls_status_t mls_events_waiting(const mls_events_t *events,
                                size_t index,
                                uint32_t *out,
                                mls_error_t **error);

/// The engine's word for it, UTF-8. Not stable. Yours: `mls_bytes_free`.
MLS_MUST_USE
mls_status_t mls_events_detail(const mls_events_t *events,
                               size_t index,
                               mls_bytes_t *out,
                               mls_error_t **error);

/// The message, to receive it again. Yours: `mls_bytes_free`.
MLS_MUST_USE
mls_status_t mls_events_message(const mls_events_t *events,
                                size_t index,
                                mls_bytes_t *out,
                                mls_error_t **error);

/// Lets a preview go. NULL and what is freed already are fine.
void mls_preview_free(mls_preview_t *preview);

/// The group's cipher suite. 0 if the handle is none.
uint16_t mls_preview_cipher_suite(const mls_preview_t *preview);

/// The group's id. Yours: `mls_bytes_free`.
MLS_MUST_USE mls_status_t mls_preview_group_id(const mls_preview_t *preview, mls_bytes_t *out, mls_error_t **error);

/// The group's epoch.
MLS_MUST_USE mls_status_t mls_preview_epoch(const mls_preview_t *preview, uint64_t *out, mls_error_t **error);

/// Who signed the GroupInfo; none while the tree is not known. Yours: `mls_senders_free`.
MLS_MUST_USE mls_status_t mls_preview_inviter(const mls_preview_t *preview, mls_senders_t **out, mls_error_t **error);

/// The group's members; none while the tree is not known. Yours: `mls_senders_free`.
MLS_MUST_USE mls_status_t mls_preview_members(const mls_preview_t *preview, mls_senders_t **out, mls_error_t **error);

/// Whether the ratchet tree has to be given to join.
MLS_MUST_USE mls_status_t mls_preview_needs_tree(const mls_preview_t *preview, bool *out, mls_error_t **error);

/// The group that it succeeds or branches off; absent if this device does not know of one. Yours: `mls_bytes_free`.
MLS_MUST_USE mls_status_t mls_preview_parent(const mls_preview_t *preview, mls_bytes_t *out, mls_error_t **error);

/// How many senders there are. 0 if the handle is none.
size_t mls_senders_count(const mls_senders_t *senders);

/// Lets a list go. NULL and what is freed already are fine.
void mls_senders_free(mls_senders_t *senders);

/// Where a sender stands, one of `MLS_SENDER_*`. 0 past the end.
int32_t mls_senders_kind(const mls_senders_t *senders, size_t index);

/// A member's leaf; an external sender's place in `external_senders`.
///
/// Errors: `MLS_ERROR_INVALID_ARGUMENT` past the end, and for others, who have none.
MLS_MUST_USE
mls_status_t mls_senders_leaf(const mls_senders_t *senders,
                              size_t index,
                              uint32_t *out,
                              mls_error_t **error);

/// A sender's credential. Yours: `mls_credential_free`.
///
/// Errors: `MLS_ERROR_INVALID_ARGUMENT` past the end, and if it is not known.
MLS_MUST_USE
mls_status_t mls_senders_credential(const mls_senders_t *senders,
                                    size_t index,
                                    mls_credential_t **out,
                                    mls_error_t **error);

/// The user that a sender's credential names, UTF-8; absent if it is not of the client's form. Yours:
/// `mls_bytes_free`.
///
/// Errors: `MLS_ERROR_INVALID_ARGUMENT` past the end.
MLS_MUST_USE
mls_status_t mls_senders_user(const mls_senders_t *senders,
                              size_t index,
                              mls_bytes_t *out,
                              mls_error_t **error);

/// The device that a sender's credential names, UTF-8; absent if it is not of the client's form. Yours:
/// `mls_bytes_free`.
///
/// Errors: `MLS_ERROR_INVALID_ARGUMENT` past the end.
MLS_MUST_USE
mls_status_t mls_senders_device(const mls_senders_t *senders,
                                size_t index,
                                mls_bytes_t *out,
                                mls_error_t **error);

/// A sender's public signature key; empty if it is not known. Yours: `mls_bytes_free`.
///
/// Errors: `MLS_ERROR_INVALID_ARGUMENT` past the end.
MLS_MUST_USE
mls_status_t mls_senders_signature_key(const mls_senders_t *senders,
                                       size_t index,
                                       mls_bytes_t *out,
                                       mls_error_t **error);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* MLS_H */
