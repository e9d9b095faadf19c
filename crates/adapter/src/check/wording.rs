//! Words of a source, made fit for a report. A source promises to hold no values in them; a source that somebody is still
//! writing may not keep that yet.

/// The text without long numbers, and not longer than a sentence or three.
pub(super) fn masked(text: &str) -> String {
    let mut shown = String::with_capacity(text.len().min(LONGEST));
    let mut number = String::new();
    for letter in text.chars().chain(std::iter::once(' ')) {
        if letter.is_ascii_digit() {
            number.push(letter);
            continue;
        }
        match number.len() {
            0..LONG_NUMBER => shown.push_str(&number),
            _ => shown.push('…'),
        }
        number.clear();
        if shown.len() > LONGEST {
            shown.push('…');
            return shown;
        }
        shown.push(letter);
    }
    shown.pop();
    shown
}

/// Whether a name says by its form that it is a name and no value.
pub(super) fn looks_like_a_name(name: &str) -> bool {
    let digits = name.bytes().filter(u8::is_ascii_digit).count();
    name.len() <= 60 && digits < LONG_NUMBER && name.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

/// Digits from which a number is not shown: a BSN has nine, a postal code and a year have four.
const LONG_NUMBER: usize = 5;
const LONGEST: usize = 400;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_numbers_are_not_shown() {
        assert_eq!(masked("row 12 of 2026 has 999990342, or 12345"), "row 12 of 2026 has …, or …");
        assert_eq!(masked("999990342"), "…");
        assert!(masked(&"é".repeat(1000)).len() < 500);
        assert!(
            looks_like_a_name("naam_2") && !looks_like_a_name("999990342") && !looks_like_a_name("x12345")
        );
    }
}
