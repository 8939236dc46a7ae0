//! The reference, and the JSON Schema.

use std::path::Path;

use relais::config;

use super::root;

#[test]
fn reference_in_docs_is_up_to_date() {
    let path = root("docs/CONFIG.md");
    let wanted = config::reference();
    if std::env::var_os("RELAIS_BLESS").is_some() {
        replace(&path, &wanted);
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        found == wanted,
        "docs/CONFIG.md is out of date: RELAIS_BLESS=1 cargo test --test suite config, and look at the difference"
    );
}

#[expect(clippy::disallowed_methods, reason = "a document of the repository, not a file of the product")]
fn replace(path: &Path, text: &str) {
    std::fs::write(path, text).expect("docs/ can be written");
}

#[test]
fn schema_has_every_key_and_no_other() {
    let schema = config::schema();
    assert_eq!(schema["additionalProperties"], false);
    assert_eq!(schema["$defs"]["Source"]["required"], serde_json::json!(["url"]));
    assert_eq!(schema["$defs"]["Engine"]["required"], serde_json::json!(["kind"]));
    assert_eq!(schema["$defs"]["Budget"]["properties"]["per"]["enum"], serde_json::json!(["day", "month"]));
    assert_eq!(schema["$defs"]["Fetch"]["properties"]["every"]["default"], "15m");
    assert_eq!(schema["$defs"]["Fetch"]["properties"]["concurrency"]["maximum"], 1024);
    assert_eq!(schema["$defs"]["Edition"]["properties"]["limit"]["type"], "integer");
    assert!(!schema.to_string().contains("null"), "TOML has no null: {schema:#}");
}
