//! A presigned POST: the form by which a browser posts one object straight to S3, and the policy that S3 holds it to
//! ([Browser-based uploads using POST](https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-UsingHTTPPOST.html), Signature
//! Version 4). Computed from what it is given, the time included; nothing is asked of anybody.

use data_encoding::{BASE64, HEXLOWER};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use crate::secret::hmac_sha256;

/// Whose right to write the form lends.
#[derive(Clone, Copy)]
pub struct Signer<'a> {
    /// The access key's id.
    pub access_key_id: &'a str,
    /// Its secret.
    pub secret_access_key: &'a str,
    /// With temporary credentials, a function's for instance: their token.
    pub session_token: Option<&'a str>,
    /// The bucket's region.
    pub region: &'a str,
}

/// What may be posted.
#[derive(Debug, Clone, Copy)]
pub struct Form<'a> {
    /// The bucket.
    pub bucket: &'a str,
    /// The one key.
    pub key: &'a str,
    /// The least and the most bytes.
    pub bytes: (u64, u64),
    /// Fields that must be sent as they are here: `Content-Type`, `success_action_status`, `x-amz-meta-…`.
    pub fields: &'a [(&'a str, &'a str)],
    /// When it works no more.
    pub expires_at: Timestamp,
}

/// The form's fields, in the order in which they are to be sent; the file comes last, in a field called `file`.
pub fn presign(form: &Form<'_>, signer: &Signer<'_>, now: Timestamp) -> Vec<(String, String)> {
    let date = utc(now, "%Y%m%d");
    let credential = format!("{}/{date}/{}/s3/aws4_request", signer.access_key_id, signer.region);
    let mut fields: Vec<(String, String)> = Vec::new();
    let mut field = |name: &str, value: &str| fields.push((name.to_owned(), value.to_owned()));
    for (name, value) in form.fields {
        field(name, value);
    }
    field("key", form.key);
    field("x-amz-algorithm", "AWS4-HMAC-SHA256");
    field("x-amz-credential", &credential);
    field("x-amz-date", &utc(now, "%Y%m%dT%H%M%SZ"));
    if let Some(token) = signer.session_token {
        field("x-amz-security-token", token);
    }
    let mut conditions: Vec<Value> = vec![
        json!({ "bucket": form.bucket }),
        json!(["content-length-range", form.bytes.0, form.bytes.1]),
    ];
    conditions.extend(fields.iter().map(|(name, value)| json!({ name: value })));
    let policy = json!({ "expiration": utc(form.expires_at, "%Y-%m-%dT%H:%M:%SZ"), "conditions": conditions });
    let policy = BASE64.encode(policy.to_string().as_bytes());
    let signature = signature(&policy, signer, &date);
    fields.push(("policy".to_owned(), policy));
    fields.push(("x-amz-signature".to_owned(), signature));
    fields
}

/// The signature of an encoded policy, under the key of that day.
fn signature(policy: &str, signer: &Signer<'_>, date: &str) -> String {
    let first = format!("AWS4{}", signer.secret_access_key).into_bytes();
    let key = [date, signer.region, "s3", "aws4_request"]
        .iter()
        .fold(first, |key, part| hmac_sha256(&key, part.as_bytes()).to_vec());
    HEXLOWER.encode(&hmac_sha256(&key, policy.as_bytes()))
}

fn utc(at: Timestamp, format: &str) -> String {
    at.to_zoned(TimeZone::UTC).strftime(format).to_string()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    const EXAMPLE_SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";

    fn signer<'a>(access_key_id: &'a str, secret_access_key: &'a str) -> Signer<'a> {
        Signer {
            access_key_id,
            secret_access_key,
            session_token: None,
            region: "us-east-1",
        }
    }

    /// <https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-post-example.html>
    #[test]
    fn the_signature_is_that_of_the_published_example() {
        let policy = [
            r#"{ "expiration": "2015-12-30T12:00:00.000Z","#,
            r#"  "conditions": ["#,
            r#"    {"bucket": "sigv4examplebucket"},"#,
            r#"    ["starts-with", "$key", "user/user1/"],"#,
            r#"    {"acl": "public-read"},"#,
            r#"    {"success_action_redirect": "http://sigv4examplebucket.s3.amazonaws.com/successful_upload.html"},"#,
            r#"    ["starts-with", "$Content-Type", "image/"],"#,
            r#"    {"x-amz-meta-uuid": "14365123651274"},"#,
            r#"    {"x-amz-server-side-encryption": "AES256"},"#,
            r#"    ["starts-with", "$x-amz-meta-tag", ""],"#,
            "",
            r#"    {"x-amz-credential": "AKIAIOSFODNN7EXAMPLE/20151229/us-east-1/s3/aws4_request"},"#,
            r#"    {"x-amz-algorithm": "AWS4-HMAC-SHA256"},"#,
            r#"    {"x-amz-date": "20151229T000000Z" }"#,
            "  ]",
            "}",
        ];
        let policy = BASE64.encode(policy.join("\r\n").as_bytes());
        assert!(
            policy.starts_with(
                "eyAiZXhwaXJhdGlvbiI6ICIyMDE1LTEyLTMwVDEyOjAwOjAwLjAwMFoiLA0KICAiY29uZGl0aW9ucyI6IFsNCiAg"
            )
        );
        let signer = signer("AKIAIOSFODNN7EXAMPLE", EXAMPLE_SECRET);
        assert_eq!(
            signature(&policy, &signer, "20151229"),
            "8afdbf4008c03f22c2cd3cdb72e4afbb1f6a588f3255ac628749a66d7f09699e"
        );
    }

    #[test]
    fn a_form_of_boto3_comes_out_the_same() {
        let captured = include_str!("../../../tests/fixtures/captured/py_boto3_presigned_post_fields.json");
        let captured: Value = serde_json::from_str(captured).unwrap();
        let theirs = |name: &str| captured["fields"][name].as_str().unwrap().to_owned();
        let signer = signer("AKIDEXAMPLE", "secretexample");
        assert_eq!(
            signature(&theirs("policy"), &signer, "20261122"),
            theirs("x-amz-signature")
        );

        let form = Form {
            bucket: "avatars",
            key: "u/123.png",
            bytes: (1, 1_048_576),
            fields: &[
                ("Content-Type", "image/png"),
                ("x-amz-meta-user", "123"),
                ("success_action_status", "201"),
            ],
            expires_at: "2026-11-22T06:36:10Z".parse().unwrap(),
        };
        let ours = presign(&form, &signer, "2026-11-22T06:31:10Z".parse().unwrap());
        let names: BTreeSet<&str> = ours.iter().map(|(name, _)| name.as_str()).collect();
        let their_names = captured["fields"].as_object().unwrap().keys().map(String::as_str);
        assert_eq!(names, their_names.collect());
        for (name, value) in ours
            .iter()
            .filter(|(name, _)| name != "policy" && name != "x-amz-signature")
        {
            assert_eq!(*value, theirs(name), "{name}");
        }
        // The same conditions, in whichever order, and a signature over them.
        let read =
            |policy: &str| -> Value { serde_json::from_slice(&BASE64.decode(policy.as_bytes()).unwrap()).unwrap() };
        let conditions = |policy: &Value| -> BTreeSet<String> {
            let all = policy["conditions"].as_array().unwrap();
            all.iter().map(Value::to_string).collect()
        };
        let value = |name: &str| ours.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str()).unwrap();
        let (mine, boto) = (read(value("policy")), read(&theirs("policy")));
        assert_eq!(mine["expiration"], boto["expiration"]);
        assert_eq!(conditions(&mine), conditions(&boto));
        assert_eq!(
            value("x-amz-signature"),
            signature(value("policy"), &signer, "20261122")
        );
    }

    #[test]
    fn temporary_credentials_carry_their_token_and_hold_the_form_to_it() {
        let form = Form {
            bucket: "b",
            key: "k",
            bytes: (1, 2),
            fields: &[],
            expires_at: Timestamp::UNIX_EPOCH,
        };
        let temporary = Signer {
            session_token: Some("token=="),
            ..signer("ASIA", "s")
        };
        let fields = presign(&form, &temporary, Timestamp::UNIX_EPOCH);
        assert!(fields.contains(&("x-amz-security-token".into(), "token==".into())));
        let (_, policy) = fields.iter().find(|(name, _)| name == "policy").unwrap();
        let policy = String::from_utf8(BASE64.decode(policy.as_bytes()).unwrap()).unwrap();
        assert!(policy.contains(r#"{"x-amz-security-token":"token=="}"#), "{policy}");
        // Nothing that is sent is left out of the policy.
        for (name, _) in fields
            .iter()
            .filter(|(name, _)| name != "policy" && name != "x-amz-signature")
        {
            assert!(policy.contains(&format!("{{\"{name}\":")), "{name}");
        }
    }
}
