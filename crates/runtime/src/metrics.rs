//! Counters, gauges and histograms, and their Prometheus text form.
//!
//! Labels come from us alone (route patterns, job names), never from a request: the number of series is bounded, and
//! nothing that a caller sends ends up in a metric.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::events::MetricMisused;

/// Upper bounds of the histogram buckets, in seconds.
const BOUNDS: [f64; 12] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5];

/// Every series of this process. Cheap to clone; clones share the series.
#[derive(Clone, Default)]
pub struct Metrics(Arc<Mutex<BTreeMap<&'static str, Family>>>);

#[derive(Clone)]
struct Family {
    help: &'static str,
    kind: Kind,
    series: BTreeMap<String, Series>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Counter,
    Gauge,
    Histogram,
}

#[derive(Clone)]
enum Series {
    Counter(Counter),
    Gauge(Gauge),
    Computed(Arc<dyn Fn() -> f64 + Send + Sync>),
    Histogram(Histogram),
}

/// A number that only grows.
#[derive(Debug, Clone, Default)]
pub struct Counter(Arc<AtomicU64>);

/// A number that goes up and down.
#[derive(Debug, Clone, Default)]
pub struct Gauge(Arc<AtomicU64>);

/// How long things took.
#[derive(Debug, Clone, Default)]
pub struct Histogram(Arc<Buckets>);

#[derive(Debug, Default)]
struct Buckets {
    counts: [AtomicU64; BOUNDS.len() + 1],
    nanoseconds: AtomicU64,
}

impl Metrics {
    /// An empty registry.
    pub fn new() -> Self {
        Self::default()
    }

    /// The counter of this name and these labels; made on first use, the same one after.
    pub fn counter(&self, name: &'static str, help: &'static str, labels: &[(&str, &str)]) -> Counter {
        match self.series(name, help, Kind::Counter, labels, || Series::Counter(Counter::default())) {
            Series::Counter(counter) => counter,
            _ => Counter::default(),
        }
    }

    /// The gauge of this name and these labels; made on first use, the same one after.
    pub fn gauge(&self, name: &'static str, help: &'static str, labels: &[(&str, &str)]) -> Gauge {
        match self.series(name, help, Kind::Gauge, labels, || Series::Gauge(Gauge::default())) {
            Series::Gauge(gauge) => gauge,
            _ => Gauge::default(),
        }
    }

    /// A gauge that is computed when it is asked for. A later one with the same name and labels is ignored.
    pub fn computed(
        &self,
        name: &'static str,
        help: &'static str,
        labels: &[(&str, &str)],
        value: impl Fn() -> f64 + Send + Sync + 'static,
    ) {
        self.series(name, help, Kind::Gauge, labels, || Series::Computed(Arc::new(value)));
    }

    /// The histogram of this name and these labels; made on first use, the same one after. In seconds.
    pub fn histogram(&self, name: &'static str, help: &'static str, labels: &[(&str, &str)]) -> Histogram {
        match self.series(name, help, Kind::Histogram, labels, || Series::Histogram(Histogram::default())) {
            Series::Histogram(histogram) => histogram,
            _ => Histogram::default(),
        }
    }

    /// The Prometheus text exposition, version 0.0.4.
    pub fn render(&self) -> String {
        // A copy, so that a computed gauge may use the registry itself.
        let families = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let mut text = String::new();
        for (name, family) in &families {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "# HELP {name} {}\n# TYPE {name} {}", family.help, family.kind.name());
            for (labels, series) in &family.series {
                series.render(&mut text, name, labels);
            }
        }
        text
    }

    fn series(
        &self,
        name: &'static str,
        help: &'static str,
        kind: Kind,
        labels: &[(&str, &str)],
        make: impl FnOnce() -> Series,
    ) -> Series {
        let mut families = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let family = families.entry(name).or_insert_with(|| Family { help, kind, series: BTreeMap::new() });
        if family.kind != kind {
            MetricMisused { metric: name }.log();
            return make();
        }
        family.series.entry(label_text(labels)).or_insert_with(make).clone()
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Metrics")
    }
}

impl Counter {
    /// One more.
    pub fn increment(&self) {
        self.add(1);
    }

    /// `count` more.
    pub fn add(&self, count: u64) {
        self.0.fetch_add(count, Ordering::Relaxed);
    }

    /// The count so far.
    pub fn value(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Gauge {
    /// Sets the value.
    pub fn set(&self, value: f64) {
        self.0.store(value.to_bits(), Ordering::Relaxed);
    }

    /// The value as last set; 0 before that.
    pub fn value(&self) -> f64 {
        f64::from_bits(self.0.load(Ordering::Relaxed))
    }
}

impl Histogram {
    /// Counts one that took this long.
    pub fn observe(&self, took: Duration) {
        let seconds = took.as_secs_f64();
        let bucket = BOUNDS.partition_point(|bound| *bound < seconds);
        self.0.counts[bucket].fetch_add(1, Ordering::Relaxed);
        let nanoseconds = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
        self.0.nanoseconds.fetch_add(nanoseconds, Ordering::Relaxed);
    }

    fn render(&self, text: &mut String, name: &str, labels: &str) {
        let comma = if labels.is_empty() { "" } else { "," };
        let mut total = 0;
        for (bucket, count) in self.0.counts.iter().enumerate() {
            total += count.load(Ordering::Relaxed);
            let _ = match BOUNDS.get(bucket) {
                Some(bound) => writeln!(text, "{name}_bucket{{{labels}{comma}le=\"{bound}\"}} {total}"),
                None => writeln!(text, "{name}_bucket{{{labels}{comma}le=\"+Inf\"}} {total}"),
            };
        }
        let braces = in_braces(labels);
        let sum = self.0.nanoseconds.load(Ordering::Relaxed) as f64 / 1e9;
        let _ = writeln!(text, "{name}_sum{braces} {sum}\n{name}_count{braces} {total}");
    }
}

impl Series {
    fn render(&self, text: &mut String, name: &str, labels: &str) {
        let braces = in_braces(labels);
        let _ = match self {
            Self::Counter(counter) => writeln!(text, "{name}{braces} {}", counter.value()),
            Self::Gauge(gauge) => writeln!(text, "{name}{braces} {}", gauge.value()),
            Self::Computed(value) => writeln!(text, "{name}{braces} {}", value()),
            Self::Histogram(histogram) => {
                histogram.render(text, name, labels);
                Ok(())
            }
        };
    }
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
        }
    }
}

fn in_braces(labels: &str) -> String {
    if labels.is_empty() { String::new() } else { format!("{{{labels}}}") }
}

fn label_text(labels: &[(&str, &str)]) -> String {
    let mut text = String::new();
    for (name, value) in labels {
        let comma = if text.is_empty() { "" } else { "," };
        let value = value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
        let _ = write!(text, "{comma}{name}=\"{value}\"");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_name_and_labels_are_the_same_series() {
        let metrics = Metrics::new();
        metrics.counter("asked_total", "Asked.", &[("route", "/v1/x")]).increment();
        metrics.counter("asked_total", "Asked.", &[("route", "/v1/x")]).add(2);
        assert_eq!(
            metrics.render(),
            "# HELP asked_total Asked.\n# TYPE asked_total counter\nasked_total{route=\"/v1/x\"} 3\n"
        );
    }

    #[test]
    fn buckets_are_cumulative_and_a_bound_belongs_to_its_bucket() {
        let metrics = Metrics::new();
        let histogram = metrics.histogram("took_seconds", "Took.", &[]);
        histogram.observe(Duration::from_micros(500));
        histogram.observe(Duration::from_millis(3));
        histogram.observe(Duration::from_mins(1));
        let text = metrics.render();
        assert!(text.contains("took_seconds_bucket{le=\"0.0005\"} 1\n"), "{text}");
        assert!(text.contains("took_seconds_bucket{le=\"0.005\"} 2\n"), "{text}");
        assert!(text.contains("took_seconds_bucket{le=\"2.5\"} 2\n"), "{text}");
        assert!(text.contains("took_seconds_bucket{le=\"+Inf\"} 3\n"), "{text}");
        assert!(text.contains("took_seconds_count 3\n"), "{text}");
        assert!(text.contains("took_seconds_sum 60.0035\n"), "{text}");
    }

    #[test]
    fn labels_cannot_break_out_of_their_quotes() {
        assert_eq!(label_text(&[("a", "x\"y\\\n")]), "a=\"x\\\"y\\\\\\n\"");
    }

    #[test]
    fn a_computed_gauge_is_read_when_it_is_shown() {
        let metrics = Metrics::new();
        let gauge = metrics.gauge("held", "Held.", &[]);
        let seen = gauge.clone();
        metrics.computed("age_seconds", "Age.", &[("of", "agreement")], move || seen.value() + 1.0);
        gauge.set(4.5);
        assert!(metrics.render().contains("age_seconds{of=\"agreement\"} 5.5\n"));
    }
}
