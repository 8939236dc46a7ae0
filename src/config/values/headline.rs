//! The value of `headline`.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::super::diagnostics::{Diagnosis, nearest};
use super::deserialize_text;
use crate::model::{Headline, HeadlineError};

/// The longest template in bytes.
const MAX_TEMPLATE: usize = 200;

/// A template of headlines, as written and parsed.
#[derive(Clone, Debug)]
pub(crate) struct RawHeadline(pub(crate) String, pub(crate) Headline);

config_value!(
    RawHeadline,
    "a headline such as \"{source}: {title}\"",
    |text| parse(text).map(|headline| RawHeadline(text.to_owned(), headline)),
    |headline| headline.0.clone(),
    { "type": "string", "title": "text with `{source}` and `{title}`", "maxLength": MAX_TEMPLATE, "pattern": "\\{title\\}" }
);

fn parse(text: &str) -> Result<Headline, Diagnosis> {
    if text.len() > MAX_TEMPLATE {
        return Err(Diagnosis::new(format!("the headline is longer than {MAX_TEMPLATE} bytes"), "write a shorter one"));
    }
    Headline::parse(text).map_err(|error| Diagnosis::new(error.to_string(), hint(&error)))
}

fn hint(error: &HeadlineError) -> String {
    let all = "write for example \"{source}: {title}\"";
    match error {
        HeadlineError::UnknownPlaceholder(name) => match nearest(name, Headline::PLACEHOLDERS) {
            Some(near) => format!("did you mean `{{{near}}}`?"),
            None => "the placeholders are `{source}` and `{title}`".to_owned(),
        },
        HeadlineError::LooseBrace | HeadlineError::NoTitle => all.to_owned(),
    }
}
