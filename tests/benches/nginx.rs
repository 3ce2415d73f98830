//! The other side of views: Debian's nginx, which serves files as they are: no function, no condition, nothing to compress.

use std::process::{Command, Stdio};

use crate::folder::Folder;
use crate::process::{Running, free_port};

/// A file, and what its answer says of it.
pub struct Page {
    pub content_type: String,
    /// Compressed already.
    pub gzip: Vec<u8>,
}

pub struct Nginx {
    process: Running,
    _folder: Folder,
    base_url: String,
}

impl Nginx {
    /// Serves these pages as `/0`, `/1` and so on.
    pub async fn serving(pages: &[Page]) -> Self {
        let folder = Folder::new();
        let port = free_port();
        let mut locations = String::new();
        for (number, page) in pages.iter().enumerate() {
            std::fs::write(folder.join(&number.to_string()), &page.gzip).unwrap();
            locations += &format!(
                "location = /{number} {{ default_type '{}'; add_header Content-Encoding gzip; add_header Vary Accept-Encoding;
                 add_header Cache-Control 'public, max-age=10, stale-while-revalidate=30, stale-if-error=604800';
                 add_header X-Content-Type-Options nosniff; add_header Access-Control-Allow-Origin '*'; }}\n",
                page.content_type
            );
        }
        // As it is set up where it must be fast: no log, files kept open, connections kept alive.
        let config = format!(
            "daemon off; worker_processes auto; pid {pid}; error_log stderr crit; user root;
             events {{ worker_connections 1024; }}
             http {{ access_log off; sendfile on; tcp_nopush on; tcp_nodelay on; keepalive_requests 1000000;
             open_file_cache max=100; {temporary}
             server {{ listen 127.0.0.1:{port}; root {root}; {locations} }} }}",
            pid = folder.join("pid").display(),
            root = folder.join("").display(),
            temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
                .map(|name| format!("{name}_temp_path {};", folder.join(name).display()))
                .join(" "),
        );
        let file = folder.join("nginx.conf");
        std::fs::write(&file, config).unwrap();
        let mut command = Command::new("nginx");
        command.arg("-c").arg(&file).stdout(Stdio::null()).stderr(Stdio::null());
        let mut process = Running::start(&mut command);
        let base_url = format!("http://127.0.0.1:{port}");
        let first = format!("{base_url}/0");
        process.until(async || reqwest::get(&first).await.ok()).await;
        Self {
            process,
            _folder: folder,
            base_url,
        }
    }

    pub fn url(&self, number: usize) -> String {
        format!("{}/{number}", self.base_url)
    }
}

/// It ends its workers with it, if it is asked rather than killed.
impl Drop for Nginx {
    fn drop(&mut self) {
        let pid = self.process.0.id().to_string();
        Command::new("kill").args(["-TERM", &pid]).status().ok();
        self.process.0.wait().ok();
    }
}
