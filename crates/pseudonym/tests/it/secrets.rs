//! What holds for every secret type, checked by the compiler.

use kw_pseudonym::{
    Binding, BirthDateProofs, BlindedElement, Blinding, Delta, Element, EvaluatedElement, IndexKey, RowKey,
    SecretKey, TagKey,
};
use zeroize::ZeroizeOnDrop;

fn is_wiped_and_shared<T: ZeroizeOnDrop + Send + Sync>() {}

#[test]
fn every_secret_is_wiped_on_drop_and_may_be_shared_between_threads() {
    is_wiped_and_shared::<Binding>();
    is_wiped_and_shared::<BirthDateProofs>();
    is_wiped_and_shared::<BlindedElement>();
    is_wiped_and_shared::<Blinding>();
    is_wiped_and_shared::<Delta>();
    is_wiped_and_shared::<Element>();
    is_wiped_and_shared::<EvaluatedElement>();
    is_wiped_and_shared::<IndexKey>();
    is_wiped_and_shared::<RowKey>();
    is_wiped_and_shared::<SecretKey>();
    is_wiped_and_shared::<TagKey>();
}
