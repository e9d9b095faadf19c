//! The report as one page: no script, nothing from elsewhere, everything escaped, readable by a screen reader.

use std::fmt::Write as _;

use crate::report::{Outcome, Report};

/// The page.
pub fn page(report: &Report) -> String {
    let verdict = if report.conforms() { "Nothing failed" } else { "Something failed" };
    let mut page = String::with_capacity(64 * 1024);
    // Writing to a string cannot fail.
    let _ = write!(
        page,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <title>{verdict}: conformance of {partner}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n\
         <h1>Conformance of {partner}</h1>\n\
         <p>Chain {chain}, agreement {agreement}, {at}.</p>\n\
         <p class=\"verdict\"><strong>{verdict}.</strong> {passed} passed, {failed} failed, {left} not tried.</p>\n",
        partner = escaped(&report.partner),
        chain = escaped(&report.chain),
        agreement = escaped(&report.agreement),
        at = escaped(&report.begun_at),
        passed = report.count(Outcome::Passed),
        failed = report.count(Outcome::Failed),
        left = report.count(Outcome::NotTried),
    );
    for part in parts(report) {
        let _ = write!(
            page,
            "<table>\n<caption>{}</caption>\n<thead><tr><th scope=\"col\">Check</th><th scope=\"col\">Outcome</th>\
             <th scope=\"col\">What is expected, and why</th><th scope=\"col\">What was seen</th>\
             <th scope=\"col\">Time</th></tr></thead>\n<tbody>\n",
            escaped(part)
        );
        for finding in report.findings.iter().filter(|finding| finding.part == part) {
            let class = match finding.outcome {
                Outcome::Failed => "failed",
                Outcome::NotTried => "left",
                Outcome::Passed => "passed",
            };
            let remedy = finding.remedy.map_or_else(String::new, |remedy| {
                format!("<p><strong>To do:</strong> {}.</p>", escaped(remedy))
            });
            let _ = writeln!(
                page,
                "<tr class=\"{class}\"><th scope=\"row\">{check}</th><td>{outcome}</td>\
                 <td><p>{expects}.</p><p class=\"why\">{matters}.</p></td><td><p>{seen}</p>{remedy}</td>\
                 <td>{took} ms</td></tr>",
                check = escaped(finding.check),
                outcome = finding.outcome.as_str(),
                expects = escaped(finding.expects),
                matters = escaped(finding.matters),
                seen = escaped(&finding.seen),
                took = finding.milliseconds,
            );
        }
        page.push_str("</tbody>\n</table>\n");
    }
    page.push_str("</main>\n</body>\n</html>\n");
    page
}

fn parts(report: &Report) -> Vec<&str> {
    let mut parts: Vec<&str> = Vec::new();
    for finding in &report.findings {
        if !parts.contains(&finding.part.as_str()) {
            parts.push(&finding.part);
        }
    }
    parts
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    out
}

/// Outcomes are words; colour comes beside them.
const STYLE: &str = "body{font:1rem/1.5 system-ui,sans-serif;margin:2rem auto;max-width:75rem;padding:0 1rem;color:#111;\
    background:#fff}table{border-collapse:collapse;width:100%;margin:1rem 0 2rem}caption{text-align:left;font-size:1.25rem;\
    font-weight:600;padding:.5rem 0}th,td{border:1px solid #767676;padding:.5rem;text-align:left;vertical-align:top}\
    td p{margin:0 0 .25rem}.why{color:#4a4a4a}tr.failed td:nth-of-type(1){background:#fde0e0;font-weight:700}\
    tr.left td:nth-of-type(1){background:#fff4d6}tr.passed td:nth-of-type(1){background:#e3f5e3}";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::SOURCE;
    use crate::report::{Findings, failed};

    #[test]
    fn the_page_has_no_script_and_escapes_what_others_wrote() {
        let mut findings = Findings::of("source/<b>".to_owned());
        findings.note(SOURCE[0], failed("<script>alert(\"x\")</script> & 'more'"));
        let report = Report {
            partner: "A & <B>".to_owned(),
            findings: findings.finish(SOURCE, "not asked for"),
            ..Report::default()
        };
        let page = page(&report);
        for wrong in ["<script", "<b>", "A & ", "'more'", " src=", "href="] {
            assert!(!page.contains(wrong), "{wrong}");
        }
        assert!(page.contains("&lt;script&gt;") && page.contains("Something failed"));
        assert_eq!(page.matches("<th scope=\"row\">").count(), SOURCE.len());
        assert!(page.contains("lang=\"en\"") && page.contains("<caption>"));
    }
}
