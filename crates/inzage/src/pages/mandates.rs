//! Mandates of the person who signed in: those they gave and those they were given; to ask for one, confirm it, take it back.

use std::sync::Arc;

use actix_web::web::{Data, Path};
use askama::Template;
use kw_agreement::{Agreement, MandateRules};
use kw_domain::{BirthDate, Category, Instant, MandateId};
use kw_protocol::mandate::local::{ConfirmationRequest, MandateRequest, MandateWithdrawalRequest};
use kw_protocol::mandate::{Mandate, MandateAct, MandateKind, MandateStatus, Side};
use kw_protocol::problem::ProblemCode;
use kw_web::{Choosable, Failure, Fields, Form, Frame, Outcome, Problems, SignedIn, number};

use super::{Kept, see};
use crate::app::App;
use crate::gathering::Asking;
use crate::kept;
use crate::person::{Person, canonical};
use crate::rules::age;
use crate::standing::Standing;
use crate::view::{About, Words};

#[derive(Template)]
#[template(path = "mandates.html")]
struct Page<'a> {
    f: &'a Frame,
    about: &'a About,
    missing: Option<String>,
    given: Vec<Line>,
    received: Vec<Line>,
    can_ask: bool,
}

/// A mandate in words.
pub(super) struct Line {
    pub(super) name: String,
    pub(super) kind: &'static str,
    pub(super) status: &'static str,
    pub(super) acts: Vec<&'static str>,
    pub(super) categories: String,
    pub(super) registrar: String,
    pub(super) registered: String,
    pub(super) until: String,
    pub(super) to_confirm: bool,
    pub(super) to_withdraw: bool,
}

pub(crate) async fn show(by: Standing, app: Data<App>) -> Outcome {
    let (f, agreement) = (by.frame("inzage-mandates"), app.agreed());
    let Some(gathered) = by.session.data().gathered() else { return Ok(see("/")) };
    let about = About::of(&by, &f, &agreement)?;
    let words = Words { f: &f, agreement: &agreement };
    let lines =
        |mandates: &[Mandate], side| mandates.iter().map(|mandate| line(words, mandate, side)).collect();
    let (missing, given, received) = match &*gathered.mandates {
        Ok(own) => (None, lines(&own.given, Side::Represented), lines(&own.received, Side::Representative)),
        Err(missing) => (Some(words.missing(*missing)), Vec::new(), Vec::new()),
    };
    let can_ask = missing.is_none() && voluntary(&app, &agreement).is_some();
    f.page(&Page { f: &f, about: &about, missing, given, received, can_ask })
}

pub(super) fn line(words: Words<'_>, mandate: &Mandate, side: Side) -> Line {
    let waits = mandate.status == MandateStatus::Requested;
    Line {
        name: kept::name(words.f, mandate.id),
        kind: mandate.kind.as_str(),
        status: mandate.status.as_str(),
        acts: mandate.acts.iter().map(|act| act.as_str()).collect(),
        categories: words.categories(&mandate.categories),
        registrar: words.party(mandate.registrar),
        registered: words.day(mandate.registered_at),
        until: words.day(mandate.valid_until),
        to_confirm: waits && !mandate.confirmed.contains(&side) && demands(words.agreement, mandate, side),
        to_withdraw: waits || mandate.status == MandateStatus::Active,
    }
}

fn demands(agreement: &Agreement, mandate: &Mandate, side: Side) -> bool {
    let rules = agreement.representation().kinds.get(&mandate.kind);
    rules
        .and_then(|rules| rules.band(&mandate.age_band))
        .is_some_and(|band| band.confirmed_by.contains(&side))
}

/// The one kind that people arrange themselves; whoever has authority by law is in the registers of others. It counts only after the
/// represented person's own confirmation, so that nobody takes what was not given.
fn voluntary<'a>(app: &App, agreement: &'a Agreement) -> Option<&'a MandateRules> {
    let rules = agreement.representation().kinds.get(&MandateKind::Voluntary)?;
    let is_confirmed = rules.ages.iter().all(|band| band.confirmed_by.contains(&Side::Represented));
    (is_confirmed && rules.registrars.contains(&app.own)).then_some(rules)
}

#[derive(Template)]
#[template(path = "mandate.html")]
struct FormPage<'a> {
    f: &'a Frame,
    about: &'a About,
    problems: Problems,
    directions: Vec<Choosable>,
    categories: Vec<Choosable>,
    acts: Vec<Choosable>,
    given: Given,
}

#[derive(Default)]
struct Given {
    direction: String,
    categories: Vec<String>,
    acts: Vec<String>,
}

impl Given {
    fn of(fields: &Fields) -> Self {
        let all = |name: &str| fields.all(name).into_iter().map(str::to_owned).collect();
        Self {
            direction: fields.get("direction").to_owned(),
            categories: all("categories"),
            acts: all("acts"),
        }
    }
}

pub(crate) async fn ask(by: Standing, app: Data<App>) -> Outcome {
    by.require_fresh(FORM)?;
    own_only(&Person::of(by.user())?)?;
    let Some(unsent) = by.unsent(FORM) else {
        return form_page(&by, &app, Given::default(), Problems::new());
    };
    let mut problems = Problems::of_unsent();
    // What identifies people is never shown again.
    problems.add("number", "inzage-number-again");
    form_page(&by, &app, Given::of(&unsent), problems)
}

/// Nobody arranges mandates for somebody else.
fn own_only(person: &Person) -> Result<(), Failure> {
    if person.mandate.is_none() {
        Ok(())
    } else {
        Err(Failure::Problem { code: ProblemCode::DelegationRefused })
    }
}

fn form_page(by: &SignedIn<Kept>, app: &App, given: Given, problems: Problems) -> Outcome {
    let (f, agreement) = (by.frame("inzage-mandate-new"), app.agreed());
    let about = About::of(by, &f, &agreement)?;
    let rules = voluntary(app, &agreement).ok_or_else(Failure::denied)?;
    let words = Words { f: &f, agreement: &agreement };
    let direction = |side: Side| Choosable::new(side.as_str(), f.t_of("direction", side.as_str()));
    let categories = rules.categories.iter().map(|one| Choosable::new(one.as_str(), words.category(one)));
    let acts = rules.acts.iter().map(|act| Choosable::new(act.as_str(), f.t_of("mandate-act", act.as_str())));
    let page = FormPage {
        f: &f,
        about: &about,
        problems,
        directions: vec![direction(Side::Represented), direction(Side::Representative)],
        categories: categories.collect(),
        acts: acts.collect(),
        given,
    };
    f.page(&page)
}

pub(crate) async fn request(form: Form<Kept>, app: Data<App>) -> Outcome {
    form.require_fresh(FORM)?;
    let asking = Asking::new(&app, &form.by)?;
    own_only(&asking.person)?;
    let agreement = app.agreed();
    let rules = voluntary(&app, &agreement).ok_or_else(Failure::denied)?;
    let given = Given::of(&form);
    let mut problems = Problems::new();
    let side =
        problems.take("direction", "inzage-direction-missing", Side::parse(&given.direction).ok_or(()));
    let other = problems.take("number", "web-bsn-wrong", number(form.get("number")).ok_or(()));
    if other.as_ref().is_some_and(|other| canonical(other) == asking.person.acting()) {
        problems.add("number", "inzage-number-own");
    }
    let born = match side {
        // Of oneself only what the provider states counts: whoever is too young is not older by typing so.
        Some(Side::Represented) => {
            let born = asking.person.born.ok_or(());
            let born = problems.take("direction", "inzage-mandate-age-unknown", born);
            born.and_then(|born| born.digits_at(born.precision()))
        }
        // Of the other it counts when they confirm it, by what the provider states then.
        Some(Side::Representative) => {
            let typed = form.get("born");
            let born = problems.take("born", "inzage-born-wrong", BirthDate::parse(typed));
            born.map(|_| typed.to_owned())
        }
        None => None,
    };
    let categories: Vec<Category> = rules
        .categories
        .iter()
        .filter(|one| given.categories.iter().any(|given| given == one.as_str()))
        .cloned()
        .collect();
    let acts: Vec<MandateAct> = rules
        .acts
        .iter()
        .filter(|act| given.acts.iter().any(|given| given == act.as_str()))
        .copied()
        .collect();
    if categories.is_empty() {
        problems.add("categories", "inzage-categories-missing");
    }
    if acts.is_empty() {
        problems.add("acts", "inzage-acts-missing");
    }
    let (Some(side), Some(other), Some(born), true) = (side, other, born, problems.is_empty()) else {
        return form_page(&form.by, &app, given, problems);
    };
    let (own, other) = (asking.person.acting(), canonical(&other));
    let (representative, represented) = match side {
        Side::Representative => (own.clone(), other),
        Side::Represented => (other, own.clone()),
    };
    let request = MandateRequest {
        representative,
        represented,
        kind: MandateKind::Voluntary,
        birth_date: Some(born),
        age_band: None,
        categories,
        acts,
        valid_until: None,
    };
    let registered = match app.partner.register_mandate(&request).await {
        Ok(registered) => registered,
        // The agreement's ages do not admit it, or there is another one between the two.
        Err(error) if matches!(error.code(), Some(ProblemCode::Invalid | ProblemCode::Conflict)) => {
            let conflict = error.code() == Some(ProblemCode::Conflict);
            let message = if conflict { "inzage-mandate-exists" } else { "inzage-mandate-age" };
            let field = match (conflict, side) {
                (true, _) => "number",
                (false, Side::Represented) => "direction",
                (false, Side::Representative) => "born",
            };
            problems.add(field, message);
            return form_page(&form.by, &app, given, problems);
        }
        Err(error) => return Err(error.into()),
    };
    // Who asks agrees.
    let asked = renewed(&form.by, &asking, registered.id, side).await;
    if let Some(mandate) = asked
        && mandate.status == MandateStatus::Requested
        && !mandate.confirmed.contains(&side)
        && demands(&agreement, &mandate, side)
    {
        app.partner
            .confirm_mandate(&ConfirmationRequest { mandate: registered.id, side, subject: own })
            .await?;
    }
    renew(&form.by, &asking, "inzage-mandate-requested").await;
    Ok(see("/mandates"))
}

async fn renewed(by: &SignedIn<Kept>, asking: &Asking<'_>, id: MandateId, side: Side) -> Option<Mandate> {
    renew(by, asking, "inzage-mandate-requested").await;
    find(by, side, |mandate| mandate.id == id)
}

fn find(by: &SignedIn<Kept>, side: Side, is_it: impl Fn(&Mandate) -> bool) -> Option<Mandate> {
    let gathered = by.session.data().gathered()?;
    let own = gathered.mandates.as_ref().as_ref().ok()?;
    let all = match side {
        Side::Represented => &own.given,
        Side::Representative => &own.received,
    };
    all.iter().find(|mandate| is_it(mandate)).cloned()
}

/// The mandate of a name in this session, with the side on which the person is.
fn named(by: &SignedIn<Kept>, f: &Frame, name: &str) -> Result<(Mandate, Side), Failure> {
    own_only(&Person::of(by.user())?)?;
    Side::ALL
        .into_iter()
        .find_map(|side| Some((find(by, side, |mandate| kept::name(f, mandate.id) == name)?, side)))
        .ok_or_else(Failure::not_found)
}

#[derive(Template)]
#[template(path = "confirm.html")]
struct ConfirmPage<'a> {
    f: &'a Frame,
    about: &'a About,
    problems: Problems,
    line: Line,
    side: &'static str,
    /// It says that the person is older or younger than the provider states, or nobody knows.
    other_age: bool,
}

/// Of the represented person, the provider says how old they are.
fn is_of_age(app: &App, asking: &Asking<'_>, mandate: &Mandate, side: Side, now: Instant) -> bool {
    let agreement = app.agreed();
    let rules = agreement.representation().kinds.get(&mandate.kind);
    side == Side::Representative || age::fits(rules, mandate, asking.person.born.as_ref(), now)
}

pub(crate) async fn about_to_confirm(by: Standing, app: Data<App>, name: Path<String>) -> Outcome {
    by.require_fresh("/mandates")?;
    confirm_page(&by, &app, &name, Problems::new())
}

fn confirm_page(by: &SignedIn<Kept>, app: &App, name: &str, problems: Problems) -> Outcome {
    let (f, agreement) = (by.frame("inzage-mandate-confirm"), app.agreed());
    let about = About::of(by, &f, &agreement)?;
    let (mandate, side) = named(by, &f, name)?;
    let line = line(Words { f: &f, agreement: &agreement }, &mandate, side);
    let other_age = !is_of_age(app, &Asking::new(app, by)?, &mandate, side, by.shell.now());
    f.page(&ConfirmPage { f: &f, about: &about, problems, line, side: side.as_str(), other_age })
}

pub(crate) async fn confirm(form: Form<Kept>, app: Data<App>, name: Path<String>) -> Outcome {
    form.by.require_fresh("/mandates")?;
    let asking = Asking::new(&app, &form.by)?;
    let (mandate, side) = named(&form.by, &form.by.frame("inzage-mandates"), &name)?;
    let mut problems = Problems::new();
    if !is_of_age(&app, &asking, &mandate, side, form.by.shell.now()) {
        return confirm_page(&form.by, &app, &name, problems);
    }
    let other = problems.take("number", "web-bsn-wrong", number(form.get("number")).ok_or(()));
    let Some(other) = other else { return confirm_page(&form.by, &app, &name, problems) };
    let opposite = match side {
        Side::Represented => Side::Representative,
        Side::Representative => Side::Represented,
    };
    // Counted before it is asked, so that many guesses at once are not one.
    count_guess(&mut form.by.session.data().mistaken)?;
    if !asking.is_with(mandate.id, &other, opposite).await? {
        problems.add("number", "inzage-number-other");
        return confirm_page(&form.by, &app, &name, problems);
    }
    let request = ConfirmationRequest { mandate: mandate.id, side, subject: asking.person.acting() };
    app.partner.confirm_mandate(&request).await?;
    {
        let mut kept = form.by.session.data();
        kept.mistaken = kept.mistaken.saturating_sub(1);
    }
    renew(&form.by, &asking, "inzage-mandate-confirmed").await;
    Ok(see("/mandates"))
}

/// Refuses one too many.
fn count_guess(guesses: &mut u8) -> Result<(), Failure> {
    *guesses = guesses.saturating_add(1);
    if *guesses <= MOST_MISTAKES { Ok(()) } else { Err(Failure::Problem { code: ProblemCode::TooMany }) }
}

pub(crate) async fn withdraw(form: Form<Kept>, app: Data<App>, name: Path<String>) -> Outcome {
    form.by.require_fresh("/mandates")?;
    let asking = Asking::new(&app, &form.by)?;
    let (mandate, side) = named(&form.by, &form.by.frame("inzage-mandates"), &name)?;
    let request = MandateWithdrawalRequest {
        mandate: mandate.id,
        side: Some(side),
        subject: Some(asking.person.acting()),
    };
    app.partner.withdraw_mandate(&request).await?;
    renew(&form.by, &asking, "inzage-mandate-withdrawn").await;
    Ok(see("/mandates"))
}

async fn renew(by: &SignedIn<Kept>, asking: &Asking<'_>, said: &'static str) {
    let mandates = Arc::new(asking.mandates().await);
    let mut kept = by.session.data();
    kept.renew(|gathered| gathered.mandates = mandates);
    kept.say(said);
}

const MOST_MISTAKES: u8 = 5;
const FORM: &str = "/mandates/new";
