//! Figures in Prometheus' text format 0.0.4, in the order in which they are
//! given.

use std::fmt::{self, Display, Write};

/// A page of figures, as `/metrics` answers it.
#[derive(Default, Debug)]
pub struct Exposition {
    text: String,
}

/// How a figure changes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// It only grows, until the process starts anew.
    Counter,
    /// It goes up and down.
    Gauge,
}

/// A metric whose head is written: its samples follow.
#[derive(Debug)]
pub struct Metric<'a> {
    text: &'a mut String,
    name: &'a str,
}

impl Exposition {
    /// Begins a metric. `help` is a sentence without its full stop.
    pub fn metric<'a>(&'a mut self, name: &'a str, kind: Kind, help: &str) -> Metric<'a> {
        let kind = match kind {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
        };
        let help = Escaped(help, "");
        write(
            &mut self.text,
            format_args!("# HELP {name} {help}.\n# TYPE {name} {kind}\n"),
        );
        Metric {
            text: &mut self.text,
            name,
        }
    }

    /// A counter that has no labels.
    pub fn counter(&mut self, name: &str, help: &str, value: impl Display) {
        self.metric(name, Kind::Counter, help).sample(&[], value);
    }

    /// A gauge that has no labels.
    pub fn gauge(&mut self, name: &str, help: &str, value: impl Display) {
        self.metric(name, Kind::Gauge, help).sample(&[], value);
    }

    /// The page as it is sent.
    pub fn into_text(self) -> String {
        self.text
    }
}

impl Metric<'_> {
    /// Appends one value, under labels that no other sample of the metric has.
    pub fn sample(&mut self, labels: &[(&str, &str)], value: impl Display) {
        self.text.push_str(self.name);
        for (at, (label, text)) in labels.iter().enumerate() {
            let before = if at == 0 { '{' } else { ',' };
            let text = Escaped(text, "\"");
            write(self.text, format_args!("{before}{label}=\"{text}\""));
        }
        if !labels.is_empty() {
            self.text.push('}');
        }
        write(self.text, format_args!(" {value}\n"));
    }
}

/// A text with a `\` before line ends, `\`, and the signs of the second text.
struct Escaped<'a>(&'a str, &'static str);

impl Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|sign| match sign {
            '\n' => f.write_str("\\n"),
            sign if sign == '\\' || self.1.contains(sign) => write!(f, "\\{sign}"),
            sign => f.write_char(sign),
        })
    }
}

fn write(text: &mut String, arguments: fmt::Arguments<'_>) {
    text.write_fmt(arguments).expect("a String takes all");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_written_in_the_order_of_its_figures() {
        let mut page = Exposition::default();
        page.gauge("files", "Files served", 3);
        let mut replies = page.metric("replies_total", Kind::Counter, "Replies by class");
        replies.sample(&[("class", "2xx"), ("listener", "http")], 7);
        replies.sample(&[("class", "5xx"), ("listener", "http")], 0);
        page.counter("seconds_total", "Time of the workers", 0.25);
        assert_eq!(
            page.into_text(),
            "# HELP files Files served.\n# TYPE files gauge\nfiles 3\n\
             # HELP replies_total Replies by class.\n# TYPE replies_total counter\n\
             replies_total{class=\"2xx\",listener=\"http\"} 7\n\
             replies_total{class=\"5xx\",listener=\"http\"} 0\n\
             # HELP seconds_total Time of the workers.\n# TYPE seconds_total counter\n\
             seconds_total 0.25\n"
        );
    }

    #[test]
    fn no_text_breaks_out_of_its_place() {
        let mut page = Exposition::default();
        let mut metric = page.metric("a", Kind::Gauge, "one\ntwo\\\"three\"");
        metric.sample(&[("label", "\"}\n\\")], 1);
        assert_eq!(
            page.into_text(),
            "# HELP a one\\ntwo\\\\\"three\".\n# TYPE a gauge\na{label=\"\\\"}\\n\\\\\"} 1\n"
        );
    }
}
