//! The readers of wire formats: what a sender posted, in, and a [`Signal`](shared::domain::signal::Signal), out.
//!
//! The actors are the senders: PagerDuty clients, Alertmanager, Prometheus, scripts. All of it is pure: `now` and fresh
//! keys are arguments, wire structs are private and end here. A reader is strict on meaning (keys, action, summary,
//! source, severity, labels) and lenient on decoration (times, links, images, details, annotations), which it drops with a
//! remark rather than losing a page over it. A refusal is a value that each route renders in its own vendor's words.
//!
//! Absent on purpose: routes, keys and their lookup, storage, and limits on the size of a body, which hold before this.

pub mod alertmanager;
pub mod generic;
pub mod pagerduty;
pub mod prometheus;

mod json;
mod labels;
mod lenient;

use serde::Serialize;

/// Field errors that one refusal lists; a body of a thousand wrong alerts is told its first ones.
const FIELD_ERRORS_MAX: usize = 20;

/// Why a body was refused, in words for its sender. Nothing of it was or will be stored.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Refused {
    /// What kind of refusal it is.
    pub code: Code,
    /// One sentence about all of it.
    pub message: String,
    /// The fields at fault, if it can be said; never empty for [`Code::InvalidInput`] and [`Code::InvalidRoutingKey`].
    pub errors: Vec<FieldError>,
}

/// The kinds of refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Code {
    /// The bytes are not UTF-8.
    NotUtf8,
    /// The text is not JSON.
    NotJson,
    /// The JSON is nested deeper than [`JSON_DEPTH_MAX`](shared::domain::limits::JSON_DEPTH_MAX).
    TooDeep,
    /// The JSON is not of the kind that the format is made of (an object; for Prometheus an array).
    WrongShape,
    /// Fields are missing, of the wrong type or over a limit.
    InvalidInput,
    /// PagerDuty: the routing key cannot be one.
    InvalidRoutingKey,
    /// Prometheus: more alerts than one push may carry.
    TooManyAlerts,
}

impl Code {
    /// The stable word of it, for `code` in a problem document.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotUtf8 => "not_utf8",
            Self::NotJson => "not_json",
            Self::TooDeep => "too_deep",
            Self::WrongShape => "wrong_shape",
            Self::InvalidInput => "invalid_input",
            Self::InvalidRoutingKey => "invalid_routing_key",
            Self::TooManyAlerts => "too_many_alerts",
        }
    }

    /// Whether the body could not be read at all (PagerDuty: "Unrecognized object"), rather than read and found wrong
    /// ("invalid event").
    pub fn is_unreadable(self) -> bool {
        matches!(self, Self::NotUtf8 | Self::NotJson | Self::TooDeep | Self::WrongShape)
    }
}

/// One field at fault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldError {
    /// Its path: `alerts[0].labels.severity`.
    pub field: String,
    /// What is wrong with it: to be read after the field's name; on the PagerDuty route a whole sentence as theirs.
    pub message: String,
}

impl FieldError {
    fn new(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            field: field.into(),
            message: message.into(),
        }
    }
}

impl Refused {
    fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            errors: vec![],
        }
    }

    fn invalid(mut errors: Vec<FieldError>) -> Self {
        let message = match errors.as_slice() {
            [one] => format!("The field {} is invalid.", one.field),
            _ => format!("{} fields are missing or invalid.", errors.len()),
        };
        errors.truncate(FIELD_ERRORS_MAX);
        Self {
            code: Code::InvalidInput,
            message,
            errors,
        }
    }

    fn field(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self::invalid(vec![FieldError::new(field, message)])
    }
}

#[cfg(test)]
mod tests;
