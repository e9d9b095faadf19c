//! `/collected/delete`: the dossier goes for good, after another sign-in.

use askama::Template;
use kw_web::{Form, Frame, Outcome};
use reqwest::Method;
use serde_json::Value;

use super::{About, By, Kept, Open, Page, Shared, Whole, about, about_in, born, end, see};

#[derive(Template)]
#[template(path = "collected/delete.html")]
struct DeletePage<'a> {
    f: &'a Frame,
    about: &'a About,
    born: String,
}

pub(super) async fn ask(by: By, app: Shared) -> Outcome {
    by.require_fresh("/collected/delete")?;
    let page = async {
        Open::of(&app, &by)?;
        let about = about(&by)?;
        let f = by.frame("collected-delete");
        let born = born(&f, about.birth_date.as_deref());
        Ok(f.page(&DeletePage { f: &f, about: &about, born })?)
    };
    end(&by, page.await)
}

pub(super) async fn destroy(form: Form<Whole>, app: Shared) -> Outcome {
    form.by.require_fresh("/collected/delete")?;
    end(&form.by, delete(&form, &app).await)
}

async fn delete(form: &Form<Whole>, app: &Shared) -> Page {
    let by = &form.by;
    let (open, about) = (Open::of(app, by)?, about_in(form)?);
    open.send::<Value>(Method::DELETE, &format!("/v1/dossiers/{}", about.dossier), None).await?;
    // The session there was bound to it, and went with it.
    let kept = &mut by.session.data().collected;
    *kept = Kept::default();
    kept.say("collected-deleted");
    Ok(see("/collected"))
}
