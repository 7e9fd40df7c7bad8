//! Sites: the places of a program, and the spans that they stand for.

use cuda_lint_engine::program::SiteId;
use proc_macro2::Span;
#[cfg(feature = "positions")]
use rustc_hash::FxHashMap;

/// The side table from sites to spans.
#[derive(Debug, Default)]
pub struct Sites {
    spans: Vec<Span>,
    /// One place, one site: closures are lowered where they are called. Spans of the compiler cannot be compared.
    #[cfg(feature = "positions")]
    known: FxHashMap<(usize, usize), SiteId>,
}

impl Sites {
    /// The site of a span.
    pub fn site(&mut self, span: Span) -> SiteId {
        #[cfg(feature = "positions")]
        {
            let range = span.byte_range();
            if let Some(known) = self.known.get(&(range.start, range.end)) {
                return *known;
            }
            self.known.insert((range.start, range.end), SiteId(self.spans.len() as u32));
        }
        let site = SiteId(self.spans.len() as u32);
        self.spans.push(span);
        site
    }

    /// The spans by site.
    pub fn finish(self) -> Vec<Span> {
        self.spans
    }
}
