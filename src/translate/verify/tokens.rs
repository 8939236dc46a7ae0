//! Words, numbers and signs of a text, as the lexicon looks them up.

/// The most tokens of a text that the checks of meaning look at.
pub(super) const MOST_TOKENS: usize = 2_000;

/// A word, a number or a sign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Token {
    /// The text in lower case.
    pub(super) text: String,
    /// The place of its first byte.
    pub(super) at: usize,
    /// True if it begins with a capital.
    pub(super) is_capital: bool,
    /// True for figures.
    pub(super) is_number: bool,
    /// True if only white space, an apostrophe or a hyphen stands before it since the last token.
    pub(super) is_joined: bool,
}

/// Splits a text: `78kg` is a number and a word, `€85` a sign and a number; apostrophes and hyphens separate words.
pub(super) fn tokenise(text: &str) -> Vec<Token> {
    let mut tokens: Vec<Token> = Vec::new();
    let mut chars = text.char_indices().peekable();
    let mut is_joined = true;
    while let Some((at, c)) = chars.next() {
        if tokens.len() >= MOST_TOKENS {
            break;
        }
        let class = Class::of(c);
        let mut end = at + c.len_utf8();
        match class {
            Class::Gap => {
                let is_inside = c == '.' && text[end..].starts_with(char::is_alphanumeric);
                is_joined &= is_inside || c.is_whitespace() || matches!(c, '\'' | '’' | '-' | '‑' | '·' | '/');
                continue;
            }
            Class::Sign => {}
            Class::Letter => {
                while let Some((next, c)) = chars.next_if(|(_, c)| matches!(Class::of(*c), Class::Letter) || *c == '·') {
                    end = next + c.len_utf8();
                }
            }
            Class::Digit => {
                while let Some((next, c)) = chars.peek().copied() {
                    let separates = matches!(c, '.' | ',' | ':') && text[next + 1..].starts_with(|c: char| c.is_ascii_digit());
                    if !separates && !matches!(Class::of(c), Class::Digit) {
                        break;
                    }
                    end = next + c.len_utf8();
                    chars.next();
                }
            }
        }
        let text = &text[at..end];
        tokens.push(Token {
            text: text.to_lowercase(),
            at,
            is_capital: c.is_uppercase(),
            is_number: matches!(class, Class::Digit),
            is_joined,
        });
        is_joined = true;
    }
    tokens
}

#[derive(Clone, Copy)]
enum Class {
    Letter,
    Digit,
    Sign,
    Gap,
}

impl Class {
    fn of(c: char) -> Self {
        match c {
            '€' | '$' | '£' | '¥' | '%' | '°' => Self::Sign,
            '²' | '³' => Self::Letter,
            c if c.is_ascii_digit() => Self::Digit,
            c if c.is_alphanumeric() => Self::Letter,
            _ => Self::Gap,
        }
    }
}
