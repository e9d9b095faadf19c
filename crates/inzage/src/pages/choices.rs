//! What a person chose about who may get their data: a grid, and forms to give, refuse and take back consent.

use std::sync::Arc;

use actix_web::HttpRequest;
use actix_web::web::{Data, Path, Query};
use askama::Template;
use chrono::Days;
use kw_agreement::{Agreement, ConsentRegime, PartnerKind};
use kw_domain::{Category, DutchTime, Oin};
use kw_protocol::consent::{Consent, ConsentChoice};
use kw_protocol::local::choices::{ConsentRequest, ConsentWithdrawalRequest};
use kw_protocol::mandate::MandateAct;
use kw_web::{Choosable, Failure, Fields, Form, Frame, Outcome, Problems, SignedIn};
use serde::Deserialize;

use super::{Kept, see};
use crate::app::App;
use crate::gathering::{Asking, Choices};
use crate::kept;
use crate::person::Person;
use crate::rules::grid::{self, Grid};
use crate::standing::Standing;
use crate::view::{About, Words, day};

#[derive(Template)]
#[template(path = "choices.html")]
struct Page<'a> {
    f: &'a Frame,
    about: &'a About,
    missing: Option<String>,
    view: Option<View>,
}

/// Choices in words.
pub(super) struct View {
    pub(super) kinds: Vec<String>,
    pub(super) rows: Vec<Row>,
    pub(super) choices: Vec<Line>,
    pub(super) objections: Vec<Objected>,
}

/// A line of the grid.
pub(super) struct Row {
    pub(super) holder: String,
    pub(super) category: String,
    pub(super) regime: &'static str,
    pub(super) objected: bool,
    pub(super) oin: String,
    pub(super) word: String,
    pub(super) cells: Vec<Option<Cell>>,
}

/// What one kind of organisation gets.
pub(super) struct Cell {
    pub(super) got: Got,
    pub(super) others: Vec<(String, Got)>,
    pub(super) kind: String,
    pub(super) label: String,
}

/// What comes of the choices, in words.
pub(super) struct Got {
    pub(super) allowed: bool,
    pub(super) verdict: &'static str,
    pub(super) since: Option<String>,
}

/// A choice in words.
pub(super) struct Line {
    pub(super) name: String,
    pub(super) verdict: &'static str,
    /// Whether it does not count any more.
    pub(super) over: bool,
    pub(super) holders: String,
    pub(super) category: String,
    pub(super) requesters: String,
    pub(super) given_by: &'static str,
    pub(super) recorded: String,
    pub(super) recorded_by: String,
    pub(super) until: Option<String>,
    pub(super) withdrawn: Option<String>,
}

/// An objection in words.
pub(super) struct Objected {
    pub(super) holder: String,
    pub(super) category: String,
    pub(super) reason: &'static str,
    pub(super) state: &'static str,
    pub(super) received: String,
    pub(super) due: Option<String>,
    pub(super) decided: Option<String>,
    pub(super) reasons: Option<String>,
}

pub(crate) async fn show(by: Standing, app: Data<App>) -> Outcome {
    let (f, agreement) = (by.frame("inzage-choices"), app.agreed());
    let Some(gathered) = by.session.data().gathered() else { return Ok(see("/")) };
    let about = About::of(&by, &f, &agreement)?;
    let words = Words { f: &f, agreement: &agreement };
    let (missing, view) = match &*gathered.choices {
        Ok(choices) => (None, Some(view(words, choices, &Person::of(by.user())?, by.shell.now()))),
        Err(missing) => (Some(words.missing(*missing)), None),
    };
    f.page(&Page { f: &f, about: &about, missing, view })
}

pub(super) fn view(words: Words<'_>, choices: &Choices, person: &Person, now: kw_domain::Instant) -> View {
    let made = (choices.consents.as_slice(), choices.objections.as_slice());
    let Grid { kinds, rows } = grid::grid(words.agreement, made, |category| person.covers(category), now);
    let row = |row: grid::Row| Row {
        holder: words.party(row.holder),
        category: words.category(&row.category),
        regime: row.regime.as_str(),
        objected: row.objected,
        oin: row.holder.to_string(),
        word: row.category.to_string(),
        cells: kinds
            .iter()
            .zip(row.cells)
            .map(|(kind, cell)| cell.map(|cell| told(words, choices, kind, cell)))
            .collect(),
    };
    let rows = rows.into_iter().map(row).collect();
    View {
        kinds: kinds.iter().map(|kind| words.kind(kind.as_str())).collect(),
        rows,
        choices: choices.consents.iter().map(|consent| line(words, consent, now)).collect(),
        objections: choices.objections.iter().map(|objection| objected(words, objection)).collect(),
    }
}

fn told(words: Words<'_>, choices: &Choices, kind: &PartnerKind, cell: grid::Cell) -> Cell {
    let got = |got: grid::Got| {
        let decided = choices.consents.iter().find(|consent| Some(consent.id) == got.decided_by);
        let since = decided.map(|consent| words.day(consent.recorded_at));
        Got { allowed: got.allowed, verdict: got.verdict.as_str(), since }
    };
    Cell {
        got: got(cell.got),
        others: cell.others.into_iter().map(|(party, one)| (words.party(party), got(one))).collect(),
        kind: kind.to_string(),
        label: words.kind(kind.as_str()),
    }
}

fn line(words: Words<'_>, consent: &Consent, now: kw_domain::Instant) -> Line {
    let scope = |one: Option<Oin>, kind: Option<&str>, all: &str| match (one, kind) {
        (Some(oin), _) => words.party(oin),
        (None, Some(kind)) => words.kind(kind),
        (None, None) => words.f.t(all),
    };
    let category = consent.category.as_ref();
    Line {
        name: kept::name(words.f, consent.id),
        verdict: consent.verdict.as_str(),
        over: consent.withdrawn_at.is_some() || consent.valid_until.is_some_and(|until| until <= now),
        holders: scope(consent.holder, consent.holder_kind.as_deref(), "inzage-all-holders"),
        category: category
            .map_or_else(|| words.f.t("inzage-all-categories"), |category| words.category(category)),
        requesters: scope(consent.requester, consent.requester_kind.as_deref(), "inzage-all-requesters"),
        given_by: consent.given_by.as_str(),
        recorded: words.day(consent.recorded_at),
        recorded_by: words.party(consent.recorded_by),
        until: consent.valid_until.map(|until| words.day(until.minus(std::time::Duration::from_secs(1)))),
        withdrawn: consent.withdrawn_at.map(|at| words.day(at)),
    }
}

fn objected(words: Words<'_>, objection: &kw_protocol::objection::Objection) -> Objected {
    Objected {
        holder: words.party(objection.holder),
        category: words.category(&objection.category),
        reason: objection.reason.as_str(),
        state: objection.state.as_str(),
        received: words.day(objection.received_at),
        due: objection.decided_at.is_none().then(|| words.day(objection.due_at)),
        decided: objection.decided_at.map(|at| words.day(at)),
        reasons: objection.reasons.clone(),
    }
}

#[derive(Template)]
#[template(path = "choice.html")]
struct FormPage<'a> {
    f: &'a Frame,
    about: &'a About,
    problems: Problems,
    verdicts: Vec<Choosable>,
    holders: Vec<Choosable>,
    categories: Vec<Choosable>,
    requesters: Vec<Choosable>,
    given: &'a Given,
}

/// What a form says: `oin:…` one party, `kind:…` a kind, `all` all of them.
#[derive(Debug, Default, Clone, Deserialize)]
#[serde(default)]
pub(crate) struct Given {
    verdict: String,
    holder: String,
    category: String,
    requester: String,
    until: String,
}

impl Given {
    fn of(fields: &Fields) -> Self {
        let field = |name: &str| fields.get(name).to_owned();
        Self {
            verdict: field("verdict"),
            holder: field("holder"),
            category: field("category"),
            requester: field("requester"),
            until: field("until"),
        }
    }
}

pub(crate) async fn ask(by: Standing, app: Data<App>, request: HttpRequest, given: Query<Given>) -> Outcome {
    if !request.query_string().is_empty() {
        // It stays what was wanted through another sign-in or language.
        by.session.data().wanted.choice = given.into_inner();
        return Ok(see(FORM));
    }
    by.require_fresh(FORM)?;
    Asking::new(&app, &by)?.require(MandateAct::Object)?;
    if let Some(unsent) = by.unsent(FORM) {
        return form_page(&by, &app, &Given::of(&unsent), Problems::of_unsent());
    }
    let wanted = by.session.data().wanted.choice.clone();
    form_page(&by, &app, &wanted, Problems::new())
}

fn form_page(by: &SignedIn<Kept>, app: &App, given: &Given, problems: Problems) -> Outcome {
    let (f, agreement) = (by.frame("inzage-choice-new"), app.agreed());
    let (about, person) = (About::of(by, &f, &agreement)?, Person::of(by.user())?);
    let words = Words { f: &f, agreement: &agreement };
    // Nothing is chosen for anybody: consent is for what a person names, all of it included (GDPR 4.11).
    let all =
        |label: &str| vec![Choosable::new("", f.t("inzage-make-a-choice")), Choosable::new(ALL, f.t(label))];
    let blank = || vec![Choosable::new("", f.t("inzage-make-a-choice"))];
    let mut holders = all("inzage-all-holders");
    let mut requesters = all("inzage-all-requesters");
    holders
        .extend(parties(words, |partner| partner.registers.iter().any(|category| person.covers(category))));
    requesters.extend(kinds_of(&agreement).map(|kind| {
        Choosable::new(format!("kind:{kind}"), f.t1("inzage-kind-of", "names", words.kind(kind.as_str())))
    }));
    requesters.extend(parties(words, |_| true));
    // Who acts under a mandate chooses within it: about one of its kinds of data.
    let mut categories = if person.mandate.is_none() { all("inzage-all-categories") } else { blank() };
    categories.extend(
        choosable(&agreement, &person)
            .map(|category| Choosable::new(category.as_str(), words.category(category))),
    );
    let verdicts = ConsentChoice::ALL
        .map(|verdict| Choosable::new(verdict.as_str(), f.t_of("verdict", verdict.as_str())));
    let page = FormPage {
        f: &f,
        about: &about,
        problems,
        verdicts: verdicts.to_vec(),
        holders,
        categories,
        requesters,
        given,
    };
    f.page(&page)
}

fn parties(words: Words<'_>, fits: impl Fn(&kw_agreement::Partner) -> bool) -> Vec<Choosable> {
    let fitting = words.agreement.partners().filter(|partner| fits(partner));
    fitting.map(|partner| Choosable::new(format!("oin:{}", partner.oin), partner.name.clone())).collect()
}

fn kinds_of(agreement: &Agreement) -> impl Iterator<Item = PartnerKind> {
    let kinds: std::collections::BTreeSet<PartnerKind> =
        agreement.partners().map(|partner| partner.kind.clone()).collect();
    kinds.into_iter()
}

/// The kinds of data of which consent or its refusal decides.
fn choosable<'a>(agreement: &'a Agreement, person: &'a Person) -> impl Iterator<Item = &'a Category> {
    agreement
        .categories()
        .filter(|(category, rules)| {
            rules.consent != ConsentRegime::Statutory
                && !rules.withheld_from_subject
                && person.covers(category)
        })
        .map(|(category, _)| category)
}

pub(crate) async fn record(form: Form<Kept>, app: Data<App>) -> Outcome {
    form.require_fresh(FORM)?;
    let asking = Asking::new(&app, &form.by)?;
    asking.require(MandateAct::Object)?;
    let agreement = app.agreed();
    let mut problems = Problems::new();
    let given = Given::of(&form);
    let verdict =
        problems.take("verdict", "inzage-verdict-missing", ConsentChoice::parse(&given.verdict).ok_or(()));
    let holder = problems.take("holder", "inzage-not-a-choice", scope(&agreement, &given.holder));
    let requester = problems.take("requester", "inzage-not-a-choice", scope(&agreement, &given.requester));
    let category = problems.take(
        "category",
        "inzage-not-a-choice",
        category(&agreement, &asking.person, &given.category),
    );
    let until = form.given("until").and_then(|until| {
        let after = day(until).and_then(|day| day.checked_add_days(Days::new(1))).map(DutchTime::start_of);
        problems.take(
            "until",
            "inzage-date-past",
            after.filter(|after| *after > form.by.shell.now()).ok_or(()),
        )
    });
    let (Some(verdict), Some(holder), Some(requester), Some(category), true) =
        (verdict, holder, requester, category, problems.is_empty())
    else {
        return form_page(&form.by, &app, &given, problems);
    };
    asking.standing().await?;
    let request = ConsentRequest {
        subject: asking.person.subject(),
        verdict,
        holder: holder.0,
        holder_kind: holder.1,
        category,
        requester: requester.0,
        requester_kind: requester.1,
        declared: asking.declaration(),
        evidence: format!("inzage:{}", asking.case),
        valid_until: until,
    };
    app.partner.record_consent(&request).await?;
    form.by.session.data().wanted.choice = Given::default();
    renew(&form.by, &asking, "inzage-choice-recorded").await;
    Ok(see("/choices"))
}

type Scope = (Option<Oin>, Option<String>);

fn scope(agreement: &Agreement, given: &str) -> Result<Scope, ()> {
    if given == ALL {
        return Ok((None, None));
    }
    if let Some(oin) = given.strip_prefix("oin:") {
        let oin = Oin::parse(oin).map_err(|_| ())?;
        return if agreement.partner(oin).is_some() { Ok((Some(oin), None)) } else { Err(()) };
    }
    let kind = given.strip_prefix("kind:").ok_or(())?;
    let known = kinds_of(agreement).any(|known| known.as_str() == kind);
    if known { Ok((None, Some(kind.to_owned()))) } else { Err(()) }
}

fn category(agreement: &Agreement, person: &Person, given: &str) -> Result<Option<Category>, ()> {
    if given == ALL {
        return if person.mandate.is_none() { Ok(None) } else { Err(()) };
    }
    choosable(agreement, person).find(|category| category.as_str() == given).cloned().map(Some).ok_or(())
}

pub(crate) async fn withdraw(form: Form<Kept>, app: Data<App>, name: Path<String>) -> Outcome {
    form.by.require_fresh("/choices")?;
    let asking = Asking::new(&app, &form.by)?;
    asking.require(MandateAct::Object)?;
    let f = form.by.frame("inzage-choices");
    let gathered = form.by.session.data().gathered().ok_or_else(Failure::not_found)?;
    let choices = gathered.choices.as_ref().as_ref().map_err(|_| Failure::not_found())?;
    let consent = choices.consents.iter().find(|consent| kept::name(&f, consent.id) == *name);
    let consent = consent.ok_or_else(Failure::not_found)?;
    asking.standing().await?;
    if consent.category.is_none() && asking.person.mandate.is_some() {
        // It is about more than the mandate.
        return Err(Failure::denied());
    }
    let request =
        ConsentWithdrawalRequest { subject: asking.person.subject(), declared: asking.declaration() };
    app.partner.withdraw_consent(consent.id, &request).await?;
    renew(&form.by, &asking, "inzage-choice-withdrawn").await;
    Ok(see("/choices"))
}

/// Asks again what stands now, and has the next page say what was done.
pub(super) async fn renew(by: &SignedIn<Kept>, asking: &Asking<'_>, said: &'static str) {
    let choices = Arc::new(asking.choices().await);
    let mut kept = by.session.data();
    kept.renew(|gathered| gathered.choices = choices);
    kept.say(said);
}

/// Every organisation, or every kind of data.
const ALL: &str = "all";
const FORM: &str = "/choices/new";
