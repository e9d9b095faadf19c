//! Whom a command is about. Best from standard input: what stands on a command line can be read in the process list, and
//! stays in the shell's history.

use std::io::{BufRead as _, Read as _};

use clap::Args;
use kw_domain::{BirthDate, Bsn, Subject};
use zeroize::Zeroizing;

use crate::failure::Failure;

/// The arguments that name a subject.
#[derive(Clone, Args)]
#[group(required = true, multiple = false)]
pub(crate) struct SubjectArguments {
    /// The subject with its scheme (nl.bsn:…, nl.rsin:…, nl.kvk:…, case:…), or - to read it from standard input.
    #[arg(long, value_name = "SUBJECT|-")]
    subject: Option<String>,
    /// The citizen service number, or - to read it from standard input, so that it is in no history or process list.
    #[arg(long, value_name = "NUMBER|-")]
    bsn: Option<String>,
}

impl SubjectArguments {
    /// Reads the subject.
    pub(crate) fn read(&self) -> Result<Subject, Failure> {
        match (&self.subject, &self.bsn) {
            (Some(subject), _) => Subject::parse(given(subject)?.trim())
                .map_err(|error| Failure::usage(error, "correct --subject")),
            (None, Some(bsn)) => read_bsn(bsn).map(Subject::from),
            (None, None) => {
                Err(Failure::usage("nobody is named", "add --bsn - and give the number on standard input"))
            }
        }
    }

    /// Reads the subject, in its one canonical form.
    pub(crate) fn canonical(&self) -> Result<String, Failure> {
        let canonical = self.read()?.canonical();
        Ok(String::from_utf8_lossy(&canonical).into_owned())
    }
}

/// The arguments that may name a subject.
#[derive(Clone, Default, Args)]
#[group(multiple = false)]
pub(crate) struct OptionalSubject {
    /// The subject with its scheme (nl.bsn:…), or - to read it from standard input.
    #[arg(long, value_name = "SUBJECT|-")]
    subject: Option<String>,
    /// The citizen service number, or - to read it from standard input, so that it is in no history or process list.
    #[arg(long, value_name = "NUMBER|-")]
    bsn: Option<String>,
}

impl OptionalSubject {
    /// Reads the subject, if one is named, in its one canonical form.
    pub(crate) fn canonical(self) -> Result<Option<String>, Failure> {
        if self.subject.is_none() && self.bsn.is_none() {
            return Ok(None);
        }
        SubjectArguments { subject: self.subject, bsn: self.bsn }.canonical().map(Some)
    }
}

impl std::fmt::Debug for OptionalSubject {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("OptionalSubject(…)")
    }
}

impl std::fmt::Debug for SubjectArguments {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SubjectArguments(…)")
    }
}

/// Reads a citizen service number from an argument, or from standard input when it is `-`.
pub(crate) fn read_bsn(argument: &str) -> Result<Bsn, Failure> {
    read_number(argument, "--bsn")
}

/// Reads the citizen service number of somebody else than the subject, in its one canonical form.
pub(crate) fn canonical_bsn(argument: &str, flag: &'static str) -> Result<String, Failure> {
    let canonical = Subject::from(read_number(argument, flag)?).canonical();
    Ok(String::from_utf8_lossy(&canonical).into_owned())
}

fn read_number(argument: &str, flag: &'static str) -> Result<Bsn, Failure> {
    let text = given(argument)?;
    let number = text.trim();
    // People paste the canonical form, too.
    let number = number.strip_prefix("nl.bsn:").unwrap_or(number);
    Bsn::parse(number).map_err(|error| Failure::usage(error, format!("correct {flag}")))
}

/// Reads a second subject from a file, in its one canonical form: standard input is for the first.
pub(crate) fn read_subject(path: &std::path::Path) -> Result<String, Failure> {
    let unreadable = || Failure::usage("the file with a person cannot be read", "give a file with one line");
    let mut file = std::fs::File::open(path).map_err(|_| unreadable())?.take(LONGEST);
    let mut text = Zeroizing::new(String::with_capacity(LONGEST as usize));
    file.read_to_string(&mut text).map_err(|_| unreadable())?;
    SubjectArguments { subject: Some(text.trim().to_owned()), bsn: None }.canonical()
}

/// Checks a birth date; it is passed on as it was written.
pub(crate) fn check_birth_date(text: Option<&str>) -> Result<Option<String>, Failure> {
    let Some(text) = text else { return Ok(None) };
    BirthDate::parse(text).map_err(|error| Failure::usage(error, "correct --birth-date"))?;
    Ok(Some(text.to_owned()))
}

fn given(argument: &str) -> Result<Zeroizing<String>, Failure> {
    if argument != "-" {
        return Ok(Zeroizing::new(argument.to_owned()));
    }
    // One line for each person, in the order in which they are read; the buffer of standard input keeps the rest.
    let mut text = Zeroizing::new(String::with_capacity(LONGEST as usize));
    std::io::stdin().lock().take(LONGEST).read_line(&mut text).map_err(|_| {
        Failure::usage("standard input cannot be read", "pipe one line of text into the command")
    })?;
    Ok(text)
}

const LONGEST: u64 = 512;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exit::Exit;

    fn bsn(text: &str) -> SubjectArguments {
        SubjectArguments { subject: None, bsn: Some(text.to_owned()) }
    }

    #[test]
    fn a_number_and_a_subject_come_to_the_same() {
        let subject = SubjectArguments { subject: Some("nl.bsn:999990342".to_owned()), bsn: None };
        assert_eq!(bsn("999990342").canonical().unwrap(), "nl.bsn:999990342");
        assert_eq!(subject.canonical().unwrap(), "nl.bsn:999990342");
    }

    #[test]
    fn a_wrong_number_is_never_repeated() {
        let failure = bsn("999990343").read().unwrap_err();
        assert_eq!(failure.exit, Exit::Usage);
        assert!(!format!("{failure:?} {:?}", bsn("999990343")).contains("99999"));
    }

    #[test]
    fn a_birth_date_is_checked() {
        assert_eq!(check_birth_date(Some("2011-03")).unwrap().as_deref(), Some("2011-03"));
        assert!(check_birth_date(Some("2011-31-31")).is_err());
        assert_eq!(check_birth_date(None).unwrap(), None);
    }
}
