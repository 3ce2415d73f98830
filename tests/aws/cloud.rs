//! A cloud of a test's own: ministack on this machine, with the real template and the real binaries deployed to it.
//!
//! Its schedules are off unless a test turns them on: what only a sweep finds is then found when the test says so.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use nightbell_tests::template::root;
use serde_json::{Value, json};

/// A host that a status page has of its own.
pub const STATUS_DOMAIN: &str = "status.example.com";

/// Who e-mail comes from.
pub const EMAIL_FROM: &str = "bell@example.com";

/// Longest that anything here is waited for, save what waits for the minute's tick.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Every sweep, and what its schedule is called.
const SCHEDULES: [(&str, &str); 5] = [
    ("EscalationSweep", "escalation-sweep"),
    ("NotificationSweep", "notification-sweep"),
    ("AvatarSweep", "avatar-sweep"),
    ("StatusPublishSweep", "status-publish-sweep"),
    ("SubscriberNoticeSweep", "subscriber-notice-sweep"),
];

/// A deployment on ministack.
pub struct Cloud {
    emulator: Child,
    bridge: Mutex<Bridge>,
    folder: PathBuf,
    pub endpoint: String,
    /// Logical id to physical id.
    pub resources: Value,
    code: Value,
    pub http: reqwest::Client,
}

struct Bridge {
    process: Child,
    requests: ChildStdin,
    answers: BufReader<ChildStdout>,
}

/// An answer over HTTP.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub body: Value,
}

impl Cloud {
    /// Starts the emulator and deploys.
    pub async fn deploy(name: &str) -> Self {
        // Whichever test is first; the others find it there.
        rustls::crypto::aws_lc_rs::default_provider().install_default().ok();
        let redirects = reqwest::redirect::Policy::none();
        let http = reqwest::Client::builder().timeout(PATIENCE).redirect(redirects);
        let http = http.build().unwrap();
        let port = free_port();
        let endpoint = format!("http://127.0.0.1:{port}");
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("aws-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let log = std::fs::File::create(folder.join("ministack.log")).unwrap();
        let emulator = Command::new(python())
            .arg(root().join("tests/aws/emulator.py"))
            // Functions inherit the emulator's environment: what is not in the template must not be there.
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("TMPDIR", &folder)
            .envs([
                ("AUTH", "true"),
                ("AWS_ACCESS_KEY_ID", "test"),
                ("AWS_SECRET_ACCESS_KEY", "testsecret"),
            ])
            .env("BIND_HOST", "127.0.0.1")
            .env("GATEWAY_PORT", port.to_string())
            .env("AWS_ENDPOINT_URL", &endpoint)
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .expect("tests/run has made the virtual environment");
        let mut cloud = Self {
            emulator,
            bridge: Mutex::new(Bridge::open(&endpoint)),
            folder,
            endpoint,
            resources: Value::Null,
            code: Value::Null,
            http,
        };
        let health = format!("{}/_ministack/health", cloud.endpoint);
        eventually("ministack answers", PATIENCE, async || {
            cloud.http.get(&health).send().await.is_ok().then_some(())
        })
        .await;
        cloud.call("sesv2", "create_email_identity", json!({ "EmailIdentity": EMAIL_FROM }));
        let deployed = cloud.create_stack();
        cloud.resources = deployed["resources"].clone();
        cloud.code = deployed["code"].clone();
        for (function, _) in SCHEDULES {
            cloud.schedule(function, "DISABLED");
        }
        cloud
    }

    fn create_stack(&self) -> Value {
        let architecture = if cfg!(target_arch = "aarch64") {
            "arm64"
        } else {
            "x86_64"
        };
        let parameters = json!({ "Architecture": architecture, "EmailFrom": EMAIL_FROM,
            "StatusDomains": format!("unused.example.com,{STATUS_DOMAIN}"), "StatusDomainPages": "unused,main",
            "StatusCertificateArn": "arn:aws:acm:us-east-1:000000000000:certificate/1" });
        let deployed = Command::new(python())
            .arg(root().join("tests/aws/deploy.py"))
            .arg(root().join("template.yaml"))
            .arg(root().join("target/lambda-here"))
            .args(["nightbell", &self.endpoint, &parameters.to_string()])
            .output()
            .unwrap();
        let why = String::from_utf8_lossy(&deployed.stderr);
        assert!(deployed.status.success(), "the stack is created: {why}");
        serde_json::from_slice(&deployed.stdout).unwrap()
    }

    /// The physical id of a resource.
    pub fn id(&self, logical: &str) -> &str {
        self.resources[logical]
            .as_str()
            .unwrap_or_else(|| panic!("{logical} is deployed"))
    }

    /// Calls AWS's own client as the account's owner.
    pub fn call(&self, service: &str, operation: &str, params: Value) -> Value {
        self.call_as(None, service, operation, params)
            .unwrap_or_else(|error| panic!("{service} {operation}: {error}"))
    }

    /// The same as the role of this logical id; the error's code where it is refused.
    pub fn call_as(&self, role: Option<&str>, service: &str, operation: &str, params: Value) -> Result<Value, String> {
        let role = role.map(|role| format!("arn:aws:iam::000000000000:role/{}", self.id(role)));
        let request = json!({ "service": service, "operation": operation, "params": params, "role": role });
        let mut answer = self.bridge.lock().unwrap().ask(&request);
        match answer["error"]["code"].as_str() {
            Some(code) => Err(code.to_owned()),
            None => Ok(answer["result"].take()),
        }
    }

    /// Asks the deployed HTTP API.
    pub async fn ask(&self, method: &str, path: &str, token: Option<&str>, body: Option<Value>) -> Answer {
        let url = format!("{}/_aws/execute-api/{}/$default{path}", self.endpoint, self.id("Api"));
        let mut request = self.http.request(method.parse().unwrap(), url);
        request = match token {
            Some(token) => request.bearer_auth(token),
            None => request,
        };
        request = match body {
            Some(body) => request.json(&body),
            None => request,
        };
        let answer = request.send().await.unwrap();
        let status = answer.status().as_u16();
        let text = answer.text().await.unwrap();
        Answer {
            status,
            body: serde_json::from_str(&text).unwrap_or(Value::String(text)),
        }
    }

    /// Presses a button of the page behind a link.
    pub async fn press(&self, path: &str, action: &str) -> u16 {
        self.form(path, &[("action", action)]).await
    }

    /// Posts a form, as a browser does.
    pub async fn form(&self, path: &str, fields: &[(&str, &str)]) -> u16 {
        let url = format!("{}/_aws/execute-api/{}/$default{path}", self.endpoint, self.id("Api"));
        self.http.post(url).form(fields).send().await.unwrap().status().as_u16()
    }

    /// Reads a public object through CloudFront, as anybody does.
    pub async fn public(&self, path: &str) -> reqwest::Response {
        let distribution = json!({ "Id": self.id("PublicObjects") });
        let distribution = self.call("cloudfront", "get_distribution", distribution);
        let host = distribution["Distribution"]["DomainName"].as_str().unwrap();
        self.public_at(host, path).await
    }

    /// The same at another of its hosts.
    pub async fn public_at(&self, host: &str, path: &str) -> reqwest::Response {
        let request = self.http.get(format!("{}{path}", self.endpoint)).header("host", host);
        // The emulator itself speaks plain HTTP.
        request.header("x-forwarded-proto", "https").send().await.unwrap()
    }

    /// Every text message that went to `number`, oldest first.
    pub async fn texts(&self, number: &str) -> Vec<String> {
        let url = format!("{}/_ministack/sns/sms-messages", self.endpoint);
        let all: Value = self.http.get(url).send().await.unwrap().json().await.unwrap();
        let messages = all["sms_messages"][number].as_array().cloned().unwrap_or_default();
        messages
            .iter()
            .map(|message| message["Message"].as_str().unwrap().to_owned())
            .collect()
    }

    /// Every e-mail that went to `address`, oldest first: subject and text.
    pub async fn mails(&self, address: &str) -> Vec<(String, String)> {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let letters = self.letters(address).await.into_iter();
        letters
            .map(|message| (text(&message["Subject"]), text(&message["BodyText"])))
            .collect()
    }

    /// Every e-mail that went to `address`, oldest first, with its headers.
    pub async fn letters(&self, address: &str) -> Vec<Value> {
        let url = format!("{}/_ministack/ses/messages", self.endpoint);
        let all: Value = self.http.get(url).send().await.unwrap().json().await.unwrap();
        let messages = all["messages"]
            .as_object()
            .unwrap()
            .values()
            .flat_map(|list| list.as_array().unwrap());
        let to_them = messages.filter(|message| message["To"].as_array().unwrap().contains(&json!(address)));
        to_them.cloned().collect()
    }

    /// Messages in a queue, seen or not.
    pub fn depth(&self, queue: &str) -> u64 {
        let names = [
            "ApproximateNumberOfMessages",
            "ApproximateNumberOfMessagesNotVisible",
            "ApproximateNumberOfMessagesDelayed",
        ];
        let asked = json!({ "QueueUrl": self.id(queue), "AttributeNames": names });
        let attributes = self.call("sqs", "get_queue_attributes", asked);
        let count = |name: &&str| {
            attributes["Attributes"][*name]
                .as_str()
                .and_then(|text| text.parse::<u64>().ok())
        };
        names.iter().filter_map(count).sum()
    }

    /// Runs a sweep as the schedule would. False: it failed.
    pub fn sweep(&self, function: &str) -> bool {
        let event = json!({ "version": "0", "id": "tick", "detail-type": "Scheduled Event", "source": "aws.scheduler",
            "account": "000000000000", "time": "2026-01-01T00:00:00Z", "region": "us-east-1", "resources": [], "detail": "{}" });
        let params = json!({ "FunctionName": self.id(function), "Payload": event.to_string() });
        let answer = self.call("lambda", "invoke", params);
        answer.get("FunctionError").is_none()
    }

    /// Turns a sweep's schedule on or off.
    pub fn schedule(&self, function: &str, state: &str) {
        let schedule = SCHEDULES.iter().find(|(known, _)| *known == function);
        let (_, name) = schedule.unwrap_or_else(|| panic!("{function} has no schedule"));
        let name = format!("nightbell-{name}");
        let known = self.call("scheduler", "get_schedule", json!({ "Name": name }));
        let mut params = json!({ "Name": name, "State": state });
        for kept in ["ScheduleExpression", "FlexibleTimeWindow", "Target"] {
            params[kept] = known[kept].clone();
        }
        self.call("scheduler", "update_schedule", params);
    }

    /// Replaces a function by one that ends at once, as a broken build would.
    pub fn break_function(&self, function: &str) {
        let zip = json!({ "$b64": CRASHES });
        self.call(
            "lambda",
            "update_function_code",
            json!({ "FunctionName": self.id(function), "ZipFile": zip }),
        );
    }

    /// Runs the real binary under `strace`, which writes what it does to files to the answered path.
    pub fn trace_function(&self, function: &str, binary: &Path) -> PathBuf {
        let log = self.folder.join(format!("{function}.strace"));
        let bootstrap = format!(
            "#!/bin/sh\nexec /usr/bin/strace -f -A -qq -e trace={TRACED} -o {} {}\n",
            log.display(),
            binary.display()
        );
        let packed = Command::new(python())
            .args(["-c", PACK, &bootstrap])
            .output()
            .expect("tests/run has made the virtual environment");
        let zip = json!({ "$b64": String::from_utf8(packed.stdout).unwrap().trim() });
        let params = json!({ "FunctionName": self.id(function), "ZipFile": zip });
        self.call("lambda", "update_function_code", params);
        log
    }

    /// Puts the real function back.
    pub fn mend_function(&self, function: &str) {
        let (bucket, key) = (&self.code[function][0], &self.code[function][1]);
        let params = json!({ "FunctionName": self.id(function), "S3Bucket": bucket, "S3Key": key });
        self.call("lambda", "update_function_code", params);
    }

    /// What a function wrote to its log, by lines.
    pub fn log(&self, function: &str) -> Vec<String> {
        let params = json!({ "logGroupName": self.id(&format!("{function}Log")) });
        let events = self.call("logs", "filter_log_events", params);
        let events = events["events"].as_array().cloned().unwrap_or_default();
        events
            .iter()
            .map(|event| event["message"].as_str().unwrap_or_default().to_owned())
            .collect()
    }
}

impl Drop for Cloud {
    fn drop(&mut self) {
        self.bridge.get_mut().unwrap().process.kill().ok();
        self.bridge.get_mut().unwrap().process.wait().ok();
        // It ends its functions with it, if it is asked rather than killed.
        let pid = self.emulator.id().to_string();
        Command::new("kill").args(["-TERM", &pid]).status().ok();
        self.emulator.wait().ok();
        if !std::thread::panicking() {
            std::fs::remove_dir_all(&self.folder).ok();
        }
    }
}

impl Bridge {
    fn open(endpoint: &str) -> Self {
        let mut process = Command::new(python())
            .arg(root().join("tests/aws/call.py"))
            .arg(endpoint)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("tests/run has made the virtual environment");
        let requests = process.stdin.take().unwrap();
        let answers = BufReader::new(process.stdout.take().unwrap());
        Self {
            process,
            requests,
            answers,
        }
    }

    fn ask(&mut self, request: &Value) -> Value {
        writeln!(self.requests, "{request}").unwrap();
        let mut line = String::new();
        self.answers.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap_or_else(|_| panic!("the bridge answers {request}"))
    }
}

/// Asks again and again until there is an answer.
pub async fn eventually<T>(what: &str, patience: Duration, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(begun.elapsed() < patience, "not within {patience:?}: {what}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn python() -> PathBuf {
    root().join("target/venv/bin/python")
}

/// Calls that could make, change or remove a file.
const TRACED: &str = "open,openat,openat2,creat,rename,renameat,renameat2,mkdir,mkdirat,mknod,mknodat,link,linkat,symlink,\
     symlinkat,unlink,unlinkat,rmdir,truncate,ftruncate,chmod,fchmod,fchmodat,memfd_create";

/// Packs its argument as the `bootstrap` of a zip, and prints that in base64.
const PACK: &str = "
import base64, io, sys, zipfile
packed = io.BytesIO()
with zipfile.ZipFile(packed, 'w') as zip:
    info = zipfile.ZipInfo('bootstrap')
    info.external_attr = 0o755 << 16
    zip.writestr(info, sys.argv[1])
print(base64.b64encode(packed.getvalue()).decode())
";

/// A zip whose `bootstrap` is `#!/bin/sh` and `exit 1`.
const CRASHES: &str = "UEsDBBQAAAAAAAAAIVCjt17aEQAAABEAAAAJAAAAYm9vdHN0cmFwIyEvYmluL3NoCmV4aXQgMQpQSwECFAMUAAAAAAAAACFQo7de2hEAAAARAAAACQAAAAAAAAAAAAAA7QEAAAAAYm9vdHN0cmFwUEsFBgAAAAABAAEANwAAADgAAAAAAA==";
