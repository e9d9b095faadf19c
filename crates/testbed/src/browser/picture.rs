//! Pictures of pages, for the documents.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::page::{Browser, HIGH, WIDE};

impl Browser {
    /// A picture of the page's beginning, for looking at after a failure; and anew for the documents where `docs/screenshots` has a file of
    /// this name and `KETENWIJZER_SCREENSHOTS` is set. There it must be small.
    pub async fn picture(&self, tools: &Path, name: &str) -> anyhow::Result<()> {
        let documented = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/screenshots");
        let kept = std::env::var_os("KETENWIJZER_SCREENSHOTS").is_some()
            && documented.join(format!("{name}.png")).is_file();
        let folder = if kept { documented } else { tools.join("screenshots") };
        fs::create_dir_all(&folder)?;
        self.width(WIDE).await?;
        self.evaluate("document.activeElement && document.activeElement.blur(); window.scrollTo(0, 0);")
            .await?;
        let height =
            self.evaluate("return document.documentElement.scrollHeight").await?.as_u64().unwrap_or_default();
        let clip = json!({ "x": 0, "y": 0, "width": WIDE, "height": height.clamp(300, u64::from(HIGH) * 2), "scale": 0.75 });
        let taken = json!({ "format": "png", "captureBeyondViewport": true, "clip": clip });
        let taken = self.wire.chromium("Page.captureScreenshot", taken).await?;
        let picture = STANDARD.decode(taken["data"].as_str().context("the browser gave no picture")?)?;
        let path = folder.join(format!("{name}.png"));
        fs::write(&path, &picture)?;
        if kept {
            reduce(&path);
            let size = fs::metadata(&path)?.len();
            ensure!(size <= LARGEST, "{} has {size} bytes; install pngquant, or show less", path.display());
        }
        Ok(())
    }
}

/// Fewer colours, where there is a program for it. A picture that cannot be reduced stays as it is.
fn reduce(path: &Path) {
    let _ = Command::new("pngquant")
        .args(["--force", "--skip-if-larger", "--strip", "--ext", ".png", "64", "--"])
        .arg(path)
        .stdin(Stdio::null())
        .status();
}

const LARGEST: u64 = 120_000;
