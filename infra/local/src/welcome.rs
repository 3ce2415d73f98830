//! What is printed at the start: only what works, in the order in which a stranger would try it.

use std::fmt::Write;
use std::path::Path;

use crate::home::Demo;

pub(crate) struct Welcome<'a> {
    pub demo: &'a Demo,
    pub data: &'a Path,
    pub certificate: Option<&'a Path>,
    pub sends_email: bool,
    /// The owner was given a new password just now.
    pub was_reset: bool,
}

/// The text, ready to print.
pub(crate) fn text(welcome: &Welcome<'_>) -> String {
    let mut text = String::new();
    // Writing to a string cannot fail.
    let _ = write(&mut text, welcome);
    text
}

fn write(out: &mut String, welcome: &Welcome<'_>) -> std::fmt::Result {
    let Welcome { demo, data, .. } = welcome;
    let base = &demo.base_url;
    let curl = match welcome.certificate {
        Some(path) => format!("curl -sS --cacert {}", shell(path)),
        None => "curl -sS".to_owned(),
    };
    writeln!(out, "Nightbell is at {base} (data in {})", data.display())?;
    if let Some(owner) = &demo.owner {
        let email = &owner.email;
        match (&owner.password, welcome.was_reset) {
            (Some(password), true) => writeln!(out, "Sign in as {email} with the new password {password}")?,
            (Some(password), false) => writeln!(out, "Sign in as {email} with {password}")?,
            (None, _) => writeln!(
                out,
                "Sign in as {email} with the password you chose (lost: --reset-owner)"
            )?,
        }
    }
    if let Some(key) = &demo.integration_keys.generic {
        writeln!(out, "\nWake somebody:")?;
        writeln!(
            out,
            "  {curl} {base}/hooks/{key} -H 'Content-Type: application/json' \\"
        )?;
        writeln!(
            out,
            r#"    -d '{{"summary":"Disk almost full on db-1","severity":"critical","dedup_key":"db-1/disk"}}'"#
        )?;
    }
    if let Some(token) = &demo.api_token {
        let kept = if welcome.sends_email {
            "Text messages are kept"
        } else {
            "Text messages and e-mails are kept"
        };
        writeln!(out, "\n{kept} instead of being sent. Read them:")?;
        writeln!(out, "  {curl} {base}/api/v1/outbox -H 'Authorization: Bearer {token}'")?;
        writeln!(
            out,
            "The link in them shows the incident, and acknowledges it. Then, for whoever answers by script:"
        )?;
        writeln!(
            out,
            "  {curl} {base}/api/v1/incidents -H 'Authorization: Bearer {token}'"
        )?;
    }
    if let Some(url) = &demo.status_url {
        writeln!(out, "\nWhat the public sees, a minute after an alert: {url}")?;
    }
    let keys = &demo.integration_keys;
    if keys.alertmanager.is_some() || keys.pagerduty.is_some() || keys.prometheus.is_some() {
        writeln!(out, "\nPoint what you have here:")?;
    }
    if let Some(key) = &keys.alertmanager {
        writeln!(out, "  Alertmanager   webhook_configs: [{{url: {base}/hooks/{key}}}]")?;
    }
    if let Some(key) = &keys.prometheus {
        writeln!(
            out,
            "  Prometheus     alertmanagers: path_prefix /hooks/{key}, target {}",
            authority(base)
        )?;
    }
    if let Some(key) = &keys.pagerduty {
        writeln!(out, "  PagerDuty v2   {base}/v2/enqueue with routing_key {key}")?;
    }
    if let Some(path) = welcome.certificate {
        writeln!(out, "\nClients must trust {}", path.display())?;
    }
    writeln!(
        out,
        "\nAll of this is in {} too. The API is described at {base}/api/v1/openapi.json",
        data.join("demo.json").display()
    )?;
    writeln!(
        out,
        "Try: alert, read the message, do nothing for five minutes, and read what came next. Stop with Ctrl-C."
    )
}

fn authority(base: &str) -> &str {
    base.split_once("://").map_or(base, |(_, authority)| authority)
}

/// A path as one word of a shell.
fn shell(path: &Path) -> String {
    let text = path.display().to_string();
    let is_plain = text.chars().all(|c| c.is_ascii_alphanumeric() || "/._-".contains(c));
    if is_plain {
        text
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}
