//! The template, the local trigger list and the functions say the same, and the template's numbers are those that the
//! rules ask for. (That roles allow what functions do is looked at by every story: `nightbell_tests::roles`.)

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use nightbell_local::engine::BATCH_RECORDS;
use nightbell_local::public::PLACES;
use nightbell_local::pumps::{BATCH_MESSAGES, OBJECT_RETRIES_MAX, RECEIVES_MAX, RETRIES_MAX};
use nightbell_local::triggers::{self, QueueName, Trigger};
use nightbell_tests::template::{functions, referred, resources, root, template};
use serde_json::{Value, json};
use shared::channel::SEND_TIMEOUT_SECONDS;
use shared::config::{Need, VARIABLES};
use shared::domain::avatar::{INCOMING, LEASE_SECONDS};
use shared::domain::limits;
use shared::metrics;

fn names<'a>(names: impl IntoIterator<Item = &'a str>) -> BTreeSet<&'a str> {
    names.into_iter().collect()
}

fn properties<'a>(id: &str) -> &'a Value {
    &template()["Resources"][id]["Properties"]
}

/// The only event of a function.
fn event(function: &Value) -> (&str, &Value) {
    let events = function["Properties"]["Events"].as_object().expect("events");
    let [event] = events.values().collect::<Vec<_>>()[..] else {
        panic!("one trigger a function: {events:?}");
    };
    (event["Type"].as_str().expect("a type"), &event["Properties"])
}

fn event_kind(function: &Value) -> Option<&str> {
    function["Properties"].get("Events").map(|_| event(function).0)
}

#[test]
fn template_trigger_list_and_binaries_name_the_same_functions() {
    let in_template = functions();
    let listed = triggers::functions();
    let mut binaries = BTreeSet::new();
    for folder in fs::read_dir(root().join("functions")).unwrap() {
        let manifest = fs::read_to_string(folder.unwrap().path().join("Cargo.toml")).unwrap();
        let bins = manifest.split("[[bin]]").skip(1);
        binaries.extend(bins.map(|bin| bin.split('"').nth(1).unwrap().to_owned()));
    }
    let template_names = names(in_template.iter().map(|(_, name, _)| *name));
    assert_eq!(template_names, names(listed.iter().map(|function| function.name)));
    assert_eq!(template_names, names(binaries.iter().map(String::as_str)));
    let roles = names(
        in_template
            .iter()
            .map(|(_, _, f)| referred(&f["Properties"]["Role"]).unwrap()),
    );
    assert_eq!(roles.len(), in_template.len(), "a role each");
}

#[test]
fn every_function_is_woken_by_what_the_local_home_wakes_it_by() {
    let listed: BTreeMap<_, _> = triggers::functions().into_iter().map(|f| (f.name, f.trigger)).collect();
    for (id, name, function) in functions() {
        match &listed[name] {
            Trigger::Http { paths, .. } => {
                let integrations = resources("AWS::ApiGatewayV2::Integration");
                let (integration, _) = integrations
                    .iter()
                    .find(|(_, integration)| referred(&integration["Properties"]["IntegrationUri"]) == Some(id))
                    .expect("an integration");
                let routes = resources("AWS::ApiGatewayV2::Route")
                    .into_iter()
                    .filter(|(_, route)| referred(&route["Properties"]["Target"]) == Some(integration));
                let keys: Vec<_> = routes
                    .map(|(_, route)| route["Properties"]["RouteKey"].as_str().unwrap())
                    .collect();
                let expected = paths.iter().map(|path| match *path {
                    "/" => "$default".to_owned(),
                    folder if folder.ends_with('/') => format!("ANY {folder}{{proxy+}}"),
                    exact => format!("ANY {exact}"),
                });
                assert_eq!(
                    names(keys),
                    names(expected.collect::<Vec<_>>().iter().map(String::as_str)),
                    "{name}"
                );
                let permissions = resources("AWS::Lambda::Permission");
                let permitted = permissions.iter().any(|(_, permission)| {
                    let permission = &permission["Properties"];
                    referred(&permission["FunctionName"]) == Some(id)
                        && permission["Principal"] == "apigateway.amazonaws.com"
                        && permission["SourceArn"]["Fn::Sub"]
                            .as_str()
                            .unwrap()
                            .ends_with(":${Api}/*")
                });
                assert!(permitted, "the API may call {name}");
            }
            Trigger::Stream { pattern, .. } => {
                let (kind, stream) = event(function);
                assert_eq!(kind, "DynamoDB");
                let filters = stream["FilterCriteria"]["Filters"].as_array().unwrap();
                let written: Value = serde_json::from_str(filters[0]["Pattern"].as_str().unwrap()).unwrap();
                assert_eq!(written, serde_json::from_str::<Value>(pattern).unwrap());
                assert_eq!(filters.len(), 1);
                assert_eq!(stream["Stream"], json!({ "Fn::GetAtt": "Table.StreamArn" }));
                assert_eq!(stream["BatchSize"], BATCH_RECORDS);
                assert_eq!(stream["MaximumRetryAttempts"], RETRIES_MAX);
                assert_eq!(stream["MaximumRecordAgeInSeconds"], 60);
                assert_eq!(stream["BisectBatchOnFunctionError"], true);
                assert_eq!(stream["FunctionResponseTypes"], json!(["ReportBatchItemFailures"]));
                assert!(referred(&stream["DestinationConfig"]["OnFailure"]["Destination"]).is_some());
            }
            Trigger::Queue { queue, at_once, .. } => {
                let (kind, messages) = event(function);
                assert_eq!(kind, "SQS");
                let expected = match queue {
                    QueueName::Escalation => "EscalationQueue",
                    QueueName::Notification => "NotificationQueue",
                    QueueName::Publication => "PublicationQueue",
                    QueueName::Notice => "NoticeQueue",
                };
                assert_eq!(referred(&messages["Queue"]), Some(expected));
                assert_eq!(messages["BatchSize"], BATCH_MESSAGES);
                assert_eq!(messages["ScalingConfig"]["MaximumConcurrency"], *at_once);
                assert_eq!(messages["FunctionResponseTypes"], json!(["ReportBatchItemFailures"]));
                let timeout = function["Properties"]["Timeout"].as_u64().unwrap();
                let queue = properties(expected);
                assert!(queue["VisibilityTimeout"].as_u64().unwrap() >= 6 * timeout);
                assert_eq!(queue["RedrivePolicy"]["maxReceiveCount"], RECEIVES_MAX);
            }
            Trigger::Object { prefix, .. } => {
                let (kind, stored) = event(function);
                assert_eq!(kind, "S3");
                assert_eq!(referred(&stored["Bucket"]), Some("UploadsBucket"));
                assert_eq!(stored["Events"], "s3:ObjectCreated:*");
                let rules = &stored["Filter"]["S3Key"]["Rules"];
                assert_eq!(rules, &json!([{ "Name": "prefix", "Value": prefix }]));
                // What Lambda gives up must be seen, and its retries are as many as here.
                let asynchronous = &function["Properties"]["EventInvokeConfig"];
                assert_eq!(asynchronous["MaximumRetryAttempts"], OBJECT_RETRIES_MAX);
                assert!(referred(&asynchronous["DestinationConfig"]["OnFailure"]["Destination"]).is_some());
            }
            Trigger::Schedule { every, .. } => {
                let (kind, schedule) = event(function);
                assert_eq!((kind, every.as_secs()), ("ScheduleV2", 60));
                assert_eq!(schedule["ScheduleExpression"], "rate(1 minute)");
                // A sweep that ran into the next would do everything twice.
                assert!(function["Properties"]["Timeout"].as_u64().unwrap() < every.as_secs());
                let role = properties(referred(&schedule["RoleArn"]).unwrap());
                let callable = &role["Policies"][0]["PolicyDocument"]["Statement"][0]["Resource"];
                let callable = callable.as_array().unwrap();
                assert!(callable.iter().any(|function| referred(function) == Some(id)), "{name}");
            }
        }
    }
}

#[test]
fn every_function_is_given_what_it_needs_and_nothing_else() {
    let globals = template()["Globals"]["Function"]["Environment"]["Variables"]
        .as_object()
        .unwrap();
    assert_eq!(
        names(globals.keys().map(String::as_str)),
        names(VARIABLES.iter().copied())
    );
    let listed: BTreeMap<_, _> = triggers::functions().into_iter().map(|f| (f.name, f.needs)).collect();
    for (_, name, function) in functions() {
        let needs = listed[name];
        let none = serde_json::Map::new();
        let variables = function["Properties"]["Environment"]["Variables"]
            .as_object()
            .unwrap_or(&none);
        let expected = needs.iter().flat_map(|need| need.variables().iter().copied());
        assert_eq!(names(variables.keys().map(String::as_str)), names(expected), "{name}");
        let role = properties(referred(&function["Properties"]["Role"]).unwrap());
        let allowed = role["Policies"][0]["PolicyDocument"]["Statement"].as_array().unwrap();
        let may = |action: &str, resource: &str| {
            allowed.iter().any(|statement| {
                let actions = &statement["Action"];
                let named = actions == action || actions.as_array().is_some_and(|list| list.contains(&json!(action)));
                named && referred(&statement["Resource"]) == Some(resource)
            })
        };
        for (need, action, resource) in [
            (Need::MasterKey, "secretsmanager:GetSecretValue", "MasterKey"),
            (Need::SetupCode, "secretsmanager:GetSecretValue", "SetupCode"),
            (Need::EscalationQueue, "sqs:SendMessage", "EscalationQueue"),
            (Need::NotificationQueue, "sqs:SendMessage", "NotificationQueue"),
            (Need::PublicationQueue, "sqs:SendMessage", "PublicationQueue"),
            (Need::NoticeQueue, "sqs:SendMessage", "NoticeQueue"),
        ] {
            assert_eq!(
                may(action, resource),
                needs.contains(&need),
                "{name}: {action} of {resource}"
            );
        }
        // Of the buckets: to lend the right to upload, to look at uploads, to keep what they become, to publish; nothing else.
        let at_s3: Vec<String> = allowed
            .iter()
            .filter(|statement| statement["Action"].to_string().contains("\"s3:"))
            .map(|statement| format!("{} {}", statement["Action"], s3_place(&statement["Resource"])))
            .collect();
        let expected: &[&str] = match (needs.contains(&Need::Uploads), needs.contains(&Need::PublicObjects)) {
            (false, true) => &[
                r#"["s3:GetObject","s3:PutObject","s3:DeleteObject"] public status/*"#,
                r#""s3:ListBucket" public"#,
            ],
            (true, false) => &[r#""s3:PutObject" uploads incoming/*"#],
            (true, true) => &[
                r#"["s3:GetObject","s3:DeleteObject"] uploads incoming/*"#,
                r#"["s3:PutObject","s3:DeleteObject"] public pictures/*"#,
            ],
            _ => &[],
        };
        assert_eq!(at_s3, expected, "{name}");
        // The provider's secret: by a policy of its own, which only a deployment with a provider has.
        let provider = &template()["Resources"]["DashboardOidcPolicy"];
        let policy = &provider["Properties"];
        assert_eq!(provider["Condition"], "HasOidc");
        let is_theirs = referred(&policy["Roles"][0]) == referred(&function["Properties"]["Role"]);
        assert_eq!(is_theirs, needs.contains(&Need::Oidc), "{name}");
        let secret = json!([{
            "Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": { "Ref": "OidcClientSecretArn" },
        }]);
        assert_eq!(policy["PolicyDocument"]["Statement"], secret);
        let wakes = match event_kind(function) {
            Some("DynamoDB") => &["DescribeStream", "GetRecords", "GetShardIterator", "ListStreams"][..],
            Some("SQS") => &["ReceiveMessage", "DeleteMessage", "GetQueueAttributes"][..],
            _ => &[],
        };
        let all = role.to_string();
        assert!(
            wakes.iter().all(|action| all.contains(&format!(":{action}\""))),
            "{name} may read what wakes it"
        );
        // Sending is notification's; the API only says what could be sent.
        let sends = name.starts_with("notification-");
        assert_eq!(may("sns:Publish", "Pages"), sends, "{name}");
        for statement in allowed {
            let text = statement.to_string();
            assert!(
                !statement["Action"].to_string().contains('*'),
                "{name}: no action by wildcard: {text}"
            );
            assert!(
                statement["Resource"] != "*" || statement["Action"] == "dynamodb:ListStreams",
                "{name}: {text}"
            );
        }
    }
}

#[test]
fn the_table_is_the_one_that_the_store_makes() {
    let table = properties("Table");
    let store = fs::read_to_string(root().join("shared/src/store/row.rs")).unwrap();
    let ttl = table["TimeToLiveSpecification"]["AttributeName"].as_str().unwrap();
    assert!(store.contains(&format!("EXPIRES: &str = \"{ttl}\"")), "{ttl}");
    let key = |schema: &Value| (schema[0]["AttributeName"].clone(), schema[1]["AttributeName"].clone());
    assert_eq!(key(&table["KeySchema"]), (json!("pk"), json!("sk")));
    let indexes = table["GlobalSecondaryIndexes"].as_array().unwrap();
    let described: Vec<_> = indexes
        .iter()
        .map(|index| {
            (
                index["IndexName"].clone(),
                key(&index["KeySchema"]),
                index["Projection"]["ProjectionType"].clone(),
            )
        })
        .collect();
    let keys_only = json!("KEYS_ONLY");
    assert_eq!(
        described,
        [
            (json!("gsi1"), (json!("pk1"), json!("sk1")), keys_only.clone()),
            (json!("gsi2"), (json!("pk2"), json!("sk2")), keys_only),
        ]
    );
    assert_eq!(table["StreamSpecification"]["StreamViewType"], "NEW_AND_OLD_IMAGES");
    assert_eq!(
        table["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"],
        true
    );
}

#[test]
fn sending_ends_before_its_function_and_its_function_before_the_lease() {
    let lease = u64::try_from(limits::DELIVERY_LEASE_SECONDS).unwrap();
    for (_, name, function) in functions() {
        let timeout = function["Properties"]["Timeout"].as_u64().unwrap();
        if name == "notification-queue" {
            assert!(SEND_TIMEOUT_SECONDS < timeout && timeout < lease);
        }
        let log = properties(referred(&function["Properties"]["LoggingConfig"]["LogGroup"]).unwrap());
        assert!(log["RetentionInDays"] == json!({ "Ref": "LogRetentionDays" }), "{name}");
    }
    for (id, queue) in resources("AWS::SQS::Queue") {
        if id.ends_with("Failures") {
            let watched = resources("AWS::CloudWatch::Alarm")
                .into_iter()
                .any(|(_, alarm)| referred(&alarm["Properties"]["Dimensions"][0]["Value"]) == Some(id));
            assert!(watched, "an alarm on {id}");
        } else {
            assert!(
                referred(&queue["Properties"]["RedrivePolicy"]["deadLetterTargetArn"]).is_some(),
                "{id}"
            );
        }
    }
}

/// The bucket and the keys that a statement is about.
fn s3_place(resource: &Value) -> String {
    if resource.get("Fn::GetAtt").is_some() {
        assert_eq!(referred(resource), Some("PublicBucket"));
        return "public".into();
    }
    let arn = resource["Fn::Sub"]
        .as_str()
        .or_else(|| resource["Fn::Sub"][0].as_str())
        .expect("an ARN");
    let known = [
        ("${UploadsBucket.Arn}/", "uploads"),
        ("arn:${AWS::Partition}:s3:::nightbell-uploads-${Id}/", "uploads"),
        ("${PublicBucket.Arn}/", "public"),
    ];
    let of = |(beginning, bucket): &(&str, &str)| Some(format!("{bucket} {}", arn.strip_prefix(beginning)?));
    known.iter().find_map(of).unwrap_or_else(|| panic!("{arn}"))
}

#[test]
fn the_bucket_of_uploads_is_called_the_same_by_all() {
    let name = &properties("UploadsBucket")["BucketName"];
    let environment = |id: &str| &properties(id)["Environment"]["Variables"]["UPLOADS_BUCKET"];
    assert_eq!(environment("AvatarFinalise"), name);
    for by_reference in ["AvatarUploadHttp", "AvatarSweep"] {
        assert_eq!(environment(by_reference), &json!({ "Ref": "UploadsBucket" }));
    }
    let timeout = properties("AvatarFinalise")["Timeout"].as_i64().unwrap();
    assert!(timeout < LEASE_SECONDS, "a lease outlives its worker");
    let rule = &properties("UploadsBucket")["CorsConfiguration"]["CorsRules"][0];
    assert_eq!(rule["AllowedMethods"], json!(["POST"]));
    let url = &template()["Globals"]["Function"]["Environment"]["Variables"]["PUBLIC_URL"];
    assert_eq!(&rule["AllowedOrigins"][0], url, "the pages' origin and no other");
    let lifecycle = &properties("UploadsBucket")["LifecycleConfiguration"]["Rules"][0];
    assert_eq!(
        (&lifecycle["Prefix"], &lifecycle["ExpirationInDays"]),
        (&json!(INCOMING), &json!(1))
    );
}

#[test]
fn what_is_public_is_served_here_as_by_cloudfront() {
    let policies = resources("AWS::CloudFront::ResponseHeadersPolicy");
    let distribution = &properties("PublicObjects")["DistributionConfig"];
    let others = distribution["CacheBehaviors"].as_array().unwrap();
    // What leads to a function comes before what the bucket holds; whatever is nothing else is the site's.
    let behaviours = [
        ("/status/*/subscribers*", "api"),
        ("/subscribers*", "api"),
        ("/pictures/*", "bucket"),
    ];
    let named: Vec<_> = others
        .iter()
        .map(|one| {
            (
                one["PathPattern"].as_str().unwrap(),
                one["TargetOriginId"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(named, behaviours);
    for place in PLACES {
        let pattern = format!("{}*", place.prefix);
        let behaviour = if place.is_site {
            &distribution["DefaultCacheBehavior"]
        } else {
            others
                .iter()
                .find(|one| one["PathPattern"] == pattern)
                .expect("its own")
        };
        let name = referred(&behaviour["ResponseHeadersPolicyId"]).unwrap();
        let (_, headers) = policies.iter().find(|(id, _)| *id == name).expect("a policy");
        let headers = &headers["Properties"]["ResponseHeadersPolicyConfig"]["SecurityHeadersConfig"];
        assert_eq!(headers["ContentSecurityPolicy"]["ContentSecurityPolicy"], place.csp);
        assert_eq!(headers["ContentTypeOptions"]["Override"], true);
        assert_eq!(headers["ReferrerPolicy"]["ReferrerPolicy"], "no-referrer");
        assert_eq!(behaviour["AllowedMethods"], json!(["GET", "HEAD"]));
    }
    // Nobody else reads the bucket, and the bucket of uploads is read through nothing.
    let statements = properties("PublicBucketPolicy")["PolicyDocument"]["Statement"]
        .as_array()
        .unwrap();
    assert_eq!(statements.len(), 1);
    assert_eq!(
        statements[0]["Principal"],
        json!({ "Service": "cloudfront.amazonaws.com" })
    );
    assert_eq!(statements[0]["Action"], "s3:GetObject");
    for (id, bucket) in resources("AWS::S3::Bucket") {
        let blocked = &bucket["Properties"]["PublicAccessBlockConfiguration"];
        let blocked = blocked.as_object().expect("all of it blocked").values();
        assert_eq!(blocked.filter(|value| **value == true).count(), 4, "{id}");
    }
    let uploads = properties("UploadsBucketPolicy")["PolicyDocument"]["Statement"]
        .as_array()
        .unwrap();
    assert!(uploads.iter().all(|statement| statement["Effect"] == "Deny"));
}

#[test]
fn alarms_watch_metrics_that_there_are() {
    let mut ours = 0;
    for (id, alarm) in resources("AWS::CloudWatch::Alarm") {
        let alarm = &alarm["Properties"];
        assert_eq!(alarm["AlarmActions"], json!([{ "Ref": "Alarms" }]), "{id}");
        if alarm["Namespace"]["Fn::Sub"] == "Nightbell/${AWS::StackName}" {
            ours += 1;
            let name = alarm["MetricName"].as_str().unwrap();
            assert!(metrics::NAMES.contains(&name), "{id}: {name}");
        }
    }
    assert!(ours >= 4);
    let given = &template()["Globals"]["Function"]["Environment"]["Variables"]["METRICS_NAMESPACE"];
    assert_eq!(given["Fn::Sub"], "Nightbell/${AWS::StackName}");
}

#[test]
fn no_role_changes_or_removes_an_entry_of_the_audit_log() {
    let mut may_put = BTreeSet::new();
    for (_, role) in resources("AWS::IAM::Role") {
        let policies = role["Properties"]["Policies"].as_array().into_iter().flatten();
        let statements =
            policies.flat_map(|policy| policy["PolicyDocument"]["Statement"].as_array().expect("statements"));
        for statement in statements {
            let keys = &statement["Condition"]["ForAllValues:StringLike"]["dynamodb:LeadingKeys"];
            let keys = keys.as_array().into_iter().flatten().filter_map(Value::as_str);
            let is_about_it = keys
                .filter_map(|key| key.strip_suffix('*').or(Some(key)))
                .any(|key| "AUDIT#evt_".starts_with(key) || key.starts_with("AUDIT"));
            if is_about_it {
                let actions = statement["Action"].as_array().cloned();
                let actions = actions.unwrap_or_else(|| vec![statement["Action"].clone()]);
                may_put.extend(actions.iter().map(|action| action.as_str().expect("a name").to_owned()));
            }
        }
    }
    let expected = ["BatchGetItem", "GetItem", "PutItem", "Query"];
    let expected = expected.map(|action| format!("dynamodb:{action}"));
    assert_eq!(may_put, expected.into_iter().collect());
}
