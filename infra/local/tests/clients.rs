//! Real clients against the real process: Python's PagerDuty client over https, and Debian's Alertmanager.

#![cfg(feature = "e2e")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods)]

mod bell;

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use bell::{Bell, Folder};
use serde_json::{Value, json};

/// The events of one incident, by the client that PagerDuty publishes.
const PYTHON: &str = r#"
import sys, pagerduty
client = pagerduty.EventsApiV2Client(sys.argv[2], base_url=sys.argv[1])
key = client.trigger("disk full", "host-1", severity="warning", dedup_key="disk/host-1")
assert key == "disk/host-1", key
client.acknowledge(key)
client.resolve(key)
assert len(client.trigger("no key", "host-1")) > 0
"#;

#[tokio::test(flavor = "multi_thread")]
async fn pythons_pagerduty_client_triggers_acknowledges_and_resolves() {
    let folder = Folder::new("python");
    let bell = Bell::start_with(&folder.0, &["--tls"]).await;
    let python = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/venv/bin/python");
    let key = bell.demo["integration_keys"]["pagerduty"].as_str().unwrap();
    let certificate = folder.0.join("cert.pem");
    let run = Command::new(python)
        .args(["-c", PYTHON, &bell.url("").replace("127.0.0.1", "localhost"), key])
        .env("SSL_CERT_FILE", &certificate)
        .env("REQUESTS_CA_BUNDLE", &certificate)
        .output()
        .expect("tests/run has made the virtual environment");
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    let incidents = bell.all("/api/v1/incidents").await;
    let statuses: Vec<_> = incidents
        .iter()
        .map(|incident| incident["status"].as_str().unwrap())
        .collect();
    assert_eq!(statuses, ["triggered", "resolved"]);
    bell.kill();
}

#[tokio::test(flavor = "multi_thread")]
async fn alertmanager_opens_an_incident_and_closes_it() {
    let folder = Folder::new("alertmanager");
    let bell = Bell::start(&folder.0).await;
    let hook = bell.url(&format!(
        "/hooks/{}",
        bell.demo["integration_keys"]["alertmanager"].as_str().unwrap()
    ));
    let config = format!(
        "route: {{receiver: bell, group_by: [alertname], group_wait: 0s, group_interval: 1s, repeat_interval: 1h}}\n\
         receivers: [{{name: bell, webhook_configs: [{{url: '{hook}'}}]}}]\n"
    );
    std::fs::write(folder.0.join("alertmanager.yml"), config).unwrap();
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let mut alertmanager = Command::new("prometheus-alertmanager")
        .arg(format!("--config.file={}", folder.0.join("alertmanager.yml").display()))
        .arg(format!("--storage.path={}", folder.0.join("alertmanager").display()))
        .arg(format!("--web.listen-address=127.0.0.1:{port}"))
        .arg("--cluster.listen-address=")
        .stderr(Stdio::null())
        .spawn()
        .expect("tests/run has installed Alertmanager");

    let alerts = format!("http://127.0.0.1:{port}/api/v2/alerts");
    let alert = |ends: Option<&str>| {
        let mut alert = json!([{ "labels": { "alertname": "DiskFull", "severity": "critical", "instance": "db-1" },
            "annotations": { "summary": "disk full on db-1" } }]);
        if let Some(ends) = ends {
            alert[0]["endsAt"] = ends.into();
        }
        alert
    };
    post_until_taken(&bell, &alerts, &alert(None)).await;
    let open = until(&bell, "triggered").await;
    assert_eq!(
        (&open["title"], &open["severity"]),
        (&"disk full on db-1".into(), &"critical".into())
    );
    let now = jiff::Timestamp::now().to_string();
    post_until_taken(&bell, &alerts, &alert(Some(&now))).await;
    let over = until(&bell, "resolved").await;
    assert_eq!(over["id"], open["id"]);
    alertmanager.kill().unwrap();
    alertmanager.wait().unwrap();
    bell.kill();
}

async fn post_until_taken(bell: &Bell, url: &str, body: &Value) {
    let begun = Instant::now();
    while !bell
        .http
        .post(url)
        .json(body)
        .send()
        .await
        .is_ok_and(|answer| answer.status().is_success())
    {
        assert!(
            begun.elapsed() < Duration::from_secs(30),
            "Alertmanager does not answer"
        );
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// The one incident, once it is in this state.
async fn until(bell: &Bell, status: &str) -> Value {
    let begun = Instant::now();
    loop {
        let incidents = bell.all("/api/v1/incidents").await;
        if let [incident] = incidents.as_slice()
            && incident["status"] == status
        {
            return incident.clone();
        }
        assert!(begun.elapsed() < Duration::from_secs(60), "not {status}: {incidents:?}");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// What reads Statuspage reads us: the exporter that others publish, pointed at the local page.
#[tokio::test(flavor = "multi_thread")]
async fn an_exporter_for_statuspage_reads_the_status_page_unchanged() {
    let folder = Folder::new("exporter");
    let bell = Bell::start(&folder.0).await;
    bell.publishes_after(0).await;
    let page = bell.demo["status_url"].as_str().unwrap().to_owned();
    let metrics = folder.0.join("metrics.prom");
    let services = folder.0.join("services.json");
    let summary = format!("{page}/api/v2/summary.json");
    std::fs::write(
        &services,
        json!({ "demo": { "name": "Demo page", "url": summary } }).to_string(),
    )
    .unwrap();
    let read = || {
        let python = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/venv/bin/python");
        let run = Command::new(python)
            .args(["-m", "statuspage_prometheus_exporter.status_monitoring"])
            .env("RUN_MODE", "once")
            .env("SERVICES_JSON_PATH", &services)
            .env("METRICS_TEXTFILE_PATH", &metrics)
            .current_dir(&folder.0)
            .output()
            .expect("tests/run has made the virtual environment");
        assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
        std::fs::read_to_string(&metrics).unwrap()
    };
    let value = |text: &str, name: &str| {
        let mut lines = text.lines().filter(|line| line.starts_with(name));
        let line = lines.next().unwrap_or_else(|| panic!("no {name} in {text}")).to_owned();
        (line.rsplit_once(' ').unwrap().1.parse::<f64>().unwrap(), line)
    };
    let well = read();
    assert_eq!(value(&well, "statuspage_service_status{").0, 1.0);
    assert_eq!(value(&well, "statuspage_component_status{").0, 1.0);
    assert_eq!(value(&well, "statuspage_probe_check{").0, 1.0);

    assert!(bell.trigger("db-1").await);
    bell.indicator_becomes("major").await;
    let broken = read();
    assert_eq!(value(&broken, "statuspage_service_status{").0, 0.0);
    let (down, component) = value(&broken, "statuspage_component_status{");
    assert!(down == 0.0 && component.contains("Demo"), "{component}");
    let (_, incident) = value(&broken, "statuspage_incident_info{");
    assert!(
        incident.contains("Problems with Demo") && incident.contains(&format!("{page}/incidents/pst_")),
        "{incident}"
    );
    bell.kill();
}
