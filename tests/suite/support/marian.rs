//! Writes models and vocabularies that the embedded engine reads: Marian's container and the message of `SentencePiece`, both from their published
//! layouts.
//!
//! Real models cannot be part of the tests. [`MarianModel::word_for_word`] is a network of the same architecture whose weights are set so that
//! it translates word for word, in order: what it should say of a text is known. [`MarianModel::random`] has random weights, for
//! comparing numbers.

#![allow(dead_code, reason = "the tests and the benchmark each use a part of it")]

use std::collections::BTreeMap;

/// The sizes of a network.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sizes {
    pub(crate) dim: usize,
    pub(crate) heads: usize,
    pub(crate) ffn: usize,
    pub(crate) encoder: usize,
    pub(crate) decoder: usize,
}

/// A piece of a vocabulary: its text, its score, and its kind (1 text, 2 unknown, 3 control, 6 byte).
pub(crate) type VocabularyPiece = (String, f32, u64);

/// A model before it is written.
#[derive(Clone, Debug)]
pub(crate) struct MarianModel {
    pub(crate) sizes: Sizes,
    /// The weights by name, each with its rows and columns.
    pub(crate) weights: BTreeMap<String, ([usize; 2], Vec<f32>)>,
    pub(crate) pieces: Vec<VocabularyPiece>,
    /// The largest value of what matrices are applied to: what quantised models call alpha.
    pub(crate) alpha: f32,
}

/// Letters and signs that every vocabulary has.
const CHARACTERS: &str = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZéèàùçêœ0123456789.,;:!?'’\"()«»-–%€/&";

/// The largest quantised weight. The kernel for AVX2 adds two products in 16 bits, where larger ones may overflow; with these, all processors
/// compute the same.
const LARGEST: f32 = 64.0;

/// The dimensions of the word-for-word network: half of them hold the code of a piece, the others its place.
const WORDS: Sizes = Sizes { dim: 64, heads: 2, ffn: 32, encoder: 1, decoder: 2 };

/// A small generator of numbers (xorshift64*).
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// Returns a number from -1 to 1.
    #[allow(clippy::cast_precision_loss)]
    fn unit(&mut self) -> f32 {
        (self.next() >> 40) as f32 / (1_u64 << 23) as f32 - 1.0
    }
}

impl MarianModel {
    /// Makes a network that translates the words of `pairs`, and leaves every other word as it is.
    pub(crate) fn word_for_word(pairs: &[(&str, &str)]) -> Self {
        let mut model = Self::empty(WORDS, Vec::new(), 4.0);
        let (mut numbers, mut codes) = (Numbers(0x5eed), Codes::default());
        model.add_piece("</s>", 0.0, 3, &codes.own(&mut numbers));
        model.add_piece("<unk>", 0.0, 2, &codes.own(&mut numbers));
        model.add_piece("▁", -8.0, 1, &codes.own(&mut numbers));
        for c in CHARACTERS.chars() {
            model.add_piece(&c.to_string(), -9.0, 1, &codes.own(&mut numbers));
        }
        for (from, to) in pairs {
            let (code, translated) = codes.pair(&mut numbers);
            for (word, code) in [(from, &code), (to, &translated)] {
                if !model.pieces.iter().any(|piece| piece.0 == format!("▁{word}")) {
                    model.add_piece(&format!("▁{word}"), -1.0, 1, code);
                }
            }
        }
        model.set_word_for_word();
        model.finish_vocabulary();
        model
    }

    /// Makes a network of random weights with these words in its vocabulary.
    pub(crate) fn random(seed: u64, sizes: Sizes, words: &[&str]) -> Self {
        let mut numbers = Numbers(seed);
        let mut pieces: Vec<VocabularyPiece> =
            vec![("</s>".to_owned(), 0.0, 3), ("<unk>".to_owned(), 0.0, 2), ("▁".to_owned(), -8.0, 1)];
        pieces.extend(CHARACTERS.chars().map(|c| (c.to_string(), -9.0, 1)));
        pieces.extend(words.iter().map(|word| (format!("▁{word}"), -1.0, 1)));
        let mut model = Self::empty(sizes, pieces, 8.0);
        let rows = model.pieces.len();
        model.weights.insert("Wemb".to_owned(), ([rows, sizes.dim], Vec::new()));
        model.finish_vocabulary();
        for (name, ([rows, columns], values)) in &mut model.weights {
            #[allow(clippy::cast_precision_loss)]
            let spread = if name.ends_with("_ln_scale") { 0.3 } else { 1.7 / (*rows as f32).sqrt() };
            let centre = if name.ends_with("_ln_scale") { 1.0 } else { 0.0 };
            let spread = if *rows == 1 && centre == 0.0 { 0.2 } else { spread };
            *values = (0..*rows * *columns).map(|_| centre + spread * numbers.unit()).collect();
        }
        model
    }

    /// Returns all weights of an architecture, with zeros in them. Scales of norms are 1.
    fn empty(sizes: Sizes, pieces: Vec<VocabularyPiece>, alpha: f32) -> Self {
        let mut model = Self { sizes, weights: BTreeMap::new(), pieces, alpha };
        let Sizes { dim, ffn, .. } = sizes;
        for layer in 1..=sizes.encoder {
            model.attention(&format!("encoder_l{layer}_self"));
            model.feed_forward(&format!("encoder_l{layer}_ffn"), ffn);
        }
        for layer in 1..=sizes.decoder {
            let prefix = format!("decoder_l{layer}");
            model.zeros(&format!("{prefix}_rnn_W"), [dim, dim]);
            model.zeros(&format!("{prefix}_rnn_Wf"), [dim, dim]);
            model.zeros(&format!("{prefix}_rnn_bf"), [1, dim]);
            model.norm(&format!("{prefix}_rnn_ffn"));
            model.attention(&format!("{prefix}_context"));
            model.feed_forward(&format!("{prefix}_ffn"), ffn);
        }
        model
    }

    fn zeros(&mut self, name: &str, shape: [usize; 2]) {
        self.weights.insert(name.to_owned(), (shape, vec![0.0; shape[0] * shape[1]]));
    }

    fn norm(&mut self, name: &str) {
        let dim = self.sizes.dim;
        self.weights.insert(format!("{name}_ln_scale"), ([1, dim], vec![1.0; dim]));
        self.zeros(&format!("{name}_ln_bias"), [1, dim]);
    }

    fn attention(&mut self, prefix: &str) {
        let dim = self.sizes.dim;
        for part in ["q", "k", "v", "o"] {
            self.zeros(&format!("{prefix}_W{part}"), [dim, dim]);
            self.zeros(&format!("{prefix}_b{part}"), [1, dim]);
        }
        self.norm(&format!("{prefix}_Wo"));
    }

    fn feed_forward(&mut self, prefix: &str, ffn: usize) {
        let dim = self.sizes.dim;
        self.zeros(&format!("{prefix}_W1"), [dim, ffn]);
        self.zeros(&format!("{prefix}_b1"), [1, ffn]);
        self.zeros(&format!("{prefix}_W2"), [ffn, dim]);
        self.zeros(&format!("{prefix}_b2"), [1, dim]);
        self.norm(&format!("{prefix}_ffn"));
    }

    fn add_piece(&mut self, text: &str, score: f32, kind: u64, code: &[f32]) {
        self.pieces.push((text.to_owned(), score, kind));
        let (shape, rows) = self.weights.entry("Wemb".to_owned()).or_insert_with(|| ([0, WORDS.dim], Vec::new()));
        shape[0] += 1;
        rows.extend_from_slice(code);
    }

    fn finish_vocabulary(&mut self) {
        self.zeros("decoder_ff_logit_out_b", [1, self.pieces.len()]);
    }

    /// Sets the weights of the network. The attention of the last decoder layer compares places only, so that the word at each place of
    /// the translation is that at the same place of the source; its values have the halves of the code swapped, which is the code of the
    /// translation.
    fn set_word_for_word(&mut self) {
        let dim = WORDS.dim;
        let half = dim / 2;
        // Sines and cosines of the eight highest frequencies: they tell places up to the window apart, and neighbours well.
        let places: Vec<usize> = (0..8).chain(half..half + 8).collect();
        let prefix = format!("decoder_l{}_context", WORDS.decoder);
        let mut put = |name: &str, entries: Vec<(usize, usize, f32)>| {
            let (_, values) = self.weights.get_mut(&format!("{prefix}_{name}")).expect("a weight");
            for (row, column, value) in entries {
                values[row * dim + column] = value;
            }
        };
        // Both heads see all places. The norm has taken the mean away, which the codes of words tell: those of one have none.
        let sharp = 20.0;
        let seen = || {
            let columns = (0..dim).filter(|column| column % half < places.len());
            let of_column = |column: usize| {
                let mean = (half / 2..half).map(move |row| (row, column, -sharp / 16.0));
                std::iter::once((places[column % half], column, sharp)).chain(mean)
            };
            columns.flat_map(of_column).collect::<Vec<_>>()
        };
        put("Wq", seen());
        put("Wk", seen());
        let swapped = |at: usize| if at < half { at + half } else { at - half };
        let is_code = |at: &usize| at % half >= half / 2;
        put("Wv", (0..dim).filter(is_code).map(|at| (at, swapped(at), 1.0)).collect());
        put("Wo", (0..dim).map(|at| (at, at, 8.0)).collect());
    }

    /// Makes the end of a sentence so unlikely that the model never writes it.
    pub(crate) fn without_end(mut self) -> Self {
        self.weights.get_mut("decoder_ff_logit_out_b").expect("a bias").1[0] = -1e6;
        self
    }

    /// Makes the end of a sentence so likely that the model writes nothing else.
    pub(crate) fn with_early_end(mut self) -> Self {
        self.weights.get_mut("decoder_ff_logit_out_b").expect("a bias").1[0] = 1e6;
        self
    }

    /// Writes the model with 32-bit floats.
    pub(crate) fn float(&self) -> Vec<u8> {
        let weights = self.weights.iter();
        self.write(weights.map(|(name, (shape, values))| (name.clone(), 0x0404, shape.to_vec(), floats(values))).collect())
    }

    /// Writes the model with quantised matrices.
    pub(crate) fn quantised(&self) -> Vec<u8> {
        let mut items = Vec::new();
        for (name, (shape, values)) in &self.weights {
            if shape[0] == 1 {
                items.push((name.clone(), 0x0404, shape.to_vec(), floats(values)));
                continue;
            }
            let most = values.iter().fold(0.0_f32, |most, value| most.max(value.abs()));
            let multiplier = if most > 0.0 { LARGEST / most } else { 1.0 };
            let [rows, columns] = *shape;
            // All matrices are transposed but the embeddings, which are applied to nothing as they are.
            let at = |place: usize| if name == "Wemb" { place } else { (place % rows) * columns + place / rows };
            let mut data: Vec<u8> = (0..rows * columns).map(|place| quantise(values[at(place)] * multiplier)).collect();
            data.extend_from_slice(&multiplier.to_le_bytes());
            items.push((name.clone(), 0x4101, shape.to_vec(), data));
            let owner = if name == "Wemb" { "none" } else { name };
            items.push((format!("{owner}_QuantMultA"), 0x0404, vec![1, 1], floats(&[127.0 / self.alpha])));
        }
        self.write(items)
    }

    fn write(&self, mut items: Vec<(String, u64, Vec<usize>, Vec<u8>)>) -> Vec<u8> {
        let yaml = self.configuration();
        items.push(("special:model.yml".to_owned(), 0x0101, vec![yaml.len() + 1], [yaml.as_bytes(), b"\0"].concat()));
        write_container(&items)
    }

    fn configuration(&self) -> String {
        let Sizes { dim, heads, ffn, encoder, decoder } = self.sizes;
        let pieces = self.pieces.len();
        format!(
            "dim-emb: {dim}\ndim-vocabs:\n  - {pieces}\n  - {pieces}\nenc-depth: {encoder}\ndec-depth: {decoder}\ndec-cell: ssru\n\
             tied-embeddings-all: true\ntransformer-decoder-autoreg: rnn\ntransformer-dim-ffn: {ffn}\ntransformer-heads: {heads}\n\
             transformer-ffn-activation: relu\ntransformer-postprocess: dan\ntransformer-preprocess: \"\"\ntype: transformer\n"
        )
    }

    /// Writes the vocabulary.
    pub(crate) fn vocabulary(&self) -> Vec<u8> {
        write_vocabulary(&self.pieces)
    }
}

/// Codes of pieces: one half is swapped with the other by translation, so that a code of two equal halves is its own translation.
#[derive(Default)]
struct Codes {
    taken: Vec<Vec<f32>>,
}

impl Codes {
    /// Returns the code of a piece that is its own translation.
    fn own(&mut self, numbers: &mut Numbers) -> Vec<f32> {
        self.find(numbers, true).0
    }

    /// Returns the codes of a word and its translation.
    fn pair(&mut self, numbers: &mut Numbers) -> (Vec<f32>, Vec<f32>) {
        self.find(numbers, false)
    }

    /// Tries random codes until one is far from all others.
    fn find(&mut self, numbers: &mut Numbers, is_own: bool) -> (Vec<f32>, Vec<f32>) {
        const LENGTH: f32 = 0.35;
        let half = WORDS.dim / 2;
        // As many of one sign as of the other, so that all codes have the same mean and length.
        let random = |numbers: &mut Numbers| -> Vec<f32> {
            let mut values: Vec<f32> = (0..half / 2).map(|at| if at % 2 == 0 { LENGTH } else { -LENGTH }).collect();
            for at in (1..values.len()).rev() {
                let other = usize::try_from(numbers.next() % (at as u64 + 1)).expect("a small number");
                values.swap(at, other);
            }
            values
        };
        for least in [8, 6, 4] {
            for _ in 0..4000 {
                let first = random(numbers);
                let second = if is_own { first.clone() } else { random(numbers) };
                let code = |a: &[f32], b: &[f32]| [&vec![0.0; half / 2], a, &vec![0.0; half / 2], b].concat();
                let (code, translated) = (code(&first, &second), code(&second, &first));
                let is_far = |code: &Vec<f32>| self.taken.iter().all(|other| distance(code, other) >= least);
                if is_far(&code) && is_far(&translated) && (is_own || distance(&code, &translated) >= least) {
                    self.taken.extend([code.clone(), translated.clone()]);
                    return (code, translated);
                }
            }
        }
        panic!("there are too many words");
    }
}

fn distance(a: &[f32], b: &[f32]) -> usize {
    a.iter().zip(b).filter(|(a, b)| (**a - **b).abs() > 0.01).count()
}

fn floats(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
fn quantise(value: f32) -> u8 {
    (value.round_ties_even().clamp(-127.0, 127.0) as i8) as u8
}

/// Writes a container: names, types, shapes and data of tensors.
pub(crate) fn write_container(items: &[(String, u64, Vec<usize>, Vec<u8>)]) -> Vec<u8> {
    let aligned = |length: usize| length.div_ceil(256) * 256;
    let mut out: Vec<u8> = [1_u64, items.len() as u64].iter().flat_map(|number| number.to_le_bytes()).collect();
    for (name, kind, shape, data) in items {
        for number in [name.len() as u64 + 1, *kind, shape.len() as u64, aligned(data.len()) as u64] {
            out.extend_from_slice(&number.to_le_bytes());
        }
    }
    for (name, ..) in items {
        out.extend_from_slice(name.as_bytes());
        out.push(0);
    }
    for size in items.iter().flat_map(|(_, _, shape, _)| shape) {
        out.extend_from_slice(&i32::try_from(*size).expect("a size").to_le_bytes());
    }
    let padding = aligned(out.len() + 8) - out.len() - 8;
    out.extend_from_slice(&(padding as u64).to_le_bytes());
    out.resize(out.len() + padding, 0);
    for (.., data) in items {
        out.extend_from_slice(data);
        out.resize(out.len() + aligned(data.len()) - data.len(), 0);
    }
    out
}

/// Writes a vocabulary: a unigram model whose normaliser changes nothing but spaces.
pub(crate) fn write_vocabulary(pieces: &[VocabularyPiece]) -> Vec<u8> {
    let mut out = Vec::new();
    for (text, score, kind) in pieces {
        let mut piece = field(1, text.as_bytes());
        piece.push(2 << 3 | 5);
        piece.extend_from_slice(&score.to_le_bytes());
        piece.push(3 << 3);
        piece.extend_from_slice(&varint(*kind));
        out.extend(field(1, &piece));
    }
    // The trainer says that it is a unigram model.
    out.extend(field(2, &[3 << 3, 1]));
    out.extend(field(3, &field(1, b"identity")));
    out
}

/// Writes a field of bytes.
pub(crate) fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
    [vec![number << 3 | 2], varint(bytes.len() as u64), bytes.to_vec()].concat()
}

fn varint(mut number: u64) -> Vec<u8> {
    let mut out = Vec::new();
    while number >= 0x80 {
        out.push(u8::try_from(number & 0x7f).expect("seven bits") | 0x80);
        number >>= 7;
    }
    out.push(u8::try_from(number).expect("seven bits"));
    out
}
