//! The head of a page: its style, its script, and the policy by which nothing else is loaded or run (Content Security Policy Level 3).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use minijinja::context;
use minijinja::value::Value;
use sha2::{Digest, Sha256};

use super::templates::{SCRIPT, STYLE, Templates};

/// The favicon: a small picture in the page itself, so that no request is made for it.
const ICON: &str = "data:image/svg+xml,%3Csvg%20xmlns=%27http://www.w3.org/2000/svg%27%20viewBox=%270%200%2032%2032%27%3E%3Crect%20width=%2732%27%20height=%2732%27%20rx=%277%27%20fill=%27%23a3381f%27/%3E%3Cpath%20d=%27M8%2010h16M8%2016h11M8%2022h14%27%20stroke=%27%23fff%27%20stroke-width=%273%27%20stroke-linecap=%27round%27/%3E%3C/svg%3E";

/// Returns the values of the head: `style` with `more` rules behind it, `script`, `policy` and `icon`. With `images`, pictures of other
/// servers are loaded; sound and films are, when a reader plays them.
pub(super) fn head(templates: &Templates, more: &str, images: bool) -> Value {
    let style = format!("{}{more}", templates.text(STYLE).trim());
    let script = templates.text(SCRIPT).trim();
    let pictures = if images { "data: http: https:" } else { "data:" };
    let scripts = if script.is_empty() { String::new() } else { format!(" script-src {};", hash(script)) };
    // Tools that judge a page ask for robots.txt in its name. Its script asks for nothing.
    let policy = format!(
        "default-src 'none'; img-src {pictures}; media-src http: https:; style-src {};{scripts} connect-src 'self'; base-uri 'none'; form-action 'none'",
        hash(&style)
    );
    context! {
        style => Value::from_safe_string(style),
        script => Value::from_safe_string(script.to_owned()),
        policy => Value::from_safe_string(policy),
        icon => Value::from_safe_string(ICON.to_owned()),
    }
}

/// The hash of an inline element, as a policy names it.
fn hash(text: &str) -> String {
    format!("'sha256-{}'", STANDARD.encode(Sha256::digest(text.as_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn policy_allows_the_style_by_its_hash_and_pictures_only_if_they_are_shown() {
        let policy = |images| head(&Templates::default(), "", images).get_attr("policy").expect("a policy").to_string();
        assert!(policy(false).contains("img-src data:; ") && policy(true).contains("img-src data: http: https:; "));
        let (plain, more) = (policy(false), head(&Templates::default(), "a{}", false).get_attr("policy").expect("a policy"));
        assert!(plain.contains("style-src 'sha256-") && plain != more.to_string() && !plain.contains("unsafe"), "{plain}");
    }
}
