//! Logs: what the program says about itself, one line an event.
//!
//! On Lambda every line is one JSON object on standard output, which is what CloudWatch and Lambda's own JSON logging
//! read (they filter on `timestamp` and `level`). At home lines are for people and go to standard error, so that standard
//! output keeps what was asked for.
//!
//! Fields of a JSON line:
//!
//! | field | value |
//! |---|---|
//! | `timestamp` | RFC 3339 in UTC, microseconds |
//! | `level` | `ERROR`, `WARN`, `INFO`, `DEBUG` or `TRACE` |
//! | `target` | the module that speaks |
//! | `message` | what happened; a constant text, the particulars are fields |
//! | `correlation_id` | set on the outermost span of an invocation; the same from webhook to phone |
//! | any other | the fields of the spans the event is in, outermost first, then the event's own; the innermost wins |
//!
//! Events of the target [`METRICS`] are measurements (see [`crate::metrics`]): on Lambda they become lines in CloudWatch's
//! embedded metric format, whatever the filter says; for people they are left out. Their fields `metric`, `unit` and
//! `value` say what was measured, every other field of theirs is a dimension.
//!
//! Values keep their type (number, boolean, text). A field named like one of the first four has `_` put after its name.
//! Secrets do not get here: their types print a placeholder. The default filters of the binaries keep the HTTP and SMTP
//! libraries at `info`, below which some of them print what they send.

use std::fmt;

use serde_json::{Map, Value, json};
use tracing::{
    Event, Subscriber,
    field::{Field, Visit},
    span,
};
use tracing_subscriber::{
    EnvFilter, Layer,
    fmt::{
        MakeWriter,
        format::Writer,
        time::{FormatTime, SystemTime},
    },
    layer::{Context, SubscriberExt},
    registry::LookupSpan,
    util::SubscriberInitExt,
};

/// For whom the lines are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LogFormat {
    /// One JSON object a line, on standard output; metrics in this namespace of CloudWatch.
    Json {
        /// The deployment's own, so that two in one account are told apart.
        namespace: String,
    },
    /// One compact line for a person, on standard error.
    Human,
}

/// The target of events that are measurements.
pub const METRICS: &str = "nightbell_metrics";

/// The filter cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("the log filter is not of the form `info,shared=debug`")]
pub struct LogFilterInvalid(#[source] tracing_subscriber::filter::ParseError);

/// Starts logging for the whole process. `filter` is in the syntax of `tracing`'s `EnvFilter` (`info,shared=debug`);
/// empty means errors only. Does nothing if logging has been started before.
pub fn init(format: LogFormat, filter: &str) -> Result<(), LogFilterInvalid> {
    let filter = parse(&format, filter)?;
    let registry = tracing_subscriber::registry().with(filter);
    // The only error is that a subscriber is there already.
    let _ = match format {
        LogFormat::Json { namespace } => registry.with(json_layer(namespace, std::io::stdout)).try_init(),
        LogFormat::Human => registry.with(human_layer(std::io::stderr)).try_init(),
    };
    Ok(())
}

fn parse(format: &LogFormat, filter: &str) -> Result<EnvFilter, LogFilterInvalid> {
    let metrics = match format {
        LogFormat::Json { .. } => "info",
        LogFormat::Human => "off",
    };
    let filter = format!("{filter},{METRICS}={metrics}");
    // Without regular expressions in filters: nobody needs them here, and they can be made slow.
    EnvFilter::builder()
        .with_regex(false)
        .parse(filter.trim_start_matches(','))
        .map_err(LogFilterInvalid)
}

fn json_layer<W>(namespace: String, writer: W) -> JsonLines<W> {
    JsonLines { namespace, writer }
}

fn human_layer<S, W>(writer: W) -> impl Layer<S>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    W: for<'a> MakeWriter<'a> + 'static,
{
    tracing_subscriber::fmt::layer()
        .compact()
        .with_ansi(false)
        .with_writer(writer)
}

/// Writes JSON lines. The formatter that comes with the library keeps span fields in an object of their own, where
/// neither a person's eye nor a metric filter finds the correlation id.
struct JsonLines<W> {
    namespace: String,
    writer: W,
}

impl<W> JsonLines<W> {
    /// A measurement in CloudWatch's embedded metric format: its fields, and what to make of them.
    fn measurement(&self, mut fields: Map<String, Value>, timestamp: &str) -> Option<Vec<u8>> {
        let name = fields.remove("metric")?.as_str()?.to_owned();
        let (unit, value) = (fields.remove("unit")?, fields.remove("value")?);
        let at: jiff::Timestamp = timestamp.parse().ok()?;
        let definition = json!({
            "Namespace": self.namespace,
            "Dimensions": [fields.keys().collect::<Vec<_>>()],
            "Metrics": [{ "Name": name, "Unit": unit }],
        });
        fields.insert(name, value);
        let about = json!({ "Timestamp": at.as_millisecond(), "CloudWatchMetrics": [definition] });
        fields.insert("_aws".into(), about);
        serde_json::to_vec(&fields).ok()
    }
}

#[derive(serde::Serialize)]
struct Line<'a> {
    timestamp: &'a str,
    level: &'a str,
    target: &'a str,
    message: &'a str,
    #[serde(flatten)]
    fields: &'a Map<String, Value>,
}

/// The fields of one span, kept with it.
#[derive(Default)]
struct SpanFields(Fields);

impl<S, W> Layer<S> for JsonLines<W>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    W: for<'a> MakeWriter<'a> + 'static,
{
    fn on_new_span(&self, attributes: &span::Attributes<'_>, id: &span::Id, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        let mut fields = SpanFields::default();
        attributes.record(&mut fields.0);
        span.extensions_mut().insert(fields);
    }

    fn on_record(&self, id: &span::Id, values: &span::Record<'_>, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        if let Some(fields) = span.extensions_mut().get_mut::<SpanFields>() {
            values.record(&mut fields.0);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut fields = Fields::default();
        let is_metric = event.metadata().target() == METRICS;
        for span in context
            .event_scope(event)
            .filter(|_| !is_metric)
            .into_iter()
            .flat_map(|scope| scope.from_root())
        {
            if let Some(SpanFields(of_span)) = span.extensions().get() {
                fields.rest.extend(of_span.rest.clone());
            }
        }
        event.record(&mut fields);
        let mut timestamp = String::new();
        // The library's clock: the time of a log line is the one time that is nobody's argument.
        let _ = SystemTime.format_time(&mut Writer::new(&mut timestamp));
        let line = if is_metric {
            self.measurement(fields.rest, &timestamp)
        } else {
            let line = Line {
                timestamp: &timestamp,
                level: event.metadata().level().as_str(),
                target: event.metadata().target(),
                message: &fields.message,
                fields: &fields.rest,
            };
            serde_json::to_vec(&line).ok()
        };
        let Some(mut line) = line else { return };
        line.push(b'\n');
        // In one piece, so that lines of several threads do not mix. There is nowhere to report a failure.
        let _ = std::io::Write::write_all(&mut self.writer.make_writer_for(event.metadata()), &line);
    }
}

/// Collects fields with their types.
#[derive(Default)]
struct Fields {
    message: String,
    rest: Map<String, Value>,
}

impl Fields {
    fn put(&mut self, field: &Field, value: impl Into<Value>) {
        match field.name() {
            "message" => {
                let value = value.into();
                self.message = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            }
            name @ ("timestamp" | "level" | "target") => _ = self.rest.insert(format!("{name}_"), value.into()),
            // `r#type` and its like arrive with their mark.
            name => {
                _ = self
                    .rest
                    .insert(name.strip_prefix("r#").unwrap_or(name).to_owned(), value.into())
            }
        }
    }
}

impl Visit for Fields {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, value);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, value);
    }

    /// The whole chain: an error's own text does not repeat its source.
    fn record_error(&mut self, field: &Field, value: &(dyn std::error::Error + 'static)) {
        let chain = std::iter::successors(Some(value), |error| error.source());
        self.put(field, chain.map(ToString::to_string).collect::<Vec<_>>().join(": "));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.put(field, format!("{value:?}"));
    }
}

#[cfg(test)]
mod tests {
    use std::{
        io,
        sync::{Arc, Mutex},
    };

    use tracing::subscriber::with_default;

    use super::*;

    /// Keeps what is written, in place of an output.
    #[derive(Clone, Default)]
    struct Sink(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Sink {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn written(format: LogFormat, filter: &str, speak: impl FnOnce()) -> String {
        let sink = Sink::default();
        let make = {
            let sink = sink.clone();
            move || sink.clone()
        };
        let registry = tracing_subscriber::registry().with(parse(&format, filter).unwrap());
        match format {
            LogFormat::Json { namespace } => with_default(registry.with(json_layer(namespace, make)), speak),
            LogFormat::Human => with_default(registry.with(human_layer(make)), speak),
        }
        String::from_utf8(sink.0.lock().unwrap().clone()).unwrap()
    }

    fn lambda() -> LogFormat {
        LogFormat::Json {
            namespace: "Nightbell/test".into(),
        }
    }

    fn json(speak: impl FnOnce()) -> Vec<Value> {
        written(lambda(), "info", speak)
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    #[derive(Debug, thiserror::Error)]
    #[error("the page was not written")]
    struct Outer(#[source] io::Error);

    #[test]
    fn every_line_has_the_fields_of_its_spans() {
        let lines = json(|| {
            let outer = tracing::info_span!(
                "invocation",
                correlation_id = "c-1",
                attempt = 1,
                route = tracing::field::Empty
            );
            let _outer = outer.enter();
            tracing::info!("begun");
            outer.record("route", "/hooks/{key}");
            tracing::info_span!("send", attempt = 2).in_scope(|| tracing::warn!(took_ms = 7_u64, late = true, "slow"));
        });
        assert_eq!(lines.len(), 2);
        assert_eq!(lines[0]["correlation_id"], "c-1");
        assert_eq!(lines[0]["attempt"], 1);
        assert_eq!(lines[0].get("route"), None);
        assert_eq!(lines[0]["message"], "begun");
        assert_eq!(lines[0]["level"], "INFO");
        assert_eq!(lines[0]["target"], module_path!());
        let timestamp = lines[0]["timestamp"].as_str().unwrap();
        assert!(
            timestamp.ends_with('Z') && timestamp.parse::<jiff::Timestamp>().is_ok(),
            "{timestamp}"
        );
        assert_eq!(lines[1]["correlation_id"], "c-1");
        assert_eq!(lines[1]["route"], "/hooks/{key}");
        assert_eq!(lines[1]["attempt"], 2, "the innermost wins");
        assert_eq!(lines[1]["took_ms"], 7);
        assert_eq!(lines[1]["late"], true);
        assert_eq!(lines[1]["level"], "WARN");
    }

    #[test]
    fn no_field_can_forge_another_or_a_line() {
        let lines = json(|| {
            let text = "a\n{\"level\":\"ERROR\"}\r\n\u{1b}[31m";
            tracing::info!(level = "ERROR", timestamp = 0, target = "x", text, "said {text}");
        });
        assert_eq!(lines.len(), 1);
        assert_eq!(lines[0]["level"], "INFO");
        assert_eq!(lines[0]["level_"], "ERROR");
        assert_eq!(lines[0]["timestamp_"], 0);
        assert_eq!(lines[0]["target_"], "x");
        assert_eq!(lines[0]["text"], "a\n{\"level\":\"ERROR\"}\r\n\u{1b}[31m");
    }

    #[test]
    fn errors_are_told_to_the_bottom() {
        let lines = json(|| {
            let error = Outer(io::Error::other("connection refused"));
            tracing::error!(
                error = &error as &(dyn std::error::Error + 'static),
                "publishing failed"
            );
        });
        assert_eq!(lines[0]["error"], "the page was not written: connection refused");
    }

    #[test]
    fn the_filter_filters_and_is_checked() {
        let spoken = || {
            tracing::info!("loud");
            tracing::debug!("soft");
        };
        assert_eq!(written(lambda(), "info", spoken).lines().count(), 1);
        assert_eq!(
            written(lambda(), "warn,shared::telemetry=debug", spoken)
                .lines()
                .count(),
            2
        );
        assert_eq!(written(lambda(), "", spoken), "");
        assert!(parse(&lambda(), "info,shared=loud").is_err());
    }

    #[test]
    fn a_measurement_is_an_embedded_metric_whatever_the_filter_and_nothing_for_people() {
        let measured = || {
            let _span = tracing::info_span!("invocation", correlation_id = "c-1").entered();
            crate::metrics::delivery("sms", "sent");
            crate::metrics::alarm();
        };
        let text = written(lambda(), "error", measured);
        let mut lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let at = lines[0]["_aws"]["Timestamp"].take().as_i64().unwrap();
        assert!(at > 1_700_000_000_000, "milliseconds since 1970: {at}");
        assert_eq!(
            lines[0],
            json!({
                "_aws": { "Timestamp": null, "CloudWatchMetrics": [{
                    "Namespace": "Nightbell/test", "Dimensions": [["channel", "outcome"]],
                    "Metrics": [{ "Name": "Deliveries", "Unit": "Count" }],
                }] },
                "Deliveries": 1, "channel": "sms", "outcome": "sent",
            })
        );
        assert_eq!(lines[1]["_aws"]["CloudWatchMetrics"][0]["Dimensions"], json!([[]]));
        assert_eq!(written(LogFormat::Human, "trace", measured), "");
    }

    #[test]
    fn the_human_line_is_one_line_with_the_correlation_id() {
        let text = written(LogFormat::Human, "info", || {
            let _span = tracing::info_span!("invocation", correlation_id = "c-1").entered();
            tracing::info!(took_ms = 7, "sent");
        });
        assert_eq!(text.lines().count(), 1, "{text}");
        for part in ["INFO", "sent", "took_ms=7", "correlation_id=\"c-1\""] {
            assert!(text.contains(part), "{part} in {text}");
        }
    }

    #[test]
    fn starting_twice_is_harmless() {
        assert!(init(lambda(), "off").is_ok());
        assert!(init(LogFormat::Human, "off").is_ok());
        assert!(init(LogFormat::Human, "shared=loud").is_err());
    }
}
