//! A partner that left the chain: nothing is registered while it is away, and everything again when it is back.
//!
//! The switchboard refuses whatever it registers meanwhile. Those refusals are no fault that somebody has to mend, so they must
//! not outlive the departure.

use std::sync::Arc;

use kw_agreement::Agreement;
use kw_store::Abort;

use super::status::Presence;
use super::{Caller, Never, SyncError, Synchroniser, act};

impl Synchroniser {
    /// Asks the switchboard whether this partner has left, when that is worth asking. Whether it is back since it was asked last.
    ///
    /// When the last pointer is gone, every registered record is set back, so that it is registered again as soon as the departure
    /// is ended, whether or not this process saw that happen.
    pub(super) async fn notice_departure(
        &self,
        agreement: &Arc<Agreement>,
        caller: Caller,
    ) -> Result<bool, SyncError> {
        let before = self.board.presence();
        let denied = self.board.take_denied();
        if caller == Caller::Job && before == Presence::Here && !denied {
            return Ok(false);
        }
        let left = match self.parts.index.left(self.parts.holder).await {
            Ok(left) => left,
            Err(error) => {
                self.board.untold(error.to_string());
                return Ok(false);
            }
        };
        self.board.present(left.map_or(Presence::Here, Presence::Away));
        if left.is_some_and(|left| left.finished) {
            self.set_all_back(agreement).await?;
        }
        Ok(left.is_none() && matches!(before, Presence::Away(_)))
    }

    /// Has messages that were refused tried again: somebody may have mended what was wrong, or another agreement lets them through.
    pub(super) async fn try_refused_again(
        &self,
        agreement: &Arc<Agreement>,
        asked: bool,
    ) -> Result<(), SyncError> {
        let new = self.board.is_new_agreement(agreement.hash());
        if !new && !asked {
            return Ok(());
        }
        if self.parts.store.read(|tables| tables.count_parked(None)).await? == 0 {
            return Ok(());
        }
        let (holder, agreement, now) = (self.parts.holder, Arc::clone(agreement), self.now());
        self.parts
            .store
            .write("try_refused_again", move |tx| {
                tx.write().unpark()?;
                Ok::<_, Abort<Never>>(((), act(holder, &agreement, now, 0, Vec::new())?))
            })
            .await?;
        Ok(())
    }
}
