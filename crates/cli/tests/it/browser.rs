//! What people do in a browser, in a real one, over the running demonstration.
//!
//! One module per application. A test takes the stage that all share, opens a browser, and says what a person does:
//!
//! ```ignore
//! let stage = Stage::shared();
//! let browser = stage.browser().await;
//! stage.sign_in(&browser, "desk", "caseworker").await;
//! browser.press("Nieuwe vraag").await.unwrap();
//! browser.fill("Burgerservicenummer", "999990342").await.unwrap();
//! browser.press("Zoeken").await.unwrap();
//! browser.sees("Jeugdzorg Demostad").await.unwrap();
//! stage.expect_sound(&browser, "desk-holders").await;
//! ```
//!
//! - `expect_sound` after every new page and state: axe-core, keyboard, 320 pixels, 400 %, nothing to complain of. It takes a picture too,
//!   of that name; `KETENWIJZER_SCREENSHOTS=1` puts those that `docs/screenshots` has a file for into it anew.
//! - The stage is shared by all tests at once, so a test that changes something does it to people of its own, and none counts.

mod between;
mod careless;
mod console;
mod desk;
mod english;
mod every_page;
mod harness;
mod hostile;
mod inzage;
mod keys;
mod mandates;
mod representation;
mod roles;
mod security;
mod signing_in;
mod stage;
mod tour;

pub(crate) use stage::Stage;

/// Where axe-core is installed once for all runs, and pictures go that are not for the documents.
const TOOLS: &str = env!("CARGO_TARGET_TMPDIR");
