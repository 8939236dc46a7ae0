//! Charset names as feeds spell them.

use encoding_rs::{Encoding, REPLACEMENT, UTF_8, X_USER_DEFINED};
use oem_cp::code_table::DECODING_TABLE_CP_MAP;
use oem_cp::code_table_type::TableType;

/// A charset that a feed can name.
#[derive(Clone, Copy)]
pub(super) enum Charset {
    /// A charset of the WHATWG's list, which browsers know.
    Web(&'static Encoding),
    /// A code page of DOS, which browsers do not know.
    Dos(u16, &'static TableType),
    /// UTF-32. Text that really uses it is recognised by its bytes before.
    Utf32,
}

impl Charset {
    /// True for UTF-8.
    pub(super) fn is_utf8(self) -> bool {
        matches!(self, Self::Web(encoding) if encoding == UTF_8)
    }

    /// True if ASCII text is the same bytes in it.
    pub(super) fn extends_ascii(self) -> bool {
        match self {
            Self::Web(encoding) => encoding.is_ascii_compatible(),
            Self::Dos(..) => true,
            Self::Utf32 => false,
        }
    }
}

impl PartialEq for Charset {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Web(a), Self::Web(b)) => a == b,
            (Self::Dos(a, _), Self::Dos(b, _)) => a == b,
            (Self::Utf32, Self::Utf32) => true,
            _ => false,
        }
    }
}

/// Spellings that are not in the WHATWG's list and that no rule covers, mostly Python's names.
const SPELLINGS: [(&str, &str); 17] = [
    ("u8", "utf-8"),
    ("utf", "utf-8"),
    ("utf8-bom", "utf-8"),
    ("u16", "utf-16"),
    ("utf16", "utf-16"),
    ("utf16le", "utf-16le"),
    ("utf16be", "utf-16be"),
    ("latin9", "iso-8859-15"),
    ("latin-1", "iso-8859-1"),
    ("iso-latin-1", "iso-8859-1"),
    ("ansi", "windows-1252"),
    ("macroman", "macintosh"),
    ("mac-roman", "macintosh"),
    ("maccyrillic", "x-mac-cyrillic"),
    ("mac-cyrillic", "x-mac-cyrillic"),
    ("cp932", "shift_jis"),
    ("cp936", "gbk"),
];

/// Returns the charset of a name, or nothing if it is unknown or must not be decoded.
pub(super) fn find_charset(label: &str) -> Option<Charset> {
    let label = label.trim_matches(|c: char| c.is_whitespace() || matches!(c, '"' | '\'')).to_ascii_lowercase();
    if label.len() > 40 {
        return None;
    }
    web_charset(&label).or_else(|| {
        let plain = label.replace(['_', ' '], "-");
        if plain.starts_with("utf-32") || matches!(plain.as_str(), "utf32" | "u32" | "ucs-4") {
            return Some(Charset::Utf32);
        }
        let spelling = SPELLINGS.iter().find(|(spelling, _)| *spelling == plain).map(|(_, name)| *name);
        spelling.and_then(web_charset).or_else(|| web_charset(&plain)).or_else(|| charset_by_number(&plain))
    })
}

fn web_charset(label: &str) -> Option<Charset> {
    // "replacement" stands for charsets that hide markup from filters. It would replace a whole feed by one character.
    Encoding::for_label(label.as_bytes()).filter(|found| *found != REPLACEMENT && *found != X_USER_DEFINED).map(Charset::Web)
}

/// Returns the charset of a code page number: `cp1252`, `windows1252`, `ibm850`, `850`, `cspc8codepage437`, `iso885915`.
fn charset_by_number(label: &str) -> Option<Charset> {
    let digits = label.len() - label.bytes().rev().take_while(u8::is_ascii_digit).count();
    let (name, number) = label.split_at(digits);
    if name.starts_with("iso") {
        let part = number.strip_prefix("8859")?;
        return web_charset(&format!("iso-8859-{part}"));
    }
    let known = matches!(
        name.trim_end_matches('-'),
        "" | "cp" | "windows" | "win" | "ibm" | "csibm" | "cspc" | "cspcp" | "cspc8codepage" | "x-cp" | "ms"
    );
    let number: u16 = number.parse().ok().filter(|_| known)?;
    match number {
        874 | 1250..=1258 => web_charset(&format!("windows-{number}")),
        866 => web_charset("ibm866"),
        949 => web_charset("euc-kr"),
        950 => web_charset("big5"),
        65001 => web_charset("utf-8"),
        _ => DECODING_TABLE_CP_MAP.get(&number).map(|table| Charset::Dos(number, table)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn charset_names_are_known_in_every_spelling() {
        for (label, name) in [
            ("UTF_8", "UTF-8"),
            (" 'us-ascii' ", "windows-1252"),
            ("windows_1251", "windows-1251"),
            ("cp1253", "windows-1253"),
            ("CP-1254", "windows-1254"),
            ("win1250", "windows-1250"),
            ("cp866", "IBM866"),
            ("866", "IBM866"),
            ("u16", "UTF-16LE"),
            ("iso8859-15", "ISO-8859-15"),
            ("iso_8859_15", "ISO-8859-15"),
            ("Latin9", "ISO-8859-15"),
            ("iso885915", "ISO-8859-15"),
            ("MacRoman", "macintosh"),
            ("cskoi8r", "KOI8-R"),
        ] {
            let found = match find_charset(label) {
                Some(Charset::Web(encoding)) => encoding.name(),
                _ => "another",
            };
            assert_eq!(found, name, "{label}");
        }
        for (label, number) in [("cp850", 850), ("IBM437", 437), ("csibm855", 855), ("cspc8codepage437", 437), ("737", 737)] {
            assert!(matches!(find_charset(label), Some(Charset::Dos(found, _)) if found == number), "{label}");
        }
        for label in ["", "ebcdic-cp-us", "iso-2022-kr", "utf-7", "cp99999", "x-user-defined", "none", "8859"] {
            assert!(find_charset(label).is_none(), "{label}");
        }
    }
}
