//! The events of a stream.

use std::io::{BufRead, BufReader};
use std::net::TcpStream;

use serde_json::Value;

/// Server-sent events, one by one.
pub(crate) struct Events {
    pub(super) lines: BufReader<TcpStream>,
}

#[derive(Debug, Default)]
pub(crate) struct Event {
    pub(crate) name: Option<String>,
    pub(crate) id: Option<u64>,
    pub(crate) data: Value,
}

impl Events {
    fn block(&mut self) -> Vec<String> {
        let mut block = Vec::new();
        loop {
            let mut line = String::new();
            let read = self.lines.read_line(&mut line).unwrap();
            let line = line.trim_end_matches('\n').to_owned();
            if read == 0 || line.is_empty() {
                return block;
            }
            block.push(line);
        }
    }

    /// The next event as it is written.
    pub(crate) fn text(&mut self) -> String {
        let lines = self.block().join("\n");
        format!("{lines}\n\n")
    }

    /// The next event; comments are passed over.
    pub(crate) fn next(&mut self) -> Event {
        loop {
            let block = self.block();
            assert!(!block.is_empty(), "the stream has ended");
            let mut event = Event::default();
            for line in &block {
                match line.split_once(": ") {
                    Some(("event", name)) => event.name = Some(name.to_owned()),
                    Some(("id", id)) => event.id = Some(id.parse().unwrap()),
                    Some(("data", data)) => event.data = serde_json::from_str(data).unwrap(),
                    _ => {}
                }
            }
            if event.id.is_some() {
                return event;
            }
        }
    }

    /// Whether the other side has closed the stream.
    pub(crate) fn ended(&mut self) -> bool {
        loop {
            let block = self.block();
            if block.is_empty() {
                return true;
            }
            assert!(block.iter().all(|line| line.starts_with(':')), "{block:?}");
        }
    }
}
