//! A walk over the page with the Tab key, as who has no mouse makes it.

use serde_json::json;

use super::page::Browser;

impl Browser {
    /// Presses Tab from the beginning of the page to its end. What is wrong: a control that is never reached, one that is reached out of
    /// order, one that does not show that it has the focus.
    pub async fn walk_by_keyboard(&self) -> anyhow::Result<Vec<String>> {
        let count = self.wire.run(BEGIN, json!([])).await?.as_u64().unwrap_or_default();
        let mut mistakes = Vec::new();
        let mut last = -1;
        // A day has a stop for each of its parts.
        for _ in 0..count * 4 + 4 {
            self.key(TAB).await?;
            let step = self.wire.run_until_called(STEP, json!([])).await?;
            let (at, name) = (step["at"].as_i64().unwrap_or(END), step["name"].as_str().unwrap_or_default());
            if at == END {
                break;
            }
            if (0..last).contains(&at) {
                mistakes.push(format!("{name}: the focus jumps back to it"));
                break;
            }
            last = last.max(at);
            if step["visible"] != true {
                mistakes.push(format!("{name}: the focus cannot be seen on it"));
            }
            if step["hidden"] == true {
                mistakes.push(format!("{name}: it has the focus where nobody sees it"));
            }
        }
        let missed = self.wire.run(MISSED, json!([])).await?;
        let missed = missed.as_array().into_iter().flatten().filter_map(|name| name.as_str());
        mistakes.extend(missed.map(|name| format!("{name}: the keyboard does not reach it")));
        Ok(mistakes)
    }

    /// Types a text into whatever has the focus.
    pub async fn types(&self, text: &str) -> anyhow::Result<()> {
        let strokes =
            text.chars().flat_map(|key| ["keyDown", "keyUp"].map(|act| json!({ "type": act, "value": key })));
        let actions: Vec<_> = strokes.collect();
        let keyboard = json!({ "actions": [{ "type": "key", "id": "keyboard", "actions": actions }] });
        self.wire.post("/actions", keyboard).await?;
        Ok(())
    }

    /// Presses one key, by its WebDriver code point or as the letter that it is.
    pub async fn key(&self, key: &str) -> anyhow::Result<()> {
        self.types(key).await
    }
}

/// Notes what the keyboard must reach and how it looks without the focus, and puts the focus before all of it. Of radio buttons of one
/// name one is reached, with Tab; the arrows go on from there. The end gets a stop of its own: after the last one the browser gives the focus
/// to its own controls or begins again at the first, as it likes.
const BEGIN: &str = "
    document.activeElement && document.activeElement.blur();
    window.scrollTo(0, 0);
    getSelection().removeAllRanges();
    document.body.tabIndex = -1;
    document.body.focus();
    const all = [...document.querySelectorAll('a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex]')]
        .filter(one => one !== document.body && one.tabIndex >= 0 && !one.disabled && one.checkVisibility({ visibilityProperty: true }))
        .filter((one, _, all) => {
            const group = all.filter(other => other.type === 'radio' && other.name === one.name && other.form === one.form);
            return one.type !== 'radio' || one === (group.find(other => other.checked) || group[0]);
        });
    window.kwLooks = one => [one, one.closest('label'), one.nextElementSibling].filter(Boolean).map(part => {
        const style = getComputedStyle(part);
        return [style.outline, style.boxShadow, style.backgroundColor, style.borderColor, style.color, style.textDecoration].join();
    }).join();
    window.kwName = one => `${one.tagName.toLowerCase()} ${(one.innerText || one.getAttribute('aria-label') || one.name || one.id || '').trim().slice(0, 60)}`;
    window.kwControls = all;
    window.kwReached = new Set();
    window.kwUnfocused = new Map(all.map(one => [one, kwLooks(one)]));
    window.kwEnd = document.createElement('div');
    kwEnd.tabIndex = 0;
    document.body.append(kwEnd);
    return all.length;";

/// What has the focus now, once the page has scrolled to it.
const STEP: &str = "
    const done = arguments[arguments.length - 1];
    const one = document.activeElement;
    if (!one || one === kwEnd || one === document.body || one === document.documentElement) return done({ at: -2, name: 'the page' });
    kwReached.add(one);
    const at = kwControls.indexOf(one);
    for (const animation of document.getAnimations()) animation.finish();
    requestAnimationFrame(() => requestAnimationFrame(() => {
    const box = one.getBoundingClientRect();
    const outside = box.width === 0 || box.height === 0 || box.bottom <= 0 || box.top >= innerHeight || box.right <= 0 || box.left >= innerWidth;
    // Of a day the browser itself marks the part that has the focus.
    const parts = ['date', 'time', 'month', 'week', 'datetime-local'].includes(one.type);
    done({ at, name: kwName(one), visible: at < 0 || parts || kwLooks(one) !== kwUnfocused.get(one), hidden: outside });
    }));";

const MISSED: &str = "
    const missed = kwControls.filter(one => !kwReached.has(one)).map(kwName);
    document.body.removeAttribute('tabindex');
    kwEnd.remove();
    return missed;";

/// Where there is nothing more to reach.
const END: i64 = -2;
const TAB: &str = "\u{E004}";
