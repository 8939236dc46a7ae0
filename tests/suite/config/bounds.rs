//! Files that nobody writes by hand.

use proptest::prelude::*;

use super::parse;

#[test]
fn at_most_200_problems_are_shown() {
    let text = (0..30_000).map(|n| format!("k{n} = 1")).collect::<Vec<_>>().join("\n");
    let problems = parse(&text).expect_err("problems");
    assert!(problems.list().len() <= 201, "{}", problems.list().len());
    assert!(problems.to_string().contains("more problems are not shown"));
}

#[test]
fn excessive_nesting_is_refused() {
    let deep = |part: &str| format!("{}{{ ", part.repeat(70) + "a = ").repeat(78);
    for text in [
        deep("a.") + "b = 1" + &" }".repeat(78),
        "[source.a]\nheaders.".to_owned() + &deep("a.") + "b = 1" + &" }".repeat(78),
        "a.".repeat(400_000) + "a = 1",
        format!("[{}a]", "a.".repeat(400_000)),
        "a = ".to_owned() + &"[".repeat(500_000),
        "a = { a = ".repeat(50_000),
    ] {
        let problems = parse(&text).expect_err("a problem");
        assert!(problems.to_string().len() < 2_000, "{problems}");
    }
}

/// Text that is likely to be almost a feeds.toml.
fn almost() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "[fetch]",
        "[source.a]",
        "[source.b]",
        "[[source]]",
        "[edition.e]",
        "[source]",
        "[engine.x]",
        "[glossary]",
        "kind",
        "\"deepl\"",
        "key",
        "engines",
        "budget",
        "price",
        "url",
        "every",
        "tags",
        "from",
        "langs",
        "auth",
        "headers",
        "formats",
        "limit",
        "state",
        "output",
        "proxy",
        "password",
        " = ",
        "=",
        ".",
        "\n",
        "\r\n",
        "\"https://a.example/\"",
        "\"15m\"",
        "[\"*\"]",
        "[",
        "]",
        "{",
        "}",
        "{ env = \"X\" }",
        "\"",
        "'",
        "\"\"\"",
        "#",
        "1",
        "true",
        "1979-05-27",
        "-1",
        "1e9",
        "é",
        "五",
        "\u{0}",
        "\u{1b}",
        "\t",
        "\u{202e}",
        "\u{feff}",
        ",",
        " ",
    ]);
    prop::collection::vec(pieces, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn any_text_is_a_plan_or_problems(text in prop_oneof![".{0,200}", "(?s).{0,200}", almost()]) {
        match parse(&text) {
            Ok(plan) => drop(plan.render_warnings(true)),
            Err(problems) => {
                prop_assert!(problems.errors() > 0);
                let shown = problems.render(false);
                prop_assert!(!shown.contains(|c: char| c.is_control() && c != '\n'), "{shown:?}");
                for problem in problems.list() {
                    prop_assert!(text.len() >= problem.span.start);
                }
            }
        }
    }
}
