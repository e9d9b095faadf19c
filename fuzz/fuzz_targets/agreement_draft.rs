//! Agreement drafts: what is read by its shape is written and read again as the same draft.
#![no_main]

use kw_agreement::Agreement;
use kw_agreement::draft::AgreementDraft;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let Ok(draft) = AgreementDraft::parse(text) else {
        assert!(Agreement::parse(text).is_err(), "an agreement that is no draft");
        return;
    };
    let Ok(written) = draft.to_toml() else { return };
    let again = AgreementDraft::parse(&written).expect("what a draft writes has its shape");
    // A schema may hold a number that is not one, which equals nothing: the texts are compared then.
    assert!(again == draft || again.to_toml().as_ref() == Ok(&written), "a draft changed on its way");
});
