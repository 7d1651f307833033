//! One form for all spellings of a text: compatibility forms composed (NFKC), in
//! lower case, one space between words.

use unicode_normalization::UnicodeNormalization;

/// The folded text. Control characters count as spaces, so that none is in it.
pub(super) fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    if text.is_ascii() {
        push_words(text.chars().map(|c| c.to_ascii_lowercase()), &mut folded);
    } else {
        let lower = text.nfkc().flat_map(char::to_lowercase);
        push_words(lower.nfkc(), &mut folded);
    }
    folded
}

fn push_words(chars: impl Iterator<Item = char>, out: &mut String) {
    let mut space_is_due = false;
    for c in chars {
        if c.is_whitespace() || c.is_control() {
            space_is_due = !out.is_empty();
            continue;
        }
        if space_is_due {
            out.push(' ');
            space_is_due = false;
        }
        out.push(c);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_text_are_one() {
        for (written, folded) in [
            ("Han  River\t1", "han river 1"),
            // Composed of letters, as file systems of one maker write it.
            ("\u{1112}\u{1161}\u{11ab}\u{1100}\u{1161}\u{11bc}", "한강"),
            ("ＳＥＮＳＯＲ－１", "sensor-1"),
            ("㎍/㎥", "μg/m3"),
            ("\u{3000} 대기\u{a0}질 ", "대기 질"),
            ("a\u{1}\nb", "a b"),
            (" \n", ""),
        ] {
            assert_eq!(fold(written), folded, "{written:?}");
        }
    }
}
