//! Every operation, and who may do it: one table, read by eye when it was made, and compared ever since.

use std::fmt::Write;

use jiff::SignedDuration;

use super::stage::{Asker, Stage, Whose, assert_described};

#[tokio::test(start_paused = true)]
async fn every_operation_answers_everybody_as_the_table_says() {
    let mut stage = Stage::new().await;
    let askers = std::mem::take(&mut stage.askers);
    let mut table = format!("{:<62} {:<10}", "", "whose");
    for asker in &askers {
        write!(table, " {:>6}", asker.name).unwrap();
    }
    let (mut rows, operations) = (0, stage.operations());
    for operation in &operations {
        for whose in operation.whose() {
            rows += 1;
            let words = match whose {
                Whose::Everybodys => "",
                Whose::Teams => "the team's",
                Whose::NoTeams => "no team's",
                Whose::Own => "one's own",
                Whose::Others => "another's",
                Whose::Owners => "an owner's",
            };
            write!(table, "\n{:<62} {words:<10}", operation.name()).unwrap();
            for asker in &askers {
                let status = status(&mut stage, operation, *whose, asker).await;
                write!(table, " {status:>6}").unwrap();
            }
            // Whoever is asked to wait between two tries has waited.
            stage.world.pass(SignedDuration::from_mins(2));
        }
    }
    println!(
        "rights: {} operations, {rows} rows, {} askers, {} answers",
        operations.len(),
        askers.len(),
        rows * askers.len()
    );
    insta::assert_snapshot!("rights", table);
}

async fn status(stage: &mut Stage, operation: &super::stage::Operation, whose: Whose, asker: &Asker) -> u16 {
    let (path, body) = stage.request(operation, whose, asker).await;
    let answer = stage.ask(asker, &operation.method, &path, &[], body.as_ref()).await;
    assert_described(stage, operation, &answer);
    if answer.status == 401 {
        assert_eq!(answer.headers["www-authenticate"], "Bearer");
    }
    answer.status.as_u16()
}

/// Nobody without credentials learns whether something is there, or what is wrong with what they sent.
#[tokio::test(start_paused = true)]
async fn credentials_come_before_everything_else() {
    let mut stage = Stage::new().await;
    let askers = std::mem::take(&mut stage.askers);
    let wrong = Asker {
        name: "wrong",
        id: None,
        token: Some("nb_01kdvdna00ayxmfd2qcbfgakjp_g5m7tvoagpqsiyu5dyry4j2wnqbjkxwm".into()),
    };
    let nobody = askers.iter().find(|asker| asker.token.is_none()).unwrap();
    let junk = serde_json::json!([1]);
    for operation in stage.operations() {
        if operation.described.get("security").is_some() {
            continue;
        }
        for asker in [nobody, &wrong] {
            for id in ["nonsense", "svc_01arz3ndektsv4rrffq69g5fav"] {
                let path = format!("{}?limit=-1&after=!", operation.path.replace("{id}", id));
                let headers = [("if-match", "junk"), ("idempotency-key", "")];
                let answer = stage.ask(asker, &operation.method, &path, &headers, Some(&junk)).await;
                assert_eq!(answer.status, 401, "{}: {answer:?}", operation.name());
            }
        }
    }
}
