//! examples/chains/youth.toml.

use kw_agreement::Agreement;

const TEXT: &str = include_str!("../../../../examples/chains/youth.toml");

#[test]
fn the_youth_chain_is_a_sound_agreement() {
    let agreement = Agreement::parse(TEXT).unwrap_or_else(|errors| panic!("{errors}"));
    assert_eq!(agreement.partners().count(), 5);
}
