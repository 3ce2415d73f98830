//! `nightbell`: the functions, whole on one machine.

fn main() -> std::process::ExitCode {
    nightbell_local::main()
}
