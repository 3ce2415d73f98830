//! Every limit by name, with its unit in the name. The wire limits are those of `contracts` that senders know; the rest
//! are ours, and are what lets a plan fit one transaction of 100 rows.

/// Largest request body a sender may post.
pub const BODY_BYTES_MAX: usize = 524_288;
/// Of a refused body, so much is read before the answer, so that the client sees the answer rather than a reset.
pub const REFUSED_BODY_DRAIN_BYTES: usize = 8 * 1024 * 1024;
/// JSON nesting a sender may use.
pub const JSON_DEPTH_MAX: usize = 64;
/// Alerts of one group that are kept for display; the rest are counted.
pub const ALERTS_LISTED_MAX: usize = 1_000;
/// Alerts that one Prometheus push may carry, each of which is an incident of its own.
pub const PUSHED_ALERTS_MAX: usize = 1_000;
/// Size of the row that keeps an incident's alerts (a DynamoDB item ends at 400 KB).
pub const ALERTS_ROW_BYTES_MAX: usize = 256 * 1024;
/// An incident's title.
pub const SUMMARY_CHARS_MAX: usize = 1_024;
/// A sender's deduplication key (PagerDuty: 255; ours takes Opsgenie's 512 too).
pub const DEDUP_KEY_CHARS_MAX: usize = 512;
/// A group key, which Alertmanager builds out of labels.
pub const GROUP_KEY_BYTES_MAX: usize = 8 * 1024;
/// A sender's free-form details, as JSON.
pub const DETAILS_BYTES_MAX: usize = 8 * 1024;
/// Links and images kept of a signal, each kind.
pub const LINKS_MAX: usize = 10;
/// One address in a link or image.
pub const LINK_BYTES_MAX: usize = 2_048;
/// Notes that a reader leaves about decoration it dropped.
pub const REMARKS_MAX: usize = 10;
/// Names of things: services, policies, people, steps.
pub const NAME_CHARS_MAX: usize = 128;
/// A note on an incident.
pub const NOTE_CHARS_MAX: usize = 10_000;
/// Digests of accepted signals that a slot remembers.
pub const SLOT_DIGESTS_MAX: usize = 8;
/// Digests that it may gather before it is trimmed to those.
pub const SLOT_DIGESTS_UNTRIMMED_MAX: usize = 2 * SLOT_DIGESTS_MAX;

/// Steps of a policy.
pub const POLICY_STEPS_MAX: usize = 10;
/// Targets of a step.
pub const STEP_TARGETS_MAX: usize = 10;
/// Times a policy may repeat after its first run.
pub const POLICY_REPEATS_MAX: u32 = 9;
/// Longest wait before the next step.
pub const ESCALATE_AFTER_SECONDS_MAX: u32 = 86_400;
/// The one step that people chosen by hand get before the service's policy takes over.
pub const REASSIGNED_STEP_SECONDS: u32 = 300;
/// Ways to reach one person.
pub const CONTACTS_MAX: usize = 8;
/// Notification rules of one person for one urgency.
pub const RULES_MAX: usize = 8;
/// Longest wait of a notification rule.
pub const RULE_AFTER_SECONDS_MAX: u32 = 3_600;
/// People with the role of owner.
pub const OWNERS_MAX: usize = 10;
/// Messages to one owner about one unanswered incident.
pub const OWNER_NOTICES_MAX: usize = 2;
/// Notices ("taken by", "over") that one plan writes; more people take another plan at once.
pub const NOTICES_PER_PLAN_MAX: usize = 80;
/// Rows that one DynamoDB transaction may write.
pub const TRANSACTION_ROWS_MAX: usize = 100;

/// Longest snooze.
pub const SNOOZE_SECONDS_MAX: i64 = 7 * 86_400;
/// How long an acknowledgement holds when the service says nothing else, and always when a sender acknowledged.
pub const ACK_TIMEOUT_SECONDS: u32 = 1_800;
/// How often an unanswered incident is looked at again.
pub const UNANSWERED_LOOK_SECONDS: i64 = 3_600;
/// After a sender's own resolve, how long a late retry of an older trigger is recognised.
pub const LATE_RETRY_SECONDS: i64 = 600;

/// Answered failures after which a delivery has failed for good.
pub const DELIVERY_FAILURES_MAX: u32 = 5;
/// Claims without a recorded outcome after which a delivery is stuck.
pub const DELIVERY_UNRECORDED_MAX: u32 = 5;
/// How long throttling and early hints may give a claim back.
pub const DELIVERY_GIVEN_BACK_SECONDS_MAX: i64 = 1_800;
/// How long a claimed delivery belongs to its worker. Send (10 s) < function timeout (25 s) < lease.
pub const DELIVERY_LEASE_SECONDS: i64 = 40;
/// A send starts within this of its check, or checks again.
pub const CHECK_FRESH_SECONDS: i64 = 2;
/// The largest picture that is taken, in bytes.
pub const UPLOAD_MAX_BYTES: u64 = 5 * 1024 * 1024;

/// How long a link in a message works.
pub const LINK_DAYS: i64 = 7;

/// Failures of one row's own making after which it is stuck: alarmed, told to the owners, and run on the slow clock.
pub const STRIKES_MAX: u32 = 5;
/// The slow clock of a stuck row.
pub const STUCK_RETRY_SECONDS: i64 = 900;

/// Quarters of an hour in which an incident's pages are counted.
pub const PAGED_QUARTERS_MAX: usize = 32;
/// Incidents that one answer about a period counts: the newest of them.
pub const INSIGHTS_INCIDENTS_MAX: usize = 10_000;
/// Longest period of such an answer.
pub const INSIGHTS_DAYS_MAX: i64 = 92;

/// Items of a list answer.
pub const PAGE_ITEMS_MAX: usize = 100;
/// Items of a list answer when nothing is asked for.
pub const PAGE_ITEMS_DEFAULT: usize = 50;

/// Components that one service affects.
pub const AFFECTED_MAX: usize = 50;
/// Longest settling time before an incident is published.
pub const SETTLE_SECONDS_MAX: u32 = 3_600;
/// Settling time when a service says nothing else.
pub const SETTLE_SECONDS: u32 = 60;
/// How long after its end trouble that comes back continues the same post.
pub const REOPEN_SECONDS: i64 = 600;
/// How often a post may say "resolved" at once; after that it first waits [`REOPEN_SECONDS`] for calm.
pub const PROMPT_ENDINGS_MAX: u32 = 3;
/// Updates that Nightbell itself writes into one post; its end is told in any case.
pub const AUTOMATIC_UPDATES_MAX: usize = 20;
/// Updates of one post or maintenance.
pub const POST_UPDATES_MAX: usize = 50;
/// The words of one update.
pub const UPDATE_CHARS_MAX: usize = 4_000;
/// The words of one part of a postmortem.
pub const POSTMORTEM_PART_CHARS_MAX: usize = 4_000;
/// The words of the update that publishes a postmortem: four parts and their headings.
pub const POSTMORTEM_CHARS_MAX: usize = 4 * POSTMORTEM_PART_CHARS_MAX + 200;
/// A post or maintenance as JSON. The audit log keeps it twice in one item, as it was and as it became, and a DynamoDB item
/// ends at 400 KB.
pub const POST_BYTES_MAX: usize = 170 * 1024;
/// What there is beside that for its end, which can always be said: by a person, by Nightbell, in a postmortem.
pub const POST_END_BYTES_MAX: usize = 22 * 1024;
/// Updates beside [`POST_UPDATES_MAX`] that end it, or follow its end.
pub const POST_END_UPDATES_MAX: usize = 5;
/// Components of one page, groups included.
pub const COMPONENTS_MAX: usize = 200;
/// What is said of a page or a component.
pub const DESCRIPTION_CHARS_MAX: usize = 500;
/// A page's name in addresses.
pub const SLUG_CHARS_MAX: usize = 40;
/// Longest maintenance.
pub const MAINTENANCE_SECONDS_MAX: i64 = 30 * 86_400;
/// Days that a component's bars show.
pub const HISTORY_DAYS: usize = 90;

/// How long whoever asked to subscribe may take to confirm.
pub const SUBSCRIPTION_CONFIRM_SECONDS: i64 = 2 * 86_400;
/// How long the code of a text message works.
pub const SUBSCRIPTION_CODE_SECONDS: i64 = 900;
/// Notices in a row that fail for good before a subscriber is sent no more.
pub const SUBSCRIBER_FAILURES_MAX: u32 = 5;
/// Components that one subscriber chooses.
pub const SUBSCRIBER_COMPONENTS_MAX: usize = 50;
/// How long after it was written news is spread: the page says it first.
pub const BULLETIN_AFTER_SECONDS: i64 = 10;
/// Notices that are written in one transaction, beside the bulletin itself.
pub const BULLETIN_NOTICES_MAX: usize = 25;
/// Transactions of one run over a bulletin.
pub const BULLETIN_CHUNKS_MAX: usize = 8;
/// Time between two runs over one bulletin. With the two above it is what keeps 10,000 subscribers from taking the table's
/// capacity away from those who are woken: at most 200 notices a second.
pub const BULLETIN_PACE_SECONDS: i64 = 1;
/// How long before a maintenance its subscribers are reminded.
pub const REMIND_MINUTES: u32 = 60;
/// Most minutes by which a reminder goes ahead of a maintenance: a week.
pub const REMIND_MINUTES_MAX: u32 = 10_080;
/// How much later than that a reminder may still be told to belong to this start.
pub const REMINDER_SLACK_SECONDS: i64 = 60;
/// Services whose alerts one maintenance changes.
pub const MAINTENANCE_SERVICES_MAX: usize = 20;
/// How often an incident that a maintenance keeps from paging looks whether that still goes on, should nobody have woken it.
pub const MAINTENANCE_LOOK_SECONDS: i64 = 300;
/// How long a notice that waits is news.
pub const NOTICE_FRESH_SECONDS: i64 = 86_400;
/// How long notices and bulletins are kept.
pub const NOTICE_KEPT_SECONDS: i64 = 7 * 86_400;
