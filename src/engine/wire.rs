//! Walking TLS presentation language (RFC 9420 section 2.1) without decoding it: enough to cut bytes at a field.

use crate::{ErrorCode, MlsError, Result};

/// Bytes that are not what they should be.
fn malformed() -> MlsError {
    MlsError::new(ErrorCode::InvalidMessage, "malformed encoding")
}

/// A place in some bytes.
#[derive(Clone)]
pub(crate) struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    pub(crate) fn position(&self) -> usize {
        self.at
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.at == self.bytes.len()
    }

    pub(crate) fn take(&mut self, len: usize) -> Result<&'a [u8]> {
        let end = self.at.checked_add(len).filter(|end| *end <= self.bytes.len()).ok_or_else(malformed)?;
        let taken = &self.bytes[self.at..end];
        self.at = end;
        Ok(taken)
    }

    pub(crate) fn skip(&mut self, len: usize) -> Result<()> {
        self.take(len).map(drop)
    }

    pub(crate) fn u8(&mut self) -> Result<u8> {
        Ok(self.take(1)?[0])
    }

    pub(crate) fn u16(&mut self) -> Result<u16> {
        Ok(u16::from_be_bytes(self.take(2)?.try_into().expect("two bytes were taken")))
    }

    pub(crate) fn u32(&mut self) -> Result<u32> {
        Ok(u32::from_be_bytes(self.take(4)?.try_into().expect("four bytes were taken")))
    }

    pub(crate) fn u64(&mut self) -> Result<u64> {
        Ok(u64::from_be_bytes(self.take(8)?.try_into().expect("eight bytes were taken")))
    }

    /// A variable-size vector's content.
    pub(crate) fn vector(&mut self) -> Result<&'a [u8]> {
        let first = self.u8()?;
        let len = match first >> 6 {
            0 => usize::from(first & 0x3f),
            1 => usize::from(first & 0x3f) << 8 | usize::from(self.u8()?),
            2 => {
                let rest = self.take(3)?;
                usize::from(first & 0x3f) << 24
                    | usize::from(rest[0]) << 16
                    | usize::from(rest[1]) << 8
                    | usize::from(rest[2])
            }
            _ => return Err(malformed()),
        };
        self.take(len)
    }

    /// Passes over `count` variable-size vectors.
    pub(crate) fn vectors(&mut self, count: usize) -> Result<()> {
        (0..count).try_for_each(|_| self.vector().map(drop))
    }

    /// Passes over one `optional<Node>` of a ratchet tree (RFC 9420 section 7.8).
    pub(crate) fn node(&mut self) -> Result<&'a [u8]> {
        let start = self.at;
        if self.u8()? != 0 {
            match self.u8()? {
                1 => self.leaf()?,
                2 => self.vectors(3)?, // encryption_key, parent_hash, unmerged_leaves
                _ => return Err(malformed()),
            }
        }
        Ok(&self.bytes[start..self.at])
    }

    /// Passes over a LeafNode (RFC 9420 section 7.2).
    fn leaf(&mut self) -> Result<()> {
        self.vectors(2)?; // encryption_key, signature_key
        self.skip(2)?; // credential type
        self.vectors(1)?; // credential
        self.vectors(5)?; // capabilities
        match self.u8()? {
            1 => self.skip(16)?, // lifetime
            2 => {}
            3 => self.vectors(1)?, // parent hash
            _ => return Err(malformed()),
        }
        self.vectors(2) // extensions, signature
    }
}

/// Appends a variable-size vector.
pub(crate) fn put_vector(out: &mut Vec<u8>, content: &[u8]) {
    let len = content.len();
    match len {
        0..=0x3f => out.push(len as u8),
        0x40..=0x3fff => out.extend_from_slice(&(len as u16 | 0x4000).to_be_bytes()),
        _ => out.extend_from_slice(&(len as u32 | 0x8000_0000).to_be_bytes()),
    }
    out.extend_from_slice(content);
}
