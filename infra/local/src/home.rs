//! Puts the house together: the folder, the table, the functions, what wakes them, and the server in front.

use std::io::Write;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use shared::channel::{Gateway, Gateways, Inward};
use shared::clock::Clock;
use shared::config::{Config, ConfigError};
use shared::ctx::{Ctx, KeptSecret, Parts};
use shared::domain::id::{PolicyId, ServiceId, UserId};
use shared::object::{self, Bucket};
use shared::oidc::Oidc;
use shared::queue::{MemoryQueue, Queue, Queues};
use shared::secret::{MasterKey, Random, objects_secret};
use shared::store::{self, Store, StoreError};
use shared::telemetry::{self, LogFilterInvalid, LogFormat};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use url::Url;

use crate::data::{DataDir, DataError};
use crate::engine::objects::{self, Objects};
use crate::engine::{EngineError, Start, Table};
use crate::options::Options;
use crate::pumps::{Pumps, with_sources};
use crate::seed::{self, SeedError, Seeded};
use crate::stop::{self, Stop, Stopper};
use crate::tls::{self, TlsError};
use crate::welcome::{self, Welcome};
use crate::{domains, front, server, triggers};

/// What the table is called here; on AWS the stack says.
pub const TABLE_NAME: &str = "nightbell-local";

/// What a script needs to try this Nightbell out; rewritten at the end of every start.
pub const DEMO_FILE: &str = "demo.json";

/// Threads for tasks. What waits for the disk has threads of its own.
const WORKERS: usize = 2;

/// How long requests and handlers under way may take once it is to stop. What is cut off has a lease in the table and is
/// done again at the next start.
const FINISH_TIMEOUT: Duration = Duration::from_secs(5);

/// Expired rows are deleted this often; nothing waits for it.
const SWEEP_TTL_EVERY: Duration = Duration::from_secs(60 * 60);

/// Runs the program: `nightbell`.
#[must_use]
pub fn main() -> ExitCode {
    let options = Options::parse();
    match run(&options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nobody is left to hear that nobody hears.
            let _ = writeln!(std::io::stderr(), "nightbell: {}", with_sources(&error));
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> Result<(), StartError> {
    telemetry::init(LogFormat::Human, &options.log_filter())?;
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    let runtime = builder
        .worker_threads(WORKERS)
        .enable_all()
        .build()
        .map_err(StartError::Runtime)?;
    let ended = runtime.block_on(async {
        let mut signals = Signals::new().map_err(StartError::Runtime)?;
        let home = tokio::select! {
            home = Home::start(options) => home?,
            // Nothing has begun that would have to be finished.
            () = signals.next() => return Ok(()),
        };
        // Without a reader it runs on: the log says the rest.
        let _ = std::io::stdout()
            .write_all(home.welcome.as_bytes())
            .and_then(|()| std::io::stdout().flush());
        signals.next().await;
        tracing::info!("stopping; once more to stop at once");
        tokio::select! {
            () = home.stop() => {}
            () = signals.next() => {}
        }
        Ok(())
    });
    // Table calls that nobody waits for any more.
    runtime.shutdown_timeout(Duration::from_secs(1));
    ended
}

/// Why it does not start. Each says what to do.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The runtime.
    #[error("the system gives no threads or signals")]
    Runtime(#[source] std::io::Error),
    /// `--log`.
    #[error("--log")]
    Log(#[from] LogFilterInvalid),
    /// The data folder.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The address has no meaning here.
    #[error("cannot listen on {address}: give an address of this machine with --listen, for instance 127.0.0.1:3000")]
    Address {
        /// The address.
        address: String,
        /// What the system says.
        source: std::io::Error,
    },
    /// Somebody else listens there.
    #[error("port {} is taken: give another with --listen {}:{}, or any free one with --listen {}:0", .0.port(), host(*.0), .0.port().wrapping_add(1), host(*.0))]
    PortTaken(SocketAddr),
    /// The system keeps the port to itself.
    #[error("port {} needs more rights than this process has: give one above 1023 with --listen {}:3000", .0.port(), host(*.0))]
    PortRefused(SocketAddr),
    /// The table.
    #[error("the table cannot be opened; if its file is damaged, move the data folder away or begin anew with --fresh")]
    Engine(#[from] EngineError),
    /// The table's making.
    #[error("the table cannot be made")]
    Table(#[from] StoreError),
    /// Its contents.
    #[error(transparent)]
    Seed(#[from] SeedError),
    /// Mail server, or TLS towards others.
    #[error("--smtp and --smtp-from (or SMTP_URL and SMTP_FROM)")]
    Gateway(#[from] ConfigError),
    /// Half of what a provider needs.
    #[error(
        "signing in by a provider needs --oidc-issuer, --oidc-client-id and --oidc-client-secret (or OIDC_ISSUER, \
         OIDC_CLIENT_ID and OIDC_CLIENT_SECRET)"
    )]
    HalfOidc,
    /// Half of what e-mail needs.
    #[error(
        "real e-mail needs both --smtp and --smtp-from (or SMTP_URL and SMTP_FROM); without both it goes to the outbox"
    )]
    HalfSmtp,
    /// `--tls`.
    #[error(transparent)]
    Tls(#[from] TlsError),
}

/// `demo.json`. A field is null until its part exists, or when it no longer works.
#[derive(Clone, Serialize, Deserialize, PartialEq, Eq)]
pub struct Demo {
    /// This process.
    pub pid: u32,
    /// When it started.
    pub started_at: Timestamp,
    /// Where it listens, without a final slash.
    pub base_url: String,
    /// The public status page.
    pub status_url: Option<String>,
    /// The owner.
    pub owner: Option<DemoOwner>,
    /// The owner's token, all scopes.
    pub api_token: Option<String>,
    /// The demo service.
    pub service_id: Option<ServiceId>,
    /// Its policy.
    pub policy_id: Option<PolicyId>,
    /// The keys of its integrations, by format.
    pub integration_keys: DemoKeys,
}

/// The owner.
#[derive(Clone, Serialize, Deserialize, PartialEq, Eq)]
pub struct DemoOwner {
    /// Their id.
    pub id: UserId,
    /// Where they sign in.
    pub email: String,
    /// Their password, unless they chose one themselves.
    pub password: Option<String>,
}

/// Integration keys by format.
#[derive(Clone, Serialize, Deserialize, PartialEq, Eq)]
pub struct DemoKeys {
    /// PagerDuty Events v2.
    pub pagerduty: Option<String>,
    /// Alertmanager's webhook.
    pub alertmanager: Option<String>,
    /// Prometheus' own pushes.
    pub prometheus: Option<String>,
    /// Our own JSON.
    pub generic: Option<String>,
}

impl Demo {
    fn new(seeded: Seeded, base_url: String, started_at: Timestamp) -> Self {
        let password = seeded.password;
        Self {
            pid: std::process::id(),
            started_at,
            status_url: seeded.page.map(|page| format!("{base_url}/status/{}", page.slug)),
            base_url,
            owner: seeded.owner.map(|owner| DemoOwner {
                id: owner.id,
                email: owner.email,
                password,
            }),
            api_token: seeded.api_token,
            service_id: seeded.service_id,
            policy_id: seeded.policy_id,
            integration_keys: DemoKeys {
                pagerduty: seeded.pagerduty_key,
                alertmanager: seeded.alertmanager_key,
                prometheus: seeded.prometheus_key,
                generic: seeded.generic_key,
            },
        }
    }
}

/// A Nightbell that runs.
pub struct Home {
    /// What it wrote to `demo.json`.
    pub demo: Demo,
    /// What is printed for a person.
    pub welcome: String,
    stopper: Stopper,
    tasks: JoinSet<()>,
    /// Held until everything has stopped.
    _data: DataDir,
}

impl Home {
    /// Starts everything; when it returns, requests are answered and `demo.json` is written.
    ///
    /// # Errors
    /// When anything is missing or in the way; nothing runs then.
    pub async fn start(options: &Options) -> Result<Self, StartError> {
        // Both can be refused, so both come before anything is deleted.
        let data = DataDir::take(&options.data)?;
        let listener = listen(&options.listen).await?;
        let address = listener.local_addr().map_err(StartError::Runtime)?;
        if options.fresh {
            data.clear()?;
        }
        // Whoever waits for this file waits for this start.
        data.remove(DEMO_FILE)?;

        let table = Table::open(&data.table()?)?;
        let base_url = base_url(address, options.tls);
        let inward = if options.allow_loopback {
            Inward::AllowLoopback
        } else {
            Inward::Refuse
        };
        let master = data.master_key(&Random::system())?;
        let objects = Objects::open(&data.objects()?, objects_secret(&master), Clock::System)?;
        let settings = Settings {
            public_url: options.public_url.clone().unwrap_or_else(|| base_url.clone()),
            smtp: smtp(options)?,
            inward,
            oidc: oidc(options, inward)?,
            master,
        };
        let sends_email = settings.smtp.is_some();
        let tls = match options.tls {
            true => Some(tls::acceptor(
                &data,
                &names(address, &settings.public_url),
                Clock::System.now(),
            )?),
            false => None,
        };
        let public_url = settings.public_url.clone();
        let ctx = ctx(&table, &objects, settings).await?;
        seed::seed(&ctx).await?;
        if options.reset_owner {
            seed::reset_owner(&ctx).await?;
        }
        let seeded = seed::seed(&ctx).await?;
        // Whoever reads of the page finds it: its first publication comes first.
        if let Some(page) = &seeded.page
            && let Err(error) = status_page::publish(&ctx, page.id, &status_page::Hinted::default()).await
        {
            tracing::warn!(%error, "the status page is not published yet; the next minute tries again");
        }
        let demo = Demo::new(seeded, base(&base_url), ctx.clock.now());

        let functions = triggers::functions();
        let pumps = Pumps::new(&functions, &table, TABLE_NAME, Start::Latest, &objects, &ctx)?;
        let (stopper, stop) = stop::pair();
        let mut tasks = JoinSet::new();
        tasks.spawn(server::serve(
            listener,
            tls,
            domains::at(
                &options.status_domain,
                front::router(&functions, |_| ctx.clone(), &objects, &public_url),
            ),
            stop.clone(),
        ));
        pumps.run(&stop, &mut tasks);
        tasks.spawn(sweep_ttl(table, stop));

        let certificate = options.tls.then(|| data.path().join(tls::CERTIFICATE));
        let json = serde_json::to_vec_pretty(&demo).unwrap_or_default();
        data.write(DEMO_FILE, &json)?;
        if !address.ip().is_loopback() {
            tracing::warn!(%address, "not only this machine can reach this Nightbell; see --listen, --tls, --public-url");
        }
        let welcome = welcome::text(&Welcome {
            demo: &demo,
            data: &options.data,
            certificate: certificate.as_deref(),
            sends_email,
            was_reset: options.reset_owner,
        });
        Ok(Self {
            demo,
            welcome,
            stopper,
            tasks,
            _data: data,
        })
    }

    /// Stops accepting, finishes what is under way within a few seconds, and lets go of the folder.
    pub async fn stop(mut self) {
        self.stopper.stop();
        let finished = async { while self.tasks.join_next().await.is_some() {} };
        if tokio::time::timeout(FINISH_TIMEOUT, finished).await.is_err() {
            tracing::warn!("something took too long to finish and was cut off; the next start takes it up");
            self.tasks.shutdown().await;
        }
    }
}

/// What the local home's [`Ctx`] is made of.
pub struct Settings {
    /// What links in messages begin with.
    pub public_url: Url,
    /// What carries e-mail; none: the outbox.
    pub smtp: Option<Gateway>,
    /// Whether webhooks may call this machine.
    pub inward: Inward,
    /// Whom people may sign in by.
    pub oidc: Option<Oidc>,
    /// The master key.
    pub master: MasterKey,
}

/// The functions' context over an embedded table, which is made if it is empty, and embedded buckets: the machine's clock,
/// queues in memory, SMS, voice and (unless there is a mail server) e-mail to the outbox.
///
/// # Errors
/// When the engine refuses, or webhooks cannot be set up.
pub async fn ctx(table: &Table, objects: &Objects, settings: Settings) -> Result<Ctx, StartError> {
    let client = table.client();
    store::create_table(&client, TABLE_NAME).await?;
    let random = Random::system();
    let memory = || Queue::Memory(MemoryQueue::default());
    let bucket = |name| Some(Bucket::new(objects.client(), name));
    Ok(Parts {
        objects: object::Objects {
            uploads: bucket(objects::UPLOADS),
            uploads_url: Some(front::uploads_url(&settings.public_url)),
            public: bucket(objects::PUBLIC),
            identity: Some(objects.identity()),
        },
        config: Config {
            objects_url: settings.public_url.clone(),
            public_url: settings.public_url,
            version: env!("CARGO_PKG_VERSION"),
            has_outbox: true,
        },
        store: Store::new(client, TABLE_NAME, random.clone()),
        queues: Queues {
            escalation: memory(),
            notification: memory(),
            publication: memory(),
            notice: memory(),
        },
        gateways: Gateways {
            sms: Some(Gateway::Outbox),
            voice: Some(Gateway::Outbox),
            email: Some(settings.smtp.unwrap_or(Gateway::Outbox)),
            webhook: Some(shared::ctx::webhook(settings.inward)?),
            topic: Some(Gateway::Outbox),
        },
        inward: settings.inward,
        clock: Clock::System,
        random,
        master: Some(settings.master),
        setup: None,
        oidc: settings.oidc,
    }
    .into())
}

fn smtp(options: &Options) -> Result<Option<Gateway>, StartError> {
    match (options.smtp.as_str(), options.smtp_from.as_str()) {
        ("", "") => Ok(None),
        ("", _) | (_, "") => Err(StartError::HalfSmtp),
        (url, from) => Ok(Some(shared::ctx::smtp(url, from)?)),
    }
}

fn oidc(options: &Options, inward: Inward) -> Result<Option<Oidc>, StartError> {
    let Some(issuer) = options.oidc_issuer.clone() else {
        let is_none = options.oidc_client_id.is_empty() && options.oidc_client_secret.is_empty();
        return if is_none { Ok(None) } else { Err(StartError::HalfOidc) };
    };
    if options.oidc_client_id.is_empty() || options.oidc_client_secret.is_empty() {
        return Err(StartError::HalfOidc);
    }
    Ok(Some(Oidc {
        issuer,
        client_id: options.oidc_client_id.clone(),
        client_secret: KeptSecret::Known(options.oidc_client_secret.clone()),
        fetcher: shared::ctx::fetcher(inward)?,
    }))
}

async fn listen(address: &str) -> Result<TcpListener, StartError> {
    let failed = |source| StartError::Address {
        address: address.to_owned(),
        source,
    };
    let mut found = tokio::net::lookup_host(address).await.map_err(failed)?;
    let first = found
        .next()
        .ok_or_else(|| failed(std::io::ErrorKind::AddrNotAvailable.into()))?;
    TcpListener::bind(first).await.map_err(|error| match error.kind() {
        std::io::ErrorKind::AddrInUse => StartError::PortTaken(first),
        std::io::ErrorKind::PermissionDenied => StartError::PortRefused(first),
        _ => failed(error),
    })
}

fn host(address: SocketAddr) -> String {
    match address {
        SocketAddr::V4(address) => address.ip().to_string(),
        SocketAddr::V6(address) => format!("[{}]", address.ip()),
    }
}

/// Where this machine reaches the server: one that listens everywhere is reached on loopback.
fn base_url(address: SocketAddr, tls: bool) -> Url {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(std::net::Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    let scheme = if tls { "https" } else { "http" };
    let reached = SocketAddr::new(ip, address.port());
    #[expect(clippy::expect_used, reason = "scheme, address and port are a URL")]
    format!("{scheme}://{reached}").parse().expect("a URL of an address")
}

fn base(url: &Url) -> String {
    url.as_str().trim_end_matches('/').to_owned()
}

/// What the certificate is for.
fn names(address: SocketAddr, public_url: &Url) -> Vec<String> {
    let mut names: Vec<String> = ["localhost", "127.0.0.1", "::1"].map(Into::into).into();
    let public = public_url
        .host_str()
        .unwrap_or_default()
        .trim_matches(['[', ']'])
        .to_owned();
    for name in [address.ip().to_string(), public] {
        let means_all = name.parse::<IpAddr>().is_ok_and(|ip| ip.is_unspecified());
        if !name.is_empty() && !means_all && !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

async fn sweep_ttl(table: Table, mut stop: Stop) {
    let mut ticks = tokio::time::interval(SWEEP_TTL_EVERY);
    loop {
        tokio::select! {
            biased;
            () = stop.said() => return,
            _ = ticks.tick() => {}
        }
        match table.sweep_ttl().await {
            Ok(0) => {}
            Ok(rows) => tracing::info!(rows, "expired rows were deleted"),
            Err(error) => tracing::warn!(error = with_sources(&error), "expired rows were not deleted"),
        }
    }
}

/// Ctrl-C, and what the system sends to end a process.
struct Signals {
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn new() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

#[cfg(not(unix))]
impl Signals {
    fn new() -> std::io::Result<Self> {
        Ok(Self {})
    }

    async fn next(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
