//! Who and what is there, and how each operation is asked.

use axum::body::Body;
use http::{Method, Request};
use nightbell_tests::people::{person, token};
use nightbell_tests::{Answer, World};
use serde_json::{Value, json};
use shared::domain::id::UserId;
use shared::domain::people::Role;
use shared::domain::principal::Scope;

const ALL: [Scope; 4] = [Scope::Read, Scope::Respond, Scope::Configure, Scope::Administer];

/// Somebody who asks.
pub struct Asker {
    pub name: &'static str,
    pub id: Option<UserId>,
    pub token: Option<String>,
}

/// A world with two teams, in which everybody has a token.
pub struct Stage {
    pub world: World,
    pub document: Value,
    /// The team that owns things.
    pub team: String,
    /// Owner, admin, responder of the team, responder of another, viewer, nobody, and the owner by a token that reads.
    pub askers: Vec<Asker>,
    /// Counts what was made, so that no two things have the same name.
    count: u32,
}

/// Whose what is asked for is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// There is nothing to own.
    Everybodys,
    /// The team's.
    Teams,
    /// No team's.
    NoTeams,
    /// The asker's own.
    Own,
    /// Another person's, who is a responder.
    Others,
    /// An owner's.
    Owners,
}

/// One operation of the description.
#[derive(Debug, Clone)]
pub struct Operation {
    pub method: Method,
    pub path: String,
    pub described: Value,
}

impl Operation {
    pub fn name(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    pub fn takes(&self, parameter: &str) -> bool {
        let parameters = self.described["parameters"].as_array();
        parameters.is_some_and(|all| all.iter().any(|one| one["name"] == parameter))
    }

    /// What one may ask for by it: the same operation on other people's things has other answers.
    pub fn whose(&self) -> &'static [Whose] {
        use Whose::{Everybodys, NoTeams, Others, Own, Owners, Teams};
        let has_id = self.path.contains("{id}");
        match self.path.split('/').nth(3).unwrap_or_default() {
            "services"
            | "integrations"
            | "escalation-policies"
            | "channels"
            | "pages"
            | "components"
            | "posts"
            | "maintenances"
                if has_id || self.method == Method::POST =>
            {
                &[Teams, NoTeams]
            }
            "contacts" if has_id || self.method == Method::POST => &[Own, Others, Owners],
            "users" if has_id => &[Own, Others, Owners],
            "tokens" if has_id => &[Own, Others, Owners],
            _ => &[Everybodys],
        }
    }
}

impl Stage {
    pub async fn new() -> Self {
        let world = World::new().await;
        let mut stage = Self {
            document: world.api(Method::GET, "/api/v1/openapi.json", None).await.body,
            team: String::new(),
            askers: Vec::new(),
            world,
            count: 0,
        };
        stage.team = stage.made("teams", json!({ "name": "Payments" })).await;
        let others = stage.made("teams", json!({ "name": "Search" })).await;
        let ctx = stage.world.ctx.clone();
        let ana = stage.world.cast.ana;
        let teams = [
            ("owner", Role::Owner, None),
            ("admin", Role::Admin, None),
            ("mate", Role::Responder, Some(stage.team.clone())),
            ("other", Role::Responder, Some(others)),
            ("viewer", Role::Viewer, None),
        ];
        for (place, (name, role, team)) in teams.into_iter().enumerate() {
            let id = match role {
                Role::Owner => ana,
                _ => person(&ctx, name, role, &format!("+1555010{place}00")).await,
            };
            if let Some(team) = team {
                let path = format!("/api/v1/users/{id}");
                let changed = stage
                    .world
                    .api(Method::PATCH, &path, Some(json!({ "team_ids": [team] })))
                    .await;
                assert_eq!(changed.status, 200, "{changed:?}");
            }
            stage.askers.push(Asker {
                name,
                id: Some(id),
                token: Some(token(&ctx, id, &ALL).await),
            });
        }
        stage.askers.push(Asker {
            name: "nobody",
            id: None,
            token: None,
        });
        stage.askers.push(Asker {
            name: "reader",
            id: Some(ana),
            token: Some(token(&ctx, ana, &[Scope::Read]).await),
        });
        stage
    }

    /// Every operation that is described.
    pub fn operations(&self) -> Vec<Operation> {
        let mut found = Vec::new();
        for (path, item) in self.document["paths"].as_object().unwrap() {
            for (method, described) in item.as_object().unwrap() {
                found.push(Operation {
                    method: method.to_uppercase().parse().unwrap(),
                    path: path.clone(),
                    described: described.clone(),
                });
            }
        }
        found
    }

    /// Asks as somebody.
    pub async fn ask(
        &self,
        asker: &Asker,
        method: &Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        if let Some(token) = &asker.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = match body {
            None => request.body(Body::empty()),
            Some(body) => request
                .header("content-type", "application/json")
                .body(body.to_string().into()),
        };
        self.world.ask(request.unwrap()).await
    }

    /// Makes something as the owner, and answers its id.
    pub async fn made(&mut self, kind: &str, body: Value) -> String {
        let answer = self
            .world
            .api(Method::POST, &format!("/api/v1/{kind}"), Some(body))
            .await;
        assert_eq!(answer.status, 201, "{kind}: {answer:?}");
        answer.body["id"].as_str().unwrap().to_owned()
    }

    /// The path and the body with which this operation does something, on a thing that was made for it.
    pub async fn request(&mut self, operation: &Operation, whose: Whose, asker: &Asker) -> (String, Option<Value>) {
        let kind = match operation.path.contains("{id}/postmortem") {
            true => "postmortems",
            false => operation.path.split('/').nth(3).unwrap_or_default(),
        };
        let path = match operation.path.contains("{id}") {
            true => {
                let id = self.thing(kind, whose, asker).await;
                let path = operation.path.replace("{id}", &id);
                match path.split_once("{subscriber_id}") {
                    Some((list, _)) => format!("{list}{}", self.subscriber_of(&id).await),
                    None if path.contains("{update_id}") => {
                        path.replace("{update_id}", &self.update_of(kind, &id).await)
                    }
                    None => path,
                }
            }
            false => operation.path.replace("{code}", "no-such-code"),
        };
        (path, self.body(operation, whose, asker).await)
    }

    /// A new name.
    pub fn name(&mut self) -> String {
        self.count += 1;
        format!("Thing {}", self.count)
    }

    fn team_of(&self, whose: Whose) -> Value {
        match whose {
            Whose::Teams => self.team.clone().into(),
            _ => Value::Null,
        }
    }

    /// A person: the asker, a responder who is new, or an owner.
    async fn person(&mut self, whose: Whose, asker: &Asker) -> String {
        match (whose, asker.id) {
            (Whose::Own, Some(me)) => me.to_string(),
            (Whose::Owners, _) => {
                // Of ten, there is always room for one: the one of before is none any more.
                let name = self.name();
                let email = format!("{}@example.com", name.replace(' ', "."));
                let id = self
                    .made("users", json!({ "name": name, "email": email, "role": "owner" }))
                    .await;
                self.retire(&id).await
            }
            _ => {
                let name = self.name();
                let email = format!("{}@example.com", name.replace(' ', "."));
                self.made("users", json!({ "name": name, "email": email, "role": "responder" }))
                    .await
            }
        }
    }

    /// Makes room: all owners but the first and this one become viewers.
    async fn retire(&mut self, kept: &str) -> String {
        for owner in self.world.ctx.store.owners().await.unwrap() {
            let id = owner.id.to_string();
            if id != kept && owner.id != self.world.cast.ana {
                let path = format!("/api/v1/users/{id}");
                let changed = self
                    .world
                    .api(Method::PATCH, &path, Some(json!({ "role": "viewer" })))
                    .await;
                assert_eq!(changed.status, 200, "{changed:?}");
            }
        }
        kept.to_owned()
    }

    pub async fn thing(&mut self, kind: &str, whose: Whose, asker: &Asker) -> String {
        let name = self.name();
        let team = self.team_of(whose);
        match kind {
            "incidents" => self.world.trigger(&name).await.to_string(),
            "services" | "escalation-policies" | "channels" => {
                let body = self.owned_body(kind, &team).await;
                self.made(kind, body).await
            }
            "integrations" => {
                let service = self.owned_body("services", &team).await;
                let service = self.made("services", service).await;
                self.made(
                    kind,
                    json!({ "name": name, "format": "generic", "service_id": service }),
                )
                .await
            }
            "teams" => self.made(kind, json!({ "name": name })).await,
            "postmortems" => self.postmortem().await,
            "pages" | "components" | "posts" | "maintenances" => {
                let body = self.public_body(kind, &team).await;
                self.made(kind, body).await
            }
            "users" => self.person(whose, asker).await,
            "contacts" => {
                let user = self.person(whose, asker).await;
                self.contact_of(&user).await
            }
            "tokens" => {
                let user: UserId = self.person(whose, asker).await.parse().unwrap();
                token(&self.world.ctx, user, &[Scope::Read]).await;
                let all = self.world.api(Method::GET, "/api/v1/tokens?limit=100", None).await;
                let is_theirs = |one: &&Value| one["user_id"] == user.to_string().as_str();
                let newest = all.body["items"].as_array().unwrap().iter().find(is_theirs);
                newest.unwrap()["id"].as_str().unwrap().to_owned()
            }
            other => panic!("what is one of {other}?"),
        }
    }

    /// A new contact of somebody, who keeps no more than one of these.
    async fn contact_of(&mut self, user: &str) -> String {
        let path = format!("/api/v1/contacts?user_id={user}&limit=100");
        let there = self.world.api(Method::GET, &path, None).await;
        for old in there.body["items"].as_array().unwrap() {
            if old["verified_at"].is_null() {
                let path = format!("/api/v1/contacts/{}", old["id"].as_str().unwrap());
                self.world.api(Method::DELETE, &path, None).await;
            }
        }
        let address = format!("{}@example.org", self.name().replace(' ', "."));
        self.made(
            "contacts",
            json!({ "user_id": user, "kind": "email", "address": address }),
        )
        .await
    }

    /// A page that this team owns, or something on one.
    async fn public_body(&mut self, kind: &str, team: &Value) -> Value {
        let name = self.name();
        if kind == "pages" {
            return json!({ "name": name, "slug": name.to_lowercase().replace(' ', "-"), "team_id": team });
        }
        let page = Box::pin(self.public_body("pages", team)).await;
        let page = self.made("pages", page).await;
        let at = |hours| (self.world.now() + jiff::SignedDuration::from_hours(hours)).to_string();
        match kind {
            "components" => json!({ "page_id": page, "name": name }),
            "posts" => json!({ "page_id": page, "title": name, "body": "We are looking." }),
            _ => json!({ "page_id": page, "title": name, "body": "We move.", "starts_at": at(1), "ends_at": at(2) }),
        }
    }

    /// The id of an incident that is over, with a postmortem that can be published.
    async fn postmortem(&mut self) -> String {
        let opened = json!({ "service_id": self.world.cast.service, "title": self.name() });
        let incident = self.made("incidents", opened).await;
        let post = self.public_body("posts", &Value::Null).await;
        let post = self.made("posts", post).await;
        let over = json!({ "status": "resolved", "body": "It is over." });
        let written = json!({ "post_id": post, "causes": "A disk.", "next_steps": "Another." });
        let postmortem = format!("/api/v1/incidents/{incident}/postmortem");
        for (method, path, body) in [
            (Method::POST, format!("/api/v1/posts/{post}/updates"), Some(over)),
            (Method::POST, format!("/api/v1/incidents/{incident}/resolve"), None),
            (Method::POST, postmortem.clone(), None),
            (Method::PATCH, postmortem, Some(written)),
        ] {
            let answer = self.world.api(method, &path, body).await;
            assert_eq!(answer.status, 200, "{path}: {answer:?}");
        }
        incident
    }

    /// The first update of a post or a maintenance.
    async fn update_of(&self, kind: &str, id: &str) -> String {
        let path = format!("/api/v1/{kind}/{id}");
        let whole = self.world.api(Method::GET, &path, None).await.body;
        whole["updates"][0]["id"].as_str().unwrap().to_owned()
    }

    pub async fn subscriber_of(&mut self, page: &str) -> String {
        let address = format!("{}@example.org", self.name().replace(' ', "."));
        self.made(
            &format!("pages/{page}/subscribers"),
            json!({ "channel": "email", "address": address }),
        )
        .await
    }

    async fn owned_body(&mut self, kind: &str, team: &Value) -> Value {
        let (name, policy) = (self.name(), self.world.cast.policy);
        match kind {
            "services" => json!({ "name": name, "policy_id": policy, "team_id": team }),
            "channels" => {
                json!({ "name": name, "kind": "webhook", "address": "https://example.com/hook", "team_id": team })
            }
            _ => {
                let targets = json!([{ "user_id": self.world.cast.ana }]);
                json!({ "name": name, "team_id": team, "steps": [{ "escalate_after_seconds": 60, "targets": targets }] })
            }
        }
    }

    /// What is sent along. Panics for an operation that nobody has thought of.
    async fn body(&mut self, operation: &Operation, whose: Whose, asker: &Asker) -> Option<Value> {
        operation.described.get("requestBody")?;
        let (name, team) = (self.name(), self.team_of(whose));
        let email = format!("{}@example.com", name.replace(' ', "."));
        let body = match operation.described["operationId"].as_str().unwrap() {
            "open_incident" => json!({ "service_id": self.world.cast.service, "title": name }),
            "acknowledge_incident" | "resolve_incident" => json!({ "note": name }),
            "unacknowledge_incident" | "escalate_incident" => json!({}),
            "snooze_incident" => {
                json!({ "until": (self.world.now() + jiff::SignedDuration::from_hours(1)).to_string() })
            }
            "reassign_incident" => json!({ "user_ids": [self.world.cast.ben] }),
            "add_incident_note" => json!({ "text": name }),
            "create_service" => self.owned_body("services", &team).await,
            "create_channel" => self.owned_body("channels", &team).await,
            "create_escalation_policy" => self.owned_body("escalation-policies", &team).await,
            "create_integration" => {
                let service = self.owned_body("services", &team).await;
                let service = self.made("services", service).await;
                json!({ "name": name, "format": "generic", "service_id": service })
            }
            "create_page" => self.public_body("pages", &team).await,
            "create_component" => self.public_body("components", &team).await,
            "create_post" => self.public_body("posts", &team).await,
            "create_maintenance" => self.public_body("maintenances", &team).await,
            "change_page" | "change_component" => json!({ "name": name }),
            "change_post" | "change_maintenance" => json!({ "title": name }),
            "add_post_update" | "add_maintenance_update" => json!({ "body": name }),
            "correct_post_update" | "correct_maintenance_update" => json!({ "body": name }),
            "withdraw_post" => json!({}),
            "change_postmortem" => json!({ "impact": name }),
            "publish_postmortem" => json!({ "deliver_notifications": false }),
            "answer_publication" => {
                // Of the page that was made for this: it is the newest.
                let pages = self.world.api(Method::GET, "/api/v1/pages?limit=1", None).await;
                let component = json!({ "page_id": pages.body["items"][0]["id"], "name": name });
                let component = self.made("components", component).await;
                let mut service = self.owned_body("services", &team).await;
                service["components"] = json!([{ "component_id": component }]);
                let service = self.made("services", service).await;
                json!({ "service_id": service, "answer": "dismiss" })
            }
            "add_subscriber" => json!({ "channel": "email", "address": email }),
            "create_avatar" => json!({ "content_type": "image/png" }),
            "create_team" => json!({ "name": name }),
            "create_user" => json!({ "name": name, "email": email, "role": "viewer" }),
            "create_token" => json!({ "name": name, "scopes": ["read"] }),
            "create_contact" => {
                let user = self.person(whose, asker).await;
                // Makes room, too.
                self.contact_of(&user).await;
                json!({ "user_id": user, "kind": "email", "address": email })
            }
            "change_contact" => json!({ "address": email }),
            "change_service"
            | "change_integration"
            | "change_escalation_policy"
            | "change_team"
            | "change_user"
            | "change_channel"
            | "change_token" => json!({ "name": name }),
            "set_notification_rules" => json!({ "high": [], "low": [] }),
            "rotate_integration_key" => json!({ "keep_old_seconds": 0 }),
            "confirm_contact" => json!({ "code": "000000" }),
            "set_up" => json!({ "name": name, "email": email }),
            other => panic!("what is sent with {other}?"),
        };
        Some(body)
    }
}

/// Panics unless the answer is one that the description knows: its status, its headers, and, of a problem, its code.
pub fn assert_described(stage: &Stage, operation: &Operation, answer: &Answer) {
    let status = answer.status.as_u16().to_string();
    let mut described = &operation.described["responses"][&status];
    assert!(described.is_object(), "{} does not know {answer:?}", operation.name());
    if let Some(path) = described["$ref"].as_str().and_then(|path| path.strip_prefix('#')) {
        described = stage.document.pointer(path).unwrap();
    }
    for (name, header) in described["headers"].as_object().into_iter().flatten() {
        let is_there = answer.headers.contains_key(name);
        assert!(
            is_there || header["required"] != true,
            "{} {status} without {name}",
            operation.name()
        );
    }
    let codes = described.pointer("/content/application~1problem+json/schema/allOf/1/properties/code/enum");
    if let Some(codes) = codes.and_then(Value::as_array) {
        assert!(
            codes.contains(&answer.body["code"]),
            "{} knows {codes:?}: {answer:?}",
            operation.name()
        );
    }
    let is_tagged = answer.headers.contains_key("etag");
    assert_eq!(
        is_tagged,
        described["headers"]["ETag"].is_object() || status == "304",
        "{} {status}",
        operation.name()
    );
}
