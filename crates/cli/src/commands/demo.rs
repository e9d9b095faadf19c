//! `demo`: a whole chain on this machine.

use std::env;
use std::fmt::Write as _;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use kw_demo::people::People;
use kw_demo::report::{Report, ShownSection};
use kw_demo::representation::RepresentationReport;
use kw_demo::youth_case::YouthCaseReport;
use kw_demo::{Cast, Demo, NextAgreement, OwnData, PagePlace, Places, Played, Settings};
use tokio::signal::unix::{SignalKind, signal};

use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::progress::Progress;
use crate::output::{Output, dossier, note, table};
use crate::subject::read_bsn;

/// The arguments.
#[derive(Args)]
pub(crate) struct Arguments {
    /// Play it and end, with exit code 1 if a promise failed. Without it, the chain keeps running until Ctrl-C.
    #[arg(long)]
    once: bool,
    /// A longer case, step by step. It ends by itself.
    #[arg(long, value_name = "NAME", conflicts_with_all = ["data", "people"])]
    story: Option<Story>,
    /// Your own data: one folder per partner, with CSV or JSON files. Implies --once.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Leave databases, keys, certificates and logs in this new folder.
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// Keep the databases on this server, where databases may be made; SQLite without it.
    #[arg(long, value_name = "postgres://…", env = "KETENWIJZER_DEMO_DATABASE", hide_env_values = true)]
    database: Option<String>,
    /// The authorities of that server (PEM); needed when it is not on this machine.
    #[arg(long, value_name = "FILE", requires = "database")]
    database_root_certificates: Option<PathBuf>,
    /// Whom to ask about in your own data: a number, or - to read it from standard input. Else whom most partners know.
    #[arg(long, value_name = "NUMBER|-", requires = "data")]
    bsn: Option<String>,
    /// The column with the number, if it is not called bsn or burgerservicenummer.
    #[arg(long, value_name = "NAME", requires = "data")]
    bsn_column: Option<String>,
    /// The column with the birth date, if it is not called geboortedatum or birthDate.
    #[arg(long, value_name = "NAME", requires = "data")]
    birth_date_column: Option<String>,
    /// Do not open desk, console and inzage, and play nothing for them: a chain for programs.
    #[arg(long, conflicts_with_all = ["data", "story"])]
    without_pages: bool,
    /// How many people to make up.
    #[arg(long, value_name = "N", default_value_t = People::USUAL as u32, conflicts_with = "data")]
    #[arg(value_parser = clap::value_parser!(u32).range(People::FEWEST as i64..=5000))]
    people: u32,
}

/// The stories there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Story {
    /// Collecting for somebody else, into dossiers of exactly one person each (MedMij RFC0055).
    Representation,
    /// Two signals, a match, a dossier, a difference, a feedback report that is upheld (docs/youth-case.md).
    YouthCase,
}

impl std::fmt::Debug for Arguments {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Arguments(…)")
    }
}

pub(crate) async fn run(arguments: Arguments, output: Output) -> Result<Exit, Failure> {
    let once = arguments.once || arguments.data.is_some();
    let story = arguments.story;
    let settings = settings(arguments)?;
    let demo = Demo::prepare(settings)?;
    let progress = Progress::steps();
    let outcome = match story {
        Some(Story::Representation) => Box::pin(representation(&demo, output, &progress)).await,
        Some(Story::YouthCase) => Box::pin(youth_case(&demo, output, &progress)).await,
        None => Box::pin(play(&demo, once, output, &progress)).await,
    };
    let kept = demo.folder().to_owned();
    for database in demo.clear().await {
        progress.tells(&format!("the database {database} could not be dropped: drop it by hand"));
    }
    drop(progress);
    if kept.exists() {
        note(&format!("databases, keys, certificates and logs are in {}", kept.display()));
    }
    outcome
}

fn settings(arguments: Arguments) -> Result<Settings, Failure> {
    let cast = match arguments.data {
        None => Cast::MadeUp { people: arguments.people as usize, pages: !arguments.without_pages },
        Some(folder) => Cast::Own(OwnData {
            folder,
            bsn_column: arguments.bsn_column,
            birth_date_column: arguments.birth_date_column,
            bsn: arguments.bsn.as_deref().map(read_bsn).transpose()?,
        }),
    };
    Ok(Settings {
        program: env::current_exe()
            .map_err(|error| Failure::fault(format!("this program is not found: {error}")))?,
        folder: arguments.dir,
        database: arguments.database,
        root_certificates: arguments.database_root_certificates,
        partners_on_files: false,
        cast,
    })
}

async fn representation(demo: &Demo, output: Output, progress: &Progress) -> Result<Exit, Failure> {
    let stop = Stop::listen()?;
    let report = Box::pin(demo.play_representation(progress, stop.told())).await?;
    output.data(&report, || readable_story(&report));
    Ok(Exit::of(report.all_promises_held()))
}

async fn youth_case(demo: &Demo, output: Output, progress: &Progress) -> Result<Exit, Failure> {
    let stop = Stop::listen()?;
    let report = Box::pin(demo.play_youth_case(progress, stop.told())).await?;
    output.data(&report, || readable_case(&report));
    Ok(Exit::of(report.all_promises_held()))
}

fn readable_case(report: &YouthCaseReport) -> String {
    let mut steps = table(["step", "what should happen", "what was seen", "held"]);
    for step in &report.steps {
        let (number, held) = (step.number.to_string(), if step.held { "yes" } else { "NO" });
        steps.add_row([number.as_str(), step.what, &step.outcome, held]);
    }
    format!(
        "{steps}\n\nfound {} times at the central services what tells about a person; {:.1} s. {}",
        report.found_at_central_services,
        report.elapsed_ms as f64 / 1000.0,
        if report.all_promises_held() { "Every promise held." } else { "A promise did NOT hold." }
    )
}

fn readable_story(report: &RepresentationReport) -> String {
    let kept = |held: bool| if held { "yes" } else { "NO" };
    let mut text = String::new();
    for scenario in [1, 2] {
        let mut steps = table(["step", "what RFC0055 says", "what was seen", "held"]);
        for step in report.steps.iter().filter(|step| step.scenario == scenario) {
            steps.add_row([step.number, step.what, &step.outcome, kept(step.held)]);
        }
        // Writing to a string cannot fail.
        let _ = writeln!(text, "Scenario {scenario}\n{steps}\n");
    }
    let mut refusals = table(["what was tried", "what was seen", "refused"]);
    for refused in &report.refusals {
        refusals.add_row([refused.tried, &refused.outcome, kept(refused.held)]);
    }
    let documents = report.documents;
    let _ = write!(
        text,
        "{refusals}\n\n{} documents stored, {} in a wrong dossier; {} numbers or birth dates found in the personal \
         environment; {:.1} s. {}",
        documents.stored,
        documents.in_a_wrong_dossier,
        report.found_in_personal_environment,
        report.elapsed_ms as f64 / 1000.0,
        if report.all_promises_held() { "Every promise held." } else { "A promise did NOT hold." }
    );
    text
}

async fn play(demo: &Demo, once: bool, output: Output, progress: &Progress) -> Result<Exit, Failure> {
    let stop = Stop::listen()?;
    let played = Box::pin(demo.play(progress, stop.told())).await?;
    if once {
        let report = demo.finish(played, progress).await?;
        output.data(&report, || readable(&report));
        for promise in &report.broken {
            note(&format!("NOT kept: {promise}"));
        }
        return Ok(Exit::of(report.all_promises_held()));
    }
    show_places(&played, output);
    progress.begins("running; Ctrl-C ends it");
    stop.told().await;
    progress.begins("ending the services");
    let report = demo.finish(played, progress).await?;
    Ok(Exit::of(report.all_promises_held()))
}

/// Ctrl-C, or a request to end.
struct Stop(tokio::sync::watch::Receiver<bool>);

impl Stop {
    fn listen() -> Result<Self, Failure> {
        let failed = |error| Failure::fault(format!("signals cannot be received: {error}"));
        let mut signals = Vec::new();
        for kind in [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()] {
            signals.push(signal(kind).map_err(failed)?);
        }
        let (tell, told) = tokio::sync::watch::channel(false);
        for mut signal in signals {
            let tell = tell.clone();
            tokio::spawn(async move {
                signal.recv().await;
                let _ = tell.send(true);
            });
        }
        Ok(Self(told))
    }

    async fn told(&self) {
        // An error means that nobody can tell any more: the same.
        let _ = self.0.clone().wait_for(|told| *told).await;
    }
}

fn show_places(played: &Played, output: Output) {
    let places = played.places();
    output.data(&places, || {
        let mut text = readable_places(&places, played.report());
        // For somebody at a terminal, who plays with them; a program is told no number.
        if let Some(people) = played.people().filter(|_| !places.pages.is_empty()) {
            text.push_str(&readable_people(people));
        }
        text
    });
}

fn readable_places(places: &Places, report: &Report) -> String {
    let mut services = table([
        "service",
        "for other parties",
        "for its own programs",
        "health and metrics",
        "configuration",
    ]);
    for service in &places.services {
        let name = if service.running { service.name.clone() } else { format!("{} (down)", service.name) };
        services.add_row([
            name.as_str(),
            &service.endpoint,
            service.local.as_deref().unwrap_or_default(),
            &service.admin,
            &service.configuration.display().to_string(),
        ]);
    }
    let mut text = format!(
        "{services}\n\n{} pointers about {} people. Ask yourself:\n",
        report.registered, report.people
    );
    let asker = places.services.iter().find(|service| service.name == "municipality");
    if let Some(configuration) = asker.map(|service| service.configuration.display()) {
        let who = "--purpose coordinate-help --role municipal-consultant --actor j.jansen --case 2026-0042";
        // Writing to a string cannot fail.
        let _ = write!(
            text,
            "  echo 999990342 | ketenwijzer query --config {configuration} --bsn - {who}\n  \
             echo 999990342 | ketenwijzer dossier --config {configuration} --bsn - --birth-date 2011-03-04 {who}\n  \
             ketenwijzer status --config {configuration}\n  \
             ketenwijzer doctor --config {configuration}"
        );
    }
    if !places.pages.is_empty() {
        text.push_str(&readable_pages(&places.pages));
    }
    if let Some(next) = &places.next_agreement {
        text.push_str(&readable_agreement(next));
    }
    text
}

/// How two operators put another agreement in force by hand.
fn readable_agreement(next: &NextAgreement) -> String {
    let mut text = "\n\nAnother agreement waits for two operators once it is in its place. What each signs goes into the console:\n".to_owned();
    if let Some(first) = next.operators.first() {
        let _ = writeln!(text, "  cp {} {}", first.next.display(), next.place.display());
    }
    for operator in &next.operators {
        let (file, current, key) =
            (operator.next.display(), operator.current.display(), operator.key.display());
        let _ = writeln!(
            text,
            "  ketenwijzer agreement approve {file} --current {current} --as {} --key {key}\n  cat {file}.approvals",
            operator.name
        );
    }
    text
}

/// About whom there is something to see.
fn readable_people(people: &People) -> String {
    let mut all = table(["somebody to ask about", "number", "born", "who"]);
    for (person, story) in people.with_a_story() {
        let name = format!("{} {}", person.given_name, person.family_name);
        all.add_row([name.as_str(), person.bsn.expose(), &person.birth_date, story]);
    }
    all.add_row(["nobody", people.unknown.expose(), "", "nobody has a file on this number"]);
    format!("\n\nPeople, all made up, with test numbers.\n{all}")
}

/// Where people work, and as whom they sign in.
fn readable_pages(pages: &[PagePlace]) -> String {
    let mut all = table(["in a browser", "for", "sign in as", "who is", "with the secret"]);
    for page in pages {
        for (at, sign_in) in page.sign_ins.iter().enumerate() {
            let (address, of) = if at == 0 { (page.address.as_str(), page.of) } else { ("", "") };
            all.add_row([address, of, &sign_in.name, &sign_in.role, &sign_in.secret]);
        }
    }
    format!("\n\nEverybody here is made up.\n{all}")
}

fn readable(report: &Report) -> String {
    let mut text = String::new();
    if let Some(dossier) = &report.dossier {
        let rows = dossier.sections.iter().map(row);
        let _ = write!(
            text,
            "The dossier of {}\n{}\n\n",
            dossier.subject,
            dossier::readable(rows, &dossier.differences, dossier.complete)
        );
    }
    if let Some(rows) = &report.rows {
        let _ = writeln!(text, "rows: {} used, {} refused", rows.used, rows.refused);
        if !rows.refusals.is_empty() {
            let mut refused = table(["partner", "file", "row", "why"]);
            for refusal in rows.refusals.iter().take(SHOWN_REFUSALS) {
                let number = refusal.row.row.map(|row| row.to_string()).unwrap_or_default();
                refused.add_row([
                    refusal.partner.as_str(),
                    &refusal.row.origin,
                    &number,
                    &refusal.row.reason,
                ]);
            }
            let _ = writeln!(text, "{refused}");
            if rows.refusals.len() > SHOWN_REFUSALS {
                let _ = writeln!(text, "… and {} more: see --json", rows.refusals.len() - SHOWN_REFUSALS);
            }
        }
    }
    let mut promises = table(["promise", "what was seen"]);
    let mut promise = |what: &str, seen: String| {
        promises.add_row([what.to_owned(), seen]);
    };
    if let Some(refused) = report.mix_up_refused {
        promise(
            "no dossier mixes two people",
            if refused { "refused by every holder" } else { "NOT refused" }.to_owned(),
        );
    }
    if let Some(unknown) = report.unknown_person {
        promise(
            "an unknown person has no holders",
            format!("{} holders, complete: {}", unknown.holders, unknown.complete),
        );
    }
    if let Some(down) = report.partner_down {
        let status = serde_json::to_value(down.status).unwrap_or_default();
        promise(
            "no dossier looks complete and is not",
            format!(
                "with a partner down: {}, complete: {}",
                status.as_str().unwrap_or("no section"),
                down.complete
            ),
        );
    }
    if !report.pages.is_empty() {
        let opened = report.pages.iter().filter(|visited| visited.opened).count();
        promise(
            "each page opens to whoever signs in there",
            format!("{opened} of {} sign-ins", report.pages.len()),
        );
    }
    promise(
        "no number leaves a partner",
        format!("found {} times outside", report.bsn_found_outside_partners),
    );
    promise(
        "no access without a trace",
        format!(
            "{} records at the switchboard, {} at the partners",
            report.records.switchboard, report.records.partners
        ),
    );
    let _ = write!(
        text,
        "{promises}\n\n{} pointers of {} partners about {} people, in {:.1} s. {}",
        report.registered,
        report.partners,
        report.people,
        report.elapsed_ms as f64 / 1000.0,
        if report.all_promises_held() { "Every promise held." } else { "A promise did NOT hold." }
    );
    text
}

/// More than fit on a screen help nobody.
const SHOWN_REFUSALS: usize = 25;

fn row(section: &ShownSection) -> dossier::Row<'_> {
    dossier::Row {
        holder: &section.holder,
        category: section.category.as_str(),
        status: section.status,
        reason: None,
        as_of: section.as_of.map(|moment| moment.to_string()),
        document: section.document.as_ref(),
        doubted: &[],
    }
}
