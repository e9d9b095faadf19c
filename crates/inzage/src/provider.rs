//! Where its users sign in, by the agreement.

use kw_agreement::Agreement;
use kw_web::ProviderTerms;

/// The provider, and what its roles mean. Nothing when the agreement names none.
pub(crate) fn terms(_agreement: &Agreement) -> Option<ProviderTerms> {
    None
}
