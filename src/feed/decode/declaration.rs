//! The charset that a document itself declares.

use memchr::memmem;

use crate::html::scan::{Scanner, Token};

/// Finds the charset that the XML declaration names, or else a `<meta>` of HTML. `head` is the start of the document.
pub(super) fn declared_charset(head: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(head);
    let Some(start) = memmem::find(text.as_bytes(), b"<?xml") else { return meta_charset(&text) };
    let declaration = &text[start..start + text[start..].find("?>")?];
    value_of(declaration, "encoding")
}

/// Finds the charset that a `<meta>` names: `charset=…`, or `http-equiv=content-type content="…; charset=…"`.
pub(in crate::feed) fn meta_charset(head: &str) -> Option<String> {
    Scanner::new(head).find_map(|token| match token {
        Token::Start(tag) if tag.is("meta") => {
            let own = tag.attribute("charset").and_then(|label| label_at(&label));
            own.or_else(|| {
                tag.attribute("http-equiv").filter(|name| name.trim().eq_ignore_ascii_case("content-type"))?;
                value_of(&tag.attribute("content")?, "charset")
            })
        }
        _ => None,
    })
}

/// The label behind `name` and `=`.
fn value_of(text: &str, name: &str) -> Option<String> {
    let at = text.to_ascii_lowercase().find(name)?;
    label_at(text[at + name.len()..].trim_start().strip_prefix('=')?)
}

/// The label at the start of a text, which may be quoted.
fn label_at(text: &str) -> Option<String> {
    let value = text.trim_start().trim_start_matches(['"', '\'']);
    let label = value[..value.find(['"', '\'', '/', ';', '>', ' ']).unwrap_or(value.len())].trim_end();
    (!label.is_empty()).then(|| label.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_declares_its_charset_in_three_ways() {
        for (head, label) in [
            ("<?xml version='1.0' encoding='ISO-8859-15'?>", Some("ISO-8859-15")),
            ("<?xml version='1.0' ENCODING = \"koi8-r\" ?><meta charset=utf-8>", Some("koi8-r")),
            ("<html><meta charset=windows-1252>", Some("windows-1252")),
            ("<META\nCHARSET = 'gbk'/>", Some("gbk")),
            ("<meta http-equiv='Content-Type' content='text/html; charset = ISO-8859-1'>", Some("ISO-8859-1")),
            ("<meta content='text/html;charset=big5' http-equiv=content-type>", Some("big5")),
            ("<meta name='x > y' charset=utf-8>", Some("utf-8")),
            ("<meta data-charset=no charset=yes>", Some("yes")),
            ("<meta name=description content='what charset=no means'>", None),
            ("<!-- <meta charset=no> --><script>'<meta charset=no>'</script>", None),
            ("<meta charset=''>", None),
            ("<meta charset=utf-8", None),
        ] {
            assert_eq!(declared_charset(head.as_bytes()).as_deref(), label, "{head}");
        }
    }
}
