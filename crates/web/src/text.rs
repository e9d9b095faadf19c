//! Text of others on our pages. Escaping is the templates'.

/// Text of others: without what would turn or hide the words around it, and of bounded length; what was cut off is told by `…`.
pub fn harmless(text: &str) -> String {
    harmless_within(text, LONGEST)
}

/// The same, of at most so many characters.
pub fn harmless_within(text: &str, most: usize) -> String {
    let turns = |c: char| matches!(c, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}');
    let mut shown: String = text
        .chars()
        .take(most)
        .map(|c| if c == '\n' || c == '\t' { ' ' } else { c })
        .map(|c| if c.is_control() || turns(c) { '\u{fffd}' } else { c })
        .collect();
    if text.chars().nth(most).is_some() {
        shown.push('…');
    }
    shown
}

const LONGEST: usize = 2_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_of_others_neither_turns_nor_hides_and_is_bounded() {
        assert_eq!(
            harmless("jan\u{202e}nav\u{61c}\u{feff}x\ny\u{0}"),
            "jan\u{fffd}nav\u{fffd}\u{fffd}x y\u{fffd}"
        );
        for turning in ['\u{200b}', '\u{200f}', '\u{2028}', '\u{2029}', '\u{2060}', '\u{2066}', '\u{2069}'] {
            assert_eq!(harmless(&format!("a{turning}b")), "a\u{fffd}b");
        }
        assert_eq!(harmless_within("abcdef", 3), "abc…");
        assert_eq!(harmless_within("abc", 3), "abc");
        assert_eq!(harmless(&"é".repeat(2_001)).chars().count(), 2_001);
    }
}
