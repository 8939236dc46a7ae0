//! Decodes web pages like feeds, with respect for the charset that a page declares in a `<meta>`.

use super::{FeedError, decode};

/// The number of bytes in which a page may declare its charset. (HTML §13.2.3.2 has 1,024 bytes; some put a banner before it.)
const HEAD: usize = 4096;

/// Decodes a page that came with this `Content-Type`. A page in UTF-8 is read as such, whatever it declares.
pub fn decode_page(bytes: &[u8], content_type: Option<&str>) -> Result<String, FeedError> {
    let told = content_type.is_some_and(|told| told.to_ascii_lowercase().contains("charset="));
    let written = if told { None } else { decode::meta_charset(&String::from_utf8_lossy(&bytes[..bytes.len().min(HEAD)])) };
    let written = written.map(|label| format!("text/html; charset={label}"));
    Ok(decode::decode(bytes, written.as_deref().or(content_type), None)?.text.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_says_its_charset_in_either_way() {
        for meta in ["<meta charset=windows-1252>", "<META http-equiv='Content-Type' content='text/html; charset = ISO-8859-1'>"]
        {
            let page = format!("<html>{meta}<p>été");
            let (bytes, ..) = encoding_rs::WINDOWS_1252.encode(&page);
            assert_eq!(decode_page(&bytes, Some("text/html")).as_deref(), Ok(page.as_str()));
            assert_eq!(decode_page(page.as_bytes(), None).as_deref(), Ok(page.as_str()), "bytes win over what is said");
        }
        let greek = "<meta charset=utf-8><p>Οι Αγώνες";
        let (bytes, ..) = encoding_rs::ISO_8859_7.encode(greek);
        assert_eq!(decode_page(&bytes, Some("text/html; Charset=iso-8859-7")).as_deref(), Ok(greek), "the server knows better");
    }
}
