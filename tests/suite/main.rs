//! What users see, in one test binary: the program and the library, against real servers on 127.0.0.1.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "tests say what they saw, and why one was skipped")]

mod cleaning;
mod config;
mod failures;
mod fulltext;
mod guard;
mod hostile;
mod layers;
mod net;
mod parse;
mod reading;
mod render;
mod run;
mod shared;
mod sink;
mod status;
mod store;
mod support;
