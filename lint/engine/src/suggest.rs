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
        .map(|candidate| (edit_distance(name, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= candidate.len() / 3)
        .min()
        .map(|(_, candidate)| candidate)
}

/// The number of letters to insert, delete, replace, or swap with their neighbour.
pub(crate) fn edit_distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, y) in b.iter().enumerate() {
            let mut best = (last[j] + usize::from(x != y)).min(last[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *x == b[j - 1] && a[i - 1] == *y {
                best = best.min(before[j - 1] + 1);
            }
            row.push(best);
        }
        before = std::mem::replace(&mut last, row);
    }
    last.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances() {
        for (from, to, expected) in [
            ("", "", 0),
            ("", "abc", 3),
            ("abc", "", 3),
            ("kitten", "sitting", 3),
            ("größe", "grösse", 2),
            ("cudaMemcpy", "cudaMemcpy", 0),
            ("cudaMemcopy", "cudaMemcpy", 1),
            ("cudaMemcyp", "cudaMemcpy", 1),
        ] {
            assert_eq!(edit_distance(from, to), expected, "{from} {to}");
        }
    }

    #[test]
    fn of_equally_near_candidates_the_first_in_order_is_taken() {
        assert_eq!(closest("abcx", ["abcz", "abcy"]), Some("abcy"));
        assert_eq!(closest("a", std::iter::empty()), None);
    }
}
