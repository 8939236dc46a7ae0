//! What users see, in one test binary: the program and the library, against real servers on 127.0.0.1.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "tests say what they saw, and why one was skipped")]

mod add;
mod budgets;
mod cleaning;
mod clock;
mod config;
mod crash_recovery;
mod cron;
mod daemon;
mod dates;
mod docs;
mod engines;
mod estimate;
mod failures;
mod feed_corpus;
mod full_text;
mod fuzz_corpus;
mod guard;
mod hostile_input;
mod language_pairs;
mod layers;
mod logging;
mod memory;
mod missing_key;
mod net;
mod outage;
mod output;
mod parse;
mod reading;
mod render;
mod robots;
mod run;
mod schedule;
mod secrets;
mod shared_data;
mod simulation_month;
mod simulation_week;
mod sink;
mod status;
mod store;
mod support;
mod translate;
mod transport;
mod websub;
mod workers;
