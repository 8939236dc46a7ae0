//! The lists of tags, read once.

use std::collections::HashMap;
use std::sync::LazyLock;

use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

use super::TagKind;
use super::words::{Word, words};
use crate::model::Lang;

const FILES: [(TagKind, &str); 3] = [
    (TagKind::Sport, include_str!("sport.tsv")),
    (TagKind::Noc, include_str!("noc.tsv")),
    (TagKind::Host, include_str!("host.tsv")),
];
const CONTEXT: &str = include_str!("context.tsv");

/// The columns of labels.
const LANGS: [&str; 7] = ["fr", "en", "es", "ca", "de", "it", "pt"];

/// The lists, ready to be searched.
pub(super) static LISTS: LazyLock<Lists> = LazyLock::new(Lists::read);

pub(super) struct Lists {
    pub(super) tags: Vec<TagRow>,
    pub(super) by_name: HashMap<String, usize>,
    /// The tags by their French label, as stems.
    pub(super) by_label: HashMap<String, usize>,
    /// The forms by the stem of their first word, the longest first.
    forms: HashMap<String, Vec<Form>>,
    /// A hash of the files.
    pub(super) version: u64,
}

pub(super) struct TagRow {
    pub(super) kind: TagKind,
    /// Kind and name.
    pub(super) name: String,
    pub(super) labels: [&'static str; LANGS.len()],
}

/// The thing that a form stands for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Target {
    Tag(usize),
    /// The text is about sport.
    Context,
    /// Nothing: the phrase names something else.
    Mask,
}

/// The weight of a form.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Strength {
    /// It is enough by itself.
    Enough,
    /// It counts only in a text about sport.
    Weak,
}

pub(super) struct Form {
    pub(super) words: Vec<Word>,
    pub(super) target: Target,
    pub(super) strength: Strength,
    /// True if its capitals must be there.
    is_cased: bool,
}

impl Form {
    fn new(text: &str, target: Target) -> Self {
        let strength = if text.starts_with('!') { Strength::Enough } else { Strength::Weak };
        Self { words: words(text), target, strength, is_cased: text.starts_with('=') }
    }

    /// Returns true if a text begins with the form.
    fn is_at(&self, text: &[Word]) -> bool {
        let is_same = |(own, other): (&Word, &Word)| {
            let has_capitals = own.cased.bytes().any(|byte| byte.is_ascii_uppercase());
            own.stem == other.stem && (!self.is_cased || !has_capitals || own.cased == other.cased)
        };
        text.len() >= self.words.len() && self.words.iter().zip(text).all(is_same)
    }
}

impl Lists {
    fn read() -> Self {
        let version = FILES.iter().fold(xxh3_64(CONTEXT.as_bytes()), |hash, (_, file)| xxh3_64_with_seed(file.as_bytes(), hash));
        let mut lists =
            Self { tags: Vec::new(), by_name: HashMap::new(), by_label: HashMap::new(), forms: HashMap::new(), version };
        for (kind, file) in FILES {
            // The first row names the columns.
            for row in rows(file).skip(1) {
                lists.add_tag(kind, &row);
            }
        }
        for row in rows(CONTEXT) {
            let target = if row[0] == "mask" { Target::Mask } else { Target::Context };
            row[1].split(';').for_each(|form| lists.add_form(Form::new(form, target)));
        }
        for forms in lists.forms.values_mut() {
            forms.sort_by_key(|form| std::cmp::Reverse(form.words.len()));
        }
        lists
    }

    fn add_tag(&mut self, kind: TagKind, row: &[&'static str]) {
        let tag = self.tags.len();
        let name = format!("{}/{}", kind.name(), row[0]);
        self.by_name.insert(name.clone(), tag);
        self.tags.push(TagRow {
            kind,
            name,
            labels: std::array::from_fn(|column| row.get(column + 2).copied().unwrap_or_default()),
        });
        self.add_label(row[2], tag);
        for form in row[1].split(';') {
            if let Some(label) = form.strip_prefix('+') {
                self.add_label(label, tag);
            }
            self.add_form(Form::new(form.trim_start_matches('+'), Target::Tag(tag)));
        }
    }

    fn add_label(&mut self, label: &str, tag: usize) {
        let key: Vec<String> = words(label).into_iter().map(|word| word.stem).collect();
        self.by_label.entry(key.join(" ")).or_insert(tag);
    }

    fn add_form(&mut self, form: Form) {
        if let Some(first) = form.words.first() {
            self.forms.entry(first.stem.clone()).or_default().push(form);
        }
    }

    /// Returns the longest form at the beginning of a text.
    pub(super) fn longest(&self, text: &[Word]) -> Option<&Form> {
        self.forms.get(&text.first()?.stem)?.iter().find(|form| form.is_at(text))
    }
}

/// Returns the cells of a file, row by row.
fn rows(file: &'static str) -> impl Iterator<Item = Vec<&'static str>> {
    file.lines().filter(|line| !line.starts_with('#') && !line.is_empty()).map(|line| line.split('\t').collect())
}

/// Returns the column of the labels in a language.
pub(super) fn label_column(lang: &Lang) -> Option<usize> {
    LANGS.iter().position(|known| *known == lang.primary())
}
