//! What the author may have meant.

/// The known word nearest to `text`, or all known words.
pub(crate) fn among<T: AsRef<str>>(text: &str, known: &[T]) -> String {
    let nearest = known
        .iter()
        .map(|word| (distance(text, word.as_ref()), word.as_ref()))
        .filter(|(distance, word)| *distance <= 1 + word.len() / 4)
        .min();
    match nearest {
        Some((_, word)) => format!("did you mean {word}?"),
        None if known.is_empty() => "remove it".to_owned(),
        None => {
            let words: Vec<&str> = known.iter().map(AsRef::as_ref).collect();
            format!("remove it or use one of: {}", words.join(", "))
        }
    }
}

/// Levenshtein's distance, in characters. Texts beyond the length of any word here are simply far.
fn distance(left: &str, right: &str) -> usize {
    if left.len() > 80 {
        return usize::MAX;
    }
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (i, l) in left.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, r) in right.iter().enumerate() {
            let replaced = diagonal + usize::from(l != *r);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_pen_is_recognised_and_another_word_is_not() {
        let known = ["endpoint", "public_endpoint", "oin"];
        assert_eq!(among("endpiont", &known), "did you mean endpoint?");
        assert_eq!(among("oinn", &known), "did you mean oin?");
        assert_eq!(among("colour", &known), "remove it or use one of: endpoint, public_endpoint, oin");
        assert_eq!(among("x", &[] as &[&str]), "remove it");
    }

    #[test]
    fn the_distance_counts_single_changes() {
        for (left, right, count) in
            [("", "abc", 3), ("kitten", "sitting", 3), ("jeugd", "jeugd", 0), ("é", "e", 1)]
        {
            assert_eq!(distance(left, right), count, "{left} {right}");
        }
    }
}
