//! What a caller may have meant by a word that does not exist.

/// Letters that may be wrong, at most; of short words fewer.
const MAX_DISTANCE: usize = 2;
/// Words that an answer lists.
const MAX_LISTED: usize = 20;
/// Words that an answer says were perhaps meant.
const MAX_NEAR: usize = 3;
/// Bytes of a word that are compared: what is longer is no typing error.
const MAX_WORD: usize = 64;

/// `Did you mean ...? There are ...`, as far as it helps; `known` ascends.
pub fn what_there_is(word: &str, known: &[&str], list: &str) -> String {
    let near = nearest(word, known);
    let meant = match near.as_slice() {
        [] => String::new(),
        near => format!(" Did you mean {}?", near.join(" or ")),
    };
    match known.len() {
        0 => format!("{meant} There is none yet: {list} lists them."),
        1..=MAX_LISTED => format!("{meant} There are {}: see {list}.", known.join(", ")),
        _ => format!("{meant} {list} lists them."),
    }
}

fn nearest<'a>(word: &str, known: &[&'a str]) -> Vec<&'a str> {
    let word = word.to_lowercase();
    if word.len() > MAX_WORD {
        return Vec::new();
    }
    let mut near: Vec<(usize, &str)> = known
        .iter()
        .filter_map(|name| {
            let other = name.to_lowercase();
            let part = word.len() > 2 && (other.contains(&word) || word.contains(&other));
            // So many letters more or less cannot be few: most words end here.
            let differ = word.chars().count().abs_diff(other.chars().count());
            if !part && differ > MAX_DISTANCE {
                return None;
            }
            let distance = distance(&word, &other);
            let few = distance <= MAX_DISTANCE && distance < word.chars().count();
            (part || few).then_some((distance, *name))
        })
        .collect();
    near.sort_unstable();
    near.truncate(MAX_NEAR);
    near.into_iter().map(|(_, name)| name).collect()
}

/// Letters to add, to take away, to exchange, or two neighbours to swap.
fn distance(one: &str, other: &str) -> usize {
    let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=other.len()).collect();
    for (at, letter) in one.iter().enumerate() {
        let mut row = vec![at + 1];
        for (place, wanted) in other.iter().enumerate() {
            let exchanged = last[place] + usize::from(letter != wanted);
            let mut least = exchanged.min(last[place + 1] + 1).min(row[place] + 1);
            let swapped =
                at > 0 && place > 0 && one[at - 1] == *wanted && *letter == other[place - 1];
            if swapped {
                least = least.min(before[place - 1] + 1);
            }
            row.push(least);
        }
        before = std::mem::replace(&mut last, row);
    }
    last[other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_typing_error_finds_its_word() {
        let models = [
            "disaster.water-level",
            "flow",
            "traffic.flow",
            "water-level",
        ];
        for (word, known, near) in [
            ("trafic", &["disaster", "traffic"][..], &["traffic"][..]),
            ("Traffic", &["traffic"], &["traffic"]),
            ("water", &models, &["water-level", "disaster.water-level"]),
            ("pm2.5", &["pm10", "pm25"], &["pm25"]),
            ("seped", &["speed"], &["speed"]),
            ("x", &["speed", "y"], &[]),
            ("", &["speed"], &[]),
        ] {
            assert_eq!(nearest(word, known), near, "{word}");
        }
    }

    #[test]
    fn few_are_listed_and_many_are_not() {
        let told = what_there_is("trafic", &["safety", "traffic"], "/v1/models");
        assert_eq!(
            told,
            " Did you mean traffic? There are safety, traffic: see /v1/models."
        );
        let many: Vec<String> = (0..30).map(|number| format!("agency-{number}")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        let told = what_there_is("zz", &many, "/v1/datastreams/summary");
        assert_eq!(told, " /v1/datastreams/summary lists them.");
    }
}
