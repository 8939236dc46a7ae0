//! The files and functions that the documentation names exist.

use std::path::{Path, PathBuf};

fn root(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(file)
}

/// Returns the words between backticks that look like a path below `src/`.
fn paths(text: &str) -> Vec<&str> {
    let words = text.split('`').skip(1).step_by(2);
    let is_path = |word: &&str| {
        let is_plain = word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_./".contains(&byte));
        is_plain && (is_file(word) || word.ends_with('/'))
    };
    words.filter(is_path).collect()
}

fn is_file(word: &str) -> bool {
    Path::new(word).extension().is_some_and(|end| end == "rs" || end == "txt")
}

/// Returns true if the path exists, below `src/` or in the repository.
fn exists(path: &str) -> bool {
    root("src").join(path).exists() || root(path).exists()
}

#[test]
fn files_in_architecture_and_glossary_exist() {
    for document in ["docs/ARCHITECTURE.md", "docs/GLOSSARY.md"] {
        let text = std::fs::read_to_string(root(document)).expect("the document can be read");
        let tree = text.lines().filter(|line| line.starts_with("    "));
        let in_tree = tree.flat_map(str::split_whitespace).filter(|word| is_file(word));
        let missing: Vec<&str> =
            paths(&text).into_iter().chain(in_tree).filter(|path| !exists(path) && path.contains('/')).collect();
        assert!(missing.is_empty(), "{document} names files that do not exist: {missing:?}");
    }
}

#[test]
fn functions_in_architecture_exist() {
    let text = std::fs::read_to_string(root("docs/ARCHITECTURE.md")).expect("the document can be read");
    let mut checked = 0;
    for row in text.lines().filter(|line| line.starts_with("| ") && line.contains("? |")) {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let [_, question, files, functions, _] = cells.as_slice() else { panic!("four columns: {row}") };
        let sources: String =
            paths(files).iter().filter_map(|file| std::fs::read_to_string(root("src").join(file)).ok()).collect();
        for function in functions.split('`').skip(1).step_by(2) {
            let name = function.rsplit("::").next().unwrap_or(function);
            let is_there = sources.contains(&format!("fn {name}(")) || sources.contains(&format!("fn {name}<"));
            assert!(is_there, "{question} names `{function}`, which is not in {files}");
            checked += 1;
        }
    }
    assert!(checked > 25, "only {checked} functions");
}

#[test]
fn tests_that_the_readme_names_exist_for_every_claim() {
    let text = std::fs::read_to_string(root("README.md")).expect("it can be read");
    let table =
        text.split("## What it does that others do not").nth(1).expect("the table").split("\n## ").next().expect("its end");
    let rows: Vec<&str> = table.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| `relais` |")).collect();
    assert!(rows.len() >= 15, "{}", rows.len());
    for row in rows {
        let held = row.trim_end_matches(" |").rsplit(" | ").next().expect("a column");
        let files: Vec<&str> = held.split('`').skip(1).step_by(2).collect();
        assert!(!files.is_empty(), "nothing holds: {row}");
        for file in files {
            assert!(root("tests/suite").join(file).exists(), "{file} does not exist: {row}");
        }
    }
}

#[test]
fn picture_of_the_readme_is_small() {
    let picture = std::fs::metadata(root("docs/front-page.png")).expect("a picture");
    assert!(picture.len() < 200_000, "{} bytes", picture.len());
}
