//! The corpus of the fuzz targets, replayed through the same functions: what was found once stays mended.

use std::path::Path;

use crate::support::unsafe_html;

#[expect(unreachable_pub, reason = "the fuzz targets are another crate")]
#[path = "../../fuzz/src/answers.rs"]
mod answers;
#[expect(unreachable_pub, reason = "the fuzz targets are another crate")]
#[path = "../../fuzz/src/memory.rs"]
mod memory;
#[expect(unreachable_pub, reason = "the fuzz targets are another crate")]
#[path = "../../fuzz/src/pushes.rs"]
mod pushes;
#[expect(unreachable_pub, reason = "the fuzz targets are another crate")]
#[path = "../../fuzz/src/targets.rs"]
mod targets;

/// The corpora stay small: they are replayed by every run of the tests.
const MOST_BYTES: usize = 400_000;

#[test]
fn the_corpus_of_every_target_holds() {
    let mut bytes = 0;
    for (name, target) in [
        ("decode", targets::decode as fn(&[u8])),
        ("xml", targets::xml),
        ("json", targets::json),
        ("dates", targets::dates),
        ("clean", targets::clean),
        ("page", targets::page),
        ("answers", answers::answers),
        ("memory", memory::memory),
        ("pushes", pushes::pushes),
    ] {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(name);
        let mut files = 0;
        for file in std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
            let path = file.expect("a file").path();
            let body = std::fs::read(&path).expect("it can be read");
            (bytes, files) = (bytes + body.len(), files + 1);
            // The name of the file, should it not hold.
            println!("{}", path.display());
            target(&body);
        }
        assert!(files > 5, "{name} has a corpus");
    }
    assert!(bytes <= MOST_BYTES, "{bytes} bytes of corpus: `cargo fuzz cmin` makes it small");
}
