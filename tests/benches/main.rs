//! The benchmark. One run answers with ratios: both sides in turns on the same machine, with the spread beside the median.
//!
//! One module a question: [`ingest`], [`latency`], [`due`], [`cold`], [`views`], [`publication`], [`fanout`]. The actors
//! they share: [`nightbell`], [`alertmanager`] and [`nginx`] are real processes, [`receiver`] is what webhooks are sent to,
//! [`wrk`] makes the load, [`machine`] says where it ran and waits until it is quiet there. Absent on purpose: limits that
//! fail. What is measured depends on the machine, so aims are printed beside the figures; only an alert that was accepted
//! and is missing, or a subscriber who is not told, ends the run.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a command of its own: it prints, and it ends where its machine does not hold"
)]

mod alertmanager;
mod cold;
mod due;
mod fanout;
mod folder;
mod ingest;
mod latency;
mod machine;
mod nginx;
mod nightbell;
mod options;
mod process;
mod publication;
mod receiver;
mod stats;
mod views;
mod wrk;

use options::{Options, Section};

fn main() {
    let Some(options) = Options::read(std::env::args().skip(1)) else {
        println!("{}", options::USAGE);
        return;
    };
    rustls::crypto::aws_lc_rs::default_provider()
        .install_default()
        .expect("nobody else has chosen one");
    tokio::runtime::Runtime::new().unwrap().block_on(run(&options));
}

async fn run(options: &Options) {
    machine::describe();
    for section in &options.sections {
        println!("\n== {}\n", section.title());
        machine::until_quiet(options.wait).await;
        match section {
            Section::Ingest => ingest::run(options.rounds.unwrap_or(5)).await,
            Section::Latency => latency::run(options.rounds.unwrap_or(5)).await,
            Section::Due => due::run(options.rounds.unwrap_or(3)).await,
            Section::Cold => cold::run(options.rounds.unwrap_or(20)).await,
            Section::Views => views::run(options.rounds.unwrap_or(5)).await,
            Section::Publication => publication::run(options.rounds.unwrap_or(3)).await,
            Section::Fanout => fanout::run(options.rounds.unwrap_or(2)).await,
        }
    }
}
