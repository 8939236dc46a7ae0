//! The codes by which engines call languages, and the varieties that they distinguish: `en-GB`, `es-419`, `pt-BR`, `zh-Hant`.
//!
//! A vendor refuses a code that it does not list. A variety that it does not distinguish is asked for as the plain language, which is the
//! same language in another spelling. Language models are told the name of the language, and know all varieties.

use icu_locale::{LanguageIdentifier, LocaleExpander};

use super::{EngineKind, Lang};

/// The codes by which a kind of engine is asked for a language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EngineLanguage {
    /// The codes, the best first. Each of the others is for servers that do not know those before it.
    pub codes: Vec<String>,
    /// True if no code names the variety that is meant: readers get another one.
    pub is_lost: bool,
}

/// The varieties that a kind distinguishes: a language, what tells the variety (a region, a script or a variant; `*` for any other), and
/// the codes. Sources: the lists of languages in the vendors' documentation, and of the servers of Apertium and `LibreTranslate`.
type Varieties = &'static [(&'static str, &'static str, &'static [&'static str])];

/// <https://developers.deepl.com/docs/getting-started/supported-languages>. Plain `EN`, `PT` and `ZH` are deprecated as targets. The varieties of
/// one country are newer than the others, and not open to every account.
const DEEPL: Varieties = &[
    ("en", "US", &["EN-US"]),
    ("en", "GB", &["EN-GB"]),
    ("en", "", &["EN-US"]),
    ("en", "*", &["EN-GB"]),
    ("es", "ES", &["ES"]),
    ("es", "", &["ES"]),
    // One variety for all of Latin America.
    ("es", "*", &["ES-419"]),
    ("pt", "BR", &["PT-BR"]),
    // "All Portuguese varieties excluding Brazilian Portuguese."
    ("pt", "*", &["PT-PT"]),
    ("pt", "", &["PT-PT"]),
    ("zh", "Hant", &["ZH-HANT"]),
    ("zh", "", &["ZH-HANS"]),
    ("fr", "CA", &["FR-CA", "FR"]),
    ("fr", "CH", &["FR-CH", "FR"]),
    ("de", "CH", &["DE-CH", "DE"]),
    ("it", "CH", &["IT-CH", "IT"]),
    ("no", "", &["NB"]),
];

/// <https://cloud.google.com/translate/docs/languages>, the model for machine translation. Plain Portuguese is that of Brazil.
const GOOGLE: Varieties = &[
    ("zh", "Hant", &["zh-TW"]),
    ("zh", "", &["zh-CN"]),
    ("pt", "PT", &["pt-PT"]),
    ("fr", "CA", &["fr-CA"]),
    ("nb", "", &["no"]),
];

/// <https://learn.microsoft.com/azure/ai-services/translator/language-support>. Plain Portuguese is that of Brazil.
const AZURE: Varieties = &[
    ("zh", "Hant", &["zh-Hant"]),
    ("zh", "", &["zh-Hans"]),
    ("pt", "PT", &["pt-pt"]),
    ("fr", "CA", &["fr-ca"]),
    ("sr", "Latn", &["sr-Latn"]),
    ("sr", "", &["sr-Cyrl"]),
    ("no", "", &["nb"]),
    ("tl", "", &["fil"]),
];

/// The server's own names since version 1.7, and those of before.
const LIBRETRANSLATE: Varieties =
    &[("zh", "Hant", &["zh-Hant", "zt"]), ("zh", "", &["zh-Hans", "zh"]), ("pt", "BR", &["pt-BR", "pb"]), ("no", "", &["nb"])];

/// Lists the names that packages of pairs give their varieties.
const APERTIUM: Varieties = &[
    ("ca", "valencia", &["ca_valencia", "ca"]),
    ("oc", "aranes", &["oc_aran", "oc"]),
    ("en", "US", &["en_US", "en"]),
    ("en", "GB", &["en_GB", "en"]),
    ("pt", "BR", &["pt_BR", "pt"]),
    ("pt", "PT", &["pt_PT", "pt"]),
    ("no", "", &["nb"]),
];

/// The models of Firefox, which distinguish scripts of Chinese and no regions.
const FIREFOX: Varieties = &[("zh", "Hant", &["zh-Hant"]), ("zh", "", &["zh-Hans", "zh"]), ("no", "", &["nb", "no"])];

impl EngineKind {
    fn varieties(self) -> Varieties {
        match self {
            Self::Deepl => DEEPL,
            Self::Google => GOOGLE,
            Self::Azure => AZURE,
            Self::Libretranslate => LIBRETRANSLATE,
            Self::Apertium => APERTIUM,
            Self::Firefox => FIREFOX,
            Self::Openai | Self::Ollama | Self::Anthropic => &[],
        }
    }

    /// Returns the code of a source language. A source is read whatever its region; scripts have codes of their own.
    pub fn source_code(self, lang: &Lang) -> String {
        match self {
            // It knows no varieties of sources, not even scripts.
            Self::Deepl if lang.primary() == "no" => "NB".to_owned(),
            Self::Deepl => lang.primary().to_ascii_uppercase(),
            // A pair of varieties is installed in no package.
            Self::Apertium => lang.primary().to_owned(),
            _ => self.target_language(lang).codes.swap_remove(0),
        }
    }

    /// Returns the codes of a target language.
    pub fn target_language(self, lang: &Lang) -> EngineLanguage {
        let variety = Variety::of(lang);
        let of_language = || self.varieties().iter().filter(|(primary, ..)| *primary == lang.primary());
        let find = |wanted: &str| of_language().find(|(_, own, _)| !own.is_empty() && *own == wanted);
        let named = variety.names.iter().find_map(|name| find(name));
        let other = || find("*").filter(|_| variety.is_region);
        let found = named.or_else(other).or_else(|| of_language().find(|(_, own, _)| own.is_empty()));
        let codes = match found {
            Some((.., codes)) => codes.iter().map(|code| (*code).to_owned()).collect(),
            None if self == Self::Deepl => vec![lang.primary().to_ascii_uppercase()],
            None => vec![lang.primary().to_owned()],
        };
        let is_named = self.is_language_model() || named.is_some() || variety.is_usual || self.is_close(lang);
        EngineLanguage { codes, is_lost: !is_named }
    }

    /// Returns true for a variety that the vendor counts among another one: Mexican Spanish is Latin American.
    fn is_close(self, lang: &Lang) -> bool {
        self == Self::Deepl && matches!(lang.primary(), "es" | "pt")
    }
}

/// Holds the subtags of a tag after the language.
struct Variety {
    /// Its variants, its region, and the script of both, which may be implied (`zh-TW`).
    names: Vec<String>,
    /// True if it names a region.
    is_region: bool,
    /// True for the variety that a plain tag means: `fr-FR`.
    is_usual: bool,
}

impl Variety {
    fn of(lang: &Lang) -> Self {
        let Ok(id) = lang.as_str().parse::<LanguageIdentifier>() else {
            return Self { names: Vec::new(), is_region: false, is_usual: true };
        };
        let expander = LocaleExpander::new_extended();
        let (mut whole, mut least) = (id.clone(), id.clone());
        expander.maximize(&mut whole);
        expander.minimize(&mut least);
        let mut names: Vec<String> = id.variants.iter().map(|variant| variant.as_str().to_owned()).collect();
        names.extend(id.region.map(|region| region.as_str().to_owned()));
        names.extend(whole.script.map(|script| script.as_str().to_owned()));
        let is_usual = least.script.is_none() && least.region.is_none() && least.variants.is_empty();
        Self { names, is_region: id.region.is_some(), is_usual }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(kind: EngineKind, tag: &str) -> String {
        kind.target_language(&Lang::new(tag).expect("a tag")).codes.join(" ")
    }

    #[test]
    fn each_vendor_is_asked_for_the_varieties_that_it_documents() {
        for (tag, deepl, google, azure, libretranslate, apertium) in [
            ("en", "EN-US", "en", "en", "en", "en"),
            ("en-US", "EN-US", "en", "en", "en", "en_US en"),
            ("en-GB", "EN-GB", "en", "en", "en", "en_GB en"),
            ("en-AU", "EN-GB", "en", "en", "en", "en"),
            ("es", "ES", "es", "es", "es", "es"),
            ("es-419", "ES-419", "es", "es", "es", "es"),
            ("es-MX", "ES-419", "es", "es", "es", "es"),
            ("pt", "PT-PT", "pt", "pt", "pt", "pt"),
            ("pt-BR", "PT-BR", "pt", "pt", "pt-BR pb", "pt_BR pt"),
            ("pt-PT", "PT-PT", "pt-PT", "pt-pt", "pt", "pt_PT pt"),
            ("fr-CA", "FR-CA FR", "fr-CA", "fr-ca", "fr", "fr"),
            ("de-CH", "DE-CH DE", "de", "de", "de", "de"),
            ("de-AT", "DE", "de", "de", "de", "de"),
            ("zh", "ZH-HANS", "zh-CN", "zh-Hans", "zh-Hans zh", "zh"),
            ("zh-TW", "ZH-HANT", "zh-TW", "zh-Hant", "zh-Hant zt", "zh"),
            ("zh-Hant-HK", "ZH-HANT", "zh-TW", "zh-Hant", "zh-Hant zt", "zh"),
            ("sr-Latn", "SR", "sr", "sr-Latn", "sr", "sr"),
            ("ca-valencia", "CA", "ca", "ca", "ca", "ca_valencia ca"),
            ("no", "NB", "no", "nb", "nb", "nb"),
        ] {
            let kinds =
                [EngineKind::Deepl, EngineKind::Google, EngineKind::Azure, EngineKind::Libretranslate, EngineKind::Apertium];
            assert_eq!(kinds.map(|kind| codes(kind, tag)), [deepl, google, azure, libretranslate, apertium], "{tag}");
        }
    }

    #[test]
    fn variety_that_no_code_names_is_lost_unless_the_plain_language_means_it() {
        let lost = |kind: EngineKind| {
            let tags = ["en-US", "en-GB", "en-AU", "es-419", "es-MX", "pt-BR", "pt-PT", "fr-FR", "fr-BE", "zh-HK", "sr-Latn"];
            tags.into_iter().filter(|tag| kind.target_language(&Lang::new(tag).expect("a tag")).is_lost).collect::<Vec<_>>()
        };
        assert_eq!(lost(EngineKind::Deepl), ["en-AU", "fr-BE", "sr-Latn"]);
        assert_eq!(lost(EngineKind::Google), ["en-GB", "en-AU", "es-419", "es-MX", "fr-BE", "sr-Latn"]);
        assert_eq!(lost(EngineKind::Azure), ["en-GB", "en-AU", "es-419", "es-MX", "fr-BE"]);
        assert_eq!(lost(EngineKind::Apertium), ["en-AU", "es-419", "es-MX", "fr-BE", "zh-HK", "sr-Latn"]);
        assert!(
            lost(EngineKind::Openai).is_empty() && lost(EngineKind::Ollama).is_empty() && lost(EngineKind::Anthropic).is_empty()
        );
    }

    #[test]
    fn source_is_called_by_its_language_and_script() {
        for (kind, tag, code) in [
            (EngineKind::Deepl, "en-GB", "EN"),
            (EngineKind::Deepl, "pt-BR", "PT"),
            (EngineKind::Deepl, "zh-TW", "ZH"),
            (EngineKind::Google, "zh-TW", "zh-TW"),
            (EngineKind::Azure, "sr-Latn", "sr-Latn"),
            (EngineKind::Libretranslate, "fr-CA", "fr"),
            (EngineKind::Apertium, "en-GB", "en"),
        ] {
            assert_eq!(kind.source_code(&Lang::new(tag).expect("a tag")), code);
        }
    }
}
