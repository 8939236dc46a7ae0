//! Which file of `src` imports which: read from paths that begin with `crate`, `super` or `self`, and from `use child::…`.

use std::collections::{BTreeMap, BTreeSet, HashMap};

/// A module path below the crate: `["net", "guard"]`; the crate's own root is empty.
type Module = Vec<String>;

/// The files of a crate, by the path of their module, with the paths that their code names.
pub(super) struct Crate {
    names: BTreeMap<Module, Vec<Module>>,
    /// Names that a module imports, and so may hand on: from where.
    imports: HashMap<(Module, String), Module>,
}

impl Crate {
    /// Reads files: the path of each below `src`, and its code without comments and tests.
    pub(super) fn read(files: &[(String, String)]) -> Self {
        let modules: BTreeSet<Module> = files.iter().map(|(path, _)| module_of(path)).collect();
        let (mut names, mut imports) = (BTreeMap::new(), HashMap::new());
        for (path, code) in files {
            let module = module_of(path);
            let mut paths_named = Vec::new();
            for (tree, is_use) in paths(code) {
                for (segments, alias) in expand(&tree) {
                    let Some(full) = absolute(&module, &segments, &modules) else { continue };
                    if is_use && let Some(last) = alias.or_else(|| full.last().cloned()) {
                        imports.insert((module.clone(), last), full.clone());
                    }
                    paths_named.push(full);
                }
            }
            names.insert(module, paths_named);
        }
        Self { names, imports }
    }

    /// The module whose file defines what a path names, seen through re-exports.
    fn definer(&self, path: &[String]) -> Module {
        let (mut path, mut steps) = (path.to_vec(), 0);
        loop {
            let depth = (0..=path.len()).rev().find(|depth| self.names.contains_key(&path[..*depth])).unwrap_or(0);
            let module = path[..depth].to_vec();
            let Some(item) = path.get(depth) else { return module };
            match self.imports.get(&(module.clone(), item.clone())) {
                Some(from) if steps < 16 && *from != path => path = from.iter().chain(&path[depth + 1..]).cloned().collect(),
                _ => return module,
            }
            steps += 1;
        }
    }

    /// Groups of files that import each other in a circle. A module file and the files below it do not count.
    pub(super) fn cycles(&self) -> Vec<Vec<String>> {
        let arrows: BTreeMap<&Module, BTreeSet<Module>> = self
            .names
            .iter()
            .filter(|(from, _)| !from.is_empty())
            .map(|(from, paths)| {
                let to = paths.iter().map(|path| self.definer(path));
                (from, to.filter(|to| !from.starts_with(to) && !to.starts_with(from)).collect())
            })
            .collect();
        let reach = |from: &Module| {
            let (mut seen, mut todo) = (BTreeSet::new(), vec![from.clone()]);
            while let Some(at) = todo.pop() {
                todo.extend(arrows.get(&at).into_iter().flatten().filter(|to| seen.insert((*to).clone())).cloned());
            }
            seen
        };
        let reached: BTreeMap<&Module, BTreeSet<Module>> = arrows.keys().map(|from| (*from, reach(from))).collect();
        let mut groups = BTreeSet::new();
        for (from, seen) in &reached {
            if seen.contains(*from) {
                let group = seen.iter().filter(|to| reached.get(to).is_some_and(|back| back.contains(*from)));
                groups.insert(group.map(|module| module.join("::")).collect::<Vec<_>>());
            }
        }
        groups.into_iter().collect()
    }
}

fn module_of(path: &str) -> Module {
    let path = path.trim_end_matches(".rs");
    if matches!(path, "lib" | "main") { Vec::new() } else { path.split('/').map(str::to_owned).collect() }
}

/// The paths in some code, as they stand there, and whether they are imported: `use super::a::{b, c as d}` and `crate::a::b(…)`.
fn paths(code: &str) -> Vec<(String, bool)> {
    let mut found = Vec::new();
    let mut rest = code;
    while let Some(at) = ["use ", "crate::", "super::", "self::"].iter().filter_map(|word| rest.find(word)).min() {
        let before = rest[..at].chars().next_back();
        let text = &rest[at..];
        let is_word = before.is_none_or(|c| !c.is_alphanumeric() && c != '_' && c != ':');
        let end = if is_word && text.starts_with("use ") {
            let end = text.find(';').unwrap_or(text.len());
            found.push((text[4..end].split_whitespace().collect::<Vec<_>>().join(" "), true));
            end
        } else if text.starts_with("use ") {
            4
        } else {
            let end = text.find(|c: char| !c.is_alphanumeric() && c != '_' && c != ':').unwrap_or(text.len());
            if is_word {
                found.push((text[..end].trim_end_matches(':').to_owned(), false));
            }
            end
        };
        rest = &text[end.max(1)..];
    }
    found
}

/// Each path of a tree such as `a::{b, c::{self, d as e}}`, with its new name if it has one.
fn expand(tree: &str) -> Vec<(Vec<String>, Option<String>)> {
    let tree = tree.trim();
    if let Some(open) = tree.find('{') {
        let head = tree[..open].trim_end_matches("::").trim();
        let inner = tree[open + 1..].trim_end().strip_suffix('}').unwrap_or(&tree[open + 1..]);
        let head: Vec<String> = head.split("::").filter(|part| !part.is_empty()).map(|part| part.trim().to_owned()).collect();
        let mut all = Vec::new();
        for part in split_at_commas(inner) {
            for (tail, alias) in expand(part) {
                let tail = tail.into_iter().filter(|part| part != "self");
                all.push((head.iter().cloned().chain(tail).collect(), alias));
            }
        }
        return all;
    }
    let (path, alias) = match tree.split_once(" as ") {
        Some((path, alias)) => (path, Some(alias.trim().to_owned())),
        None => (tree, None),
    };
    if path.is_empty() { Vec::new() } else { vec![(path.split("::").map(|part| part.trim().to_owned()).collect(), alias)] }
}

fn split_at_commas(text: &str) -> Vec<&str> {
    let (mut parts, mut depth, mut start) = (Vec::new(), 0, 0);
    for (at, c) in text.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(text[start..at].trim());
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(text[start..].trim());
    parts.into_iter().filter(|part| !part.is_empty()).collect()
}

/// A path from the root of the crate; nothing if it leads to another crate.
fn absolute(module: &Module, segments: &[String], modules: &BTreeSet<Module>) -> Option<Module> {
    let mut base = match segments.first()?.as_str() {
        "crate" => Vec::new(),
        "self" => module.clone(),
        "super" => module[..module.len().checked_sub(1)?].to_vec(),
        child => {
            let path: Module = module.iter().cloned().chain([child.to_owned()]).collect();
            return modules.contains(&path).then(|| module.iter().cloned().chain(segments.iter().cloned()).collect());
        }
    };
    let mut rest = &segments[1..];
    while rest.first().is_some_and(|part| part == "super") {
        base.pop()?;
        rest = &rest[1..];
    }
    base.extend(rest.iter().cloned());
    Some(base)
}

#[test]
fn circle_through_a_re_export_is_found() {
    let files = [
        ("a.rs", "mod b; mod c; pub use c::Thing;"),
        ("a/b.rs", "use super::Thing; pub fn f() {}"),
        ("a/c.rs", "use crate::a::{b::f, d}; pub struct Thing;"),
        ("a/d.rs", "pub fn g() {}"),
    ];
    let files = files.map(|(path, code)| (path.to_owned(), code.to_owned()));
    assert_eq!(Crate::read(&files).cycles(), [["a::b", "a::c"]]);
}

#[test]
fn module_file_and_its_children_are_no_circle() {
    let files = [("a.rs", "mod b; use b::f; pub struct Thing;"), ("a/b.rs", "use super::Thing; pub fn f() {}")];
    let files = files.map(|(path, code)| (path.to_owned(), code.to_owned()));
    assert!(Crate::read(&files).cycles().is_empty());
}
