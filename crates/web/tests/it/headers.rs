//! What goes with every answer.

use crate::bed::Bed;
use kw_testbed::{Visitor, between};

#[tokio::test]
async fn every_answer_lets_nothing_in_from_elsewhere() {
    let Some(bed) = Bed::start().await else { return };
    let mut anna = bed.browser("anna").await;
    let mut nobody = Visitor::new();
    let answers = [
        anna.get(&bed.at("/")).await,
        anna.get(&bed.at("/there-is-nothing")).await,
        nobody.get(&bed.at("/")).await,
        nobody.get(&bed.at("/sign-in/callback")).await,
        nobody.get(&bed.at("/signed-out")).await,
    ];
    for seen in answers {
        let policy = seen.header("content-security-policy");
        assert!(policy.starts_with("default-src 'none'; script-src 'self'; style-src 'self'"), "{policy}");
        assert!(!policy.contains("unsafe") && !policy.contains('*'), "{policy}");
        assert!(policy.contains("frame-ancestors 'none'") && policy.contains("base-uri 'none'"));
        assert_eq!(seen.header("cache-control"), "no-store");
        assert_eq!(seen.header("x-content-type-options"), "nosniff");
        assert_eq!(seen.header("x-frame-options"), "DENY");
        assert_eq!(seen.header("referrer-policy"), "same-origin");
        // Over plain HTTP nothing is promised about HTTPS.
        assert_eq!(seen.header("strict-transport-security"), "");
        assert!(
            !seen.text.contains("style=")
                && !seen.text.contains(" onclick")
                && !seen.text.contains("<script>")
        );
    }
}

#[tokio::test]
async fn files_of_the_design_are_kept_by_browsers_for_good() {
    let Some(bed) = Bed::start().await else { return };
    let mut nobody = Visitor::new();
    let page = nobody.get(&bed.at("/signed-out")).await;
    let sheet = between(&page.text, "rel=\"stylesheet\" href=\"", "\"").unwrap();
    let seen = nobody.get(&bed.at(sheet)).await;
    assert_eq!(seen.status.as_u16(), 200);
    assert!(
        seen.header("cache-control").contains("immutable")
            && seen.header("content-type").starts_with("text/css")
    );
    let packed = nobody.client().get(bed.at(sheet)).header("accept-encoding", "gzip").send().await.unwrap();
    assert_eq!(packed.headers()["content-encoding"], "gzip");
    assert!(packed.bytes().await.unwrap().len() * 3 < seen.text.len());
    assert_eq!(nobody.get(&bed.at("/assets/0/ketenwijzer.css")).await.status.as_u16(), 404);
}
