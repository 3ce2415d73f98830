//! What wakes a function, as AWS words it, by the last part of the function's name. Each asks for the least there is to do, so
//! that the time to the answer is the function's start and one way through, not its work.

use jiff::Timestamp;
use serde_json::{Value, json};
use shared::domain::delivery::{DeliveryKey, Part, Recipient, Subject};
use shared::domain::id::{ChannelId, IncidentId, PageId};
use shared::queue::{DeliveryHint, Hint, IncidentHint, PageHint};
use ulid::Ulid;

const REGION: &str = "us-east-1";
const ACCOUNT: &str = "000000000000";

/// An id that is well-formed and nobody's.
const NOBODYS: Ulid = Ulid(0x0190_0000_0000_0000_0000_0000_0000_0001);

/// The event for the function of this name.
pub fn waking(name: &str) -> String {
    let (capability, trigger) = name.rsplit_once('-').unwrap_or(("hello", "http"));
    let event = match trigger {
        "http" => request(&health(capability)),
        "queue" => batch(capability),
        "stream" => change(),
        "sweep" => tick(name),
        _ => panic!("{name}: no event is known for a trigger called {trigger}; add it here"),
    };
    event.to_string()
}

/// Ends the run when the answer is a failure after all.
pub fn check(name: &str, answer: &str) {
    let answer: Value = serde_json::from_str(answer).unwrap_or_else(|error| panic!("{name} answered no JSON: {error}"));
    let status = answer["statusCode"].as_u64().unwrap_or(200);
    assert!(status == 200, "{name} answered {answer}");
    let failures = answer["batchItemFailures"].as_array().map_or(0, Vec::len);
    assert!(failures == 0, "{name} answered {answer}");
}

/// Each function that answers requests has a health route, which reads the table once.
fn health(capability: &str) -> String {
    match capability {
        "api" => "/healthz".into(),
        other => format!("/healthz/{other}"),
    }
}

/// A GET by way of an HTTP API, payload 2.0:
/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html>.
fn request(path: &str) -> Value {
    let now = Timestamp::now();
    json!({
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": "",
        "headers": {
            "accept": "*/*",
            "content-length": "0",
            "host": "abc123.execute-api.us-east-1.amazonaws.com",
            "user-agent": "bench",
            "x-amzn-trace-id": "Root=1-65a0c0de-000000000000000000000001",
            "x-forwarded-for": "192.0.2.1",
            "x-forwarded-port": "443",
            "x-forwarded-proto": "https",
        },
        "requestContext": {
            "accountId": ACCOUNT,
            "apiId": "abc123",
            "domainName": "abc123.execute-api.us-east-1.amazonaws.com",
            "domainPrefix": "abc123",
            "http": {
                "method": "GET",
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": "192.0.2.1",
                "userAgent": "bench",
            },
            "requestId": "bench=",
            "routeKey": "$default",
            "stage": "$default",
            "time": now.strftime("%d/%b/%Y:%H:%M:%S +0000").to_string(),
            "timeEpoch": now.as_millisecond(),
        },
        "isBase64Encoded": false,
    })
}

/// One message of SQS about something that is not there.
fn batch(capability: &str) -> Value {
    let due = Timestamp::now();
    let body = match capability {
        "escalation" => to_text(&Hint {
            what: IncidentHint {
                incident_id: IncidentId(NOBODYS),
            },
            due,
        }),
        "notification" => to_text(&Hint {
            what: DeliveryHint::from(&DeliveryKey {
                subject: Subject::Incident(IncidentId(NOBODYS)),
                epoch: 1,
                cycle: 0,
                step: 0,
                to: Recipient::Place(ChannelId(NOBODYS)),
                part: Part::Page,
            }),
            due,
        }),
        "status-publish" => to_text(&Hint {
            what: PageHint {
                page_id: PageId(NOBODYS),
            },
            due,
        }),
        other => panic!("no message is known for {other}; add it here"),
    };
    let sent = due.as_millisecond().to_string();
    json!({ "Records": [{
        "messageId": "00000000-0000-4000-8000-000000000001",
        "receiptHandle": "bench",
        "body": body,
        "attributes": {
            "ApproximateReceiveCount": "1",
            "ApproximateFirstReceiveTimestamp": sent,
            "SentTimestamp": sent,
            "SenderId": ACCOUNT,
        },
        "messageAttributes": {},
        "md5OfBody": "",
        "eventSource": "aws:sqs",
        "eventSourceARN": format!("arn:aws:sqs:{REGION}:{ACCOUNT}:{capability}"),
        "awsRegion": REGION,
    }] })
}

/// One change of the table, of an incident that waits for nothing.
fn change() -> Value {
    let key = json!({ "pk": { "S": format!("INC#{}", IncidentId(NOBODYS)) }, "sk": { "S": "INC" } });
    let mut image = key.clone();
    image["kind_"] = json!({ "S": "incident" });
    json!({ "Records": [{
        "eventID": "00000000000000000000000000000001",
        "eventName": "INSERT",
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": REGION,
        "dynamodb": {
            "ApproximateCreationDateTime": Timestamp::now().as_second(),
            "Keys": key,
            "NewImage": image,
            "SequenceNumber": "100000000000000000001",
            "SizeBytes": 100,
            "StreamViewType": "NEW_AND_OLD_IMAGES",
        },
        "eventSourceARN": format!("arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/bench/stream/2026-01-01T00:00:00.000"),
    }] })
}

/// EventBridge's `rate(1 minute)`.
fn tick(function: &str) -> Value {
    json!({
        "version": "0",
        "id": "00000000-0000-4000-8000-000000000001",
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": ACCOUNT,
        "time": Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        "region": REGION,
        "resources": [format!("arn:aws:events:{REGION}:{ACCOUNT}:rule/{function}")],
        "detail": {},
    })
}

fn to_text(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).unwrap()
}
