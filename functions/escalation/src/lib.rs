//! Decides who is woken. Three triggers, one path: the table's stream, the queue's hints and the sweep of every minute
//! all end in [`advance`](advance::advance), which may be called at any time, any number of times.

mod advance;
mod facts;

use aws_lambda_events::event::dynamodb;
use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
use aws_lambda_events::event::streams::DynamoDbEventResponse;
use lambda_runtime::Error;
use serde::{Deserialize, Serialize};
use shared::ctx::Ctx;

pub use advance::{Advanced, advance};
