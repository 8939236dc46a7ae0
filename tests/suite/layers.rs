//! The house keeps its order: who may name whom, and where the few dangerous things live (docs/ARCHITECTURE.md).

mod imports;

use std::path::{Path, PathBuf};

/// Each room, and the rooms that it may name.
const MAY_NAME: &[(&str, &[&str])] = &[
    ("main", &["cli"]),
    (
        "cli",
        &[
            "daemon",
            "serve",
            "pipeline",
            "config",
            "net",
            "store",
            "sink",
            "translate",
            "render",
            "feed",
            "html",
            "select",
            "policy",
            "clock",
            "model",
        ],
    ),
    ("daemon", &["serve", "pipeline", "config", "store", "model"]),
    ("serve", &["pipeline", "config", "net", "store", "sink", "policy", "render", "model"]),
    (
        "pipeline",
        &["config", "net", "store", "sink", "translate", "render", "feed", "html", "select", "policy", "panic", "model"],
    ),
    ("net", &["model"]),
    ("store", &["policy", "model"]),
    ("sink", &["model"]),
    ("translate", &["net", "feed", "html", "panic", "model"]),
    ("config", &["select", "model"]),
    ("render", &["panic", "model"]),
    ("feed", &["html", "model"]),
    ("select", &["model"]),
    ("html", &["panic", "model"]),
    ("policy", &["model"]),
    ("clock", &["model"]),
    ("panic", &[]),
    ("model", &[]),
];

fn sources() -> Vec<(PathBuf, String)> {
    fn collect(folder: &Path, files: &mut Vec<(PathBuf, String)>) {
        for entry in std::fs::read_dir(folder).expect("src can be read") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                collect(&path, files);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                let text = std::fs::read_to_string(&path).expect("a source file");
                files.push((path, text));
            }
        }
    }
    let mut files = Vec::new();
    collect(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut files);
    assert!(files.len() > 40, "the tree was found");
    files
}

/// The room of a file: the first part of its path below `src`.
fn room(path: &Path) -> String {
    let below = path.strip_prefix(Path::new(env!("CARGO_MANIFEST_DIR")).join("src")).expect("below src");
    let first = below.components().next().expect("a file name").as_os_str().to_string_lossy().into_owned();
    first.trim_end_matches(".rs").to_owned()
}

/// The rooms that a line of code names by `crate::…` or `relais::…`.
fn named(line: &str) -> Vec<String> {
    ["crate::", "relais::"]
        .iter()
        .flat_map(|root| line.match_indices(root).map(|(at, root)| &line[at + root.len()..]))
        .map(|rest| rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect())
        .collect()
}

/// The code of a file before its tests, without comments.
fn code(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let end = text.find("#[cfg(test)]\nmod tests").unwrap_or(text.len());
    text[..end].lines().enumerate().filter(|(_, line)| !line.trim_start().starts_with("//"))
}

#[test]
fn every_room_names_only_those_that_it_may() {
    let mut wrong = Vec::new();
    for (path, text) in sources() {
        let room = room(&path);
        if room == "lib" {
            continue;
        }
        let (_, may) =
            MAY_NAME.iter().find(|(name, _)| *name == room).unwrap_or_else(|| panic!("{room} has no place in the table"));
        for (number, line) in code(&text) {
            for name in named(line) {
                if name != room && !may.contains(&name.as_str()) {
                    wrong.push(format!("{}:{}: {room} names {name}", path.display(), number + 1));
                }
            }
            assert!(
                !line.contains("crate::{"),
                "{}:{}: one `use crate::room` a line, so that this test can read it",
                path.display(),
                number + 1
            );
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn clean_html_comes_from_the_cleaner_alone() {
    for (path, text) in sources() {
        let home = path.ends_with("html/clean.rs") || path.ends_with("model/markup.rs");
        for (number, line) in code(&text) {
            assert!(home || !line.contains("from_cleaner"), "{}:{}: only html::clean makes Clean", path.display(), number + 1);
            let fits = path.ends_with("html/page.rs") || path.ends_with("model/markup.rs");
            assert!(fits || !line.contains("from_fitter"), "{}:{}: only html::page makes PageHtml", path.display(), number + 1);
        }
    }
}

#[test]
fn renderers_do_no_input_or_output() {
    for (path, text) in
        sources().into_iter().filter(|(path, _)| ["render", "feed", "html", "select", "model"].contains(&room(path).as_str()))
    {
        for (number, line) in code(&text) {
            for forbidden in ["std::fs", "std::net::Tcp", "tokio::", "reqwest", "sqlx", "async fn", "Utc::now", "SystemTime"] {
                assert!(!line.contains(forbidden), "{}:{}: {forbidden} in a pure room", path.display(), number + 1);
            }
        }
    }
}

#[test]
fn no_file_has_grown_beyond_reading() {
    for (path, text) in sources() {
        let lines = code(&text).count();
        assert!(lines <= 600, "{} has {lines} lines: split it", path.display());
    }
}

#[test]
fn files_import_each_other_in_no_circle() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let files: Vec<(String, String)> = sources()
        .into_iter()
        .map(|(path, text)| {
            let code: Vec<&str> = code(&text).map(|(_, line)| line).collect();
            (path.strip_prefix(&root).expect("below src").to_string_lossy().into_owned(), code.join("\n"))
        })
        .collect();
    let cycles = imports::Crate::read(&files).cycles();
    let shown: Vec<String> = cycles.iter().map(|cycle| cycle.join(", ")).collect();
    assert!(cycles.is_empty(), "{} circles:\n{}", cycles.len(), shown.join("\n"));
}

#[test]
fn no_function_has_more_than_sixty_lines() {
    let mut long = Vec::new();
    for (path, text) in sources() {
        let mut begun: Option<(usize, usize)> = None;
        for (number, line) in code(&text) {
            let indent = line.len() - line.trim_start().len();
            let trimmed = line.trim_start();
            let is_function = (trimmed.starts_with("fn ") || trimmed.contains(" fn ")) && !trimmed.starts_with("//");
            if is_function && begun.is_none() && !trimmed.ends_with(';') {
                begun = Some((number, indent));
            } else if let Some((start, depth)) = begun
                && indent == depth
                && trimmed == "}"
            {
                if number - start + 1 > 60 {
                    long.push(format!("{}:{}: {} lines", path.display(), start + 1, number - start + 1));
                }
                begun = None;
            }
        }
    }
    assert!(long.is_empty(), "{}", long.join("\n"));
}
