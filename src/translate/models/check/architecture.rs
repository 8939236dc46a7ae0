//! The one architecture that can be run: a Transformer as encoder, with SSRU layers as decoder and tied embeddings, as all models of
//! Firefox Translations have it. The configuration in the model says which sizes it has.

use super::UnusableModel;
use super::container::{Container, Tensor, TensorType};

/// Names the tensor in which the model holds its own configuration, as YAML.
const CONFIGURATION: &str = "special:model.yml";
/// The longest configuration in bytes.
const MAX_CONFIGURATION: usize = 64 << 10;

/// Lists the values that the configuration must have for these keys, if it has them. Anything else is another
/// network, which would be misread in silence.
const REQUIRED: [(&str, &str); 7] = [
    ("type", "transformer"),
    ("transformer-preprocess", ""),
    ("transformer-postprocess", "dan"),
    ("dec-cell", "ssru"),
    ("transformer-decoder-autoreg", "rnn"),
    ("transformer-ffn-activation", "relu"),
    ("transformer-rnn-projection", "false"),
];

/// The sizes of a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Architecture {
    pub(super) dim: usize,
    pub(super) heads: usize,
    pub(super) encoder: usize,
    pub(super) decoder: usize,
    pub(super) ffn: usize,
}

impl Architecture {
    /// Reads the sizes, and refuses another architecture.
    pub(super) fn read(container: &Container<'_>) -> Result<Self, UnusableModel> {
        let tensor = container.get(CONFIGURATION).ok_or_else(|| UnusableModel::new("it does not say what it is"))?;
        let text = str::from_utf8(tensor.data.get(..tensor.elements()).unwrap_or_default()).ok();
        let text = text.filter(|text| text.len() <= MAX_CONFIGURATION);
        let text = text.ok_or_else(|| UnusableModel::new("its configuration cannot be read"))?.trim_end_matches('\0');
        for (key, wanted) in REQUIRED {
            if let Some(found) = value(text, key).filter(|found| *found != wanted) {
                return Err(UnusableModel::new(format!("its `{key}` is {found:?}, and only {wanted:?} can be run")));
            }
        }
        let size = |key: &str, most: usize| {
            let found = value(text, key).ok_or_else(|| UnusableModel::new(format!("its configuration has no `{key}`")))?;
            let number = found.parse().ok().filter(|number| (1..=most).contains(number));
            number.ok_or_else(|| UnusableModel::new(format!("its `{key}` is {found:?}")))
        };
        let read = Self {
            dim: size("dim-emb", 4096)?,
            heads: size("transformer-heads", 64)?,
            encoder: size("enc-depth", 48)?,
            decoder: size("dec-depth", 48)?,
            ffn: size("transformer-dim-ffn", 16_384)?,
        };
        if !read.dim.is_multiple_of(read.heads) || !read.dim.is_multiple_of(4) || read.dim < 8 {
            return Err(UnusableModel::new(format!("its {} dimensions are not divisible among {} heads", read.dim, read.heads)));
        }
        Ok(read)
    }
}

/// Returns the value of a key at the top level of YAML.
fn value<'t>(yaml: &'t str, key: &str) -> Option<&'t str> {
    yaml.lines()
        .find_map(|line| line.strip_prefix(key)?.trim_start().strip_prefix(':'))
        .map(|value| value.trim().trim_matches(['"', '\'']))
}

/// Checks that all weights are there in the shapes that the sizes and the vocabularies (source, target) ask for.
pub(super) fn check_weights(
    container: &Container<'_>,
    sizes: &Architecture,
    vocabularies: (usize, usize),
) -> Result<(), UnusableModel> {
    let check = Check { container, is_float: is_float(container)? };
    check.embeddings(sizes, vocabularies)?;
    let Architecture { dim, ffn, .. } = *sizes;
    for layer in 1..=sizes.encoder {
        check.attention(&format!("encoder_l{layer}_self"), dim)?;
        check.feed_forward(&format!("encoder_l{layer}_ffn"), dim, ffn)?;
    }
    for layer in 1..=sizes.decoder {
        let prefix = format!("decoder_l{layer}");
        check.matrix(&format!("{prefix}_rnn_W"), [dim, dim])?;
        check.matrix(&format!("{prefix}_rnn_Wf"), [dim, dim])?;
        check.row(&format!("{prefix}_rnn_bf"), dim)?;
        check.norm(&format!("{prefix}_rnn_ffn"), dim)?;
        check.attention(&format!("{prefix}_context"), dim)?;
        check.feed_forward(&format!("{prefix}_ffn"), dim, ffn)?;
    }
    Ok(())
}

/// Returns true for a model of floats. One that mixes them with quantised matrices cannot be run.
fn is_float(container: &Container<'_>) -> Result<bool, UnusableModel> {
    let matrices = || container.values().filter(|tensor| matches!(tensor.shape[..], [rows, columns] if rows > 1 && columns > 1));
    let is_float = matrices().any(|tensor| tensor.kind == TensorType::Float32);
    if is_float && matrices().any(|tensor| tensor.kind == TensorType::Intgemm8) {
        return Err(UnusableModel::new("it mixes quantised weights with others"));
    }
    Ok(is_float)
}

struct Check<'c> {
    container: &'c Container<'c>,
    is_float: bool,
}

impl Check<'_> {
    fn tensor(&self, name: &str) -> Result<&Tensor<'_>, UnusableModel> {
        self.container.get(name).ok_or_else(|| UnusableModel::new(format!("it has no `{name}`")))
    }

    fn shape(&self, name: &str, wanted: [usize; 2], kind: TensorType) -> Result<&Tensor<'_>, UnusableModel> {
        let tensor = self.tensor(name)?;
        if tensor.shape != wanted || tensor.kind != kind {
            let (found, shape) = (tensor.kind, &tensor.shape);
            return Err(UnusableModel::new(format!("`{name}` is {found:?} {shape:?} instead of {kind:?} {wanted:?}")));
        }
        Ok(tensor)
    }

    /// Checks the weights of a matrix, without the multiplier of what it is applied to.
    fn weights(&self, name: &str, shape: [usize; 2]) -> Result<(), UnusableModel> {
        if self.is_float {
            return self.shape(name, shape, TensorType::Float32).map(|_| ());
        }
        let multiplier = self.shape(name, shape, TensorType::Intgemm8)?.multiplier();
        positive(name, multiplier)
    }

    fn matrix(&self, name: &str, shape: [usize; 2]) -> Result<(), UnusableModel> {
        self.weights(name, shape)?;
        if self.is_float {
            return Ok(());
        }
        let multiplier = format!("{name}_QuantMultA");
        let tensor = self.row(&multiplier, 1)?;
        positive(&multiplier, tensor.floats().next())
    }

    /// Checks a bias, or another row of floats.
    fn row(&self, name: &str, length: usize) -> Result<&Tensor<'_>, UnusableModel> {
        let tensor = self.tensor(name)?;
        if tensor.elements() != length || tensor.kind != TensorType::Float32 {
            let (found, count) = (tensor.kind, tensor.elements());
            return Err(UnusableModel::new(format!("`{name}` is {count} of {found:?} instead of {length} floats")));
        }
        Ok(tensor)
    }

    fn norm(&self, name: &str, dim: usize) -> Result<(), UnusableModel> {
        self.row(&format!("{name}_ln_scale"), dim)?;
        self.row(&format!("{name}_ln_bias"), dim).map(|_| ())
    }

    fn attention(&self, prefix: &str, dim: usize) -> Result<(), UnusableModel> {
        for part in ["q", "k", "v", "o"] {
            self.matrix(&format!("{prefix}_W{part}"), [dim, dim])?;
            self.row(&format!("{prefix}_b{part}"), dim)?;
        }
        self.norm(&format!("{prefix}_Wo"), dim)
    }

    fn feed_forward(&self, prefix: &str, dim: usize, ffn: usize) -> Result<(), UnusableModel> {
        self.matrix(&format!("{prefix}_W1"), [dim, ffn])?;
        self.row(&format!("{prefix}_b1"), ffn)?;
        self.matrix(&format!("{prefix}_W2"), [ffn, dim])?;
        self.row(&format!("{prefix}_b2"), dim)?;
        self.norm(&format!("{prefix}_ffn"), dim)
    }

    /// Checks the embeddings, whose rows are the pieces of the vocabularies: one table for both languages, or one for each.
    fn embeddings(&self, sizes: &Architecture, (source, target): (usize, usize)) -> Result<(), UnusableModel> {
        if self.container.contains_key("Wemb") {
            if source != target {
                return Err(UnusableModel::new(format!(
                    "it has one vocabulary, but there are two, of {source} and {target} pieces"
                )));
            }
            self.weights("Wemb", [target, sizes.dim])?;
        } else {
            self.weights("encoder_Wemb", [source, sizes.dim])?;
            self.weights("decoder_Wemb", [target, sizes.dim])?;
        }
        self.row("decoder_ff_logit_out_b", target)?;
        if self.is_float { Ok(()) } else { self.output_multiplier() }
    }

    fn output_multiplier(&self) -> Result<(), UnusableModel> {
        if let Some(tensor) = self.container.get("none_QuantMultA") {
            let value = if tensor.kind == TensorType::Float32 { tensor.floats().next() } else { None };
            return positive("none_QuantMultA", value);
        }
        let tensor = self.tensor("decoder_Wemb_QuantMultA")?;
        let value = if tensor.kind == TensorType::Intgemm8 { tensor.multiplier() } else { None };
        positive("decoder_Wemb_QuantMultA", value.filter(|_| tensor.data.first().is_some_and(|byte| *byte != 0)))
    }
}

fn positive(name: &str, value: Option<f32>) -> Result<(), UnusableModel> {
    match value {
        Some(value) if value.is_finite() && value > 0.0 => Ok(()),
        _ => Err(UnusableModel::new(format!("the multiplier of `{name}` is not a positive number"))),
    }
}
