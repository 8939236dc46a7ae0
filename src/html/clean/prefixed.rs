//! Elements with a namespace prefix, such as `<h:script>`: HTML has none, so their code would be read as text of the article.

use std::borrow::Cow;

/// Removes the prefix of elements whose content is no text, in start and end tags, so that the cleaner drops them as a whole.
pub(super) fn without_prefixes<'h>(html: &'h str, names: &[&str]) -> Cow<'h, str> {
    if memchr::memchr(b':', html.as_bytes()).is_none() {
        return Cow::Borrowed(html);
    }
    let mut out = String::new();
    let mut copied = 0;
    for (at, _) in html.match_indices('<') {
        let start = at + 1 + usize::from(html[at + 1..].starts_with('/'));
        let end = html[start..]
            .find(|c: char| c.is_ascii_whitespace() || matches!(c, '/' | '>' | '<'))
            .map_or(html.len(), |end| start + end);
        let Some((prefix, _)) = html[start..end].rsplit_once(':').filter(|(_, local)| is_one_of(local, names)) else { continue };
        out.push_str(&html[copied..start]);
        copied = start + prefix.len() + 1;
    }
    if copied == 0 {
        return Cow::Borrowed(html);
    }
    out.push_str(&html[copied..]);
    Cow::Owned(out)
}

fn is_one_of(name: &str, names: &[&str]) -> bool {
    names.iter().any(|known| name.eq_ignore_ascii_case(known))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefix_of_a_script_is_removed() {
        let html = "<p>a:b</p><h:script x=1>c</h:script><A:B:Style>d</A:B:Style>";
        assert_eq!(without_prefixes(html, &["script", "style"]), "<p>a:b</p><script x=1>c</script><Style>d</Style>");
    }

    #[test]
    fn other_names_keep_their_prefix() {
        for html in ["<o:p>a</o:p>", "<p>1 < 2 : 3</p>", "<a href='x:script'>", "<h:scripts>", "<"] {
            assert!(matches!(without_prefixes(html, &["script"]), Cow::Borrowed(_)), "{html}");
        }
    }
}
