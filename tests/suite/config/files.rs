//! The files that feeds.toml names, and feeds.toml itself as a file.

use relais::config;

use super::{REST, golden};

#[test]
fn secrets_are_read_from_files_beside_feeds_toml() {
    let folder = tempfile::tempdir().expect("a folder");
    let put = |name: &str, bytes: &[u8]| {
        use std::io::Write as _;
        let mut file = std::fs::OpenOptions::new().create(true).append(true).open(folder.path().join(name)).expect("a file");
        file.write_all(bytes).expect("written");
    };
    put("token", b"hunter2\n");
    put("empty", b"\n");
    put("binary", b"\xff\xfe");
    put("large", &vec![b'x'; 70_000]);
    let load = |name: &str| {
        let text = format!("[source.a]\nurl = 'https://a.example/'\nauth = {{ bearer = {{ file = '{name}' }} }}\n[edition.e]\n");
        config::parse(&text, &folder.path().join("feeds.toml"))
    };
    let plan = load("token").unwrap_or_else(|problems| panic!("{problems}"));
    assert!(matches!(plan.sources[0].auth, Some(config::Auth::Bearer(_))));
    assert!(!format!("{plan:?}").contains("hunter2"));
    for (name, says) in [
        ("empty", "the file \"empty\" is empty"),
        ("binary", "the file \"binary\" is not UTF-8"),
        ("large", "the file \"large\" is too large for a secret"),
        ("absent", "the file \"absent\" does not exist"),
        (".", "cannot read the file \".\""),
    ] {
        let problems = load(name).expect_err("a problem").to_string();
        assert!(problems.contains(says), "{problems}");
    }
}

#[test]
fn glossary_must_be_text_if_an_edition_translates() {
    let folder = tempfile::tempdir().expect("a folder");
    let put = |name: &str, bytes: &[u8]| {
        use std::io::Write as _;
        let mut file = std::fs::OpenOptions::new().create(true).append(true).open(folder.path().join(name)).expect("a file");
        file.write_all(bytes).expect("written");
    };
    put("terms.tsv", "source\tvariants\ten\nCIO\tC.I.O.\tIOC\n".as_bytes());
    put("empty.txt", b"");
    put("latin1.tsv", b"source\ten\n\xe9preuve\tevent\n");
    put("binary.tsv", b"PK\x03\x04\0\0");
    put("large.tsv", &vec![b'x'; (4 << 20) + 1]);
    let load = |glossary: &str, edition: &str| {
        let engine = "[engine.own]\nkind = 'apertium'\nurl = 'http://localhost:2737'\n";
        let text = format!("[glossary]\n{glossary}\n{engine}{REST}{edition}");
        config::parse(&text, &folder.path().join("feeds.toml"))
    };
    let translated = "langs = ['en']\nengines = ['own']\n";
    let plan = load("file = 'terms.tsv'\nkeep = 'empty.txt'", translated).unwrap_or_else(|problems| panic!("{problems}"));
    assert_eq!(plan.glossary.file, Some(folder.path().join("terms.tsv")));
    assert_eq!(plan.glossary.keep, Some(folder.path().join("empty.txt")));
    let mut shown = String::new();
    for line in [
        "file = 'absent.tsv'\nkeep = 'absent.txt'",
        "file = 'latin1.tsv'",
        "file = 'binary.tsv'",
        "file = 'large.tsv'",
        "keep = ' '",
        "fiel = 'terms.tsv'",
    ] {
        shown += &load(line, translated).expect_err(line).render(false).replace(&folder.path().display().to_string(), "FOLDER");
        shown += "\n";
    }
    golden("glossary", &shown);
    load("file = 'absent.tsv'", "").expect("what nobody translates needs no glossary");
}

#[test]
fn unreadable_file_is_one_problem_with_a_hint() {
    let folder = tempfile::tempdir().expect("a folder");
    let put = |name: &str, bytes: &[u8]| {
        use std::io::Write as _;
        let path = folder.path().join(name);
        std::fs::OpenOptions::new().create(true).append(true).open(&path).expect("a file").write_all(bytes).expect("written");
        path
    };
    let mut shown = String::new();
    for path in [
        folder.path().join("absent.toml"),
        folder.path().to_owned(),
        put("utf16.toml", b"\xff\xfes\0"),
        put("latin1.toml", b"# a\n# \xe9t\xe9\n"),
        put("large.toml", &vec![b'#'; 16 * 1024 * 1024 + 10]),
    ] {
        let problems = config::load(&path).expect_err("a problem");
        assert_eq!((problems.list().len(), problems.errors()), (1, 1));
        shown += &problems.render(false).replace(&folder.path().display().to_string(), "FOLDER");
    }
    golden("unreadable", &shown);
    let marked = put("marked.toml", format!("\u{feff}{REST}").as_bytes());
    config::load(&marked).expect("a byte order mark does no harm");
}
