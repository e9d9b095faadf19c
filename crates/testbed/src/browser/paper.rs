//! A page on paper: what the browser's own printing makes of it.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::page::Browser;
use super::programs::pdf_reader;

impl Browser {
    /// Prints the page on A4, as a PDF that stays in `tools/printed` under this name; what can be read on each sheet.
    pub async fn printed(&self, tools: &Path, name: &str) -> anyhow::Result<Vec<String>> {
        // Centimetres, and the margins that the page's own style sets.
        let paper =
            json!({ "page": { "width": 21.0, "height": 29.7 }, "shrinkToFit": true, "background": false });
        let printed = self.wire.post("/print", paper).await?;
        let document = STANDARD.decode(printed.as_str().context("the browser printed nothing")?)?;
        let folder = tools.join("printed");
        fs::create_dir_all(&folder)?;
        let path = folder.join(format!("{name}.pdf"));
        fs::write(&path, &document)?;
        let read = Command::new(pdf_reader()?).arg("-layout").arg(&path).arg("-").output()?;
        ensure!(read.status.success(), "{}", String::from_utf8_lossy(&read.stderr));
        let text = String::from_utf8(read.stdout)?;
        Ok(text.split_terminator('\u{c}').map(str::to_owned).collect())
    }
}
