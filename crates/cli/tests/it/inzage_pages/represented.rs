//! Acting for somebody: as far as the mandate goes, while it counts, and while the register says that it does.

use std::time::{Duration, Instant};

use kw_domain::MandateId;
use kw_testbed::Visitor;
use tokio::time::sleep;

use super::{BORN, Bed, FRIEND, SCHOOL, patiently};

pub(super) async fn as_far_as_the_mandate_goes(bed: &mut Bed, mandate: MandateId) {
    let mut riet = bed.browser("riet", Some(mandate)).await;
    let missing = bed.send(&mut riet, "/collect", &[]).await;
    assert!(missing.text.contains("Vul de geboortedatum in"), "{}", missing.text);
    let seen = bed.send(&mut riet, "/collect", &[("born", BORN)]).await;
    assert!(seen.text.contains("1 registratie"), "{}", seen.text);
    for path in PAGES.iter().chain(&["/acting"]) {
        let page = bed.page(&mut riet, path).await;
        assert!(page.text.contains("U handelt namens Sanne"), "{path}: {}", page.text);
        assert!(!page.text.contains("Jeugdzorg"), "{path}: the mandate does not cover it: {}", page.text);
    }
    let file = riet.get(&bed.at("/download.json")).await;
    assert!(
        !file.text.contains("youth-care") && file.text.contains("not-covered-by-the-mandate"),
        "{}",
        file.text
    );
    let holders = bed.page(&mut riet, "/holders").await;
    let (_, outside) = holders.text.split_once("Uw machtiging gaat niet over deze soorten gegevens").unwrap();
    let (outside, not_asked) = outside.split_once("Deze lijst is niet compleet").unwrap();
    assert!(outside.contains("Plan jeugdhulp") && outside.contains("Ondersteuning door de gemeente"));
    assert!(not_asked.contains("Jeugdgezondheid") && not_asked.contains("die organisatie"), "{not_asked}");
    for path in ["/choices/new", "/objections/new", "/mandates/new"] {
        let refused = riet.get(&bed.at(path)).await;
        assert_eq!(refused.status.as_u16(), 403, "{path}");
    }
    for (path, form) in [
        ("/choices", vec![("verdict", "given"), ("category", "youth-care-plan")]),
        (
            "/objections",
            vec![("registration", "00000099000000012000:school-attendance"), ("reason", "incorrect")],
        ),
        ("/mandates", vec![("direction", "represented"), ("number", FRIEND), ("born", BORN)]),
        ("/corrections", vec![("holder", SCHOOL), ("category", "school-attendance")]),
    ] {
        let refused = bed.send(&mut riet, path, &form).await;
        assert_eq!(refused.status.as_u16(), 403, "{path}: {}", refused.text);
        assert!(refused.text.contains("Hiervoor is geen machtiging"), "{}", refused.text);
    }
    // Who may not choose for her does not see what she chose (docs/decisions/0049).
    let choices = bed.page(&mut riet, "/choices").await;
    assert!(choices.text.contains("Uw machtiging gaat hier niet over"), "{}", choices.text);
    assert!(!choices.text.contains("Afgewezen"), "{}", choices.text);
    let told: serde_json::Value = serde_json::from_str(&file.text).unwrap();
    for part in ["consents", "objections", "correctionRequests"] {
        assert_eq!(told[part]["missing"], "not-covered-by-the-mandate", "{part}");
    }
    another_legal_subject(bed, mandate).await;
    for path in PAGES {
        bed.page(&mut riet, path).await;
    }
    the_register_is_away(bed, &mut riet).await;
    patiently(async || bed.provider.withdraw_mandate(mandate, None).await).await;
    sleep(REMEMBERED).await;
    let over = riet.get(&bed.at("/holders")).await;
    assert_eq!(over.status.as_u16(), 403, "{}", over.text);
    assert!(over.text.contains("De machtiging is voorbij"), "{}", over.text);
    assert!(over.text.contains("niets meer van deze persoon zien"), "{}", over.text);
    for path in PAGES.iter().chain(&["/download.json"]) {
        let over = riet.get(&bed.at(path)).await;
        assert_eq!(over.status.as_u16(), 403, "{path}: {}", over.text);
        assert!(!over.text.contains("De Linde") && !over.text.contains("Schoolverzuim"), "{}", over.text);
    }
    let over = bed.send(&mut riet, "/collect", &[("born", BORN)]).await;
    assert!(over.text.contains("De machtiging is voorbij"), "{}", over.text);
}

/// Where something of the person is.
const PAGES: [&str; 7] = ["/", "/holders", "/accesses", "/choices", "/mandates", "/corrections", "/print"];

/// The same person signs in again, for somebody else: nothing of the session goes on.
async fn another_legal_subject(bed: &Bed, mandate: MandateId) {
    let mut riet = bed.browser("riet", Some(mandate)).await;
    bed.send(&mut riet, "/collect", &[("born", BORN)]).await;
    bed.page(&mut riet, "/holders").await;
    let again = riet.get(&bed.at("/sign-in?again=true&next=/holders")).await;
    let page = riet.follow(again).await;
    let (token, secret) = (page.token(), "secret of riet");
    let form = [("_token", token.as_str()), ("username", "riet"), ("secret", secret)];
    let seen = riet.post(page.url.as_str(), &form).await;
    let page = riet.follow(seen).await;
    let token = page.token();
    let seen = riet.post(&format!("{}/choice", page.url), &[("_token", &token), ("for", "self")]).await;
    let seen = riet.follow(seen).await;
    assert_eq!((seen.status.as_u16(), seen.url.path()), (200, "/"), "nothing is kept to show: {}", seen.text);
    assert!(!seen.text.contains("Sanne") && !seen.text.contains("Opgehaald op"), "{}", seen.text);
    let file = riet.get(&bed.at("/download.json")).await;
    assert_eq!(file.header("location"), "/");
}

/// Whether a mandate counts, only the register knows: while it cannot be asked nothing is shown, and afterwards everything is there again.
async fn the_register_is_away(bed: &mut Bed, riet: &mut Visitor) {
    bed.page(riet, "/holders").await;
    bed.town.stop("switchboard");
    sleep(REMEMBERED).await;
    for path in PAGES.iter().chain(&["/download.json"]) {
        let closed = riet.get(&bed.at(path)).await;
        assert_eq!(closed.status.as_u16(), 503, "{path}: {}", closed.text);
        assert!(
            !closed.text.contains("De Linde") && !closed.text.contains("Schoolverzuim"),
            "{}",
            closed.text
        );
    }
    bed.town.start_central("switchboard");
    let end = Instant::now() + Duration::from_mins(1);
    let mut holders = riet.get(&bed.at("/holders")).await;
    while holders.status.as_u16() != 200 {
        assert!(Instant::now() < end, "{}", holders.text);
        sleep(Duration::from_millis(500)).await;
        holders = riet.get(&bed.at("/holders")).await;
    }
    assert!(holders.text.contains("Schoolverzuim"), "{}", holders.text);
}

/// For how long what the register said is good, and a little more.
const REMEMBERED: Duration = Duration::from_secs(3);
