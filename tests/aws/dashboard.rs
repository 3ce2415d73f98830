//! The owner signs in with a browser and answers there: cookies and forms by way of the HTTP API's own events.

use std::collections::BTreeMap;

use nightbell_tests::browser::form_token_of;
use reqwest::redirect::Policy;

use crate::deployment::{Deployment, EMAIL, PASSWORD};

/// A browser that follows nothing by itself.
struct Browser<'a> {
    bell: &'a Deployment,
    http: reqwest::Client,
    cookies: BTreeMap<String, String>,
    page: String,
}

impl Browser<'_> {
    async fn send(&mut self, method: &str, path: &str, fields: &[(&str, &str)]) -> (u16, String) {
        let url = format!(
            "{}/_aws/execute-api/{}/$default{path}",
            self.bell.endpoint,
            self.bell.id("Api")
        );
        let cookies: Vec<String> = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let mut request = self
            .http
            .request(method.parse().unwrap(), url)
            .header("cookie", cookies.join("; "))
            // It says that it is somebody else.
            .header("x-forwarded-for", "192.0.2.66");
        if method == "POST" {
            let token = form_token_of(&self.page).to_owned();
            let mut all = vec![("form_token", token.as_str())];
            all.extend(fields);
            request = request.form(&all);
        }
        let answer = request.send().await.unwrap();
        for cookie in answer.headers().get_all("set-cookie") {
            let text = cookie.to_str().unwrap();
            assert!(text.contains("HttpOnly") && text.contains("SameSite=Lax"), "{text}");
            let (name, value) = text.split(';').next().unwrap().split_once('=').unwrap();
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
        let status = answer.status().as_u16();
        let location = answer
            .headers()
            .get("location")
            .map(|value| value.to_str().unwrap().to_owned());
        self.page = answer.text().await.unwrap();
        (status, location.unwrap_or_default())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_owner_signs_in_and_takes_an_incident() {
    let bell = Deployment::ready("dashboard", 300).await;
    assert_eq!(bell.trigger(&bell.key, "dashboard").await, 202);
    bell.paged("dashboard", 1).await;
    let http = reqwest::Client::builder().redirect(Policy::none()).build().unwrap();
    let mut browser = Browser {
        bell: &bell,
        http,
        cookies: BTreeMap::new(),
        page: String::new(),
    };
    assert_eq!(browser.send("GET", "/", &[]).await, (303, "/sign-in".into()));
    assert_eq!(browser.send("GET", "/sign-in", &[]).await.0, 200);
    let wrong = [("email", EMAIL), ("password", "not this one")];
    assert_eq!(browser.send("POST", "/sign-in", &wrong).await.0, 401);
    let right = [("email", EMAIL), ("password", PASSWORD)];
    assert_eq!(browser.send("POST", "/sign-in", &right).await, (303, "/".into()));
    let names: Vec<_> = browser.cookies.keys().collect();
    assert_eq!(
        names.len(),
        3,
        "the form's, the session's, and that the browser is known: {names:?}"
    );
    assert_eq!(browser.send("GET", "/", &[]).await.0, 200);
    assert!(browser.page.contains("dashboard is broken"), "{}", browser.page);
    let incident = bell.incident("dashboard", |_| true).await;
    let id = incident["id"].as_str().unwrap();
    assert_eq!(
        browser.send("POST", "/incidents/act", &[("acknowledge", id)]).await.0,
        303
    );
    let taken = bell
        .incident("dashboard", |incident| incident["status"] == "acknowledged")
        .await;
    assert_eq!(taken["acknowledged_by"]["name"], "Grace");
    assert_eq!(browser.send("GET", &format!("/incidents/{id}"), &[]).await.0, 200);
    assert!(browser.page.contains("Taken by you") && browser.page.contains("Text message to"));
    assert_eq!(browser.send("GET", "/audit?object=session", &[]).await.0, 200);
    assert!(browser.page.contains("signed in"), "{}", browser.page);
    assert!(!browser.page.contains("192.0.2.66"), "{}", browser.page);
}
