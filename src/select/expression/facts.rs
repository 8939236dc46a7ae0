//! The fields of an entry that expressions read.

use minijinja::Value;

use crate::model::RuleFacts;

/// The longest part of a summary that a rule reads, in characters.
pub const MAX_SUMMARY: usize = 500;

macro_rules! fields {
    ($($(#[$doc:meta])* $variant:ident = $name:literal,)*) => {
        /// A field that expressions can read.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Field {
            $($(#[$doc])* $variant,)*
        }

        impl Field {
            /// The names of all fields.
            pub const NAMES: &'static [&'static str] = &[$($name),*];

            /// Returns the field of a name.
            pub fn named(name: &str) -> Option<Self> {
                match name {
                    $($name => Some(Self::$variant),)*
                    _ => None,
                }
            }
        }
    };
}

fields! {
    /// The headline.
    Title = "title",
    /// The beginning of the summary, as plain text.
    Summary = "summary",
    /// The language, without region and script.
    Language = "language",
    /// The age in hours.
    Age = "age",
    /// The names of the authors in one text.
    Author = "author",
    /// The list of the authors.
    Authors = "authors",
    /// The list of the categories.
    Categories = "categories",
    /// The list of the tags by the lists of relais.
    Tags = "tags",
    /// The address of the page.
    Url = "url",
    /// The name of the source.
    Source = "source",
    /// The number of characters of the text.
    Length = "length",
    /// True if there is a picture.
    HasImage = "has_image",
}

/// A set of fields.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fields(u32);

impl Fields {
    /// All fields.
    pub const ALL: Self = Self(u32::MAX);

    /// Adds a field.
    pub(super) fn add(&mut self, field: Field) {
        self.0 |= 1 << field as u32;
    }

    /// Returns true if a field is in the set.
    pub fn has(self, field: Field) -> bool {
        self.0 & 1 << field as u32 != 0
    }

    /// Returns the fields of both sets.
    #[must_use]
    pub fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// The facts about an entry that rules judge. Those that no rule reads may be left at their default.
#[derive(Clone, Copy, Debug, Default)]
pub struct EntryFacts<'a> {
    /// The headline.
    pub title: &'a str,
    /// The beginning of the summary, as plain text.
    pub summary: &'a str,
    /// The language tag; blank if unknown.
    pub language: &'a str,
    /// The age in hours.
    pub age: f64,
    /// The names of the authors.
    pub authors: &'a [String],
    /// The categories of the source.
    pub categories: &'a [String],
    /// The tags by the lists of relais.
    pub tags: &'a [String],
    /// The address of the page; blank if there is none.
    pub url: &'a str,
    /// The name of the source.
    pub source: &'a str,
    /// The number of characters of the content, or else of the summary, as plain text.
    pub length: usize,
    /// True if there is a picture.
    pub has_image: bool,
}

impl<'a> EntryFacts<'a> {
    /// Makes the facts about an entry of a source at an age.
    pub fn new(facts: &'a RuleFacts, source: &'a str, age: f64) -> Self {
        let RuleFacts { title, summary, language, authors, categories, tags, url, length, has_image, .. } = facts;
        let (length, has_image) = (*length, *has_image);
        Self { title, summary, language, age, authors, categories, tags, url, source, length, has_image }
    }
}

impl EntryFacts<'_> {
    /// Returns the names and values of these fields.
    pub(super) fn values(&self, fields: Fields) -> impl Iterator<Item = (&'static str, Value)> {
        let of = move |name: &&'static str| Field::named(name).is_some_and(|field| fields.has(field));
        Field::NAMES.iter().copied().filter(of).filter_map(|name| Some((name, self.value(Field::named(name)?))))
    }

    fn value(&self, field: Field) -> Value {
        let list = |texts: &[String]| texts.iter().map(String::as_str).collect::<Value>();
        match field {
            Field::Title => self.title.into(),
            Field::Summary => self.summary.chars().take(MAX_SUMMARY).collect::<String>().into(),
            Field::Language => self.language.split('-').next().unwrap_or_default().to_ascii_lowercase().into(),
            Field::Age => self.age.into(),
            Field::Author => self.authors.join(", ").into(),
            Field::Authors => list(self.authors),
            Field::Categories => list(self.categories),
            Field::Tags => list(self.tags),
            Field::Url => self.url.into(),
            Field::Source => self.source.into(),
            Field::Length => self.length.into(),
            Field::HasImage => self.has_image.into(),
        }
    }

    /// Returns an entry that has every field.
    pub(super) fn full_sample() -> EntryFacts<'static> {
        static ONE: std::sync::LazyLock<[String; 1]> = std::sync::LazyLock::new(|| ["Sport".to_owned()]);
        EntryFacts {
            title: "Les Jeux",
            summary: "Un texte.",
            language: "fr",
            age: 1.0,
            authors: &*ONE,
            categories: &*ONE,
            tags: &*ONE,
            url: "https://www.example.org/jeux/1",
            source: "exemple",
            length: 1_000,
            has_image: true,
        }
    }
}
