//! Cuts a text into words in lower case without accents, and tells which of them are names and numbers.

/// A word of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Word {
    /// In lower case, without accents. Numbers have their groups joined (`1500`), and so have scores (`3-1`) and relays (`4x100`).
    pub(super) text: String,
    /// True if it begins with a capital.
    pub(super) is_capital: bool,
    /// True if it begins a sentence, a quotation, or what follows a colon.
    pub(super) is_start: bool,
    /// True if it ends with é, as masculine participles do; without the accent they are other words.
    pub(super) is_participle: bool,
}

impl Word {
    /// Returns true if it begins with a digit.
    pub(super) fn is_number(&self) -> bool {
        self.text.starts_with(|c: char| c.is_ascii_digit())
    }
}

/// Returns the words of a text, one after another.
pub(super) struct Words<'a> {
    rest: &'a str,
    is_start: bool,
}

/// Begins the words of a text.
pub(super) fn words(text: &str) -> Words<'_> {
    Words { rest: text, is_start: true }
}

impl Iterator for Words<'_> {
    type Item = Word;

    fn next(&mut self) -> Option<Word> {
        let begin = self.rest.find(|c: char| {
            self.is_start |= matches!(c, '.' | ':' | '!' | '?' | '«' | '»' | '"' | '“' | '”' | '–' | '—' | '|' | '…' | '(');
            c.is_alphanumeric()
        })?;
        self.rest = &self.rest[begin..];
        let first = self.rest.chars().next()?;
        let is_number = first.is_ascii_digit();
        let length = if is_number { length_of_number(self.rest) } else { length_of_word(self.rest) };
        let (word, rest) = self.rest.split_at(length);
        self.rest = rest;
        let mut text = String::with_capacity(word.len());
        word.chars().for_each(|c| fold(c, &mut text));
        let is_start = std::mem::take(&mut self.is_start);
        let (is_capital, is_participle) = (first.is_uppercase(), word.ends_with(['é', 'É']));
        Some(Word { text, is_capital, is_start, is_participle })
    }
}

fn length_of_word(text: &str) -> usize {
    text.find(|c: char| !c.is_alphanumeric()).unwrap_or(text.len())
}

/// Returns the length of a number with what belongs to it: groups of three digits, decimals, a score, the runners of a relay.
fn length_of_number(text: &str) -> usize {
    let mut end = length_of_word(text);
    loop {
        let rest = &text[end..];
        let Some(separator) = rest.chars().next() else { return end };
        let after = &rest[separator.len_utf8()..];
        let digits = after.bytes().take_while(u8::is_ascii_digit).count();
        let is_joined = match separator {
            ' ' | '\u{a0}' | '\u{202f}' => {
                digits == 3 && text[..end].bytes().last().is_some_and(|byte| byte.is_ascii_digit()) && length_of_word(after) == 3
            }
            '-' | '–' | ',' | '.' => digits > 0,
            _ => false,
        };
        if !is_joined {
            return end;
        }
        end += separator.len_utf8() + length_of_word(after);
    }
}

/// Adds a letter in lower case without its accent. What is no letter or digit joins parts of a number.
fn fold(c: char, out: &mut String) {
    match c {
        'a'..='z' | '0'..='9' => out.push(c),
        'A'..='Z' => out.push(c.to_ascii_lowercase()),
        '-' | '–' => out.push('-'),
        ' ' | '\u{a0}' | '\u{202f}' | ',' | '.' => {}
        'à' | 'â' | 'ä' | 'á' | 'ã' | 'å' | 'À' | 'Â' | 'Ä' | 'Á' | 'Ã' | 'Å' => out.push('a'),
        'ç' | 'Ç' | 'ć' | 'č' | 'Č' => out.push('c'),
        'é' | 'è' | 'ê' | 'ë' | 'É' | 'È' | 'Ê' | 'Ë' | 'ě' | 'ę' => out.push('e'),
        'î' | 'ï' | 'í' | 'ì' | 'Î' | 'Ï' | 'Í' => out.push('i'),
        'ñ' | 'Ñ' | 'ń' => out.push('n'),
        'ô' | 'ö' | 'ó' | 'ò' | 'õ' | 'ø' | 'Ô' | 'Ö' | 'Ó' | 'Ø' => out.push('o'),
        'ù' | 'û' | 'ü' | 'ú' | 'Ù' | 'Û' | 'Ü' | 'Ú' => out.push('u'),
        'š' | 'Š' | 'ś' => out.push('s'),
        'ž' | 'Ž' | 'ż' => out.push('z'),
        'œ' | 'Œ' => out.push_str("oe"),
        'æ' | 'Æ' => out.push_str("ae"),
        'ß' => out.push_str("ss"),
        other => out.extend(other.to_lowercase()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &str) -> Vec<String> {
        words(text).map(|word| word.text).collect()
    }

    #[test]
    fn words_are_folded_and_elisions_cut() {
        assert_eq!(texts("L’Équipe, d'Œuvre : « Ça ira »"), ["l", "equipe", "d", "oeuvre", "ca", "ira"]);
    }

    #[test]
    fn parts_of_a_number_are_joined() {
        assert_eq!(
            texts("1 500 m, 1\u{202f}500 m et 28-27 : 12,5 en 4x100"),
            ["1500", "m", "1500", "m", "et", "28-27", "125", "en", "4x100"]
        );
        assert_eq!(texts("12 2026 places"), ["12", "2026", "places"]);
    }

    #[test]
    fn names_are_capitals_within_a_sentence() {
        let of = |text| words(text).map(|word| (word.is_capital, word.is_start)).collect::<Vec<_>>();
        assert_eq!(of("Ski : Odermatt bat Meillard"), [(true, true), (true, true), (false, false), (true, false)]);
    }
}
