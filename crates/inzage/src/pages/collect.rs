//! `POST /collect`: asks the chain everything about the person, and keeps it for the session.

use actix_web::web::Data;
use chrono::Days;
use kw_domain::{BirthDate, DutchTime};
use kw_web::{Form, Outcome, Problems};
use zeroize::Zeroizing;

use super::{Kept, see, start};
use crate::app::App;
use crate::gathering::{Asking, Period};
use crate::view::day;

pub(crate) async fn collect(form: Form<Kept>, app: Data<App>) -> Outcome {
    let asking = Asking::new(&app, &form.by)?;
    let mut problems = Problems::new();
    let born = form.given("born");
    if let Some(born) = born {
        problems.take("born", "inzage-born-wrong", BirthDate::parse(born));
    } else if start::born_needed(&app, &asking.person) {
        problems.add("born", "inzage-born-missing");
    }
    let date = |problems: &mut Problems, field: &'static str| {
        let given = form.given(field)?;
        problems.take(field, "inzage-date-wrong", day(given).ok_or(()))
    };
    let (from, until) = (date(&mut problems, "from"), date(&mut problems, "until"));
    if let (Some(from), Some(until)) = (from, until)
        && until < from
    {
        problems.add("until", "inzage-until-wrong");
    }
    if !problems.is_empty() {
        return start::page(&form.by, &app, problems);
    }
    // The last day counts as well.
    let after = until.and_then(|day| day.checked_add_days(Days::new(1)));
    let period = Period { from: from.map(DutchTime::start_of), until: after.map(DutchTime::start_of) };
    let born = born.map(|born| Zeroizing::new(born.to_owned()));
    let gathered = asking.everything(born, period).await?;
    form.by.session.data().keep(gathered);
    Ok(see("/"))
}
