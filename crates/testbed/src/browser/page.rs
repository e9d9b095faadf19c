//! What a person does in a browser, in their words: labels, names of buttons, what stands on the page.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use serde::Deserialize;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::OwnedSemaphorePermit;

use super::driver::BrowserDriver;
use super::wire::Wire;

/// One window of a browser of its own. It closes when dropped.
#[derive(Debug)]
pub struct Browser {
    pub(super) wire: Wire,
    _profile: TempDir,
    _driver: Arc<BrowserDriver>,
    _room: OwnedSemaphorePermit,
}

/// What a page made the browser fetch, itself included.
#[derive(Debug, Clone, Deserialize)]
pub struct Weight {
    /// Bytes over the wire, with the heads of the answers.
    pub bytes: u64,
    /// What was asked for.
    pub requests: Vec<String>,
    /// What was asked of another origin.
    pub elsewhere: Vec<String>,
}

impl Browser {
    pub(super) async fn new(
        driver: Arc<BrowserDriver>,
        wire: Wire,
        profile: TempDir,
        room: OwnedSemaphorePermit,
    ) -> anyhow::Result<Self> {
        let browser = Self { wire, _profile: profile, _driver: driver, _room: room };
        browser.width(WIDE).await?;
        Ok(browser)
    }

    /// Goes to an address, and waits until the page is loaded.
    pub async fn go(&self, url: &str) -> anyhow::Result<()> {
        self.wire
            .post("/url", json!({ "url": url }))
            .await
            .with_context(|| format!("{url} does not open"))?;
        Ok(())
    }

    /// Loads the page again.
    pub async fn reload(&self) -> anyhow::Result<()> {
        self.wire.post("/refresh", json!({})).await?;
        Ok(())
    }

    /// The way back, by the browser's own button.
    pub async fn back(&self) -> anyhow::Result<()> {
        self.wire.post("/back", json!({})).await?;
        Ok(())
    }

    /// Where it is.
    pub async fn url(&self) -> anyhow::Result<String> {
        Ok(self.wire.get("/url").await?.as_str().unwrap_or_default().to_owned())
    }

    /// What the page is called.
    pub async fn title(&self) -> anyhow::Result<String> {
        Ok(self.wire.get("/title").await?.as_str().unwrap_or_default().to_owned())
    }

    /// What can be read on it now.
    pub async fn text(&self) -> anyhow::Result<String> {
        Ok(self
            .evaluate("return document.body ? document.body.innerText : ''")
            .await?
            .as_str()
            .unwrap_or_default()
            .to_owned())
    }

    /// What can be read in the first frame of the page.
    pub async fn framed_text(&self) -> anyhow::Result<String> {
        self.wire.post("/frame", json!({ "id": 0 })).await?;
        let text = self.text().await;
        self.wire.post("/frame", json!({ "id": null })).await?;
        text
    }

    /// What a script in the page gives, for what a person sees and cannot be asked in words.
    pub async fn evaluate(&self, script: &str) -> anyhow::Result<Value> {
        self.wire.run(script, json!([])).await
    }

    /// Waits until this can be read on the page.
    pub async fn sees(&self, text: &str) -> anyhow::Result<()> {
        self.until(text, |page| page.contains(text)).await
    }

    /// Waits until this cannot be read on the page any more.
    pub async fn sees_no_more(&self, text: &str) -> anyhow::Result<()> {
        self.until(&format!("no {text}"), |page| !page.contains(text)).await
    }

    async fn until(&self, what: &str, holds: impl Fn(&str) -> bool) -> anyhow::Result<()> {
        let until = Instant::now() + PATIENCE;
        let what = flat(what);
        loop {
            // A page that is just being left has no text to give.
            let page = self.text().await.map(|text| flat(&text)).unwrap_or_default();
            if holds(&page) {
                return Ok(());
            }
            if Instant::now() > until {
                bail!("{what:?} is not on {} after {PATIENCE:?}, but: {page}", self.url().await?);
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Types into the field with this label, in place of what stands there. Of a list, chooses what is called so; to a field for files,
    /// adds the file at this path.
    pub async fn fill(&self, label: &str, text: &str) -> anyhow::Result<()> {
        let field = self.find(FIELD, label).await?;
        let done = self.wire.run(SET, json!([field, text])).await?;
        match done.as_str() {
            Some("set") => Ok(()),
            Some(how @ ("add" | "type")) => {
                let id = element(&field)?;
                if how == "type" {
                    self.wire.post(&format!("/element/{id}/clear"), json!({})).await?;
                }
                self.wire.post(&format!("/element/{id}/value"), json!({ "text": text })).await?;
                Ok(())
            }
            _ => bail!("{label:?} cannot be {text:?}"),
        }
    }

    /// Ticks the box or chooses the option with this label; unticks a box that is ticked.
    pub async fn tick(&self, label: &str) -> anyhow::Result<()> {
        let field = self.find(FIELD, label).await?;
        self.click(&field).await
    }

    /// Presses the button, or follows the link, or opens the part, of this name.
    pub async fn press(&self, name: &str) -> anyhow::Result<()> {
        let found = self.find(PRESSABLE, name).await?;
        self.click(&found).await
    }

    /// Whether there is a button, link or part of this name to press now.
    pub async fn can_press(&self, name: &str) -> anyhow::Result<bool> {
        Ok(!self.wire.run(PRESSABLE, json!([name])).await?.is_null())
    }

    async fn click(&self, found: &Value) -> anyhow::Result<()> {
        let leads_away = self.wire.run(LEADS_AWAY, json!([found])).await? == true;
        self.wire.post(&format!("/element/{}/click", element(found)?), json!({})).await?;
        if leads_away {
            self.arrives().await;
        }
        Ok(())
    }

    /// Waits for the document after this one, marked by `window.kwBefore`. A file that is saved, or a script that keeps the form,
    /// brings none.
    async fn arrives(&self) {
        let until = Instant::now() + ONWARDS;
        while Instant::now() < until {
            // There is no document to ask while one makes way for the next.
            if self.evaluate(ARRIVED).await.is_ok_and(|arrived| arrived == true) {
                return;
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Sends a form of the page as it would be without anything filled in, whatever the browser itself would say of that. `form` is
    /// a script that finds it.
    pub async fn send_empty(&self, form: &str) -> anyhow::Result<()> {
        let script = SEND_EMPTY.replace("FORM", form);
        self.evaluate(&script).await?;
        self.arrives().await;
        Ok(())
    }

    /// Waits for what the script finds.
    async fn find(&self, script: &str, name: &str) -> anyhow::Result<Value> {
        let until = Instant::now() + PATIENCE;
        loop {
            let found = self.wire.run(script, json!([name])).await.unwrap_or_default();
            if !found.is_null() {
                return Ok(found);
            }
            if Instant::now() > until {
                bail!("nothing on {} is called {name:?}: {}", self.url().await?, flat(&self.text().await?));
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Makes the page this many CSS pixels wide.
    pub async fn width(&self, pixels: u32) -> anyhow::Result<()> {
        self.screen(pixels, 1).await
    }

    /// Enlarges what is on a screen of the usual width: `4` is 400 %.
    pub async fn zoom(&self, times: u32) -> anyhow::Result<()> {
        self.screen(WIDE / times, times).await
    }

    async fn screen(&self, width: u32, scale: u32) -> anyhow::Result<()> {
        let screen = json!({ "width": width, "height": HIGH / scale.max(1), "deviceScaleFactor": scale, "mobile": false });
        self.wire.chromium("Emulation.setDeviceMetricsOverride", screen).await?;
        Ok(())
    }

    /// Whether scripts run in the pages that are opened from now on.
    pub async fn scripts(&self, run: bool) -> anyhow::Result<()> {
        self.wire.chromium("Emulation.setScriptExecutionDisabled", json!({ "value": !run })).await?;
        Ok(())
    }

    /// Plants a cookie for an address, as somebody who was at the browser before could.
    pub async fn plant_cookie(&self, url: &str, name: &str, value: &str) -> anyhow::Result<()> {
        let cookie = json!({ "url": url, "name": name, "value": value });
        self.wire.chromium("Network.setCookie", cookie).await?;
        Ok(())
    }

    /// The cookies of the page's address: name, value, flags.
    pub async fn cookies(&self) -> anyhow::Result<Vec<Value>> {
        Ok(self.wire.get("/cookie").await?.as_array().cloned().unwrap_or_default())
    }

    /// What the browser complained about since it was asked last: errors of scripts, what a policy stopped, what did not load for this
    /// page. That a page itself is one of refusal is no complaint.
    pub async fn complaints(&self) -> anyhow::Result<Vec<String>> {
        let entries = self.wire.post("/se/log", json!({ "type": "browser" })).await?;
        let loaded =
            self.evaluate("return performance.getEntriesByType('resource').map(one => one.name)").await?;
        let loaded: Vec<&str> = loaded.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let entries = entries.as_array().cloned().unwrap_or_default();
        let serious =
            entries.iter().filter(|entry| entry["level"] == "SEVERE" || entry["source"] == "security");
        let said = serious.map(|entry| entry["message"].as_str().unwrap_or_default().to_owned());
        let of_a_page = |said: &String| {
            said.split_once(" - Failed to load resource").is_some_and(|(url, _)| !loaded.contains(&url))
        };
        Ok(said.filter(|said| !of_a_page(said)).collect())
    }

    /// Loads the page again with nothing kept of it, and weighs what comes.
    pub async fn weigh(&self) -> anyhow::Result<Weight> {
        self.wire.chromium("Network.enable", json!({})).await?;
        self.wire.chromium("Network.setCacheDisabled", json!({ "cacheDisabled": true })).await?;
        self.reload().await?;
        let weight = self.evaluate(WEIGH).await?;
        self.wire.chromium("Network.setCacheDisabled", json!({ "cacheDisabled": false })).await?;
        Ok(serde_json::from_value(weight)?)
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // The driver may be gone, and its browsers with it.
        drop(self.wire.end_blocking());
    }
}

/// The name of an element in an answer, by the key that the standard gives it.
fn element(found: &Value) -> anyhow::Result<&str> {
    found["element-6066-11e4-a52e-4f735466cecf"].as_str().context("it is no element")
}

fn flat(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A field by its label, the legend's words not counted, or by its accessible name.
const FIELD: &str = "
    const flat = text => (text || '').replace(/\\s+/g, ' ').trim();
    const all = [...document.querySelectorAll('input:not([type=hidden]), select, textarea')];
    const names = field => [...(field.labels || [])].map(label => flat(label.innerText)).concat(flat(field.getAttribute('aria-label')));
    return all.find(field => names(field).includes(arguments[0]))
        || all.find(field => names(field).some(name => name.startsWith(arguments[0]))) || null;";

/// A button, link or summary that can be seen, by what stands in it or by its accessible name. What belongs to the page goes before what
/// is on every page, and a button before a link.
const PRESSABLE: &str = "
    const flat = text => (text || '').replace(/\\s+/g, ' ').trim();
    const all = [...document.querySelectorAll('button, a[href], summary, input[type=submit]')].filter(one => one.checkVisibility());
    const order = one => (one.closest('main') ? 0 : 2) + (one.matches('a') ? 1 : 0);
    all.sort((one, other) => order(one) - order(other));
    const names = one => [flat(one.innerText), flat(one.getAttribute('aria-label')), flat(one.value)];
    return all.find(one => names(one).includes(arguments[0]))
        || all.find(one => names(one).some(name => name.startsWith(arguments[0]))) || null;";

/// Whether a click should bring another document: of a link to elsewhere, or the button of a form that is sent as it is. Marks this one.
const LEADS_AWAY: &str = "
    const one = arguments[0];
    window.kwBefore = true;
    if (one.closest('[hx-get], [hx-post]')) return false;
    const link = one.closest('a[href]');
    if (link) return !link.target && !link.hasAttribute('download') && new URL(link.href).pathname + new URL(link.href).search !== location.pathname + location.search;
    const form = one.form;
    return Boolean(form && ['submit', 'image'].includes(one.type) && (form.noValidate || one.formNoValidate || form.checkValidity()));";

const SEND_EMPTY: &str = "
    const form = FORM;
    window.kwBefore = true;
    form.noValidate = true;
    for (const field of form.elements) {
        if (field.type === 'radio' || field.type === 'checkbox') field.checked = false;
        else if (field.matches('input:not([type=hidden]), textarea')) field.value = '';
    }
    form.requestSubmit();";

const ARRIVED: &str = "return !window.kwBefore && document.readyState === 'complete'";

/// Sets what nobody types letter by letter: an option of a list, a day.
const SET: &str = "
    const [field, text] = arguments;
    if (field.tagName === 'SELECT') {
        const flat = one => one.textContent.replace(/\\s+/g, ' ').trim();
        const option = [...field.options].find(one => flat(one) === text || one.value === text);
        if (!option) return 'no such option';
        field.value = option.value;
    } else if (['date', 'time', 'datetime-local', 'month', 'week'].includes(field.type)) {
        field.value = text;
        if (field.value !== text) return 'not taken';
    } else if (field.type === 'file') {
        return 'add';
    } else {
        return 'type';
    }
    field.dispatchEvent(new Event('input', { bubbles: true }));
    field.dispatchEvent(new Event('change', { bubbles: true }));
    return 'set';";

const WEIGH: &str = "
    const all = [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')];
    return {
        bytes: all.reduce((sum, one) => sum + one.transferSize, 0),
        requests: all.map(one => one.name),
        elsewhere: all.map(one => one.name).filter(name => new URL(name).origin !== location.origin),
    };";

pub(super) const WIDE: u32 = 1280;
pub(super) const HIGH: u32 = 900;
/// Until something is on the page. Longer than any page takes on a machine with other work.
const PATIENCE: Duration = Duration::from_secs(20);
/// Until the next document is there.
const ONWARDS: Duration = Duration::from_secs(5);
const PAUSE: Duration = Duration::from_millis(25);
