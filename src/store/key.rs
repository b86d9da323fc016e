//! Row keys: what a storage sees of a row besides its length.
//!
//! `kind (1) | group tag (16) if the kind is a group's | suffix`. Kinds are letters: capitals are the client's,
//! small ones a group's, so that a key alone tells under which key its row is sealed. Three are taken: `!` the
//! header, `m` the log, `w` the groups' own keys.
use std::fmt;
use std::ops::RangeInclusive;

pub(crate) const HEADER: u8 = b'!';
pub(crate) const LOG: u8 = b'm';
pub(crate) const GROUP_KEY: u8 = b'w';

const GROUP_KINDS: RangeInclusive<u8> = b'a'..=b'z';
const TAG_LEN: usize = 16;

/// A group's name in row keys: a keyed hash of its id, so that the files do not tell which groups there are.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct GroupTag([u8; TAG_LEN]);

impl GroupTag {
    pub(crate) const LEN: usize = TAG_LEN;

    pub(crate) fn from_bytes(bytes: [u8; TAG_LEN]) -> Self {
        Self(bytes)
    }

    pub(crate) fn as_bytes(&self) -> &[u8; TAG_LEN] {
        &self.0
    }
}

impl fmt::Debug for GroupTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "GroupTag({:02x}{:02x}..)", self.0[0], self.0[1])
    }
}

/// The key of one row.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key(Vec<u8>);

impl Key {
    /// The key of a row that belongs to no group. `kind` is a capital letter.
    pub(crate) fn client(kind: u8, suffix: &[u8]) -> Self {
        assert!(kind.is_ascii_uppercase(), "client kinds are capital letters");
        Self([&[kind], suffix].concat())
    }

    /// The key of a group's row. `kind` is a small letter that is not taken.
    pub(crate) fn group(kind: u8, tag: GroupTag, suffix: &[u8]) -> Self {
        assert!(GROUP_KINDS.contains(&kind) && kind != LOG && kind != GROUP_KEY, "group kinds are small letters");
        Self([&[kind], tag.0.as_slice(), suffix].concat())
    }

    /// The key of a log row. `seq` is below 2^63.
    pub(crate) fn log(seq: u64) -> Self {
        assert!(seq <= i64::MAX as u64, "log rows are numbered below 2^63");
        Self([[LOG].as_slice(), &seq.to_be_bytes()].concat())
    }

    pub(crate) fn header() -> Self {
        Self(vec![HEADER])
    }

    pub(crate) fn group_key(tag: GroupTag) -> Self {
        Self([[GROUP_KEY].as_slice(), &tag.0].concat())
    }

    /// A key as a storage gave it.
    pub(crate) fn from_bytes(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    pub(crate) fn kind(&self) -> u8 {
        self.0.first().copied().unwrap_or_default()
    }

    /// The group under whose key the row is sealed. A log row names its group in its value instead.
    pub(crate) fn group_tag(&self) -> Option<GroupTag> {
        let kind = self.kind();
        if !GROUP_KINDS.contains(&kind) || kind == LOG || kind == GROUP_KEY {
            return None;
        }
        self.0.get(1..1 + TAG_LEN)?.try_into().ok().map(GroupTag)
    }

    /// What follows the kind and the tag.
    pub(crate) fn suffix(&self) -> &[u8] {
        let skip = 1 + if self.group_tag().is_some() { TAG_LEN } else { 0 };
        self.0.get(skip..).unwrap_or_default()
    }

    /// The suffix as a big-endian number, if it is one.
    pub(crate) fn number(&self) -> Option<u64> {
        self.suffix().try_into().ok().map(u64::from_be_bytes)
    }

    /// The first key that does not begin with this one: the exclusive end of a scan over a prefix.
    pub(crate) fn end(&self) -> Self {
        Self(prefix_end(&self.0))
    }

    /// The first key after this one: where a scan goes on.
    pub(crate) fn after(&self) -> Self {
        Self([self.0.as_slice(), &[0]].concat())
    }

    /// One prefix for every kind of row that a group can have, its key included.
    pub(crate) fn prefixes_of(tag: GroupTag) -> impl Iterator<Item = Key> {
        GROUP_KINDS.filter(|kind| *kind != LOG).map(move |kind| Self([[kind].as_slice(), &tag.0].concat()))
    }
}

/// The smallest string above every string that begins with `prefix`. Kinds are ASCII, so there is always one.
fn prefix_end(prefix: &[u8]) -> Vec<u8> {
    let kept = prefix.iter().rposition(|byte| *byte != 0xff).map_or(0, |last| last + 1);
    let mut end = prefix[..kept].to_vec();
    if let Some(last) = end.last_mut() {
        *last += 1;
    }
    end
}
