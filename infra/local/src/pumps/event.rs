//! Events as AWS words them, as far as they do not come out of the table's stream.

use jiff::Timestamp;
use serde_json::{Value, json};
use shared::queue::Waiting;

use crate::engine::REGION;

const ACCOUNT: &str = "000000000000";

/// A batch of SQS.
pub(super) fn sqs(queue: &str, messages: &[Waiting], now: Timestamp) -> Value {
    let arn = format!("arn:aws:sqs:{REGION}:{ACCOUNT}:{queue}");
    let records = messages.iter().map(|message| {
        json!({
            "messageId": message_id(message),
            "receiptHandle": format!("{}-{}", message_id(message), message.received),
            "body": message.body,
            "attributes": {
                "ApproximateReceiveCount": message.received.to_string(),
                "ApproximateFirstReceiveTimestamp": now.as_millisecond().to_string(),
                "SentTimestamp": now.as_millisecond().to_string(),
                "SenderId": ACCOUNT,
            },
            "messageAttributes": {},
            "eventSource": "aws:sqs",
            "eventSourceARN": arn,
            "awsRegion": REGION,
        })
    });
    json!({ "Records": records.collect::<Vec<_>>() })
}

/// What a message is called in the event and in the answer.
pub(super) fn message_id(message: &Waiting) -> String {
    format!("00000000-0000-4000-8000-{:012x}", message.id)
}

/// A tick of EventBridge.
pub(super) fn tick(function: &str, now: Timestamp) -> Value {
    json!({
        "version": "0",
        "id": format!("00000000-0000-4000-8000-{:012x}", now.as_millisecond()),
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": ACCOUNT,
        "time": now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        "region": REGION,
        "resources": [format!("arn:aws:events:{REGION}:{ACCOUNT}:rule/{function}")],
        "detail": {},
    })
}
