//! Text encoded twice: UTF-8 that was taken for windows-1252 and encoded as UTF-8 again, "Ã©" for "é".

use std::borrow::Cow;

use encoding_rs::WINDOWS_1252;
use memchr::memmem;

/// The number of such characters below which they may be intended: an article about charsets shows some.
const MIN_CHARACTERS: usize = 5;

/// The number of them in one text that show that this text was encoded twice, and others were not.
const MIN_IN_TEXT: usize = 3;

/// Undoes one encoding if nearly all characters beyond ASCII show that the text was encoded twice, or else in the parts of which
/// all do. Returns true if it did.
pub(super) fn undo(text: Cow<'_, str>) -> (Cow<'_, str>, bool) {
    // Every accent of Western Europe begins with one of these after the second encoding. Other texts skip the rest.
    if !["Ã", "Â", "â"].iter().any(|sign| memmem::find(text.as_bytes(), sign.as_bytes()).is_some()) {
        return (text, false);
    }
    // Read twice rather than kept: a hostile body may have millions of parts.
    let parts = || text.split_inclusive(['<', '>', '"']).map(Part::read);
    let (mut good, mut bad, mut shown) = (0, 0, 0);
    for part in parts() {
        (good, bad) = (good + part.good, bad + part.bad);
        if part.bad == 0 && part.good >= MIN_IN_TEXT {
            shown += part.good;
        }
    }
    let is_whole = good >= MIN_CHARACTERS && good > bad * 10;
    if !is_whole && shown < MIN_CHARACTERS {
        return (text, false);
    }
    let take = |part: Part<'_>| if is_whole || part.bad == 0 { part.undone.into_owned() } else { part.written.to_owned() };
    let undone: String = parts().map(take).collect();
    (Cow::Owned(undone), true)
}

/// A text between two delimiters.
struct Part<'a> {
    written: &'a str,
    /// With one encoding less, where that is possible.
    undone: Cow<'a, str>,
    /// The characters for which it is, and those for which it is not.
    good: usize,
    bad: usize,
}

impl<'a> Part<'a> {
    fn read(written: &'a str) -> Self {
        if written.is_ascii() {
            return Self { written, undone: Cow::Borrowed(written), good: 0, bad: 0 };
        }
        let mut out = String::with_capacity(written.len());
        let (mut good, mut bad) = (0_usize, 0_usize);
        let mut rest = written;
        while !rest.is_empty() {
            let ascii = rest.bytes().take_while(u8::is_ascii).count();
            out.push_str(&rest[..ascii]);
            rest = &rest[ascii..];
            let run = rest.find(|c: char| c.is_ascii()).unwrap_or(rest.len());
            if let Some(before) = undo_run(&rest[..run]) {
                good += before.chars().count();
                out.push_str(&before);
            } else {
                bad += rest[..run].chars().count();
                out.push_str(&rest[..run]);
            }
            rest = &rest[run..];
        }
        Self { written, undone: Cow::Owned(out), good, bad }
    }
}

/// Undoes one encoding of a run of characters beyond ASCII. Returns nothing if it was not UTF-8 before.
fn undo_run(run: &str) -> Option<String> {
    let (bytes, _, lost) = WINDOWS_1252.encode(run);
    (!lost && !run.is_empty()).then(|| String::from_utf8(bytes.into_owned()).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn twice(text: &str) -> String {
        WINDOWS_1252.decode_without_bom_handling(text.as_bytes()).0.into_owned()
    }

    #[test]
    fn second_encoding_is_undone() {
        let text = "Les épées d’été : œuvre à 5 € — l’athlète « blessée » est forfait, où çà ?";
        assert_eq!(undo(Cow::Owned(twice(text))), (Cow::Borrowed(text), true));
        assert_eq!(undo(Cow::Borrowed(text)), (Cow::Borrowed(text), false));
    }

    #[test]
    fn second_encoding_of_one_text_is_undone() {
        let (once, other) = ("Le départ a été donné à Saint-Lô, près de la côte.", "<t>L’équipe à l’œuvre</t>");
        let body = format!("{other}<d>{}</d>", twice(once));
        assert_eq!(undo(Cow::Owned(body)), (Cow::Borrowed(format!("{other}<d>{once}</d>").as_str()), true));
    }

    #[test]
    fn examples_of_a_wrong_encoding_stay() {
        let table = "<tr><td>é</td><td>Ã©</td></tr><tr><td>è</td><td>Ã¨</td></tr>".repeat(10);
        assert_eq!(undo(Cow::Borrowed(&table)), (Cow::Borrowed(table.as_str()), false));
    }

    #[test]
    fn text_encoded_once_stays() {
        let some = "« Ã© » au lieu de « é » : l’été des encodages, à lire";
        assert_eq!(undo(Cow::Borrowed(some)), (Cow::Borrowed(some), false));
        for text in ["SÃO PAULO, AVANÇÃO, NÃO, MÃE, PÃO, CÃO", "bâtir, pâle, âme, château, tâche, gâteau", "Ã©", ""]
        {
            assert_eq!(undo(Cow::Borrowed(text)), (Cow::Borrowed(text), false), "{text}");
        }
    }
}
