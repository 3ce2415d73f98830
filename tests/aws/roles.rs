//! Every role does what its function does (the stories show it), and is refused the rest: a sample of it is tried here with
//! the role's own credentials.

use serde_json::{Value, json};

use crate::cloud::Cloud;

/// The functions and, of what is tried, what each may do besides reading its own rows.
const ROLES: [(&str, &[&str]); 17] = [
    ("AlertIngestHttp", &["write a slot", "note that a sender was heard"]),
    (
        "AvatarUploadHttp",
        &[
            "read the master key",
            "put an upload",
            "enter something into the audit log",
        ],
    ),
    (
        "AvatarFinalise",
        &[
            "look at an upload",
            "delete an upload",
            "keep a picture",
            "delete a picture",
        ],
    ),
    (
        "AvatarSweep",
        &[
            "list due uploads",
            "look at an upload",
            "delete an upload",
            "keep a picture",
            "delete a picture",
        ],
    ),
    (
        "ApiHttp",
        &[
            "write a slot",
            "write a user",
            "take a token back",
            "enter something into the audit log",
            "read the set-up code",
            "read the master key",
            "wake notification",
            "list incidents",
        ],
    ),
    (
        "DashboardHttp",
        &[
            "write a slot",
            "write a user",
            "take a token back",
            "enter something into the audit log",
            "read the master key",
            "wake notification",
            "list incidents",
        ],
    ),
    (
        "EscalationStream",
        &[
            "write a slot",
            "read the master key",
            "wake escalation",
            "wake notification",
        ],
    ),
    (
        "EscalationQueueWorker",
        &[
            "write a slot",
            "read the master key",
            "wake escalation",
            "wake notification",
            "take from escalation's queue",
        ],
    ),
    (
        "EscalationSweep",
        &[
            "write a slot",
            "read the master key",
            "wake escalation",
            "wake notification",
            "list due incidents",
        ],
    ),
    (
        "NotificationQueueWorker",
        &[
            "read the master key",
            "wake notification",
            "send a text message",
            "publish to the topic",
            "send an e-mail",
            "take from notification's queue",
        ],
    ),
    (
        "NotificationSweep",
        &[
            "read the master key",
            "wake notification",
            "send a text message",
            "publish to the topic",
            "send an e-mail",
            "list due deliveries",
        ],
    ),
    (
        "StatusPublishStream",
        &[
            "list incidents",
            "wake status-publish",
            "publish a document",
            "list the pictures",
            "enter something into the audit log",
        ],
    ),
    (
        "StatusPublishQueueWorker",
        &[
            "list incidents",
            "wake status-publish",
            "publish a document",
            "list the pictures",
            "enter something into the audit log",
            "take from status-publish's queue",
        ],
    ),
    (
        "StatusPublishSweep",
        &[
            "list incidents",
            "wake status-publish",
            "publish a document",
            "list the pictures",
            "enter something into the audit log",
        ],
    ),
    ("StatusPageHttp", &["read the master key"]),
    (
        "SubscriberNoticeQueueWorker",
        &["read the master key", "send a text message", "send an e-mail"],
    ),
    (
        "SubscriberNoticeSweep",
        &["read the master key", "send a text message", "send an e-mail"],
    ),
];

/// What no role may do.
const NOBODY: [&str; 15] = [
    "change an entry of the audit log",
    "remove an entry of the audit log",
    "write a picture as a document",
    "read all rows",
    "read another table",
    "write a message of the local outbox",
    "send an e-mail in another's name",
    "publish to the alarms",
    "read the bucket",
    "change a function",
    "take another role",
    "write another function's log",
    "put elsewhere among the uploads",
    "write another public object",
    "list the uploads",
];

#[tokio::test(flavor = "multi_thread")]
async fn each_role_does_its_work_and_is_refused_the_rest() {
    let cloud = Cloud::deploy("roles").await;
    cloud.call(
        "s3",
        "put_object",
        json!({ "Bucket": "nightbell-code", "Key": "secret", "Body": "x" }),
    );
    let mut tried = Vec::new();
    let mut wrong = Vec::new();
    for (function, may) in ROLES {
        let role = format!("{function}Role");
        let own = json!({ "TableName": cloud.id("Table"), "Key": { "pk": { "S": "PING" }, "sk": { "S": "PING" } } });
        let own = cloud.call_as(Some(&role), "dynamodb", "get_item", own);
        assert!(own.is_ok(), "{function} reads its own rows: {own:?}");
        for (what, service, operation, params) in deeds(&cloud) {
            let answer = cloud.call_as(Some(&role), service, operation, params);
            let refused = matches!(
                answer.as_deref_error(),
                Some("AccessDeniedException" | "AccessDenied" | "AuthorizationError")
            );
            let expected = may.contains(&what) && !NOBODY.contains(&what);
            // Allowed is what was done, or asked of something that is not there.
            if refused == expected {
                wrong.push(format!("{function}: {what}: {answer:?}"));
            }
            tried.push((function, what, refused));
        }
    }
    print_matrix(&tried);
    assert_eq!(wrong, Vec::<String>::new());
}

trait ErrorCode {
    fn as_deref_error(&self) -> Option<&str>;
}

impl ErrorCode for Result<Value, String> {
    fn as_deref_error(&self) -> Option<&str> {
        self.as_ref().err().map(String::as_str)
    }
}

/// What is tried, by name.
fn deeds(cloud: &Cloud) -> Vec<(&'static str, &'static str, &'static str, Value)> {
    let table = cloud.id("Table");
    let put = |pk: &str| json!({ "TableName": table, "Item": { "pk": { "S": pk }, "sk": { "S": "try" } } });
    let row = |pk: &str| json!({ "TableName": table, "Key": { "pk": { "S": pk }, "sk": { "S": "try" } } });
    let query = |index: &str, attribute: &str, pk: &str| {
        json!({ "TableName": table, "IndexName": index, "KeyConditionExpression": format!("{attribute} = :pk"),
            "ExpressionAttributeValues": { ":pk": { "S": pk } } })
    };
    let secret = |name: &str| json!({ "SecretId": cloud.id(name) });
    let send = |queue: &str| json!({ "QueueUrl": cloud.id(queue), "Entries": [{ "Id": "0", "MessageBody": "{}", "DelaySeconds": 900 }] });
    let take = |queue: &str| json!({ "QueueUrl": cloud.id(queue), "VisibilityTimeout": 0 });
    let publish = |topic: &str| json!({ "TopicArn": cloud.id(topic), "Message": "try" });
    let mail = |from: &str| {
        json!({ "FromEmailAddress": from, "Destination": { "ToAddresses": ["ada@example.com"] },
            "Content": { "Simple": { "Subject": { "Data": "try" }, "Body": { "Text": { "Data": "try" } } } } })
    };
    let function = cloud.id("ApiHttp");
    let object = |bucket: &str, key: &str| json!({ "Bucket": cloud.id(bucket), "Key": key });
    let with_body = |bucket: &str, key: &str| json!({ "Bucket": cloud.id(bucket), "Key": key, "Body": "x" });
    let (uploads, public) = ("UploadsBucket", "PublicBucket");
    vec![
        ("write a slot", "dynamodb", "put_item", put("SLOT#try#try")),
        ("write a user", "dynamodb", "put_item", put("USR#try")),
        ("take a token back", "dynamodb", "delete_item", row("TOK#try")),
        (
            "enter something into the audit log",
            "dynamodb",
            "put_item",
            put("AUDIT#try"),
        ),
        (
            "change an entry of the audit log",
            "dynamodb",
            "update_item",
            row("AUDIT#try"),
        ),
        (
            "remove an entry of the audit log",
            "dynamodb",
            "delete_item",
            row("AUDIT#try"),
        ),
        (
            "note that a sender was heard",
            "dynamodb",
            "update_item",
            json!({ "TableName": table, "Key": { "pk": { "S": "SEEN#try" }, "sk": { "S": "SEEN" } } }),
        ),
        ("list incidents", "dynamodb", "query", query("gsi1", "pk1", "OPEN#0")),
        (
            "list due incidents",
            "dynamodb",
            "query",
            query("gsi2", "pk2", "DUE#INC#0"),
        ),
        (
            "list due deliveries",
            "dynamodb",
            "query",
            query("gsi2", "pk2", "DUE#DLV#0"),
        ),
        (
            "read the master key",
            "secretsmanager",
            "get_secret_value",
            secret("MasterKey"),
        ),
        (
            "read the set-up code",
            "secretsmanager",
            "get_secret_value",
            secret("SetupCode"),
        ),
        ("wake escalation", "sqs", "send_message_batch", send("EscalationQueue")),
        (
            "wake notification",
            "sqs",
            "send_message_batch",
            send("NotificationQueue"),
        ),
        (
            "wake status-publish",
            "sqs",
            "send_message_batch",
            send("PublicationQueue"),
        ),
        (
            "take from status-publish's queue",
            "sqs",
            "receive_message",
            take("PublicationQueue"),
        ),
        (
            "publish a document",
            "s3",
            "put_object",
            json!({ "Bucket": cloud.id("PublicBucket"), "Key": "status/try", "Body": "x" }),
        ),
        (
            "write a picture as a document",
            "s3",
            "put_object",
            json!({ "Bucket": cloud.id("PublicBucket"), "Key": "elsewhere/try", "Body": "x" }),
        ),
        (
            "take from escalation's queue",
            "sqs",
            "receive_message",
            take("EscalationQueue"),
        ),
        (
            "take from notification's queue",
            "sqs",
            "receive_message",
            take("NotificationQueue"),
        ),
        (
            "send a text message",
            "sns",
            "publish",
            json!({ "PhoneNumber": "+12025550199", "Message": "try" }),
        ),
        ("publish to the topic", "sns", "publish", publish("Pages")),
        ("send an e-mail", "sesv2", "send_email", mail(crate::cloud::EMAIL_FROM)),
        ("read all rows", "dynamodb", "scan", json!({ "TableName": table })),
        (
            "read another table",
            "dynamodb",
            "get_item",
            json!({ "TableName": "another-table", "Key": { "pk": { "S": "PING" }, "sk": { "S": "PING" } } }),
        ),
        (
            "write a message of the local outbox",
            "dynamodb",
            "put_item",
            put("OUT#try"),
        ),
        (
            "send an e-mail in another's name",
            "sesv2",
            "send_email",
            mail("ceo@example.com"),
        ),
        ("publish to the alarms", "sns", "publish", publish("Alarms")),
        (
            "read the bucket",
            "s3",
            "get_object",
            json!({ "Bucket": "nightbell-code", "Key": "secret" }),
        ),
        (
            "list due uploads",
            "dynamodb",
            "query",
            query("gsi2", "pk2", "DUE#AVA#0"),
        ),
        ("put an upload", "s3", "put_object", with_body(uploads, "incoming/try")),
        ("look at an upload", "s3", "get_object", object(uploads, "incoming/try")),
        (
            "delete an upload",
            "s3",
            "delete_object",
            object(uploads, "incoming/try"),
        ),
        ("keep a picture", "s3", "put_object", with_body(public, "pictures/try")),
        (
            "delete a picture",
            "s3",
            "delete_object",
            object(public, "pictures/try"),
        ),
        (
            "put elsewhere among the uploads",
            "s3",
            "put_object",
            with_body(uploads, "try"),
        ),
        (
            "write another public object",
            "s3",
            "put_object",
            with_body(public, "try"),
        ),
        (
            "list the uploads",
            "s3",
            "list_objects_v2",
            json!({ "Bucket": cloud.id(uploads) }),
        ),
        (
            "list the pictures",
            "s3",
            "list_objects_v2",
            json!({ "Bucket": cloud.id(public) }),
        ),
        (
            "change a function",
            "lambda",
            "update_function_configuration",
            json!({ "FunctionName": function, "Timeout": 3 }),
        ),
        (
            "take another role",
            "sts",
            "assume_role",
            json!({ "RoleArn": format!("arn:aws:iam::000000000000:role/{}", cloud.id("ApiHttpRole")), "RoleSessionName": "try" }),
        ),
        (
            "write another function's log",
            "logs",
            "create_log_stream",
            json!({ "logGroupName": "/nightbell/another", "logStreamName": "try" }),
        ),
    ]
}

/// Rows: what was tried. Columns: who tried it. `x` refused, `o` allowed.
fn print_matrix(tried: &[(&str, &'static str, bool)]) {
    println!(
        "{:38}{}",
        "",
        ROLES.map(|(function, _)| format!("{function:>25}")).concat()
    );
    let width = tried.len() / ROLES.len();
    for row in 0..width {
        let cells = (0..ROLES.len()).map(|column| if tried[column * width + row].2 { "x" } else { "o" });
        let cells: String = cells.map(|cell| format!("{cell:>25}")).collect();
        println!("{:38}{cells}", tried[row].1);
    }
}
