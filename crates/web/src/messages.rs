//! What pages say, as Fluent messages: one file per language and application, read when the process starts.

use std::borrow::Cow;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use unic_langid::langid;

use crate::Language;

/// The messages of an application, in both languages.
pub struct Messages {
    dutch: FluentBundle<FluentResource>,
    english: FluentBundle<FluentResource>,
}

/// A message file that is none.
#[derive(Debug, thiserror::Error)]
#[error("the messages in {tag} cannot be read: {reason}")]
pub struct MessagesError {
    /// The language.
    pub tag: &'static str,
    /// What the parser says.
    pub reason: String,
}

/// What can stand in a message.
pub trait Say {
    /// As Fluent has it.
    fn say(&self) -> FluentValue<'_>;
}

impl Messages {
    /// The shell's own messages and an application's: `(Dutch, English)` each.
    pub fn new(own: (&str, &str)) -> Result<Self, MessagesError> {
        let shell = (include_str!("../locales/nl.ftl"), include_str!("../locales/en.ftl"));
        Ok(Self {
            dutch: bundle(Language::Dutch, [shell.0, own.0])?,
            english: bundle(Language::English, [shell.1, own.1])?,
        })
    }

    /// Whether there is such a message.
    pub(crate) fn has(&self, language: Language, key: &str) -> bool {
        self.bundle(language).has_message(key)
    }

    fn bundle(&self, language: Language) -> &FluentBundle<FluentResource> {
        match language {
            Language::Dutch => &self.dutch,
            Language::English => &self.english,
        }
    }

    /// The text of a message. One that is not there shows its name, which the tests of every application rule out.
    pub(crate) fn text(&self, language: Language, key: &str, arguments: &[(&str, &dyn Say)]) -> String {
        let bundle = self.bundle(language);
        let Some(pattern) = bundle.get_message(key).and_then(|message| message.value()) else {
            return format!("[{key}]");
        };
        let mut given = FluentArgs::with_capacity(arguments.len());
        for (name, value) in arguments {
            given.set(Cow::Borrowed(*name), value.say());
        }
        bundle.format_pattern(pattern, Some(&given), &mut Vec::new()).into_owned()
    }
}

fn bundle(language: Language, texts: [&str; 2]) -> Result<FluentBundle<FluentResource>, MessagesError> {
    let failed = |reason: String| MessagesError { tag: language.tag(), reason };
    let identifier = match language {
        Language::Dutch => langid!("nl"),
        Language::English => langid!("en"),
    };
    let mut bundle = FluentBundle::new_concurrent(vec![identifier]);
    // The pages are in one script; the marks would show up in copied text.
    bundle.set_use_isolating(false);
    for text in texts {
        let resource =
            FluentResource::try_new(text.to_owned()).map_err(|(_, errors)| failed(format!("{errors:?}")))?;
        bundle.add_resource(resource).map_err(|errors| failed(format!("{errors:?}")))?;
    }
    Ok(bundle)
}

impl<T: Say + ?Sized> Say for &T {
    fn say(&self) -> FluentValue<'_> {
        (**self).say()
    }
}

impl Say for str {
    fn say(&self) -> FluentValue<'_> {
        FluentValue::from(self)
    }
}

impl Say for String {
    fn say(&self) -> FluentValue<'_> {
        FluentValue::from(self.as_str())
    }
}

impl Say for Cow<'_, str> {
    fn say(&self) -> FluentValue<'_> {
        FluentValue::from(self.as_ref())
    }
}

macro_rules! numbers {
    ($($number:ty),*) => {$(
        impl Say for $number {
            fn say(&self) -> FluentValue<'_> {
                FluentValue::from(*self)
            }
        }
    )*};
}

numbers!(u8, u16, u32, u64, usize, i32, i64);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_said_in_the_language_asked_for() {
        let own = (
            "hoi = Hallo { $name }, { $n ->\n    [one] één bericht\n   *[other] { $n } berichten\n }",
            "hoi = Hello",
        );
        let messages = Messages::new(own).unwrap();
        assert_eq!(messages.text(Language::English, "hoi", &[]), "Hello");
        let said = messages.text(Language::Dutch, "hoi", &[("name", &"Sanne"), ("n", &2u32)]);
        assert_eq!(said, "Hallo Sanne, 2 berichten");
    }
}
