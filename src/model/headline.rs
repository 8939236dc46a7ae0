//! The template of the headlines of an edition.

use super::Text;

/// A part of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Words(String),
    Source,
    Title,
}

/// The template of the headlines of an edition: words, `{source}` and `{title}`. It shapes what readers see, and nothing that is
/// translated or remembered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Headline(Vec<Part>);

/// A text that is not a template of headlines.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HeadlineError {
    /// A name between braces that is not known, or empty.
    #[error("unknown placeholder `{{{0}}}`")]
    UnknownPlaceholder(String),
    /// A brace without its counterpart.
    #[error("a brace has no counterpart")]
    LooseBrace,
    /// A template that would make all headlines the same.
    #[error("the headline has no `{{title}}`")]
    NoTitle,
}

impl Default for Headline {
    /// The title alone.
    fn default() -> Self {
        Self(vec![Part::Title])
    }
}

impl Headline {
    /// The names of the placeholders.
    pub const PLACEHOLDERS: [&'static str; 2] = ["source", "title"];

    /// Parses a template such as `{source}: {title}`.
    pub fn parse(template: &str) -> Result<Self, HeadlineError> {
        let mut parts = Vec::new();
        let mut rest = template;
        while let Some(start) = rest.find(['{', '}']) {
            let (words, after) = rest.split_at(start);
            let (name, after) =
                after.strip_prefix('{').and_then(|after| after.split_once('}')).ok_or(HeadlineError::LooseBrace)?;
            if name.contains('{') {
                return Err(HeadlineError::LooseBrace);
            }
            parts.push(Part::Words(words.to_owned()));
            parts.push(match name {
                "source" => Part::Source,
                "title" => Part::Title,
                other => return Err(HeadlineError::UnknownPlaceholder(other.to_owned())),
            });
            rest = after;
        }
        parts.push(Part::Words(rest.to_owned()));
        parts.retain(|part| *part != Part::Words(String::new()));
        if parts.contains(&Part::Title) { Ok(Self(parts)) } else { Err(HeadlineError::NoTitle) }
    }

    /// Returns the headline of an entry. An entry without a title gets none: what is shown in its place depends on the format.
    pub fn format(&self, source: &Text, title: Text) -> Text {
        if title.is_blank() || self.0 == [Part::Title] {
            return title;
        }
        let words = self.0.iter().map(|part| match part {
            Part::Words(words) => words.as_str(),
            Part::Source => source.as_str(),
            Part::Title => title.as_str(),
        });
        Text::new(&words.collect::<String>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn formatted(template: &str) -> String {
        let headline = Headline::parse(template).expect("a template");
        headline.format(&Text::new("Le {title}"), Text::new("Un {source} titre")).as_str().to_owned()
    }

    #[test]
    fn placeholders_are_replaced_once() {
        assert_eq!(formatted("{source}: {title}"), "Le {title}: Un {source} titre");
        assert_eq!(formatted("{title} ({source})"), "Un {source} titre (Le {title})");
        assert_eq!(formatted("{title}"), "Un {source} titre");
    }

    #[test]
    fn blank_title_stays_blank() {
        let headline = Headline::parse("{source}: {title}").expect("a template");
        assert_eq!(headline.format(&Text::new("Le Monde"), Text::default()), Text::default());
    }

    #[test]
    fn what_is_not_a_template_is_refused() {
        let unknown = |name: &str| HeadlineError::UnknownPlaceholder(name.to_owned());
        for (template, error) in [
            ("{sources}: {title}", unknown("sources")),
            ("{}: {title}", unknown("")),
            ("{ title }", unknown(" title ")),
            ("{title", HeadlineError::LooseBrace),
            ("title} {title}", HeadlineError::LooseBrace),
            ("{{title}}", HeadlineError::LooseBrace),
            ("{source}", HeadlineError::NoTitle),
            ("", HeadlineError::NoTitle),
        ] {
            assert_eq!(Headline::parse(template), Err(error), "{template}");
        }
    }
}
