//! Files that somebody has made to do harm, or that are damaged: each is refused with its reason, and nothing panics.

use relais::translate::check_model;

use super::french;
use crate::support::marian::{MarianModel, field, write_container, write_vocabulary};

type Item = (String, u64, Vec<usize>, Vec<u8>);

fn refusal(model: &[u8], vocabulary: &[u8]) -> String {
    check_model(model, vocabulary, vocabulary).map(|_| ()).expect_err("a refusal").to_string()
}

/// A model with one of its numbers replaced: the number of a header.
fn with_u64(model: &[u8], at: usize, number: u64) -> Vec<u8> {
    let mut bytes = model.to_vec();
    bytes[at..at + 8].copy_from_slice(&number.to_le_bytes());
    bytes
}

#[test]
fn whole_models_pass() {
    let model = french();
    for bytes in [model.float(), model.quantised()] {
        check_model(&bytes, &model.vocabulary(), &model.vocabulary()).expect("a model");
    }
}

#[test]
fn model_that_is_cut_anywhere_is_refused() {
    let model = french();
    let (bytes, vocabulary) = (model.quantised(), model.vocabulary());
    let last = bytes.len() - 256;
    for length in (0..last).step_by(97).chain(last - 40..last) {
        refusal(&bytes[..length], &vocabulary);
    }
    // The two fields after the last piece, which may be missing.
    let after = field(2, &[3 << 3, 1]).len() + field(3, &field(1, b"identity")).len();
    for length in 0..vocabulary.len() - after {
        // A vocabulary that ends between two pieces has too few of them.
        assert!(check_model(&bytes, &vocabulary[..length], &vocabulary[..length]).is_err(), "{length}");
    }
}

#[test]
fn impossible_numbers_in_the_header_are_refused() {
    let model = french();
    let (bytes, vocabulary) = (model.quantised(), model.vocabulary());
    for number in [0, 4097, 1 << 40, u64::MAX, u64::MAX / 32] {
        // The number of tensors, then name, type, rank and size of the first one.
        for at in [8, 16, 24, 32, 40] {
            refusal(&with_u64(&bytes, at, number), &vocabulary);
        }
    }
    refusal(&with_u64(&bytes, 0, 2), &vocabulary);
}

#[test]
fn any_changed_byte_of_the_header_is_refused_or_read_without_a_panic() {
    let model = french();
    let (bytes, vocabulary) = (model.quantised(), model.vocabulary());
    for at in 0..4000 {
        for change in [0xff, 0x80, 0x01] {
            let mut changed = bytes.clone();
            changed[at] ^= change;
            let _ = check_model(&changed, &vocabulary, &vocabulary);
        }
    }
    for at in 0..vocabulary.len() {
        let mut changed = vocabulary.clone();
        changed[at] ^= 0xff;
        let _ = check_model(&bytes, &changed, &changed);
    }
}

#[test]
fn weights_that_are_missing_or_of_another_shape_are_named() {
    let model = french();
    let vocabulary = model.vocabulary();
    let mut without = model.clone();
    without.weights.remove("decoder_l2_context_Wv");
    assert_eq!(refusal(&without.quantised(), &vocabulary), "it has no `decoder_l2_context_Wv`");
    let mut other = model.clone();
    other.weights.insert("encoder_l1_self_Wq".to_owned(), ([64, 32], vec![0.0; 2048]));
    let told = refusal(&other.quantised(), &vocabulary);
    assert!(told.contains("`encoder_l1_self_Wq`") && told.contains("[64, 32]"), "{told}");
    let mut short = model.clone();
    short.weights.insert("encoder_l1_ffn_b1".to_owned(), ([1, 31], vec![0.0; 31]));
    assert!(refusal(&short.float(), &vocabulary).contains("`encoder_l1_ffn_b1`"));
    let mut zero = model;
    zero.alpha = f32::INFINITY;
    assert!(refusal(&zero.quantised(), &vocabulary).contains("not a positive number"));
}

#[test]
fn vocabulary_of_another_model_is_refused() {
    let model = french();
    let other = MarianModel::word_for_word(&super::SPANISH).vocabulary();
    let told = refusal(&model.quantised(), &other);
    assert!(told.contains("`Wemb`"), "{told}");
    let two = check_model(&model.quantised(), &other, &model.vocabulary()).map(|_| ()).expect_err("two vocabularies");
    assert!(two.to_string().contains("there are two"), "{two}");
}

#[test]
fn other_networks_are_refused() {
    let model = french();
    let yaml = |text: &str| -> Item { ("special:model.yml".to_owned(), 0x0101, vec![text.len()], text.as_bytes().to_vec()) };
    for (text, reason) in [
        ("type: s2s\n", "its `type` is \"s2s\""),
        ("type: transformer\ndec-cell: gru\n", "its `dec-cell`"),
        ("type: transformer\n", "has no `dim-emb`"),
        ("dim-emb: 99999999\n", "its `dim-emb` is \"99999999\""),
        ("dim-emb: 64\ntransformer-heads: 7\nenc-depth: 1\ndec-depth: 2\ntransformer-dim-ffn: 32\n", "7 heads"),
        ("dim-emb: 64\ntransformer-heads: 2\nenc-depth: 1000000\ndec-depth: 2\ntransformer-dim-ffn: 32\n", "its `enc-depth`"),
    ] {
        let told = refusal(&write_container(&[yaml(text)]), &model.vocabulary());
        assert!(told.contains(reason), "{text}: {told}");
    }
    assert_eq!(refusal(&write_container(&[]), &model.vocabulary()), "it does not say what it is");
    let item: Item = ("w".to_owned(), 0x0402, vec![1, 1], vec![0; 4]);
    assert!(refusal(&write_container(&[item]), &model.vocabulary()).contains("0x402"));
}

#[test]
fn other_vocabularies_are_refused() {
    let model = french();
    let (bytes, good) = (model.quantised(), model.vocabulary());
    let ends = |more: Vec<u8>| [good.clone(), more].concat();
    let without =
        |name: &str| write_vocabulary(&model.pieces.iter().filter(|piece| piece.0 != name).cloned().collect::<Vec<_>>());
    let long_replacement = [&8_u32.to_le_bytes()[..], &[0; 8], &[b'a'; 5000], &[0]].concat();
    for (vocabulary, reason) in [
        (without("</s>"), "no piece </s>"),
        (without("<unk>"), "no piece <unk>"),
        (ends(field(2, &[3 << 3, 2])), "not a unigram model"),
        (ends(field(3, &field(2, &[0xff; 3]))), "normaliser is cut"),
        (ends(field(3, &field(2, &[0xff, 0xff, 0xff, 0x7f, 1, 2]))), "normaliser is cut"),
        (ends(field(3, &field(2, &long_replacement))), "long texts of short ones"),
        (ends(field(1, &field(1, &[b'a'; 600]))), "600 bytes"),
        (ends(field(1, &field(1, b"\xff\xfe"))), "not UTF-8"),
        (ends(field(1, &[field(1, b"x"), vec![3 << 3, 9]].concat())), "of the kind 9"),
        (ends(vec![0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]), "it is cut"),
        (ends(vec![0x80; 12]), "a number has no end"),
        (ends(vec![0x0b]), "no message of protocol buffers"),
    ] {
        let told = refusal(&bytes, &vocabulary);
        assert!(told.contains(reason), "{reason}: {told}");
    }
}
