use kw_domain::BirthDate;
use kw_protocol::authorisation::{BirthDatePrecision, ConsentVerdict, ConsentView, RepresentationScope};
use kw_protocol::mandate::MandateKind;
use kw_pseudonym::{BirthDateComparison, BirthDateProofs};

use super::bed::{ANNA, BACK, BORN, BRAM, Bed, EVA, STATE, parameter};

#[actix_web::test]
async fn a_parent_collects_a_childs_data_into_the_childs_dossier() {
    let bed = Bed::new().await;
    let (id, browser, view) = bed.asked(&[]).await;
    let ConsentView::Asked(question) = view else { panic!("{view:?}") };
    assert_eq!(question.represented.as_ref().unwrap().kind, RepresentationScope::Onbehalfofchild);
    assert_eq!(
        (question.holder.name.as_str(), question.recipient.name.as_str()),
        ("Scholengroep De Linde", "Mijn Dossier")
    );
    assert_eq!(question.categories[0].title, "Schoolverzuim");
    assert_eq!(question.purpose, "Uw eigen gegevens inzien");

    let decided = bed.decide(id, &browser, ConsentVerdict::Given).await.unwrap();
    assert!(decided.redirect_to.starts_with(BACK));
    assert_eq!(parameter(&decided.redirect_to, "state").as_deref(), Some(STATE));
    assert_eq!(parameter(&decided.redirect_to, "iss").as_deref(), Some("https://inzage.delinde.example"));
    let code = parameter(&decided.redirect_to, "code").unwrap();
    let token = bed.redeem_as(&Bed::client(), &code, &[]).await.unwrap();
    assert!(token.expires_in <= 900);
    assert_eq!(token.scope, "school-attendance onbehalfofchild");

    let token = token.access_token.reveal();
    let collected = bed.collect(token).await.unwrap();
    assert_eq!(collected.document.as_ref().unwrap()["school"]["name"], ANNA);
    assert_eq!(collected.birth_date_precision, Some(BirthDatePrecision::Day));
    // The personal environment checks whose it is, without any number: Anna's dossier takes it, Bram's does not.
    let proof = &collected.subject_proofs[0].proof.0;
    assert!(bed.binding(ANNA).verify_subject(token, proof));
    assert!(!bed.binding(BRAM).verify_subject(token, proof));
    let given = &collected.birth_date_proofs[0];
    let proofs = BirthDateProofs {
        day: given.day.as_ref().map(|proof| proof.0),
        month: given.month.as_ref().map(|proof| proof.0),
        year: given.year.as_ref().map(|proof| proof.0),
    };
    let same = |date: &str| {
        bed.binding(ANNA).compare_birth_date(token, BirthDate::parse(date).ok().as_ref(), &proofs)
    };
    assert!(matches!(same(BORN), BirthDateComparison::Same(_)));
    assert_eq!(same("20160612"), BirthDateComparison::Different);

    assert_eq!(
        bed.told(),
        [
            "authorisation-asked -",
            "authorisation-asked -",
            "authorisation-decided -",
            "collection-answered -"
        ]
    );
    let records = bed.records();
    let (decided, collected) = (&records[2], &records[3]);
    assert_eq!(
        decided.representation.as_deref(),
        Some(format!("parental-authority:{}", bed.mandate).as_str())
    );
    assert!(decided.subject.is_some() && decided.representative.is_some());
    assert_eq!((collected.count, collected.transaction), (Some(1), Some(Bed::client().transaction)));
    let all = serde_json::to_string(&records).unwrap();
    for personal in [ANNA, EVA, BORN, "2016-06", STATE, token] {
        assert!(!all.contains(personal), "{personal} is in the log");
    }
}

#[actix_web::test]
async fn a_person_collects_their_own_data_without_representation() {
    let bed = Bed::new().await;
    bed.says(BRAM, None, None);
    let token = bed.token(&[("scope", "school-attendance"), ("birth_date", "20170302")]).await;
    let collected = bed.collect(&token).await.unwrap();
    assert_eq!(collected.document.unwrap()["school"]["name"], BRAM);
    assert!(bed.binding(BRAM).verify_subject(&token, &collected.subject_proofs[0].proof.0));
}

#[actix_web::test]
async fn who_is_not_known_here_is_asked_all_the_same_and_gets_nothing() {
    let bed = Bed::new().await;
    bed.book.people.lock().unwrap().clear();
    let token = bed.token(&[]).await;
    let collected = bed.collect(&token).await.unwrap();
    assert_eq!((collected.document, collected.provenance), (None, None));
    assert!(bed.binding(ANNA).verify_subject(&token, &collected.subject_proofs[0].proof.0));
    // Somebody of whom there never was a record: the same.
    let bed = Bed::new().await;
    let stranger = "999995108";
    bed.registered(EVA, stranger, MandateKind::ParentalAuthority, "under-12");
    bed.says(EVA, Some(stranger), Some(MandateKind::ParentalAuthority));
    let token = bed.token(&[]).await;
    assert_eq!(bed.collect(&token).await.unwrap().document, None);
}

#[actix_web::test]
async fn a_partial_date_is_compared_by_what_both_sides_know() {
    let bed = Bed::new().await;
    bed.book.people.lock().unwrap().insert(ANNA.to_owned(), Some("201606 00".replace(' ', "")));
    let token = bed.token(&[]).await;
    let collected = bed.collect(&token).await.unwrap();
    assert_eq!(collected.birth_date_precision, Some(BirthDatePrecision::Month));
}

#[actix_web::test]
async fn two_authorisations_in_one_browser_stay_apart() {
    let bed = Bed::new().await;
    let (one, mut browser, _) = bed.asked(&[]).await;
    bed.registered(EVA, BRAM, MandateKind::ParentalAuthority, "under-12");
    bed.says(EVA, Some(BRAM), Some(MandateKind::ParentalAuthority));
    let (other, second, _) = bed.asked(&[("birth_date", "20170302")]).await;
    browser.0.extend(second.0);
    let bram = bed.decide(other, &browser, ConsentVerdict::Given).await.unwrap();
    let code = parameter(&bram.redirect_to, "code").unwrap();
    let token = bed.redeem_as(&Bed::client(), &code, &[]).await.unwrap();
    let collected = bed.collect(token.access_token.reveal()).await.unwrap();
    assert_eq!(collected.document.unwrap()["school"]["name"], BRAM);
    assert!(bed.decide(one, &browser, ConsentVerdict::Refused).await.is_ok());
}

#[actix_web::test]
async fn what_names_a_person_is_gone_when_it_is_over() {
    let bed = Bed::new().await;
    let (id, browser, _) = bed.asked(&[]).await;
    let sealed = || {
        bed.store
            .read_blocking(move |tables| tables.authorisation(id))
            .unwrap()
            .map(|row| row.sealed.is_some())
    };
    assert_eq!(sealed(), Some(true));
    bed.decide(id, &browser, ConsentVerdict::Refused).await.unwrap();
    assert_eq!(sealed(), Some(false));
    bed.clock.advance(std::time::Duration::from_mins(16));
    bed.server.forget().await.unwrap();
    assert_eq!(sealed(), None);
}
