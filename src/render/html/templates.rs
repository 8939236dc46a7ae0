//! The templates of the pages: built in, and those that take their places (docs/TEMPLATES.md).

use std::borrow::Cow;
use std::collections::BTreeMap;

use minijinja::value::{Kwargs, Value};
use minijinja::{AutoEscape, Environment, ErrorKind, UndefinedBehavior, escape_formatter};
use quick_xml::escape::escape;

use crate::render::RenderError;
use crate::render::words::fill;

/// The style sheet of all pages. It is no template.
pub(super) const STYLE: &str = "style.css";
/// The script of all pages, which they do without. It is no template.
pub(super) const SCRIPT: &str = "page.js";
/// The style sheet of feeds that a browser shows. It is no template.
pub(super) const FEED_STYLE: &str = "feed.css";

/// The files, as they are built in.
const BUILT_IN: [(&str, &str); 7] = [
    ("base.html", include_str!("../templates/base.html")),
    ("edition.html", include_str!("../templates/edition.html")),
    ("card.html", include_str!("../templates/card.html")),
    ("index.html", include_str!("../templates/index.html")),
    (STYLE, include_str!("../templates/style.css")),
    (SCRIPT, include_str!("../templates/page.js")),
    (FEED_STYLE, include_str!("../templates/feed.css")),
];
/// The work that a page may take, in instructions of the template engine: a page of 500 items takes a fiftieth. A template of the operator
/// may have a loop without an end.
const FUEL: u64 = 20_000_000;

/// The files that pages are made of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Templates {
    /// Those that take the place of built-in ones, and further ones that these include, by name.
    own: BTreeMap<String, String>,
}

impl Templates {
    /// Returns the names of the built-in files.
    pub fn names() -> impl Iterator<Item = &'static str> {
        BUILT_IN.iter().map(|(name, _)| *name)
    }

    /// Returns true if a file of this name is one that pages may be made of: a built-in one, or a template that others include.
    pub fn has_place_for(name: &str) -> bool {
        BUILT_IN.iter().any(|(known, _)| *known == name) || is_template(name)
    }

    /// Puts files into the places of built-in ones, or beside them. An error is one of syntax.
    pub fn with(own: BTreeMap<String, String>) -> Result<Self, RenderError> {
        let templates = Self { own };
        // They would end the elements that they stand in.
        for (name, end) in [(STYLE, "</style"), (SCRIPT, "</script")] {
            if templates.text(name).to_ascii_lowercase().contains(end) {
                return Err(RenderError::Template { file: name.to_owned(), why: format!("it contains `{end}`") });
            }
        }
        templates.environment()?;
        Ok(templates)
    }

    /// Returns a hash of the files that are not built in; blank if all are.
    pub fn key(&self) -> String {
        if self.own.is_empty() {
            return String::new();
        }
        let mut hasher = blake3::Hasher::new();
        for (name, text) in &self.own {
            hasher.update(name.as_bytes()).update(&(text.len() as u64).to_le_bytes()).update(text.as_bytes());
        }
        hasher.finalize().to_hex()[..16].to_owned()
    }

    /// Returns the text of a file.
    pub(super) fn text(&self, name: &str) -> &str {
        let built_in = || BUILT_IN.iter().find(|(known, _)| *known == name).map_or("", |(_, text)| *text);
        self.own.get(name).map_or_else(built_in, String::as_str)
    }

    /// Fills in a page, with one line break at the end.
    pub(super) fn render(&self, page: &'static str, values: Value) -> Result<String, RenderError> {
        let filled = self.environment()?.get_template(page).and_then(|template| template.render(values));
        let mut filled = filled.map_err(|error| self.error(page, &error))?;
        filled.truncate(filled.trim_end().len());
        filled.push('\n');
        Ok(filled)
    }

    fn environment(&self) -> Result<Environment<'_>, RenderError> {
        let mut env = Environment::new();
        env.set_undefined_behavior(UndefinedBehavior::Strict);
        env.set_auto_escape_callback(|_| AutoEscape::Html);
        env.set_fuel(Some(FUEL));
        env.set_debug(false);
        // minijinja escapes `/` too, which makes addresses unreadable and larger and protects nothing in quoted attributes.
        env.set_formatter(|out, state, value| match value.as_str() {
            Some(text) if !value.is_safe() => {
                out.write_str(&escape(text)).map_err(|error| minijinja::Error::from(ErrorKind::WriteFailure).with_source(error))
            }
            _ => escape_formatter(out, state, value),
        });
        env.add_filter("put", put);
        let further = self.own.keys().map(String::as_str);
        for name in BUILT_IN.into_iter().map(|(name, _)| name).chain(further).filter(|name| is_template(name)) {
            env.add_template(name, self.text(name)).map_err(|error| self.error(name, &error))?;
        }
        Ok(env)
    }

    /// Tells what is wrong with a template. One that is built in is a bug of relais.
    fn error(&self, page: &str, error: &minijinja::Error) -> RenderError {
        // The error of a template that is included is the source of that of the template around it.
        let mut error = error;
        while let Some(inner) = std::error::Error::source(error).and_then(|source| source.downcast_ref()) {
            error = inner;
        }
        let file = error.name().unwrap_or(page);
        let place = error.line().map(|line| format!("line {line}: ")).unwrap_or_default();
        let detail = error.detail().map(|detail| format!(": {detail}")).unwrap_or_default();
        let why = format!("{place}{}{detail}", error.kind());
        if self.own.is_empty() {
            RenderError::Page { page: file.to_owned(), why }
        } else {
            RenderError::Template { file: file.to_owned(), why }
        }
    }
}

/// Returns true if a file of this name is a template, and no style sheet or script.
fn is_template(name: &str) -> bool {
    name.strip_suffix(".html").is_some_and(|stem| !stem.is_empty())
}

/// Puts values into the placeholders of a text: `{{ words.last_change|put(time=value) }}`. Text is escaped, HTML is not.
#[expect(clippy::needless_pass_by_value, reason = "the signature of a filter")]
fn put(text: &str, values: Kwargs) -> Result<Value, minijinja::Error> {
    let mut filled: Vec<(&str, String)> = Vec::new();
    for name in values.args() {
        let value: Value = values.get(name)?;
        let text = value.to_string();
        filled.push((name, if value.is_safe() { text } else { escape(&text).into_owned() }));
    }
    let values: Vec<(&str, &str)> = filled.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let escaped: Cow<'_, str> = escape(text);
    Ok(Value::from_safe_string(fill(&escaped, &values)))
}

#[cfg(test)]
mod tests {
    use minijinja::context;

    use super::*;

    /// Fills in a page of which this is the template.
    fn page(template: &str, values: Value) -> Result<String, RenderError> {
        Templates::with(BTreeMap::from([("index.html".to_owned(), template.to_owned())]))?.render("index.html", values)
    }

    #[test]
    fn every_value_is_escaped_but_clean_html() {
        let values =
            context! { a => "\"' onclick=x", b => vec!["<script>"], c => Value::from_safe_string("<b>&amp;</b>".to_owned()) };
        let page = page("<a title=\"{{ a }}\">{{ b }}{{ c }}</a>", values).expect("a page");
        assert!(page.starts_with("<a title=\"&quot;&apos; onclick=x\">"), "{page}");
        assert!(!page.contains("<script>") && page.ends_with("<b>&amp;</b></a>\n"), "{page}");
    }

    #[test]
    fn values_in_phrases_are_escaped_but_html() {
        let values = context! { phrase => "a & {b} {c}", b => "<i>", c => Value::from_safe_string("<b>{b}</b>".to_owned()) };
        assert_eq!(page("{{ phrase|put(b=b, c=c) }}", values).expect("a page"), "a &amp; &lt;i&gt; <b>{b}</b>\n");
    }

    #[test]
    fn name_that_a_template_misspells_is_told_with_its_line() {
        let error = page("a\n{{ titel }}", context! { title => "a" }).expect_err("an error").to_string();
        assert!(error.contains("index.html") && error.contains("line 2: undefined value"), "{error}");
    }

    #[test]
    fn syntax_of_a_template_is_checked_before_it_is_used() {
        let error =
            Templates::with(BTreeMap::from([("card.html".to_owned(), "a\n\n{% if %}".to_owned())])).expect_err("an error");
        assert!(error.to_string().contains("card.html: line 3"), "{error}");
    }

    #[test]
    fn loop_without_an_end_is_an_error() {
        let forever = "{% for a in range(99999) %}{% for b in range(99999) %}{% set c = a * b %}{% endfor %}{% endfor %}";
        assert!(page(forever, context! {}).expect_err("an error").to_string().contains("fuel"));
    }

    #[test]
    fn style_cannot_end_its_element() {
        assert!(Templates::with(BTreeMap::from([(STYLE.to_owned(), "a{}</style><script>".to_owned())])).is_err());
    }
}
