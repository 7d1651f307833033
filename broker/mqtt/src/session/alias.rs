//! Topic aliases towards the client: a number in the place of a topic.
//!
//! The first topics of a connection get one and keep it. A subscriber that
//! takes aliases and follows few topics saves most of their bytes; one that
//! follows many loses nothing.

#[derive(Debug, Default)]
pub(super) struct Aliases {
    most: u16,
    /// Index is the alias less one.
    topics: Vec<Box<str>>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Alias {
    None,
    /// Sent beside its topic, once.
    New(u16),
    /// In the topic's place.
    Known(u16),
}

impl Aliases {
    pub(super) fn new(most: u16) -> Self {
        Self {
            most,
            topics: Vec::new(),
        }
    }

    pub(super) fn are_taken(&self) -> bool {
        self.most > 0
    }

    /// What may stand for a topic.
    pub(super) fn of(&self, topic: &str) -> Alias {
        match self.topics.iter().position(|known| **known == *topic) {
            Some(index) => Alias::Known(index as u16 + 1),
            None if self.topics.len() < usize::from(self.most) => {
                Alias::New(self.topics.len() as u16 + 1)
            }
            None => Alias::None,
        }
    }

    /// A topic was sent beside its new alias.
    pub(super) fn set(&mut self, topic: &str) {
        self.topics.push(topic.into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_topics_keep_their_aliases() {
        let mut aliases = Aliases::new(2);
        assert_eq!(aliases.of("a"), Alias::New(1));
        assert_eq!(aliases.of("a"), Alias::New(1));
        aliases.set("a");
        assert_eq!(aliases.of("b"), Alias::New(2));
        aliases.set("b");
        assert_eq!(
            (aliases.of("a"), aliases.of("b")),
            (Alias::Known(1), Alias::Known(2))
        );
        assert_eq!(aliases.of("c"), Alias::None);
        assert_eq!(Aliases::default().of("a"), Alias::None);
    }
}
