//! Events as AWS words them, as far as they do not come out of the table's stream.

use jiff::Timestamp;
use serde_json::{Value, json};
use shared::queue::Waiting;

use crate::engine::REGION;
use crate::engine::objects::Created;

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

/// A notification of S3: keys come encoded as in a form, spaces as `+`.
pub fn object(created: &Created) -> Value {
    let head = &created.head;
    let key: String = url::form_urlencoded::byte_serialize(head.key.as_bytes()).collect();
    // Slashes stay what they are.
    let key = key.replace("%2F", "/");
    json!({ "Records": [{
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "awsRegion": REGION,
        "eventTime": head.modified.to_string(),
        "eventName": "ObjectCreated:Post",
        "userIdentity": { "principalId": ACCOUNT },
        "requestParameters": { "sourceIPAddress": "127.0.0.1" },
        "responseElements": { "x-amz-request-id": created.sequencer, "x-amz-id-2": created.sequencer },
        "s3": {
            "s3SchemaVersion": "1.0",
            "configurationId": "uploaded",
            "bucket": {
                "name": head.bucket,
                "ownerIdentity": { "principalId": ACCOUNT },
                "arn": format!("arn:aws:s3:::{}", head.bucket),
            },
            "object": { "key": key, "size": head.size, "eTag": head.etag, "sequencer": created.sequencer },
        },
    }] })
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
