//! The C facade: one file per noun, bodies of a few lines. It translates and decides nothing.
//!
//! The mechanics are `handle` (tokens for everything C holds), `guard` (NULL checks, panics, results), `bytes` and
//! `error`; with `allocator` they are the only files with `unsafe` blocks. An export itself carries its caller's
//! contract: pointers are NULL or what the header says they are, strings end, lengths are true.
//!
//! The order of the modules is the order of the header.
#![allow(unsafe_code)] // the boundary to C
#![allow(unsafe_op_in_unsafe_fn)] // an export is its caller's contract
#![allow(non_camel_case_types)] // C's names
#![allow(clippy::missing_safety_doc)] // the contract is said once, in the header's preamble

mod allocator;
mod guard;
mod handle;

mod library;

mod error;

mod bytes;

mod options;

mod policy;

mod limits;

mod trust;

mod codec;

mod clock;

mod anchor;

mod credential;

mod identity;

mod extension;

mod store;

mod client;

mod key_package;

mod message;

mod id;

mod group;

mod group_options;

mod encrypt_options;

mod join_options;

mod member;

mod proposal;

mod commit;

mod commit_options;

mod event;

mod invitation;

mod sender;

pub use anchor::*;
pub use bytes::*;
pub use client::*;
pub use clock::*;
pub use codec::*;
pub use commit::*;
pub use commit_options::*;
pub use credential::*;
pub use encrypt_options::*;
pub use error::*;
pub use event::*;
pub use extension::*;
pub use group::*;
pub use group_options::*;
pub use guard::*;
pub use id::*;
pub use identity::*;
pub use invitation::*;
pub use join_options::*;
pub use key_package::*;
pub use library::*;
pub use limits::*;
pub use member::*;
pub use message::*;
pub use options::*;
pub use policy::*;
pub use proposal::*;
pub use sender::*;
pub use store::*;
pub use trust::*;

#[cfg(test)]
pub(crate) use store::tests::behind_callbacks;
