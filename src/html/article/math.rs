//! `MathML` as a line of text: `(a+b)/2`, `e^(kt)`, `√(x)`. Elements of `MathML` do not survive cleaning, and their letters and figures
//! alone would say something else: a fraction of 3 and 4 is not 34.

use dom_query::NodeRef;

use crate::html::dom::replace_by_text;

/// Deeper formulas lose their structure. The markup around is at most as deep as `clean/limits` allows.
const DEEPEST: usize = 64;
/// Elements that are not shown, or repeat the formula in another notation.
const UNSEEN: [&str; 5] = ["annotation", "annotation-xml", "mphantom", "none", "mprescripts"];

/// Puts a formula as text in its place.
pub(super) fn say(math: &NodeRef<'_>) {
    let mut line = linear(math, 0);
    if line.trim().is_empty()
        && let Some(told) = math.attr("alttext")
    {
        line = told.to_string();
    }
    // `3` before a fraction is a whole number and a fraction.
    if let Some(before) = math.prev_sibling().filter(NodeRef::is_text)
        && runs_on(&before.text(), &line)
    {
        line.insert(0, ' ');
    }
    if let Some(after) = math.next_sibling().filter(NodeRef::is_text)
        && runs_on(&line, &after.text())
    {
        line.push(' ');
    }
    replace_by_text(math, line);
}

/// A formula, or a part of one, as text.
fn linear(node: &NodeRef<'_>, depth: usize) -> String {
    let Some(name) = node.node_name().filter(|_| node.is_element()) else { return String::new() };
    if UNSEEN.contains(&name.as_ref()) {
        return String::new();
    }
    if depth >= DEEPEST {
        return node.text().to_string();
    }
    let parts: Vec<NodeRef<'_>> = node.children_it(false).filter(NodeRef::is_element).collect();
    let say = |at: usize| linear(&parts[at], depth + 1);
    let group = |at: usize| grouped(&parts[at], depth + 1);
    match (name.as_ref(), parts.len()) {
        ("mi" | "mn" | "mo" | "ms" | "mtext", _) => token(&node.text()),
        ("mspace", _) => " ".to_owned(),
        ("semantics", 1..) => say(0),
        ("mfrac", 2) if is_zero(node.attr("linethickness").as_deref()) => format!("C({}, {})", say(0), say(1)),
        ("mfrac", 2) => format!("{}/{}", group(0), group(1)),
        ("msup" | "mover", 2) => scripted(&group(0), "", &group(1)),
        ("msub" | "munder", 2) => scripted(&group(0), &group(1), ""),
        ("msubsup" | "munderover", 3) => scripted(&group(0), &group(1), &group(2)),
        ("mmultiscripts", 1..) => multiscripts(&parts, depth + 1),
        ("msqrt", _) => format!("√({})", row(&parts, depth)),
        ("mroot", 2) => format!("{}^(1/{})", group(0), group(1)),
        ("mfenced", _) => {
            let fence = |name, usual: &str| node.attr(name).map_or_else(|| usual.to_owned(), |own| own.trim().to_owned());
            format!("{}{}{}", fence("open", "("), list(&parts, ", ", depth), fence("close", ")"))
        }
        ("mtable", _) => format!("[{}]", list(&parts, "; ", depth)),
        ("mtr" | "mlabeledtr", _) => list(&parts, ", ", depth),
        _ => row(&parts, depth),
    }
}

/// The text of a token. Invisible operators are dropped, but for the sum of a mixed number.
fn token(text: &str) -> String {
    text.trim().chars().filter(|c| !matches!(c, '\u{2061}'..='\u{2063}')).map(|c| if c == '\u{2064}' { ' ' } else { c }).collect()
}

fn is_zero(thickness: Option<&str>) -> bool {
    thickness.is_some_and(|thickness| thickness.trim().trim_end_matches(|c: char| !c.is_ascii_digit()) == "0")
}

/// The parts side by side. Figures that would become one number, and fractions beside anything, are set apart.
fn row(parts: &[NodeRef<'_>], depth: usize) -> String {
    let mut out = String::new();
    let mut was_fraction = false;
    for part in parts {
        let said = linear(part, depth + 1);
        let is_fraction = is_fraction(part);
        let touches = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
        let apart = (is_fraction || was_fraction) && touches(out.chars().next_back()) && touches(said.chars().next());
        if apart || runs_on(&out, &said) {
            out.push(' ');
        }
        out.push_str(&said);
        was_fraction = is_fraction;
    }
    out
}

fn list(parts: &[NodeRef<'_>], separator: &str, depth: usize) -> String {
    parts.iter().map(|part| linear(part, depth + 1)).collect::<Vec<_>>().join(separator)
}

/// Returns true if two texts side by side would make one number of two.
fn runs_on(before: &str, after: &str) -> bool {
    before.ends_with(|c: char| c.is_numeric()) && after.starts_with(|c: char| c.is_numeric())
}

/// A part in parentheses, unless it is a single token.
fn grouped(part: &NodeRef<'_>, depth: usize) -> String {
    let said = linear(part, depth);
    if is_token(part) || said.is_empty() { said } else { format!("({said})") }
}

/// Returns true for a token, and for a group of a single one.
fn is_token(part: &NodeRef<'_>) -> bool {
    let mut part = *part;
    for _ in 0..DEEPEST {
        match part.node_name().as_deref() {
            Some("mi" | "mn" | "mo" | "ms" | "mtext" | "msqrt" | "mfenced" | "mtable") => return true,
            Some("mrow" | "mstyle" | "mpadded") => {}
            _ => return false,
        }
        let mut inner = part.children_it(false).filter(NodeRef::is_element);
        match (inner.next(), inner.next()) {
            (Some(only), None) => part = only,
            _ => return false,
        }
    }
    false
}

fn is_fraction(part: &NodeRef<'_>) -> bool {
    part.has_name("mfrac") || part.has_name("mrow") && part.first_element_child().is_some_and(|inner| inner.has_name("mfrac"))
}

fn scripted(base: &str, below: &str, above: &str) -> String {
    let mut out = base.to_owned();
    for (sign, script) in [('_', below), ('^', above)] {
        if !script.is_empty() {
            out.push(sign);
            out.push_str(script);
        }
    }
    out
}

/// A base with scripts behind it and, behind `<mprescripts>`, before it, in pairs of below and above.
fn multiscripts(parts: &[NodeRef<'_>], depth: usize) -> String {
    let scripts = |parts: &[NodeRef<'_>]| -> String {
        let pair = |pair: &[NodeRef<'_>]| {
            let above = pair.get(1).map(|above| grouped(above, depth)).unwrap_or_default();
            scripted("", &grouped(&pair[0], depth), &above)
        };
        parts.chunks(2).map(pair).collect()
    };
    let before = parts.iter().position(|part| part.has_name("mprescripts")).unwrap_or(parts.len());
    let (behind, ahead) = (&parts[1.min(before)..before], parts.get(before + 1..).unwrap_or_default());
    format!("{}{}{}", scripts(ahead), grouped(&parts[0], depth), scripts(behind))
}

#[cfg(test)]
mod tests {
    use crate::model::RawHtml;

    fn said(math: &str) -> String {
        let html = RawHtml(format!("<p>x <math>{math}</math> y</p>"));
        let clean = crate::html::clean_article(&html, None, None);
        clean.as_str().trim_start_matches("<p>x ").trim_end_matches(" y</p>").to_owned()
    }

    #[test]
    fn formula_keeps_its_meaning_as_text() {
        for (math, text) in [
            ("<mfrac><mn>3</mn><mn>4</mn></mfrac>", "3/4"),
            ("<mfrac><mrow><mi>a</mi><mo>+</mo><mi>b</mi></mrow><mn>2</mn></mfrac>", "(a+b)/2"),
            ("<mfrac linethickness='0px'><mi>n</mi><mi>k</mi></mfrac>", "C(n, k)"),
            ("<msup><mi>e</mi><mrow><mi>k</mi><mi>t</mi></mrow></msup>", "e^(kt)"),
            ("<msup><mn>10</mn><mrow><mn>6</mn></mrow></msup>", "10^6"),
            ("<msubsup><mi>x</mi><mn>1</mn><mn>2</mn></msubsup>", "x_1^2"),
            ("<msqrt><mi>x</mi><mo>+</mo><mn>1</mn></msqrt>", "√(x+1)"),
            ("<mroot><mn>8</mn><mn>3</mn></mroot>", "8^(1/3)"),
            ("<munderover><mo>∑</mo><mrow><mi>i</mi><mo>=</mo><mn>1</mn></mrow><mi>n</mi></munderover>", "∑_(i=1)^n"),
            ("<mfenced><mi>a</mi><mi>b</mi></mfenced>", "(a, b)"),
            (
                "<mtable><mtr><mtd><mn>1</mn></mtd><mtd><mn>2</mn></mtd></mtr><mtr><mtd><mn>3</mn></mtd></mtr></mtable>",
                "[1, 2; 3]",
            ),
            ("<mmultiscripts><mi>C</mi><mprescripts/><mn>6</mn><mn>14</mn></mmultiscripts>", "_6^14C"),
            ("<mi>f</mi><mo>&#8289;</mo><mo>(</mo><mi>x</mi><mo>)</mo>", "f(x)"),
            ("<semantics><mrow><mn>1</mn></mrow><annotation encoding='application/x-tex'>\\frac12</annotation></semantics>", "1"),
        ] {
            assert_eq!(said(math), text, "{math}");
        }
        assert_eq!(
            crate::html::clean_article(&RawHtml("<math alttext='x + 1'><mrow></mrow></math>".to_owned()), None, None).as_str(),
            "x + 1"
        );
    }

    #[test]
    fn figures_side_by_side_do_not_become_one_number() {
        let half = "<mfrac><mn>1</mn><mn>2</mn></mfrac>";
        for (math, text) in [
            (format!("<mn>3</mn>{half}"), "3 1/2".to_owned()),
            (format!("<mn>3</mn><mo>&#8292;</mo>{half}"), "3 1/2".to_owned()),
            (format!("{half}<mi>x</mi>"), "1/2 x".to_owned()),
            ("<mn>2</mn><mo>&#8290;</mo><mn>3</mn>".to_owned(), "2 3".to_owned()),
        ] {
            assert_eq!(said(&math), text, "{math}");
        }
        let around = RawHtml(format!("<p>3<math>{half}</math>5 m</p>"));
        assert_eq!(crate::html::clean_article(&around, None, None).as_str(), "<p>3 1/2 5 m</p>");
    }

    #[test]
    fn deep_formula_becomes_text() {
        let deep = format!("{}<mn>1</mn>{}", "<mrow>".repeat(200), "</mrow>".repeat(200));
        assert_eq!(said(&deep), "1");
    }
}
