//! Parts of objects: how far accesses go, and whether two of them share bytes.

use super::object::ObjectId;
use super::symbol::Linear;

/// A part of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Range {
    /// The object.
    pub object: ObjectId,
    /// Bytes from its start.
    pub offset: Linear,
    /// How far it goes.
    pub extent: Extent,
}

/// How far an access goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Extent {
    /// This many bytes.
    Bytes(Linear),
    /// Rows with gaps between them.
    Rows(Rows),
    /// Unknown (a kernel).
    Unknown,
    /// The whole object, whatever the offset (release, a copy of all of it).
    Whole,
}

/// Rows of equal length at equal distances: what a copy of a matrix, or of a block of one, touches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rows {
    /// Bytes of a row.
    pub width: Linear,
    /// Bytes from the beginning of one row to that of the next.
    pub pitch: Linear,
    /// How many rows.
    pub count: Linear,
}

impl Rows {
    /// Whether one of the rows has bytes of `other`, which begins this many bytes behind the first row's first. Where a
    /// number is not known, only the first row is certain.
    fn reach(&self, distance: i64, other: &Extent) -> Overlap {
        let Some(width) = self.width.as_constant() else {
            return if distance < SHORT { Overlap::Proven } else { Overlap::Unproven };
        };
        if distance < width {
            return Overlap::Proven;
        }
        let Some(pitch) = self.pitch.as_constant().filter(|pitch| *pitch > 0) else {
            return Overlap::Unproven;
        };
        // The row that begins last before the other range, and that range's place in or behind it.
        let (row, within) = (distance / pitch, distance % pitch);
        let has = |row: i64| self.count.as_constant().map(|count| row < count);
        if within < width {
            return match has(row) {
                Some(true) => Overlap::Proven,
                Some(false) => Overlap::None,
                None => Overlap::Unproven,
            };
        }
        // It begins in a gap, and may reach the next row.
        if has(row + 1) == Some(false) {
            return Overlap::None;
        }
        match other {
            Extent::Bytes(bytes) | Extent::Rows(Self { width: bytes, .. }) => match bytes.as_constant() {
                Some(bytes) if within + bytes > pitch => match has(row + 1) {
                    Some(true) => Overlap::Proven,
                    _ => Overlap::Unproven,
                },
                // Blocks of one matrix side by side.
                Some(_) if !matches!(other, Extent::Rows(it) if it.pitch != self.pitch) => Overlap::None,
                _ => Overlap::Unproven,
            },
            Extent::Unknown | Extent::Whole => Overlap::Unproven,
        }
    }

    /// Bytes from the first to the last, gaps included, if that is known.
    fn span(&self) -> Option<i64> {
        let (width, pitch) = (self.width.as_constant()?, self.pitch.as_constant()?);
        let gaps = self.count.as_constant()?.checked_sub(1)?;
        gaps.checked_mul(pitch)?.checked_add(width)
    }
}

impl Extent {
    /// True for what is known to have no bytes.
    fn is_empty(&self) -> bool {
        let none = |number: &Linear| number.as_constant() == Some(0);
        match self {
            Self::Bytes(bytes) => none(bytes),
            Self::Rows(rows) => none(&rows.width) || none(&rows.count),
            Self::Unknown | Self::Whole => false,
        }
    }

    /// How many bytes are touched, if that is a known number.
    pub fn bytes(&self) -> Option<u64> {
        let bytes = match self {
            Self::Bytes(bytes) => bytes.as_constant()?,
            Self::Rows(rows) => rows.width.as_constant()?.checked_mul(rows.count.as_constant()?)?,
            Self::Unknown | Self::Whole => return None,
        };
        u64::try_from(bytes).ok()
    }

    /// How many bytes lie between the first that is touched and the last, these two included, if that is a known
    /// number.
    pub fn span(&self) -> Option<u64> {
        match self {
            Self::Rows(rows) => rows.span().and_then(|bytes| u64::try_from(bytes).ok()),
            other => other.bytes(),
        }
    }
}

/// Whether two ranges share bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Overlap {
    /// They do.
    Proven,
    /// One of them is of unknown extent or length, and they start at different places.
    Unproven,
    /// They do not, or nothing says so (ranges that differ by a symbol count as distinct).
    None,
}

/// Bytes: what is used in parts, each as long as a variable says, has parts of at least so many.
const SHORT: i64 = 256;

/// Whether two ranges share bytes. `record_in(inner, outer)` tells where in an object the record begins that another
/// object is a part of: see [`super::object::Objects::record_in`].
pub fn overlap(a: &Range, b: &Range, record_in: impl Fn(ObjectId, ObjectId) -> Option<Linear>) -> Overlap {
    if a.object != b.object {
        let part = |inner: &Range, outer: &Range| {
            record_in(inner.object, outer.object).map(|record| overlap_of_part(&record, outer))
        };
        return part(a, b).or_else(|| part(b, a)).unwrap_or(Overlap::None);
    }
    if a.extent.is_empty() || b.extent.is_empty() {
        return Overlap::None;
    }
    if a.extent == Extent::Whole || b.extent == Extent::Whole || a.offset == b.offset {
        return Overlap::Proven;
    }
    let (Some(forward), Some(backward)) = (b.offset.minus(&a.offset), a.offset.minus(&b.offset)) else {
        return Overlap::None;
    };
    let (first, distance) = match forward.as_constant() {
        Some(distance) if distance > 0 => (a, distance),
        Some(distance) => (b, distance.saturating_neg()),
        None => {
            let reaches = |range: &Range, distance: &Linear| match &range.extent {
                Extent::Bytes(bytes) | Extent::Rows(Rows { width: bytes, .. }) => {
                    distance.minus(bytes).and_then(|rest| rest.as_constant()).is_some_and(|rest| rest < 0)
                }
                _ => false,
            };
            if reaches(a, &forward) || reaches(b, &backward) {
                return Overlap::Proven;
            }
            let unknown = a.extent == Extent::Unknown || b.extent == Extent::Unknown;
            return if unknown { Overlap::Unproven } else { Overlap::None };
        }
    };
    let second = if std::ptr::eq(first, a) { b } else { a };
    reaches_on(&first.extent, distance, &second.extent)
}

/// Whether an access reaches `other`, which begins this many bytes, more than none, behind its first.
fn reaches_on(extent: &Extent, distance: i64, other: &Extent) -> Overlap {
    match extent {
        Extent::Rows(rows) => rows.reach(distance, other),
        Extent::Bytes(bytes) => match bytes.as_constant() {
            Some(bytes) if distance >= bytes => Overlap::None,
            Some(_) => Overlap::Proven,
            None if distance < SHORT => Overlap::Proven,
            // A copy of unknown length from an earlier place of the same buffer: halves of a buffer that is used in
            // turn look like that, too.
            None => Overlap::Unproven,
        },
        Extent::Unknown => Overlap::Unproven,
        Extent::Whole => Overlap::Proven,
    }
}

/// Whether a range of an object reaches a part of the record that begins at `record` in that object. Which bytes of
/// the record the part has is not known: those that the range begins with, if it begins where the record does. The
/// next element of an array is another record.
fn overlap_of_part(record: &Linear, outer: &Range) -> Overlap {
    if outer.extent == Extent::Whole {
        return Overlap::Proven;
    }
    match record.minus(&outer.offset).and_then(|it| it.as_constant()) {
        Some(0) => Overlap::Proven,
        Some(distance) if distance > 0 => reaches_on(&outer.extent, distance, &Extent::Unknown),
        Some(_) => Overlap::None,
        // What covers an array from its start covers whichever element it is.
        None if outer.offset == Linear::constant(0) => Overlap::Proven,
        None => Overlap::None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::order::symbol::Sym;

    fn rows(start: i64, width: i64, pitch: i64, count: Option<i64>) -> Range {
        let number = Linear::constant;
        let count = count.map_or(Linear { terms: vec![(Sym(1), 1)], constant: 0 }, number);
        let extent = Extent::Rows(Rows { width: number(width), pitch: number(pitch), count });
        Range { object: ObjectId(0), offset: number(start), extent }
    }

    fn bytes(start: i64, bytes: i64) -> Range {
        let extent = Extent::Bytes(Linear::constant(bytes));
        Range { object: ObjectId(0), offset: Linear::constant(start), extent }
    }

    fn both(a: &Range, b: &Range) -> Overlap {
        let found = overlap(a, b, |_, _| None);
        assert_eq!(found, overlap(b, a, |_, _| None), "{a:?} {b:?}");
        found
    }

    #[test]
    fn rows_have_gaps() {
        let block = rows(0, 16, 64, Some(4));
        for (other, found) in [
            (bytes(8, 4), Overlap::Proven),
            (bytes(16, 48), Overlap::None),
            (bytes(16, 49), Overlap::Proven),
            (bytes(64, 1), Overlap::Proven),
            (bytes(208, 100), Overlap::None),
            (bytes(256, 1), Overlap::None),
            (rows(16, 16, 64, Some(4)), Overlap::None),
            (rows(128, 16, 64, Some(4)), Overlap::Proven),
            (rows(32, 40, 64, Some(4)), Overlap::Proven),
            (rows(16, 16, 80, Some(4)), Overlap::Unproven),
        ] {
            assert_eq!(both(&block, &other), found, "{other:?}");
        }
        assert_eq!(both(&bytes(0, 0), &block), Overlap::None, "nothing begins where the block does");
        assert_eq!(both(&rows(0, 0, 64, None), &block), Overlap::None);
        let many = rows(0, 16, 64, None);
        assert_eq!(both(&many, &bytes(4, 4)), Overlap::Proven);
        assert_eq!(both(&many, &bytes(64, 4)), Overlap::Unproven);
        assert_eq!(both(&many, &bytes(16, 4)), Overlap::None);
    }
}
