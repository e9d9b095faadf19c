//! The command line.

use clap::{Parser, Subcommand};

use crate::commands::{
    accesses, agreement, audit, canaries, consents, console, delegations, demo, departures, desk, doctor,
    dossier, feedback, identity_checks, inzage, keys, mandates, matches, objections, partner, personal, pki,
    pseudonymiser, query, register, relations, reviews, signals, status, subscriptions, switchboard, sync,
    withdraw,
};

const VERSION: &str = if kw_store::WITHOUT_LEDGER {
    concat!(env!("CARGO_PKG_VERSION"), ", BUILT WITHOUT ITS LEDGER: for measuring, it serves nobody")
} else {
    env!("CARGO_PKG_VERSION")
};

/// Who holds what about whom, and fetching it at the source.
#[derive(Debug, Parser)]
#[command(name = "ketenwijzer", version = VERSION, propagate_version = true, disable_help_subcommand = true)]
#[command(
    after_help = "Exit codes: 0 done, 1 negative outcome, 2 usage, 3 configuration, 4 unavailable, 5 refused, \
                        70 fault, 130 interrupted (docs/operations.md)."
)]
pub(crate) struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
    /// Print data as one JSON object.
    #[arg(long, global = true)]
    pub(crate) json: bool,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Show a whole chain on this machine.
    Demo(demo::Arguments),
    /// Make certificates for development: an authority in the shape of PKIoverheid's.
    #[command(subcommand)]
    Pki(pki::Command),
    /// Make and rotate keys.
    #[command(subcommand)]
    Keys(keys::Command),
    /// Check, compare, approve and apply chain agreements.
    #[command(subcommand)]
    Agreement(agreement::Command),
    /// Look at logs from outside: verify, copy, search, report.
    #[command(subcommand)]
    Audit(audit::Command),
    /// Run a switchboard.
    #[command(subcommand)]
    Switchboard(switchboard::Command),
    /// Run a pseudonymiser.
    #[command(subcommand)]
    Pseudonymiser(pseudonymiser::Command),
    /// Run a partner, or look what its sources would register.
    #[command(subcommand)]
    Partner(partner::Command),
    /// Run a personal environment.
    #[command(subcommand)]
    Personal(personal::Command),
    /// Run the pages of caseworkers, at a partner.
    #[command(subcommand)]
    Desk(desk::Command),
    /// Run the pages of auditors and operators, at the switchboard.
    #[command(subcommand)]
    Console(console::Command),
    /// Run the pages of citizens and their representatives.
    #[command(subcommand)]
    Inzage(inzage::Command),
    /// Register one record of a source, at the partner that runs here.
    Register(register::Arguments),
    /// Take pointers back.
    Withdraw(withdraw::Arguments),
    /// Keep subjects that nobody is, to see whether the index leaves somebody out.
    #[command(subcommand)]
    Canaries(canaries::Command),
    /// What a person chose about disclosure: record it, take it back, show it.
    #[command(subcommand)]
    Consents(consents::Command),
    /// Objections to being found at a holder: pass them on, show them, decide.
    #[command(subcommand)]
    Objections(objections::Command),
    /// Ask who holds what about a person, without pulling it.
    Query(query::Arguments),
    /// Ask for the virtual dossier of a person.
    Dossier(dossier::Arguments),
    /// Doubt a value at a holder (terugmelding), and follow what becomes of it.
    #[command(subcommand)]
    Feedback(feedback::Command),
    /// Keep the register of who may act for whom.
    #[command(subcommand)]
    Mandates(mandates::Command),
    /// See with whom you have something to speak about, and say how far you are.
    #[command(subcommand)]
    Matches(matches::Command),
    /// Declare that two people belong together, for family match.
    #[command(subcommand)]
    Relations(relations::Command),
    /// Say which software supplier may act for the partner that runs here.
    #[command(subcommand)]
    Delegations(delegations::Command),
    /// Leave the chain, hand the work over, or take another partner's over.
    #[command(subcommand)]
    Departures(departures::Command),
    /// Say whether somebody who pulled means the right person, where a birth date is unknown.
    #[command(subcommand)]
    IdentityChecks(identity_checks::Command),
    /// Bring the index in line with the sources.
    Sync(sync::Arguments),
    /// Read what you looked up yourself.
    Accesses(accesses::Arguments),
    /// Look at motivated and emergency questions afterwards.
    #[command(subcommand)]
    Reviews(reviews::Command),
    /// Read what a party was told, or wait for it.
    Signals(signals::Arguments),
    /// Say where signals are delivered, and look at what could not be.
    #[command(subcommand)]
    Subscriptions(subscriptions::Command),
    /// Ask how the partner that runs here is doing.
    Status(status::Arguments),
    /// Look whether a service can start, and what is wrong if not.
    Doctor(doctor::Arguments),
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn json_is_understood_before_and_after_the_command() {
        for line in ["ketenwijzer --json demo --once", "ketenwijzer demo --once --json"] {
            assert!(Arguments::try_parse_from(line.split(' ')).unwrap().json, "{line}");
        }
    }

    #[test]
    fn every_command_of_the_manual_is_understood() {
        for line in [
            "demo --once --json --dir /tmp/a --database postgres://kw@localhost/postgres --people 20",
            "demo --story representation --once --json",
            "demo --data in --bsn - --bsn-column nummer --birth-date-column geboren",
            "pki init --directory pki --chain youth",
            "pki issue --directory pki --name school --oin 00000099000000012000 --host localhost --days 90",
            "pki revoke --directory pki --name school",
            "keys init switchboard --directory keys --chain youth",
            "keys init partner --directory keys --agreement agreement.toml",
            "keys rotate index --config switchboard.toml --step begin",
            "keys rotate pseudonymiser-index --config pseudonymiser.toml --hand-over out",
            "keys rotate pseudonymiser --config switchboard.toml",
            "keys rotate grant --config switchboard.toml",
            "agreement check agreement.toml",
            "agreement diff agreement.toml next.toml",
            "agreement approve next.toml --as jansen --key jansen.key --current agreement.toml",
            "agreement apply next.toml --to agreement.toml --yes",
            "agreement schema",
            "keys operator jansen.key",
            "partner conformance --config p.toml --source files --html r.html --report r.json --hook ./change",
            "partner conformance --config p.toml --running --asker q.toml --actor t --role r --purpose p --case c --bsn -",
            "canaries make --config p.toml --category youth-care-plan",
            "canaries export --config p.toml --to file",
            "canaries import --config p.toml file --register-as youth-care-plan",
            "audit show --config a.toml --auditor a.first --event query-answered --basis emergency --from 2026-01-01T00:00:00Z",
            "audit show --config s.toml --auditor a.first --database --limit 500",
            "audit resolve request --config a.toml --auditor a --index 7 --reference 019a0000-0000-7000-8000-000000000000 --reason r",
            "audit resolve approve --config a.toml --auditor b 019a0000-0000-7000-8000-000000000000",
            "audit resolve list --config a.toml --log 00000099000000011000",
            "audit inzage --config p.toml --bsn - --birth-date 2011-03-04 --role worker --actor j --case 1 --language en",
            "audit mirror --config auditor.toml --log pseudonymiser copy",
            "audit mirror --config auditor.toml https://index.example/log copy",
            "audit policy --config auditor.toml --log 00000099000000012000",
            "audit proof --config partner.toml --receipt answer.json --out access.tlog-proof",
            "audit retention --config switchboard.toml --report destroyed.json",
            "audit verify --config auditor.toml --log switchboard",
            "audit verify --config switchboard.toml --database",
            "audit verify --config partner.toml --receipt answer.json",
            "audit verify --dir copy --vkey log.vkey",
            "audit verify --receipt answer.json --proof access.tlog-proof --policy chain.tlog-policy",
            "switchboard serve --config switchboard.toml",
            "pseudonymiser serve --config pseudonymiser.toml",
            "partner serve --config partner.toml",
            "partner check --config partner.toml --source registration --records 500 --documents 5 --services --json",
            "personal serve --config personal.toml",
            "desk serve --config desk.toml",
            "console serve --config console.toml",
            "inzage serve --config inzage.toml",
            "keys init personal --directory keys --chain care",
            "register --config p.toml --subject - --category care --source files --record 7",
            "withdraw --config p.toml --record 7 --source files --category care --reason deceased",
            "withdraw --config p.toml --every-category care --expect 3 --reason deceased",
            "consents record --config p.toml --bsn - refused --holder-kind hospital --category allergies --evidence form-1",
            "consents record --config p.toml --bsn - given --given-by professional --actor j --role gp --evidence visit",
            "consents withdraw --config p.toml --bsn - 019a0000-0000-7000-8000-000000000000",
            "consents list --config p.toml --bsn -",
            "objections submit --config p.toml --bsn - --holder 00000099000000012000 --category c --reason incorrect",
            "objections list --config p.toml --decided",
            "objections decide --config p.toml 019a0000-0000-7000-8000-000000000000 --upheld --reasons r --actor j --role r",
            "query --config p.toml --bsn - --purpose help --role worker --actor j --case 1 --basis listed",
            "dossier --config p.toml --bsn - --birth-date 2011-03-04 --purpose help --role worker --actor j --case 1",
            "feedback report --config p.toml --bsn - --purpose help --role worker --actor j --case 1 --from d.json --difference 1 \
             --strong-suspicion --own-knowledge --knows-definition --contact-name J --contact-email j@example.nl",
            "feedback report --config p.toml --bsn - --purpose help --role worker --actor j --case 1 --holder \
             00000099000000012000 --category care --pointer /city --doubted Ede --proposed Tiel --contact-name J \
             --contact-email j@example.nl --kind correction-request",
            "feedback list --config p.toml --sent --status in-progress",
            "feedback received list --config p.toml --status reported --overdue",
            "feedback received annotate --config p.toml 019a0000-0000-7000-8000-000000000000 --actor j --role worker --status settled --outcome upheld",
            "feedback show --config p.toml 019a0000-0000-7000-8000-000000000000",
            "feedback withdraw --config p.toml --actor j --role worker 019a0000-0000-7000-8000-000000000000 --note n",
            "sync --config p.toml --full --source files",
            "sync status --config p.toml",
            "accesses --config p.toml --actor r --role worker --limit 5 --cursor 17",
            "reviews list --config p.toml --actor r --role worker --state all --due-before 2026-12-01T00:00:00Z",
            "reviews verdict --config p.toml --actor r --role worker 019a0000-0000-7000-8000-000000000000 unjustified --note n",
            "matches list --config p.toml --state in-contact --limit 5",
            "matches list --config p.toml --all",
            "matches show --config p.toml 019a0000-0000-7000-8000-000000000000",
            "matches contact --config p.toml --actor j --role worker 019a0000-0000-7000-8000-000000000000",
            "matches coordinated --config p.toml --actor j --role worker 019a0000-0000-7000-8000-000000000000",
            "matches figures --config p.toml",
            "relations declare --config p.toml --actor j --role worker --kind parent-child",
            "relations end --config p.toml --actor j --role worker 019a0000-0000-7000-8000-000000000000",
            "signals --config p.toml --follow --json",
            "signals --config auditor.toml --after now --limit 5",
            "subscriptions create --config p.toml --sink https://partner.example:8443/v1/events --type match-arisen,review-due",
            "subscriptions create --config p.toml --type pointer-registered --reference feed",
            "subscriptions list --config auditor.toml",
            "subscriptions show --config p.toml 019a0000-0000-7000-8000-000000000000",
            "subscriptions verify --config p.toml 019a0000-0000-7000-8000-000000000000",
            "subscriptions dead-letters --config p.toml 019a0000-0000-7000-8000-000000000000 --after 12 --limit 5",
            "subscriptions replay --config p.toml 019a0000-0000-7000-8000-000000000000 --sequence 12",
            "subscriptions end --config p.toml 019a0000-0000-7000-8000-000000000000",
            "status --config p.toml",
            "doctor --config p.toml",
            "audit export --config a.toml --auditor j --format ldv --log switchboard --from 2026-11-01T00:00:00Z -o out",
            "audit reconcile --config a.toml --auditor j --all --until 2026-11-01T00:00:00Z",
            "audit reconcile --database switchboard.toml --database partner.toml",
            "audit report --config a.toml --auditor j --month 2026-11 --anomalies --questions-a-day 20",
        ] {
            let parsed = Arguments::try_parse_from(["ketenwijzer"].into_iter().chain(line.split(' ')));
            assert!(parsed.is_ok(), "{line}: {}", parsed.unwrap_err());
        }
    }
}
