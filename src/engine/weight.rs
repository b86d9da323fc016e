//! What decoding would cost, told from the encoding: a few bytes can stand for a structure of hundreds, and the engine
//! looks for duplicates in a list of extensions in quadratic time. So a message is walked over before it is decoded, and
//! one that is out of proportion is not.

use super::wire::Reader;
use crate::{ErrorCode, Limits, MlsError, Result};

/// Extensions in one list.
const EXTENSIONS_MAX: usize = 256;
/// What a message may cost for each of its bytes. Genuine ones cost two to three.
const PER_BYTE: usize = 4;

// Bytes of memory that the engine uses for an element of a list, its content left out.
const PROPOSAL: usize = 400;
const LEAF: usize = 600;
const NODE: usize = 724;
const ELEMENT: usize = 96;
/// What a ratchet tree may cost beyond what its length explains: some 16,000 blank nodes, of one byte each.
const TREE: usize = 12 << 20;
/// The same for each byte of GroupSecrets: a pre-shared key's name can be three bytes long.
const PER_SECRET: usize = 40;

/// What is heavier than this is not decoded.
#[derive(Clone, Copy)]
pub(crate) struct Budget {
    /// Bytes of memory beyond what a message's length explains.
    allowance: usize,
    /// Leaves of a tree.
    members: u32,
}

impl Default for Budget {
    fn default() -> Self {
        Self::new(&Limits::default())
    }
}

impl Budget {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self { allowance: (1 << 20) + PROPOSAL * limits.proposals_per_commit as usize, members: limits.members }
    }

    /// As `limits` say, with fewer leaves.
    pub(crate) fn for_members(limits: &Limits, members: u32) -> Self {
        Self { members: members.min(limits.members), ..Self::new(limits) }
    }

    fn walk(&self, encoded: &[u8]) -> Walk {
        Walk { left: self.allowance.saturating_add(PER_BYTE * encoded.len()) }
    }

    /// `TooLarge` for a message that is too heavy, `InvalidMessage` for one that is malformed.
    pub(crate) fn check(&self, message: &[u8]) -> Result<()> {
        let mut reader = Reader::new(message);
        reader.skip(2)?; // version
        let mut walk = self.walk(message);
        match reader.u16()? {
            1 => walk.public_message(&mut reader),
            3 => walk.welcome(&mut reader),
            4 => walk.group_info(&mut reader),
            5 => walk.key_package(&mut reader),
            _ => Ok(()), // what lists a PrivateMessage has is seen when it is open
        }
    }

    /// The same for what is inside of a PrivateMessage (RFC 9420 section 6.3): sender data, whose additional data ends
    /// with the content type, or content, where one more field follows.
    pub(crate) fn check_content(&self, aad: &[u8], content: &[u8]) -> Result<()> {
        let mut fields = Reader::new(aad);
        fields.vectors(1)?; // group id
        fields.skip(8)?; // epoch
        let kind = fields.u8()?;
        if fields.is_empty() {
            return Ok(());
        }
        let mut reader = Reader::new(content);
        match kind {
            2 => self.walk(content).proposal(&mut reader),
            3 => self.walk(content).commit(&mut reader),
            _ => Ok(()),
        }
    }

    /// The same for what is inside of a Welcome.
    pub(crate) fn check_group_info(&self, group_info: &[u8]) -> Result<()> {
        self.walk(group_info).group_info(&mut Reader::new(group_info))
    }

    /// The same for GroupSecrets (RFC 9420 section 12.4.3.1); a path secret passes too, being short.
    pub(crate) fn check_secrets(&self, secrets: &[u8]) -> Result<()> {
        match PER_SECRET * secrets.len() > self.allowance {
            true => heavy(),
            false => Ok(()),
        }
    }

    /// The same for an encoded ratchet tree, which may have so many leaves.
    pub(crate) fn check_tree(&self, tree: &[u8]) -> Result<()> {
        let mut walk = Walk { left: TREE + PER_BYTE * tree.len() };
        let mut nodes = Reader::new(Reader::new(tree).vector()?);
        let mut count = 0u32;
        while !nodes.is_empty() {
            count += 1;
            if count.div_ceil(2) > self.members {
                return Err(MlsError::new(ErrorCode::TooLarge, "the ratchet tree has more leaves than the limit"));
            }
            walk.pay(NODE)?;
            if nodes.u8()? == 0 {
                continue; // blank
            }
            match nodes.u8()? {
                1 => walk.leaf(&mut nodes)?,
                _ => nodes.vectors(3)?, // encryption key, parent hash, unmerged leaves: of numbers
            }
        }
        Ok(())
    }
}

fn heavy<T>() -> Result<T> {
    Err(MlsError::new(ErrorCode::TooLarge, "the message is out of proportion").with_detail("TooLarge"))
}

struct Walk {
    left: usize,
}

impl Walk {
    fn pay(&mut self, cost: usize) -> Result<()> {
        match self.left.checked_sub(cost) {
            Some(left) => self.left = left,
            None => return heavy(),
        }
        Ok(())
    }

    /// A list whose elements `element` passes over.
    fn list(
        &mut self,
        reader: &mut Reader,
        cost: usize,
        element: fn(&mut Self, &mut Reader) -> Result<()>,
    ) -> Result<()> {
        let mut list = Reader::new(reader.vector()?);
        while !list.is_empty() {
            self.pay(cost)?;
            element(self, &mut list)?;
        }
        Ok(())
    }

    fn extensions(&mut self, reader: &mut Reader) -> Result<()> {
        let mut list = Reader::new(reader.vector()?);
        for count in 0.. {
            if list.is_empty() {
                break;
            }
            if count == EXTENSIONS_MAX {
                return heavy();
            }
            list.skip(2)?; // type
            list.vectors(1)?;
            self.pay(ELEMENT)?;
        }
        Ok(())
    }

    /// RFC 9420 section 7.2.
    fn leaf(&mut self, reader: &mut Reader) -> Result<()> {
        reader.vectors(2)?; // encryption key, signature key
        match reader.u16()? {
            2 => self.list(reader, ELEMENT, |_, certificates| certificates.vectors(1))?,
            _ => reader.vectors(1)?,
        }
        reader.vectors(5)?; // capabilities: of numbers, which cost what they weigh
        match reader.u8()? {
            1 => reader.skip(16)?,   // lifetime
            3 => reader.vectors(1)?, // parent hash
            _ => {}
        }
        self.extensions(reader)?;
        reader.vectors(1) // signature
    }

    /// RFC 9420 section 10.
    fn key_package(&mut self, reader: &mut Reader) -> Result<()> {
        reader.skip(4)?; // version, suite
        reader.vectors(1)?; // init key
        self.pay(LEAF)?;
        self.leaf(reader)?;
        self.extensions(reader)?;
        reader.vectors(1) // signature
    }

    /// RFC 9420 section 12.1.
    fn proposal(&mut self, reader: &mut Reader) -> Result<()> {
        match reader.u16()? {
            1 => self.key_package(reader),
            2 => {
                self.pay(LEAF)?;
                self.leaf(reader)
            }
            3 => reader.skip(4),
            4 => {
                match reader.u8()? {
                    2 => {
                        reader.skip(1)?; // usage
                        reader.vectors(1)?; // group id
                        reader.skip(8)?; // epoch
                    }
                    _ => reader.vectors(1)?,
                }
                reader.vectors(1) // nonce
            }
            5 => {
                reader.vectors(1)?; // group id
                reader.skip(4)?; // version, suite
                self.extensions(reader)
            }
            7 => self.extensions(reader),
            _ => reader.vectors(1), // an external init, or a custom one
        }
    }

    /// RFC 9420 section 12.4.
    fn commit(&mut self, reader: &mut Reader) -> Result<()> {
        self.list(reader, PROPOSAL, |walk, proposals| match proposals.u8()? {
            1 => walk.proposal(proposals),
            _ => proposals.vectors(1),
        })?;
        if reader.u8()? == 0 {
            return Ok(());
        }
        self.pay(LEAF)?;
        self.leaf(reader)?;
        self.list(reader, ELEMENT, |walk, nodes| {
            nodes.vectors(1)?; // encryption key
            walk.list(nodes, ELEMENT, |_, secrets| secrets.vectors(2))
        })
    }

    /// RFC 9420 section 6.2.
    fn public_message(&mut self, reader: &mut Reader) -> Result<()> {
        reader.vectors(1)?; // group id
        reader.skip(8)?; // epoch
        if matches!(reader.u8()?, 1 | 2) {
            reader.skip(4)?;
        }
        reader.vectors(1)?; // authenticated data
        match reader.u8()? {
            2 => self.proposal(reader),
            3 => self.commit(reader),
            _ => Ok(()),
        }
    }

    /// RFC 9420 section 12.4.3.1.
    fn welcome(&mut self, reader: &mut Reader) -> Result<()> {
        reader.skip(2)?; // suite
        self.list(reader, ELEMENT, |_, secrets| secrets.vectors(3))
    }

    /// RFC 9420 section 12.4.3.
    fn group_info(&mut self, reader: &mut Reader) -> Result<()> {
        reader.skip(4)?; // version, suite
        reader.vectors(1)?; // group id
        reader.skip(8)?; // epoch
        reader.vectors(2)?; // tree hash, confirmed transcript hash
        self.extensions(reader)?;
        self.extensions(reader)
    }
}
