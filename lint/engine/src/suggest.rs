//! Finds what somebody meant who wrote a name that does not exist.

/// The candidate that is nearest to `name`, if one is near enough to have been meant.
///
/// ```
/// let rules = ["host-read-before-sync", "free-while-in-flight"];
/// assert_eq!(cuda_lint_engine::suggest::closest("free_while_in_flite", rules), Some("free-while-in-flight"));
/// assert_eq!(cuda_lint_engine::suggest::closest("unused", rules), None);
/// ```
pub fn closest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    candidates
        .into_iter()
        .map(|candidate| (distance(name, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= candidate.len() / 3)
        .min()
        .map(|(_, candidate)| candidate)
}

/// How many characters must be added, removed or replaced to make one text of the other (Levenshtein).
fn distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (line, left) in from.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = line + 1;
        for (column, right) in to.iter().enumerate() {
            let replaced = diagonal + usize::from(left != *right);
            diagonal = row[column + 1];
            row[column + 1] = replaced.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances() {
        for (from, to, expected) in
            [("", "", 0), ("", "abc", 3), ("abc", "", 3), ("kitten", "sitting", 3), ("größe", "grösse", 2)]
        {
            assert_eq!(distance(from, to), expected, "{from} {to}");
        }
    }

    #[test]
    fn of_equally_near_candidates_the_first_in_order_is_taken() {
        assert_eq!(closest("abcx", ["abcz", "abcy"]), Some("abcy"));
        assert_eq!(closest("a", std::iter::empty()), None);
    }
}
