//! What each Lambda costs before it works: its size, the time from its process's start to its first poll and its first
//! answer, and its memory after that. Times are told as what they exceed those of a hello-world function by, which is started
//! in the same rounds: the machine's and the runtime's share is in both.
//!
//! The actors: [`runtime_api`] plays Lambda towards one process, [`aws`] the services it talks to, [`event`] words the event
//! that wakes it, [`binaries`] finds the functions and weighs them. Absent on purpose: a network. On AWS each first
//! connection costs a TLS handshake on top, and a small function has a part of a core only.

mod aws;
mod binaries;
mod event;
mod runtime_api;

use std::path::PathBuf;

use binaries::megabytes;
use runtime_api::{Answer, Started};

use crate::process::built;
use crate::stats::Sample;

const SIZE_AIM_MB: f64 = 4.0;
const START_AIM_MS: f64 = 10.0;
const MEMORY_AIM_MB: f64 = 15.0;

pub async fn run(rounds: usize) {
    let aws = aws::Aws::start().await;
    let mut hello = Subject::new("hello", built("examples/hello"));
    let mut subjects: Vec<Subject> = binaries::functions()
        .into_iter()
        .map(|name| Subject::new(&name, built(&name)))
        .collect();
    // Once each before it counts: their files come from memory then, whoever is first.
    for subject in subjects.iter_mut().chain([&mut hello]) {
        subject.start(&aws).await;
        subject.starts.clear();
    }
    for _ in 0..rounds {
        hello.start(&aws).await;
        for subject in &mut subjects {
            subject.start(&aws).await;
        }
    }

    println!("{rounds} rounds of one start each in turns; milliseconds above the hello's of the same round\n");
    println!(
        "{:>20}  {:>6} {:>6}  {:>22} {:>22}  {:>18}",
        "", "MB", "zip MB", "first poll, ms", "first answer, ms", "memory, MB"
    );
    println!("{}  (times are its own)", hello.row(None));
    for subject in &subjects {
        println!("{}", subject.row(Some(&hello)));
    }
    println!(
        "\naims: zip < {SIZE_AIM_MB} MB, first poll and answer <= {START_AIM_MS} ms above hello, memory < {MEMORY_AIM_MB} MB"
    );
    for (asked, times) in aws.unanswered() {
        println!("the stand-in for AWS had no answer to {asked} ({times} times)");
    }
}

/// A function, and its starts so far.
struct Subject {
    name: String,
    path: PathBuf,
    bytes: usize,
    zipped_bytes: usize,
    starts: Vec<Started>,
}

impl Subject {
    fn new(name: &str, path: PathBuf) -> Self {
        let binary = std::fs::read(&path).unwrap();
        Self {
            name: name.to_owned(),
            path,
            bytes: binary.len(),
            zipped_bytes: binaries::zipped_bytes(&binary),
            starts: Vec::new(),
        }
    }

    async fn start(&mut self, aws: &aws::Aws) {
        let event = event::waking(&self.name);
        let started = runtime_api::start(&self.path, &self.name, &event, &aws.environment()).await;
        match &started.answer {
            Answer::Response(answer) => event::check(&self.name, answer),
            Answer::Error(error) => panic!("{}: {error}", self.name),
        }
        self.starts.push(started);
    }

    /// Its row of the table, times above those of `base`.
    fn row(&self, base: Option<&Self>) -> String {
        let above = |time: fn(&Started) -> f64| {
            let base = |round: usize| base.map_or(0.0, |base| time(&base.starts[round]));
            Sample::new(
                self.starts
                    .iter()
                    .enumerate()
                    .map(|(round, start)| time(start) - base(round)),
            )
        };
        let memory = Sample::new(self.starts.iter().map(|start| start.resident_kb as f64 / 1024.0));
        format!(
            "{:>20}  {:>6.1} {:>6.1}  {:>22.1} {:>22.1}  {memory:>18.1}",
            self.name,
            megabytes(self.bytes),
            megabytes(self.zipped_bytes),
            above(|start| start.poll.as_secs_f64() * 1e3),
            above(|start| start.answered.as_secs_f64() * 1e3),
        )
    }
}
