//! Encrypting application messages.
//!
//! Generations are set aside in windows: the row says up to which one, and is durable before any of them is used. A
//! message inside a window needs no write; a process that dies loses the rest of its window and never reuses any of it.

use super::{
    Group, GroupCore, Session,
    session::{NewRow, run},
};
use crate::{EncryptOptions, Padding, Result, client::ClientCore};
use zeroize::Zeroizing;

/// What else is in a message: a group id of up to 1 KiB, a signature, tags and lengths.
const OVERHEAD: usize = 2_048;

#[cfg_attr(feature = "uniffi", uniffi::export)]
impl Group {
    /// Encrypts for the members of this epoch (RFC 9420 section 6.3). `data` is wiped. Its key is never used again,
    /// whatever dies when.
    ///
    /// Errors: `TooLarge` if members with this client's [`message_bytes`](crate::Limits::message_bytes) might refuse the
    /// message, padding included, `CommitRequired` while proposals wait to be committed (section 12.4), `GroupClosed`, `GroupJoining`,
    /// `StoreRolledBack`, `NotAllowed`, `Stale`. Nothing is lost or changed then.
    pub fn encrypt(&self, data: Vec<u8>, options: EncryptOptions) -> Result<Vec<u8>> {
        let data = Zeroizing::new(data);
        let padding = if self.client.settings.policy.padding == Padding::Step { data.len() / 4 } else { 0 };
        super::held::check_size(
            data.len() + padding + options.aad.len() + OVERHEAD,
            self.client.settings.limits.message_bytes,
        )?;
        self.attempt_damaged(|locked| {
            let session = locked.session();
            self.check_sending(session)?;
            if session.engine.commit_required() {
                return crate::error::fail(crate::ErrorCode::CommitRequired, "proposals wait to be committed");
            }
            if session.generation == session.row.mark {
                let window = (session.window * 2).clamp(1, self.client.settings.limits.send_window);
                let mark = session.generation + window;
                if !session.store_folded(&self.client, &self.core, mark)? {
                    locked.drop_session();
                    return Ok(None);
                }
                locked.session().window = window;
            }
            let session = locked.session();
            let message = run(|| session.engine.encrypt_application_message(&data, options.aad.clone()));
            session.generation += 1;
            let message = locked.settle(message)?;
            Ok(Some(message.to_bytes()?))
        })
    }
}

impl Session {
    /// Stores the row with all consumed keys gone and generations below `mark` set aside. `false` if somebody else has
    /// moved the group; then nothing was written.
    pub(crate) fn store_folded(&mut self, client: &ClientCore, core: &GroupCore, mark: u32) -> Result<bool> {
        let raised = mark > self.row.mark;
        let row = NewRow::new(self, core.tag, self.folded_row(client, mark)?);
        let done = client.write(|_, foreign| self.is_unchanged(client, core.tag, foreign), &mut |tx| {
            row.put(tx);
            if raised {
                tx.raise_mark(client);
            }
            Ok(())
        })?;
        if done.is_none() {
            return Ok(false);
        }
        row.stored(self, core);
        Ok(true)
    }
}
