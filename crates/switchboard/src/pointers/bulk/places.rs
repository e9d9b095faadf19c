//! How many uploads may be under way: in all, and of one holder.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use kw_domain::Oin;
use kw_protocol::problem::ProblemCode;
use kw_runtime::Refusal;

const IN_ALL: usize = 8;
const OF_ONE: usize = 2;

/// The uploads under way.
#[derive(Debug, Clone, Default)]
pub(crate) struct Uploads(Arc<Mutex<BTreeMap<Oin, usize>>>);

/// A place among them, given back on drop.
#[derive(Debug)]
pub(super) struct Place {
    uploads: Uploads,
    holder: Oin,
}

impl Uploads {
    /// Takes a place, or says to come back.
    pub(super) fn take(&self, holder: Oin) -> Result<Place, Refusal> {
        let mut under_way = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let own = under_way.get(&holder).copied().unwrap_or_default();
        if own >= OF_ONE || under_way.values().sum::<usize>() >= IN_ALL {
            let detail = "As many uploads are under way as the switchboard takes. Wait for one to end.";
            return Err(Refusal::new(ProblemCode::TooMany, detail).retry_after(Duration::from_secs(5)));
        }
        under_way.insert(holder, own + 1);
        Ok(Place { uploads: self.clone(), holder })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut under_way = self.uploads.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(own) = under_way.get_mut(&self.holder) {
            *own = own.saturating_sub(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_holder_has_two_places_and_gets_them_back() {
        let uploads = Uploads::default();
        let one = Oin::parse("00000099000000001000").unwrap();
        let other = Oin::parse("00000099000000002000").unwrap();
        let first = uploads.take(one).unwrap();
        let _second = uploads.take(one).unwrap();
        assert_eq!(uploads.take(one).unwrap_err().code(), ProblemCode::TooMany);
        assert!(uploads.take(other).is_ok());
        drop(first);
        assert!(uploads.take(one).is_ok());
    }
}
