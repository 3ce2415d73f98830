//! The other side: Debian's Alertmanager, alone, with nothing to say in its log.

use std::process::{Command, Stdio};

use crate::folder::Folder;
use crate::process::{Running, free_port};

pub struct Alertmanager {
    _process: Running,
    _folder: Folder,
    base_url: String,
}

impl Alertmanager {
    /// One that takes alerts in and tells nobody.
    pub async fn silent() -> Self {
        Self::start("route: {receiver: nobody, group_by: [alertname]}\nreceivers: [{name: nobody}]\n").await
    }

    /// One that tells `webhook` of each alert at once: every `instance` is a group of its own.
    pub async fn telling(webhook: &str) -> Self {
        let config = format!(
            "route: {{receiver: bench, group_by: [instance], group_wait: 0s, group_interval: 1h, repeat_interval: 24h}}\n\
             receivers: [{{name: bench, webhook_configs: [{{url: '{webhook}', send_resolved: false}}]}}]\n"
        );
        Self::start(&config).await
    }

    pub fn alerts_url(&self) -> String {
        format!("{}/api/v2/alerts", self.base_url)
    }

    async fn start(config: &str) -> Self {
        let folder = Folder::new();
        let file = folder.join("alertmanager.yml");
        std::fs::write(&file, config).unwrap();
        let address = format!("127.0.0.1:{}", free_port());
        let mut command = Command::new("prometheus-alertmanager");
        command
            .arg(format!("--config.file={}", file.display()))
            .arg(format!("--storage.path={}", folder.join("data").display()))
            .arg(format!("--web.listen-address={address}"))
            // No cluster: it would wait for peers before it tells anybody.
            .args(["--cluster.listen-address=", "--log.level=error"])
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let mut process = Running::start(&mut command);
        let base_url = format!("http://{address}");
        let ready = format!("{base_url}/-/ready");
        process
            .until(async || {
                reqwest::get(&ready)
                    .await
                    .ok()
                    .filter(|answer| answer.status().is_success())
            })
            .await;
        Self {
            _process: process,
            _folder: folder,
            base_url,
        }
    }
}
