//! How refusals of Amazon's messaging services are read: one table for SNS and SES, by the error's code.
//!
//! What is a mistake of the set-up (a role without the right, a sender that is not verified, a paused account) is
//! permanent: trying again mends nothing, and the person's next contact is tried at once.

use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_runtime_api::http::Response;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use super::{SendError, THROTTLED_MAX_SECONDS, excerpt, throttle};

/// The wait after a request limit of Amazon's, which does not say how long, in seconds: limits are by the second.
const LIMIT_SECONDS: i64 = 5;

/// What a refusal of `service` ("Amazon SNS") means.
pub(super) fn refused<E: ProvideErrorMetadata>(service: &str, error: &SdkError<E, Response>) -> SendError {
    let SdkError::ServiceError(answer) = error else {
        return SendError::Transient(format!("{service} did not answer"));
    };
    let status = answer.raw().status().as_u16();
    let code = answer.err().code().unwrap_or("no code");
    let message = answer.err().message().unwrap_or_default();
    let reason = excerpt(&format!("{service} answered {status} {code}: {message}"));
    match (code, status) {
        ("Throttled" | "ThrottledException" | "Throttling" | "ThrottlingException" | "TooManyRequestsException", _) => {
            SendError::Throttled {
                after: throttle(LIMIT_SECONDS),
                reason,
            }
        }
        // A day's quota: it is given back little by little.
        ("LimitExceededException", _) => SendError::Throttled {
            after: throttle(THROTTLED_MAX_SECONDS),
            reason,
        },
        (_, 429) => SendError::Throttled {
            after: throttle(LIMIT_SECONDS),
            reason,
        },
        ("InternalErrorException" | "InternalError" | "KMSThrottlingException" | "RequestExpired", _)
        | (_, 408 | 500..=599) => SendError::Transient(reason),
        _ => SendError::Permanent(reason),
    }
}
