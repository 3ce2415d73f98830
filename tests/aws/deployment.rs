//! What a stranger does with a fresh deployment, by the API alone: makes the first owner with the set-up code, shows that
//! contacts reach them, and sets up a service.

use std::ops::Deref;

use serde_json::{Value, json};

use crate::cloud::{Cloud, PATIENCE, eventually};

/// The owner's telephone, of the numbers reserved for fiction.
pub const NUMBER: &str = "+12025550100";
/// The owner's address.
pub const EMAIL: &str = "grace@example.com";
/// What the owner signs in with.
pub const PASSWORD: &str = "ring the bell twice";

/// A deployment that is ready to wake its owner.
pub struct Deployment {
    cloud: Cloud,
    pub token: String,
    pub owner: String,
    /// The key of an integration of PagerDuty's format.
    pub key: String,
    /// The channel that publishes to the stack's topic.
    pub channel: String,
}

impl Deref for Deployment {
    type Target = Cloud;

    fn deref(&self) -> &Cloud {
        &self.cloud
    }
}

impl Deployment {
    /// Deploys and sets up: the owner, by SMS and e-mail, `step_seconds`, and then the owner once more and the topic.
    pub async fn ready(name: &str, step_seconds: u32) -> Self {
        let cloud = Cloud::deploy(name).await;
        let secret = json!({ "SecretId": cloud.id("SetupCode") });
        let secret = cloud.call("secretsmanager", "get_secret_value", secret);
        let code = secret["SecretString"].as_str().unwrap();
        let who = json!({ "name": "Grace", "email": EMAIL, "password": PASSWORD, "time_zone": "America/New_York" });
        let made = cloud
            .ask("POST", &format!("/api/v1/setup/{code}"), None, Some(who))
            .await;
        assert_eq!(made.status, 201, "{made:?}");
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let mut deployment = Self {
            cloud,
            token: text(&made.body["token"]["token"]),
            owner: text(&made.body["user"]["id"]),
            key: String::new(),
            channel: String::new(),
        };
        deployment.verify("sms", NUMBER).await;
        deployment.verify("email", EMAIL).await;
        let topic = json!({ "name": "Pages", "kind": "topic", "address": deployment.id("Pages") });
        deployment.channel = text(&deployment.make("/api/v1/channels", topic).await["id"]);
        deployment.key = deployment.service(step_seconds).await;
        deployment
    }

    /// Another service with a policy of two steps; answers the key of its integration.
    pub async fn service(&self, step_seconds: u32) -> String {
        let step = |targets: Value| json!({ "escalate_after_seconds": step_seconds, "targets": targets });
        let targets = [
            json!([{ "user_id": self.owner }]),
            json!([{ "user_id": self.owner }, { "channel_id": self.channel }]),
        ];
        let policy = json!({ "name": "Owner, twice", "repeat": 0, "steps": targets.map(step) });
        let policy = self.make("/api/v1/escalation-policies", policy).await;
        let service = json!({ "name": "Checkout", "policy_id": policy["id"] });
        let service = self.make("/api/v1/services", service).await;
        let integration = json!({ "name": "Events", "service_id": service["id"], "format": "pagerduty" });
        let integration = self.make("/api/v1/integrations", integration).await;
        integration["key"].as_str().unwrap().to_owned()
    }

    /// Makes something by the API.
    pub async fn make(&self, path: &str, body: Value) -> Value {
        let answer = self.ask("POST", path, Some(&self.token), Some(body)).await;
        assert_eq!(answer.status, 201, "{path}: {answer:?}");
        answer.body
    }

    /// Reads by the API.
    pub async fn get(&self, path: &str) -> Value {
        let answer = self.ask("GET", path, Some(&self.token), None).await;
        assert_eq!(answer.status, 200, "{path}: {answer:?}");
        answer.body
    }

    /// Posts a PagerDuty event, as a sender would.
    pub async fn trigger(&self, key: &str, dedup_key: &str) -> u16 {
        let event = json!({ "routing_key": key, "event_action": "trigger", "dedup_key": dedup_key,
            "payload": { "summary": format!("{dedup_key} is broken"), "source": "test", "severity": "critical" } });
        self.ask("POST", "/v2/enqueue", None, Some(event)).await.status
    }

    /// The incident with this title, once it satisfies something.
    pub async fn incident(&self, dedup_key: &str, is_so: impl Fn(&Value) -> bool) -> Value {
        let title = format!("{dedup_key} is broken");
        eventually(&format!("the incident \"{title}\""), PATIENCE, async || {
            let all = self.get("/api/v1/incidents").await;
            let found = all["items"]
                .as_array()
                .unwrap()
                .iter()
                .find(|incident| incident["title"] == title.as_str());
            found.filter(|incident| is_so(incident)).cloned()
        })
        .await
    }

    /// The owner's text messages about an alert.
    pub async fn pages(&self, dedup_key: &str) -> Vec<String> {
        let about = format!("{dedup_key} is broken");
        let texts = self.texts(NUMBER).await;
        texts.into_iter().filter(|text| text.contains(&about)).collect()
    }

    /// Waits until there are so many.
    pub async fn paged(&self, dedup_key: &str, count: usize) -> Vec<String> {
        let what = format!("{count} text messages about {dedup_key}");
        eventually(&what, PATIENCE, async || {
            let pages = self.pages(dedup_key).await;
            (pages.len() >= count).then_some(pages)
        })
        .await
    }

    /// Adds a contact and confirms it with the code that arrives there.
    async fn verify(&self, kind: &str, address: &str) {
        let contact = json!({ "user_id": self.owner, "kind": kind, "address": address });
        let contact = self.make("/api/v1/contacts", contact).await;
        let path = format!("/api/v1/contacts/{}", contact["id"].as_str().unwrap());
        let asked = self
            .ask("POST", &format!("{path}/verify"), Some(&self.token), None)
            .await;
        assert!(asked.status < 300, "{asked:?}");
        let message = eventually(&format!("a code by {kind}"), PATIENCE, async || match kind {
            "sms" => self.texts(address).await.pop(),
            _ => self.mails(address).await.pop().map(|(subject, _)| subject),
        })
        .await;
        let code: String = message.chars().filter(char::is_ascii_digit).take(6).collect();
        let confirm = json!({ "code": code });
        let confirmed = self
            .ask("POST", &format!("{path}/confirm"), Some(&self.token), Some(confirm))
            .await;
        assert_eq!(confirmed.status, 200, "{confirmed:?} of {message}");
    }
}

/// The path of the link in a message.
pub fn link(message: &str) -> &str {
    let start = message.find("/i/").expect("a link");
    message[start..].split_whitespace().next().unwrap()
}
