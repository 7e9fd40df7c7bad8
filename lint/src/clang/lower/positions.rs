//! From clang's locations to sites: files, lines and columns, and the text of the source.

use std::path::{Path, PathBuf};

use cuda_lint_engine::program::SiteId;
use rustc_hash::{FxHashMap, FxHashSet};

use super::super::cursor::{Cursor, File, Place, Unit};
use super::super::lexing::is_word;
use super::{Position, Read, SourceMap};

/// A stretch of one file, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Span {
    /// Index of the file.
    pub file: u32,
    /// First byte.
    pub start: u32,
    /// The byte after the last one; not less than `start`.
    pub end: u32,
}

impl Span {
    /// True if the offset lies in the stretch, its end included (clang points errors at ends).
    pub fn contains(&self, offset: u32) -> bool {
        self.start <= offset && offset <= self.end
    }
}

struct Source {
    text: Vec<u8>,
    /// Offsets of the first bytes of the lines.
    lines: Vec<u32>,
}

impl Source {
    fn new(text: Vec<u8>) -> Self {
        let mut lines = vec![0];
        lines.extend(memchr::memchr_iter(b'\n', &text).map(|at| at as u32 + 1));
        Self { text, lines }
    }

    fn line_and_column(&self, offset: u32) -> (u32, u32) {
        let line = self.lines.partition_point(|start| *start <= offset);
        let start = self.lines.get(line.saturating_sub(1)).copied().unwrap_or(0);
        (line as u32, offset.saturating_sub(start) + 1)
    }
}

/// The files of a unit and the sites in them.
pub(super) struct Positions<'a> {
    unit: Unit,
    is_virtual: &'a dyn Fn(&str) -> bool,
    indices: FxHashMap<File, u32>,
    handles: Vec<File>,
    embedded: Vec<bool>,
    sources: Vec<Option<Source>>,
    sites: FxHashMap<Span, SiteId>,
    in_macros: FxHashSet<SiteId>,
    map: SourceMap,
    /// Index of the main file, once something in it was seen.
    pub main: Option<u32>,
    main_name: String,
    main_text: String,
    /// Headers that this unit speaks for, by their paths without links.
    adopted: &'a [PathBuf],
    /// The main file, and those of the adopted headers that have an index.
    own: FxHashSet<u32>,
    /// Those in which something is declared. A header may be included and skipped whole.
    met: FxHashSet<u32>,
}

impl<'a> Positions<'a> {
    pub fn new(unit: Unit, main: &str, text: &str, read: &'a Read<'a>) -> Self {
        Self {
            unit,
            is_virtual: read.is_virtual,
            indices: FxHashMap::default(),
            handles: Vec::new(),
            embedded: Vec::new(),
            sources: Vec::new(),
            sites: FxHashMap::default(),
            in_macros: FxHashSet::default(),
            map: SourceMap::default(),
            main: None,
            main_name: main.to_owned(),
            main_text: text.to_owned(),
            adopted: read.adopted,
            own: FxHashSet::default(),
            met: FxHashSet::default(),
        }
    }

    /// The table of sites, when all is lowered.
    pub fn finish(self) -> SourceMap {
        self.map
    }

    /// True for the name of a file that the frontend embeds.
    pub fn is_virtual_name(&self, name: &str) -> bool {
        (self.is_virtual)(name)
    }

    /// The index of a file.
    pub fn file(&mut self, file: File) -> u32 {
        if let Some(index) = self.indices.get(&file) {
            return *index;
        }
        let index = self.handles.len() as u32;
        let name = self.unit.file_name(file);
        if name == self.main_name {
            self.main = Some(index);
            self.own.insert(index);
        } else if self.adopts(&name) {
            self.own.insert(index);
        }
        self.embedded.push((self.is_virtual)(&name));
        self.map.files.push(name);
        self.handles.push(file);
        self.sources.push(None);
        self.indices.insert(file, index);
        index
    }

    /// True for headers that this unit speaks for. Names are asked first: most files share none.
    fn adopts(&self, name: &str) -> bool {
        let path = Path::new(name);
        self.adopted.iter().any(|it| it.file_name() == path.file_name())
            && path.canonicalize().is_ok_and(|path| self.adopted.contains(&path))
    }

    /// The main file, and the adopted headers in which something is declared, in the order of their indices.
    pub fn own_files(&self) -> Vec<u32> {
        let mut files: Vec<u32> = self.met.iter().copied().chain(self.main).collect();
        files.sort_unstable();
        files.dedup();
        files
    }

    /// True for the main file and for headers that this unit speaks for.
    pub fn is_own_file(&self, file: u32) -> bool {
        self.own.contains(&file)
    }

    /// True for what stands in the main file or in a header that this unit speaks for.
    pub fn is_own(&mut self, place: Place) -> bool {
        let index = place.file.map(|file| self.file(file));
        let own = index.filter(|index| self.own.contains(index));
        self.met.extend(own);
        own.is_some()
    }

    /// The name of a file.
    pub fn name(&self, file: u32) -> &str {
        &self.map.files[file as usize]
    }

    /// True for what is in no file or in a file that the frontend embeds.
    pub fn is_embedded(&mut self, place: Place) -> bool {
        match place.file {
            None => true,
            Some(file) => {
                let index = self.file(file);
                self.embedded[index as usize]
            }
        }
    }

    /// True for what stands in the main file.
    pub fn is_main(&mut self, place: Place) -> bool {
        let index = place.file.map(|file| self.file(file));
        index.is_some() && index == self.main
    }

    /// Where a node stands; `None` if it stands nowhere (default arguments, implicit code).
    pub fn span(&mut self, cursor: Cursor) -> Option<Span> {
        let (start, end) = cursor.extent();
        let file = self.file(start.file?);
        let end = if end.file == start.file { end.offset.max(start.offset) } else { start.offset };
        Some(Span { file, start: start.offset, end })
    }

    /// True if the text of a node does not hold this name: it is written in the body of a macro.
    pub fn hides(&mut self, cursor: Cursor, name: &str) -> bool {
        let Some(span) = self.span(cursor) else { return false };
        let text = &self.source(span.file).text;
        let written = text.get(span.start as usize..span.end as usize).unwrap_or_default();
        memchr::memmem::find(written, name.as_bytes()).is_none()
    }

    /// The site of a node.
    pub fn site(&mut self, cursor: Cursor) -> Option<SiteId> {
        let span = self.span(cursor)?;
        let site = self.site_of(span);
        if !self.in_macros.contains(&site)
            && let Some(Place { file: Some(file), offset }) = cursor.macro_around()
        {
            let file = self.file(file);
            let rest = self.source(file).text.get(offset as usize..).unwrap_or_default();
            let name: Vec<u8> = rest.iter().copied().take_while(|byte| is_word(*byte)).collect();
            self.in_macros.insert(site);
            self.map.in_macros.push((site, String::from_utf8_lossy(&name).into_owned()));
        }
        Some(site)
    }

    /// The site of a stretch.
    pub fn site_of(&mut self, mut span: Span) -> SiteId {
        if let Some(site) = self.sites.get(&span) {
            return *site;
        }
        let key = span;
        let source = self.source(span.file);
        let size = source.text.len() as u32;
        if span.end <= span.start {
            // A macro: the name is what can be shown.
            let rest = source.text.get(span.start as usize..).unwrap_or_default();
            span.end = span.start + rest.iter().take_while(|byte| is_word(**byte)).count().max(1) as u32;
        }
        span.end = span.end.min(size.max(span.start));
        let (line, column) = source.line_and_column(span.start);
        let (end_line, end_column) = source.line_and_column(span.end);
        let site = SiteId(self.map.sites.len() as u32);
        self.map.sites.push(Position {
            file: span.file,
            line,
            column,
            end_line,
            end_column,
            offset: span.start,
            end_offset: span.end,
        });
        self.sites.insert(key, site);
        site
    }

    /// The text of a stretch.
    pub fn text(&mut self, file: u32, start: u32, end: u32) -> &[u8] {
        self.source(file).text.get(start as usize..end as usize).unwrap_or_default()
    }

    /// True for declarations that say `constexpr` or `consteval`, which libclang does not tell: the words between
    /// their start and their name.
    pub fn is_constexpr(&mut self, declaration: Cursor) -> bool {
        let (Some(span), name) = (self.span(declaration), declaration.location()) else { return false };
        let head = self.text(span.file, span.start, name.offset.clamp(span.start, span.end));
        let mut words = head.split(|byte| !byte.is_ascii_alphanumeric() && *byte != b'_');
        words.any(|word| word == b"constexpr" || word == b"consteval")
    }

    /// The text of a whole file.
    pub fn whole(&mut self, file: u32) -> &[u8] {
        &self.source(file).text
    }

    fn source(&mut self, file: u32) -> &Source {
        let at = file as usize;
        let mut text = Vec::new();
        if self.sources[at].is_none() {
            // The bytes that clang's offsets count; text that is not UTF-8 has other ones once it is decoded.
            text = self.unit.contents(self.handles[at]);
            if text.is_empty() && self.main == Some(file) {
                text = std::mem::take(&mut self.main_text).into_bytes();
            }
        }
        self.sources[at].get_or_insert_with(|| Source::new(text))
    }
}
