//! What the host reads because a format says so: the strings that `printf` and its kin print.

use super::machine::Machine;
use super::model::Modelled;
use super::object::ObjectKey;
use super::state::{Extent, Range, State};
use crate::cuda::row::Role;
use crate::facts::Access;

impl Machine<'_, '_> {
    /// The host reads the arguments that a format which is a literal prints as strings.
    pub(super) fn host_reads_strings(&mut self, state: &mut State, it: &Modelled<'_, '_>) {
        let Some(position) = it.position(Role::Format) else { return };
        let Some(format) = it.arg(Role::Format).cloned().and_then(|format| self.pointer(&format)) else {
            return;
        };
        let ObjectKey::Literal(text) = &self.objects.info(format.object).key else { return };
        for index in strings(text) {
            let Some(string) = it.call.args.get(position + 1 + index).cloned() else { return };
            let Some(string) = self.pointer(&string) else { continue };
            let range = Range { object: string.object, offset: string.offset, extent: Extent::Unknown };
            let via = Some(it.row.name.clone());
            self.host_touches(state, &range, Access::HostRead { via, as_result: false, left: false });
        }
    }
}

/// Which of the arguments behind a format are strings that are read (C17, 7.21.6.1). None of a format that numbers its
/// arguments (POSIX, `%1$s`).
fn strings(format: &str) -> Vec<usize> {
    let mut found = Vec::new();
    let mut next = 0;
    let mut rest = format.chars().peekable();
    while let Some(c) = rest.next() {
        if c != '%' {
            continue;
        }
        // Flags, width, precision and length.
        let mut precision: Option<String> = None;
        while let Some(c) = rest.next_if(|c| "-+ #0'123456789.*hljztLq$".contains(*c)) {
            match c {
                '$' => return Vec::new(),
                '*' => next += 1,
                '.' => precision = Some(String::new()),
                c if c.is_ascii_digit() => precision.iter_mut().for_each(|digits| digits.push(c)),
                _ => {}
            }
            // `%.*s`: as much as another argument says.
            if c == '*' && precision.is_some() {
                precision = None;
            }
        }
        match rest.next() {
            None | Some('%' | 'm') => {}
            Some('s') => {
                // `%.s` and `%.0s` print nothing.
                if precision.is_none_or(|digits| digits.parse::<u32>().is_ok_and(|most| most > 0)) {
                    found.push(next);
                }
                next += 1;
            }
            Some(_) => next += 1,
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::strings;

    #[test]
    fn arguments_are_counted_as_the_format_takes_them() {
        assert_eq!(strings("%s"), [0]);
        assert_eq!(strings("100%% of %d: %s, %-10s\\n"), [1, 2]);
        assert_eq!(strings("%*d %s"), [2]);
        assert_eq!(strings("%.*s %.3s"), [1, 2]);
        assert_eq!(strings("%zu %llx %5.2f %p %c %s"), [5]);
    }

    #[test]
    fn what_is_not_read_is_not_found() {
        for format in ["", "no conversion", "%d", "%p", "%.0s", "%.s", "%1$s %2$d", "%"] {
            assert!(strings(format).is_empty(), "{format}");
        }
    }
}
