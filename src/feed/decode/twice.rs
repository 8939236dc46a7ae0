//! Text that was UTF-8, was taken for windows-1252 and made UTF-8 again: "Ã©" for "é".

use std::borrow::Cow;

use encoding_rs::WINDOWS_1252;
use memchr::memmem;

/// Fewer characters of this kind may be meant as they stand: an article about charsets shows some.
const LEAST: usize = 5;

/// Takes a text back one step, when nearly all that is not ASCII in it shows that it was encoded twice.
pub(super) fn undo(text: Cow<'_, str>) -> (Cow<'_, str>, bool) {
    // Every accent of Western Europe begins so after the second encoding: no other text pays for the rest.
    if !["Ã", "Â", "â"].iter().any(|sign| memmem::find(text.as_bytes(), sign.as_bytes()).is_some()) {
        return (text, false);
    }
    let mut out = String::with_capacity(text.len());
    let (mut good, mut bad) = (0_usize, 0_usize);
    let mut rest = &*text;
    while !rest.is_empty() {
        let ascii = rest.bytes().take_while(u8::is_ascii).count();
        out.push_str(&rest[..ascii]);
        rest = &rest[ascii..];
        let run = rest.find(|c: char| c.is_ascii()).unwrap_or(rest.len());
        if let Some(before) = once(&rest[..run]) {
            good += before.chars().count();
            out.push_str(&before);
        } else {
            bad += rest[..run].chars().count();
            out.push_str(&rest[..run]);
        }
        rest = &rest[run..];
    }
    if good >= LEAST && good > bad * 10 { (Cow::Owned(out), true) } else { (text, false) }
}

/// What a run of characters that are not ASCII was before; nothing when it cannot have been UTF-8.
fn once(run: &str) -> Option<String> {
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
    fn what_was_encoded_twice_is_taken_back() {
        let text = "Les épées d’été : œuvre à 5 € — l’athlète « blessée » est forfait, où çà ?";
        assert_eq!(undo(Cow::Owned(twice(text))), (Cow::Borrowed(text), true));
        assert_eq!(undo(Cow::Borrowed(text)), (Cow::Borrowed(text), false));
    }

    #[test]
    fn what_is_meant_stays() {
        let some = "« Ã© » au lieu de « é » : l’été des encodages, à lire";
        assert_eq!(undo(Cow::Borrowed(some)), (Cow::Borrowed(some), false));
        for text in ["SÃO PAULO, AVANÇÃO, NÃO, MÃE, PÃO, CÃO", "bâtir, pâle, âme, château, tâche, gâteau", "Ã©", ""]
        {
            assert_eq!(undo(Cow::Borrowed(text)), (Cow::Borrowed(text), false), "{text}");
        }
    }
}
