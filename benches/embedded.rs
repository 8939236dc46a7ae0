//! Measures what the embedded engine takes: tokens per second, memory and start-up, on networks of the sizes of the real models with random weights.
//!
//!     cargo bench -- embedded
//!
//! Random weights cost what real ones cost, but end nowhere: "to the limit" writes as many pieces as the library allows, "ends at once" none, so
//! that what is left is reading. A real translation lies between them: about as many pieces written as read.

#[cfg(feature = "firefox")]
#[path = "../tests/suite/support/marian.rs"]
mod marian;

#[cfg(not(feature = "firefox"))]
pub(crate) fn main(_: &[&str]) -> std::process::ExitCode {
    println!("embedded: this build has no embedded engine");
    std::process::ExitCode::SUCCESS
}

#[cfg(feature = "firefox")]
pub(crate) use measured::main;

#[cfg(feature = "firefox")]
mod measured {
    use std::process::ExitCode;
    use std::thread;
    use std::time::Instant;

    use fxtranslate::engine::Engine;

    use super::marian::{MarianModel, Sizes};

    /// The size classes of the catalogue, with their vocabulary of 32,000 pieces.
    const CLASSES: [(&str, Sizes); 2] = [
        ("tiny", Sizes { dim: 256, heads: 8, ffn: 1536, encoder: 6, decoder: 2 }),
        ("base-memory", Sizes { dim: 512, heads: 8, ffn: 2048, encoder: 6, decoder: 2 }),
    ];
    const VOCABULARY: usize = 32_000;

    /// A batch of sentences as a run sends it: so many, of so many pieces.
    const SENTENCES: usize = 16;
    const PIECES: u32 = 25;

    /// Prints the figures of all classes. There are no bounds: they are those of the machine.
    pub(crate) fn main(_: &[&str]) -> ExitCode {
        let words: Vec<String> = (0..VOCABULARY).map(|number| format!("w{number}")).collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        for (class, sizes) in CLASSES {
            let model = MarianModel::random(7, sizes, &words);
            measure(class, "ends at once", &model.clone().with_early_end());
            measure(class, "to the limit", &model.without_end());
        }
        ExitCode::SUCCESS
    }

    fn measure(class: &str, case: &str, model: &MarianModel) {
        let (bytes, vocabulary) = (model.quantised(), model.vocabulary());
        let before = resident();
        let started = Instant::now();
        let engine = &Engine::from_bytes(&bytes, &vocabulary, &vocabulary).expect("a model");
        let start = started.elapsed();
        let loaded = resident().saturating_sub(before);
        println!(
            "embedded: {class}, {case}: {} MB of file, loaded in {} ms, {loaded} MB in memory",
            bytes.len() / 1_000_000,
            start.as_millis()
        );
        let batch: Vec<Vec<u32>> = (0..SENTENCES).map(sentence).collect();
        for threads in [1, 2] {
            let started = Instant::now();
            let written: usize = thread::scope(|scope| {
                let parts: Vec<_> =
                    batch.chunks(SENTENCES / threads).map(|part| scope.spawn(move || engine.greedy_batch(part))).collect();
                parts.into_iter().flat_map(|part| part.join().expect("no panic")).map(|pieces| pieces.len()).sum()
            });
            let seconds = started.elapsed().as_secs_f64();
            let read = SENTENCES as f64 * f64::from(PIECES);
            println!(
                "embedded: {class}, {case}, {threads} threads: {:.0} pieces read/s, {:.0} written/s, {} MB in memory",
                read / seconds,
                written as f64 / seconds,
                resident()
            );
        }
    }

    fn sentence(number: usize) -> Vec<u32> {
        let number = u32::try_from(number).unwrap_or(0);
        (0..PIECES - 1).map(|place| 100 + (number * 37 + place * 11) % 31_000).chain([0]).collect()
    }

    /// The resident memory in MB (Linux).
    fn resident() -> u64 {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok()).unwrap_or(0) / 1000
    }
}
