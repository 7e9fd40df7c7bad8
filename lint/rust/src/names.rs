//! Paths: what a name in a file means, as far as its `use` declarations tell.

use rustc_hash::FxHashMap;
use syn::{Item, UseTree};

/// The libraries whose items have stubs.
const LIBRARIES: [&str; 2] = ["cudarc", "cust"];

/// Modules of these libraries that the stubs leave out.
const PLAIN: [&str; 2] = ["driver", "safe"];

/// The same, of cust.
const PLAIN_IN_CUST: [&str; 9] =
    ["memory", "stream", "event", "prelude", "context", "legacy", "module", "function", "util"];

/// Beginnings of names that only these libraries use, for files that import them by a glob of their own crate.
const DISTINCTIVE: [&str; 4] = ["Cuda", "PinnedHostSlice", "UnifiedSlice", "DeviceBuffer"];

/// Traits of cudarc for whatever holds the elements that a method is given.
const MEMORY: [&str; 4] = ["DevicePtr", "DevicePtrMut", "DeviceSlice", "HostSlice"];

/// What the `use` declarations of a file say.
#[derive(Clone, Debug, Default)]
pub struct Imports {
    names: FxHashMap<String, Vec<String>>,
    globs: Vec<Vec<String>>,
}

impl Imports {
    /// Takes in the declarations of a list of items, and those in their modules.
    pub fn collect(&mut self, items: &[Item], module: &[String]) {
        for item in items {
            match item {
                Item::Use(it) => self.tree(&it.tree, Vec::new(), module),
                Item::Mod(it) => {
                    let mut inner = module.to_vec();
                    inner.push(it.ident.to_string());
                    let items = it.content.as_ref().map(|(_, items)| items.as_slice());
                    self.collect(items.unwrap_or_default(), &inner);
                }
                _ => {}
            }
        }
    }

    /// One `use` declaration.
    pub fn tree(&mut self, tree: &UseTree, mut prefix: Vec<String>, module: &[String]) {
        match tree {
            UseTree::Path(it) => {
                prefix.push(it.ident.to_string());
                self.tree(&it.tree, prefix, module);
            }
            UseTree::Name(it) => {
                let name = it.ident.to_string();
                let name = if name == "self" {
                    prefix.last().cloned().unwrap_or_default()
                } else {
                    prefix.push(name.clone());
                    name
                };
                self.names.insert(name, absolute(&prefix, module));
            }
            UseTree::Rename(it) => {
                if it.ident != "self" {
                    prefix.push(it.ident.to_string());
                }
                self.names.insert(it.rename.to_string(), absolute(&prefix, module));
            }
            UseTree::Glob(_) => self.globs.push(absolute(&prefix, module)),
            UseTree::Group(it) => {
                for tree in &it.items {
                    self.tree(tree, prefix.clone(), module);
                }
            }
        }
    }

    /// The whole path that a path in the source stands for; `module` is where it stands.
    pub fn resolve(&self, segments: &[String], module: &[String]) -> Vec<String> {
        let Some(first) = segments.first() else { return Vec::new() };
        if let Some(known) = self.names.get(first) {
            let mut path = known.clone();
            // `use cudarc; cudarc::driver::…` names itself.
            path.extend_from_slice(&segments[1..]);
            return path;
        }
        absolute(segments, module)
    }

    /// The whole path of a name that is imported.
    pub fn resolve_import(&self, name: &str) -> Option<Vec<String>> {
        self.names.get(name).cloned()
    }

    /// The paths that a single unresolved name may have by a glob.
    pub fn globs(&self, segments: &[String]) -> impl Iterator<Item = Vec<String>> + '_ {
        let segments = segments.to_vec();
        self.globs.iter().map(move |glob| {
            let mut path = glob.clone();
            path.extend(segments.iter().cloned());
            path
        })
    }
}

/// A path without `crate`, `self` and `super` at its beginning.
fn absolute(segments: &[String], module: &[String]) -> Vec<String> {
    let Some((first, rest)) = segments.split_first() else { return Vec::new() };
    let mut path = match first.as_str() {
        "crate" => module.first().cloned().into_iter().collect(),
        "self" => module.to_vec(),
        "super" => {
            let mut path = module.to_vec();
            path.pop();
            let ups = rest.iter().take_while(|it| *it == "super").count();
            path.truncate(path.len().saturating_sub(ups));
            path.extend(rest.iter().skip(ups).cloned());
            return path;
        }
        _ => return segments.to_vec(),
    };
    path.extend_from_slice(rest);
    path
}

/// The path of an item of a library in its stub: `cudarc::driver::safe::CudaSlice` is `cudarc::CudaSlice`.
pub fn library_path(path: &[String]) -> Option<String> {
    let at = path.iter().rposition(|it| LIBRARIES.contains(&it.as_str()))?;
    let plain: &[&str] = if path[at] == "cust" { &PLAIN_IN_CUST } else { &PLAIN };
    let parts: Vec<&str> = path[at..].iter().map(String::as_str).filter(|it| !plain.contains(it)).collect();
    Some(parts.join("::"))
}

/// True for the path of a trait of a library, in its stub, that memory implements.
pub fn is_memory_trait(path: &str) -> bool {
    path.strip_prefix("cudarc::").is_some_and(|name| MEMORY.contains(&name))
}

/// True for names that mean the library's item wherever they come from.
pub fn is_distinctive(name: &str) -> bool {
    DISTINCTIVE.iter().any(|it| name.starts_with(it))
}

/// The segments of a path.
pub fn segments(path: &syn::Path) -> Vec<String> {
    path.segments.iter().map(|it| it.ident.to_string()).collect()
}
