//! Everything that people meet on the way, in English: declared as such, sound, and without a word of Dutch of the applications' own.

use kw_testbed::browser::Browser;

use super::Stage;
use super::representation::{TURN, year};

#[tokio::test]
async fn inzage_the_provider_and_the_consent_screen_speak_english() {
    let _turn = TURN.lock().await;
    let stage = Stage::shared();
    let browser = stage.browser().await;
    let b = &browser;
    let done: anyhow::Result<()> = Box::pin(async {
        // What other parties are called, and what a document says, is theirs.
        b.go(&stage.at("inzage", "/signed-out")).await?;
        b.press("English").await?;
        english(&stage, b, "signed-out").await?;
        b.press("Sign in").await?;
        english(&stage, b, "provider-sign-in").await?;
        sign_in(b, "lotte").await?;
        b.press("Gather my data").await?;
        b.sees("Gathered on").await?;
        for path in [
            "",
            "holders",
            "accesses",
            "choices",
            "choices/new",
            "objections/new",
            "mandates",
            "mandates/new",
            "corrections",
            "print",
            "acting",
            "collected",
            "nowhere",
        ] {
            b.go(&stage.at("inzage", &format!("/{path}"))).await?;
            english(&stage, b, &path.replace('/', "-")).await?;
        }
        b.go(&stage.at("inzage", "/collected")).await?;
        b.press("Sign in at my personal environment").await?;
        english(&stage, b, "provider-sign-in-personal").await?;
        sign_in(b, "lotte").await?;
        english(&stage, b, "collected").await?;
        b.press("A dossier about myself").await?;
        english(&stage, b, "collected-new").await?;
        for (field, text) in [("Day", "5"), ("Month", "1"), ("Year", year(8).as_str())] {
            b.fill(field, text).await?;
        }
        b.press("Make the dossier").await?;
        b.press("Open the dossier of Lotte").await?;
        english(&stage, b, "collected-dossier").await?;
        for (link, name) in [("Who may use this dossier?", "users"), ("Throw this dossier away", "delete")] {
            b.press(link).await?;
            english(&stage, b, &format!("collected-{name}")).await?;
            b.go(&stage.at("inzage", "/collected/dossier")).await?;
        }
        b.press("Collect data").await?;
        english(&stage, b, "collected-collect").await?;
        b.tick("School attendance – ").await?;
        b.press("Go on").await?;
        english(&stage, b, "collected-onwards").await?;
        b.press("To ").await?;
        english(&stage, b, "provider-sign-in-holder").await?;
        sign_in(b, "lotte").await?;
        english(&stage, b, "consent").await?;
        b.press("Yes, I consent").await?;
        english(&stage, b, "collected-confirm").await?;
        b.press("Yes, keep them in this dossier").await?;
        english(&stage, b, "collected-kept").await?;
        b.press("School attendance").await?;
        english(&stage, b, "collected-document").await?;
        b.go(&stage.at("inzage", "/collected/dossier")).await?;
        b.press("Throw this dossier away").await?;
        b.press("Yes, throw it away").await?;
        english(&stage, b, "collected-deleted").await
    })
    .await;
    done.unwrap();
}

async fn sign_in(b: &Browser, name: &str) -> anyhow::Result<()> {
    let mut letters = name.chars();
    let given: String = letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect();
    b.fill("Name", name).await?;
    b.fill("Secret", &format!("{given} weet het")).await?;
    b.press("Sign in").await
}

/// Declared as English, and not a word of the application's own in Dutch.
async fn english(stage: &Stage, b: &Browser, name: &str) -> anyhow::Result<()> {
    if let Some(said) = in_dutch(b).await? {
        anyhow::bail!("{name} {said}");
    }
    stage.expect_sound(b, &format!("en-{name}")).await;
    Ok(())
}

/// What of the page that is open is not English.
pub(super) async fn in_dutch(b: &Browser) -> anyhow::Result<Option<String>> {
    let language = b.evaluate("return document.documentElement.lang").await?;
    if language != "en" {
        return Ok(Some(format!("is declared to be {language}")));
    }
    let text = b.evaluate(SAID).await?.as_str().unwrap_or_default().to_lowercase();
    let text = NAMES.iter().fold(text, |text, name| text.replace(name, ""));
    if let Some(word) = words(&text).find(|word| DUTCH.contains(word)) {
        return Ok(Some(format!("says {word:?}: {text}")));
    }
    Ok(text.contains('[').then(|| format!("has no words for something: {text}")))
}

/// The words of a text. A reference is one word, whatever letters stand between its digits and dashes.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric() && c != '-' && c != '_')
}

#[test]
fn a_reference_is_one_word() {
    let found: Vec<_> = words("kunt u, of i-8u-q3_en: niet").collect();
    assert_eq!(found, ["kunt", "u", "", "of", "i-8u-q3_en", "", "niet"]);
}

/// What is said in the page's own language: not the link to the other one, the made-up secrets of a sign-in, and what others wrote.
const SAID: &str = "
    const page = document.body.cloneNode(true);
    const others = /\\/(sign-in|documents)\\//.test(location.pathname) ? ', td' : '';
    page.querySelectorAll('[lang], bdi' + others).forEach(one => one.remove());
    document.body.append(page);
    const text = document.title + ' ' + page.innerText;
    page.remove();
    return text;";
/// A party is called so in any language.
const NAMES: [&str; 1] = ["mijn dossier"];
/// Words that no English text has, nor a name of the chain.
const DUTCH: [&str; 30] = [
    "aan",
    "bij",
    "dat",
    "deze",
    "dit",
    "een",
    "en",
    "er",
    "geen",
    "gegevens",
    "het",
    "hier",
    "iemand",
    "ik",
    "kies",
    "maar",
    "machtiging",
    "mijn",
    "naar",
    "niet",
    "nog",
    "ook",
    "opnieuw",
    "tot",
    "u",
    "uit",
    "uw",
    "van",
    "voor",
    "zijn",
];
