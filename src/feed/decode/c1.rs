//! C1 controls (U+0080 to U+009F), which nobody writes: they come from windows-1252, or from UTF-8, that was read as ISO-8859-1.

use std::borrow::Cow;

use encoding_rs::WINDOWS_1252;

/// Replaces C1 controls by what was meant: where they belong to characters in UTF-8, by those, else by the characters that
/// windows-1252 has in their place, as browsers do with references to them. Returns true if there were any.
pub(in crate::feed) fn restore_c1(text: Cow<'_, str>) -> (Cow<'_, str>, bool) {
    if !has_c1(&text) {
        return (text, false);
    }
    let mut out = String::with_capacity(text.len());
    // A text between two tags is in one encoding.
    for part in text.split_inclusive(['<', '>', '"']) {
        if has_c1(part) {
            restore_part(part, &mut out);
        } else {
            out.push_str(part);
        }
    }
    (Cow::Owned(out), true)
}

fn has_c1(text: &str) -> bool {
    let bytes = text.as_bytes();
    memchr::memchr_iter(0xc2, bytes).any(|at| bytes.get(at + 1).is_some_and(|b| (0x80..=0x9f).contains(b)))
}

fn restore_part(part: &str, out: &mut String) {
    let is_utf8 = runs(part).any(|run| has_c1(run) && utf8_of(run).is_some());
    for run in runs(part) {
        match utf8_of(run).filter(|_| is_utf8) {
            Some(meant) => out.push_str(&meant),
            None => run.chars().for_each(|c| push_restored(c, out)),
        }
    }
}

fn push_restored(c: char, out: &mut String) {
    match u8::try_from(u32::from(c)) {
        Ok(byte @ 0x80..=0x9f) => out.push_str(&WINDOWS_1252.decode_without_bom_handling(&[byte]).0),
        _ => out.push(c),
    }
}

/// Splits a text into runs of ASCII and runs of other characters.
fn runs(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let is_ascii = rest.chars().next()?.is_ascii();
        let end = rest.find(|c: char| c.is_ascii() != is_ascii).unwrap_or(rest.len());
        let (run, after) = rest.split_at(end);
        rest = after;
        Some(run)
    })
}

/// Returns what a run of characters means if each stands for a byte of UTF-8.
fn utf8_of(run: &str) -> Option<String> {
    let bytes: Option<Vec<u8>> = run.chars().map(|c| u8::try_from(u32::from(c)).ok()).collect();
    String::from_utf8(bytes?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn controls_become_what_was_meant() {
        for (text, meant) in [
            ("don\u{92}t \u{96} \u{85} \u{81}", "don’t – … \u{81}"),
            ("<t>donâ\u{80}\u{99}t Ã\u{89}tÃ©</t>", "<t>don’t Été</t>"),
            ("<t>Ã©</t><t>\u{93}é\u{94}</t>", "<t>Ã©</t><t>“é”</t>"),
        ] {
            assert_eq!(restore_c1(Cow::Borrowed(text)), (Cow::Borrowed(meant), true), "{text}");
        }
        assert_eq!(restore_c1(Cow::Borrowed("« été »")), (Cow::Borrowed("« été »"), false));
    }
}
