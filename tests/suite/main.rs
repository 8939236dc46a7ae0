//! What users see, in one test binary: the program and the library, against real servers on 127.0.0.1.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "tests say what they saw, and why one was skipped")]

mod add;
mod cleaning;
mod config;
mod daemon;
mod engines;
mod failures;
mod fulltext;
mod fuzz_corpus;
mod guard;
mod hostile;
mod kills;
mod layers;
mod ledger;
mod manners;
mod memory;
mod month;
mod net;
mod parse;
mod reading;
mod render;
mod run;
mod schedule;
mod shapes;
mod shared;
mod sink;
mod status;
mod store;
mod support;
mod translate;
mod websub;
mod week;
mod wire;
mod workers;
