//! AWS's JSON 1.0 protocol for DynamoDB: an operation's name and a body in, a status and a body out.
//!
//! The engine's request and response types are the wire's own, and so are its errors (`__type`, `message`, `Item`,
//! `CancellationReasons`); what is left to do is to choose the operation, and to word what cannot be read. The shapes:
//! <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.LowLevelAPI.html>.

use dynoxide::{Database, DynoxideError};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::Access;

/// What every answer is.
pub(super) const CONTENT_TYPE: &str = "application/x-amz-json-1.0";

const TARGET_PREFIX: &str = "DynamoDB_20120810.";
const UNKNOWN_OPERATION: &str = r#"{"__type":"com.amazon.coral.service#UnknownOperationException"}"#;

/// An answer, and whether rows (and so streams) changed with it.
pub(super) struct Answer {
    pub status: u16,
    pub body: Vec<u8>,
    pub wrote: bool,
}

/// What the operation does that `target` names. What is not known to read may write.
pub(super) fn access(target: &str) -> Access {
    match operation(target) {
        "GetItem" | "Query" | "BatchGetItem" | "TransactGetItems" | "DescribeTable" | "DescribeTimeToLive" => {
            Access::Read
        }
        _ => Access::Write,
    }
}

/// Carries out the operation that `target` (the `X-Amz-Target` header) names.
pub(super) fn answer(database: &Database, target: &str, body: &[u8]) -> Answer {
    match call(database, operation(target), body) {
        Some(Ok(body)) => Answer {
            status: 200,
            body,
            wrote: access(target) == Access::Write,
        },
        Some(Err(e)) => refused(e.status_code(), e.to_json()),
        None => refused(400, UNKNOWN_OPERATION.to_owned()),
    }
}

fn refused(status: u16, body: String) -> Answer {
    Answer {
        status,
        body: body.into_bytes(),
        wrote: false,
    }
}

fn operation(target: &str) -> &str {
    target.strip_prefix(TARGET_PREFIX).unwrap_or_default()
}

/// `None`: not an operation the product uses.
fn call(db: &Database, operation: &str, body: &[u8]) -> Option<dynoxide::Result<Vec<u8>>> {
    Some(match operation {
        "PutItem" => through(body, |request| db.put_item(request)),
        "GetItem" => through(body, |request| db.get_item(request)),
        "UpdateItem" => through(body, |request| db.update_item(request)),
        "DeleteItem" => through(body, |request| db.delete_item(request)),
        "Query" => through(body, |request| db.query(request)),
        "BatchGetItem" => through(body, |request| db.batch_get_item(request)),
        "BatchWriteItem" => through(body, |request| db.batch_write_item(request)),
        "TransactWriteItems" => through(body, |request| db.transact_write_items(request)),
        "TransactGetItems" => through(body, |request| db.transact_get_items(request)),
        "CreateTable" => through(body, |request| db.create_table(request)),
        "DescribeTable" => through(body, |request| db.describe_table(request)),
        "UpdateTimeToLive" => through(body, |request| db.update_time_to_live(request)),
        "DescribeTimeToLive" => through(body, |request| db.describe_time_to_live(request)),
        _ => return None,
    })
}

fn through<Request: DeserializeOwned, Reply: Serialize>(
    body: &[u8],
    call: impl FnOnce(Request) -> dynoxide::Result<Reply>,
) -> dynoxide::Result<Vec<u8>> {
    let reply = call(serde_json::from_slice(body).map_err(unreadable)?)?;
    serde_json::to_vec(&reply).map_err(|e| DynoxideError::InternalServerError(e.to_string()))
}

/// The engine's request types check while they read, and mark what they find in front of the message (an empty set, a
/// number too long). The marks are documented in its `serde_errors.rs`; none may reach the wire.
fn unreadable(error: serde_json::Error) -> DynoxideError {
    let text = error.to_string();
    let text = text.rfind(" at line ").map_or(text.as_str(), |end| &text[..end]);
    match text.split_once(':') {
        Some((mark, rest)) if mark.starts_with("VALIDATION") => DynoxideError::ValidationException(rest.to_owned()),
        Some((mark, rest)) if mark.starts_with("SERIALIZATION") => {
            DynoxideError::SerializationException(rest.to_owned())
        }
        _ if error.is_data() => DynoxideError::ValidationException(text.to_owned()),
        _ => DynoxideError::SerializationException(text.to_owned()),
    }
}
