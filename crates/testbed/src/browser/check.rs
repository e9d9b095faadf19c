//! What holds for every page and every state of it.

use std::fs;
use std::path::Path;

use anyhow::Context as _;
use serde_json::json;

use super::page::{Browser, WIDE};
use crate::outside::Locked;

/// One page in one state.
#[derive(Debug, Clone, Copy)]
pub struct Check<'a> {
    /// Where software of others is installed once for all runs, `CARGO_TARGET_TMPDIR` of the crate that tests.
    pub tools: &'a Path,
    /// What the page is called in what is found wrong.
    pub name: &'a str,
}

impl Browser {
    /// Everything that is wrong with the page that is open: with axe-core (WCAG 2.2 A and AA) on a wide and on a narrow screen, to
    /// somebody who has only a keyboard, at 320 pixels and enlarged to 400 % (nothing but what scrolls by itself may be wider than the
    /// screen), and what the browser itself complained about.
    pub async fn mistakes(&self, check: &Check<'_>) -> anyhow::Result<Vec<String>> {
        let mut found = Vec::new();
        let at = |screen: &str, mistake: String| format!("{} ({screen}): {mistake}", check.name);
        for width in [WIDE, 320] {
            self.width(width).await?;
            let screen = format!("{width} pixels");
            found.extend(self.violations(check.tools).await?.into_iter().map(|one| at(&screen, one)));
            found.extend(self.too_wide().await?.map(|one| at(&screen, one)));
        }
        self.zoom(4).await?;
        found.extend(self.too_wide().await?.map(|one| at("400 %", one)));
        self.width(WIDE).await?;
        found.extend(self.walk_by_keyboard().await?.into_iter().map(|one| at("keyboard", one)));
        found.extend(self.complaints().await?.into_iter().map(|one| at("browser", one)));
        found.extend(self.elsewhere().await?.into_iter().map(|one| at("another origin", one)));
        Ok(found)
    }

    /// The part of it that another language can spoil of a page that was looked at before: with axe-core, at 320 pixels, and what the
    /// browser complained about.
    pub async fn mistakes_in_words(&self, check: &Check<'_>) -> anyhow::Result<Vec<String>> {
        self.width(320).await?;
        let mut found = self.violations(check.tools).await?;
        found.extend(self.too_wide().await?);
        self.width(WIDE).await?;
        found.extend(self.complaints().await?);
        Ok(found.into_iter().map(|one| format!("{}: {one}", check.name)).collect())
    }

    /// What axe-core finds: the rule, and the place.
    pub async fn violations(&self, tools: &Path) -> anyhow::Result<Vec<String>> {
        if self.evaluate("return typeof axe").await? == "undefined" {
            let folder = tools.join("outside-axe");
            AXE.install(&folder).map_err(|why| {
                anyhow::anyhow!("axe-core is needed and cannot be installed with npm: {why}")
            })?;
            let source = fs::read_to_string(folder.join("node_modules/axe-core/axe.min.js"))
                .context("axe-core is not there")?;
            self.wire.run(&source, json!([])).await?;
        }
        let found = self.wire.run_until_called(RUN, json!([])).await?;
        let found = found.as_array().context("axe-core gave nothing")?;
        Ok(found.iter().map(|one| one.as_str().unwrap_or_default().to_owned()).collect())
    }

    async fn too_wide(&self) -> anyhow::Result<Option<String>> {
        Ok(self.evaluate(TOO_WIDE).await?.as_str().map(str::to_owned))
    }

    async fn elsewhere(&self) -> anyhow::Result<Vec<String>> {
        let found = self.evaluate(ELSEWHERE).await?;
        Ok(found.as_array().into_iter().flatten().filter_map(|one| one.as_str()).map(str::to_owned).collect())
    }
}

/// The lock file holds the digest of what it is.
pub const AXE: Locked<'static> = Locked {
    packages: include_str!("../../outside/axe/package.json"),
    lock: include_str!("../../outside/axe/package-lock.json"),
};

/// `target-size` is off unless it is asked for. What axe-core itself could not decide is left to people.
const RUN: &str = "
    const done = arguments[arguments.length - 1];
    axe.run(document, {
        runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'],
        rules: { 'target-size': { enabled: true } },
        resultTypes: ['violations'],
    }).then(
        result => done(result.violations.flatMap(rule => rule.nodes.map(node =>
            `${rule.id}: ${node.target.join(' ')}: ${node.failureSummary.replace(/\\s+/g, ' ')}`))),
        error => done([`axe-core failed: ${error}`]));";

/// What reaches beyond the right edge, and is not in something that scrolls by itself.
const TOO_WIDE: &str = "
    const room = document.documentElement.clientWidth;
    const whole = document.documentElement.scrollWidth;
    if (whole <= room) return null;
    const scrolls = one => one && one !== document.body && one !== document.documentElement
        && (['auto', 'scroll', 'hidden', 'clip'].includes(getComputedStyle(one).overflowX) || scrolls(one.parentElement));
    const wide = [...document.body.querySelectorAll('*')].filter(one => one.getBoundingClientRect().right > room + 1 && !scrolls(one.parentElement));
    const names = wide.slice(-3).map(one => `${one.tagName.toLowerCase()}.${one.className}`);
    return `the page is ${whole} wide where there is room for ${room}: ${names.join(', ')}`;";

const ELSEWHERE: &str = "
    return performance.getEntriesByType('resource').map(one => one.name).filter(name => new URL(name).origin !== location.origin);";
