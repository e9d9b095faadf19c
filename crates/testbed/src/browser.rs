//! A real browser: Debian's Chromium, steered over WebDriver (W3C) and, where WebDriver has no word for it, over Chromium's own
//! protocol.
//!
//! ```no_run
//! # async fn example(tools: &std::path::Path) -> anyhow::Result<()> {
//! use kw_testbed::browser::{BrowserDriver, Check};
//!
//! let driver = BrowserDriver::shared()?;
//! let browser = driver.open(&[]).await?;
//! browser.go("http://127.0.0.1:8080/").await?;
//! browser.fill("Naam", "Anna").await?;
//! browser.press("Verder").await?;
//! browser.sees("Welkom").await?;
//! assert_eq!(browser.mistakes(&Check { tools, name: "welkom" }).await?, Vec::<String>::new());
//! # Ok(()) }
//! ```
//!
//! Whatever waits, waits with a deadline. A window closes when it is dropped, and the driver ends with the last who uses it.

mod check;
mod driver;
mod keyboard;
mod page;
mod paper;
mod picture;
mod programs;
mod wire;

pub use check::{AXE, Check};
pub use driver::BrowserDriver;
pub use page::{Browser, Weight};
