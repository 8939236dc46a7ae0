//! Compares the estimate of a dry run with what a run then does.

use serde_json::Value;

use super::program::World;

/// A dry run, and then the run; everything is due.
pub(crate) async fn estimate_then_run(world: &World) -> (Value, Value) {
    let dry = world.relais(&["run", "--force", "--dry-run", "--json"]).await.json();
    let real = world.relais(&["run", "--force", "--json"]).await.json();
    (dry, real)
}

/// Asserts that each figure of a run lies between the least and the most of its estimate, of all engines and of each.
pub(crate) fn assert_between(dry: &Value, real: &Value) {
    let (dry, real) = (&dry["translation"], &real["translation"]);
    let estimate = &dry["estimate"];
    assert_eq!(dry["segments"], real["segments"], "dry {dry}\nreal {real}");
    for name in ["sent", "characters_sent", "tokens_in", "tokens_out", "cost", "rejected", "left"] {
        between(name, &estimate[name], &real[name]);
    }
    let engines = real["engines"].as_array().expect("engines");
    for (engine, estimated) in engines.iter().zip(estimate["engines"].as_array().expect("estimated engines")) {
        assert_eq!(engine["id"], estimated["id"]);
        for name in ["sent", "characters", "tokens_in", "tokens_out", "cost"] {
            between(&format!("{name} of {}", engine["id"]), &estimated[name], &engine[name]);
        }
    }
    let rows = estimate["editions"].as_array().expect("rows");
    let sum = |name: &str| rows.iter().map(|row| row[name].as_u64().expect("a figure")).sum::<u64>();
    assert_eq!(estimate_sum(dry, "segments"), sum("segments"), "the table has each segment once: {dry}");
}

fn estimate_sum(dry: &Value, name: &str) -> u64 {
    dry[name].as_u64().expect("a figure")
}

fn between(name: &str, range: &Value, real: &Value) {
    let number = |value: &Value| value.as_f64().unwrap_or_else(|| panic!("{name}: {value} is no number"));
    let (least, real, most) = (number(&range["least"]), number(real), number(&range["most"]));
    println!("{name}: {least} ≤ {real} ≤ {most}");
    assert!(least - 1e-9 <= real && real <= most + 1e-9, "{name}: {real} is not between {least} and {most}");
}
