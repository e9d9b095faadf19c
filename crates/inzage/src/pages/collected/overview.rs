//! `GET /collected`: my dossiers, and for whom I may open one (step 2 of scenario 1).

use askama::Template;
use kw_web::{Frame, Outcome};

use super::{By, Open, Page, Shared, born, end, is_acting, there};
use crate::personal::{Dossier, Represented};

#[derive(Template)]
#[template(path = "collected/outside.html")]
struct OutsidePage<'a> {
    f: &'a Frame,
    said: Option<&'static str>,
}

#[derive(Template)]
#[template(path = "collected/overview.html")]
struct OverviewPage<'a> {
    f: &'a Frame,
    said: Option<&'static str>,
    dossiers: Vec<Line>,
    /// Of whom there is no dossier yet: number in the list, and who.
    people: Vec<(usize, &'a Represented)>,
    has_own: bool,
    name: &'a str,
}

struct Line {
    dossier: Dossier,
    born: String,
    here: bool,
}

#[derive(Template)]
#[template(path = "collected/acting.html")]
struct ActingPage<'a> {
    f: &'a Frame,
}

pub(super) async fn show(by: By, app: Shared) -> Outcome {
    there(&app)?;
    if is_acting(&by) {
        let f = by.frame("collected-title");
        return f.page(&ActingPage { f: &f });
    }
    let is_open = by.session.data().collected.token().is_some();
    let page = if is_open { list(&by, &app).await } else { outside(&by) };
    end(&by, page)
}

fn outside(by: &By) -> Page {
    let said = by.session.data().collected.said();
    let f = by.frame("collected-title");
    Ok(f.page(&OutsidePage { f: &f, said })?)
}

async fn list(by: &By, app: &Shared) -> Page {
    let open = Open::of(app, by)?;
    let dossiers: Vec<Dossier> = open.get("/v1/dossiers").await?;
    let people: Vec<Represented> = open.get("/v1/represented-persons").await?;
    let f = by.frame("collected-title");
    let (said, here) = {
        let kept = &mut by.session.data().collected;
        (kept.said(), kept.about().map(|about| about.dossier))
    };
    let has_own = dossiers.iter().any(|one| one.own && one.owner);
    let lines = dossiers.into_iter().map(|dossier| Line {
        born: born(&f, dossier.birth_date.as_deref()),
        here: here.as_ref() == Some(&dossier.id),
        dossier,
    });
    let page = OverviewPage {
        f: &f,
        said,
        dossiers: lines.collect(),
        people: (1..).zip(&people).filter(|(_, one)| one.dossier.is_none()).collect(),
        has_own,
        name: &by.user().name,
    };
    Ok(f.page(&page)?)
}
