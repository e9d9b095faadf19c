//! Prints docs/vectors/pseudonym.json: `cargo run -p kw-pseudonym --example vectors > docs/vectors/pseudonym.json`.

use std::error::Error;
use std::io::Write;

mod document;

fn main() -> Result<(), Box<dyn Error>> {
    Ok(writeln!(std::io::stdout(), "{:#}", document::vectors()?)?)
}
