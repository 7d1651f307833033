//! The path of a URL below the service's root: from set to entity to relation,
//! and what of it is asked for.

use crate::cursor::{Cursor, quote};
use crate::id::Id;
use crate::limits::MAX_PATH_SEGMENTS;
use crate::percent;
use crate::schema::{Attribute, EntityType, Kind, Relation, Version};

/// Where a path leads. Without steps: the landing page.
#[derive(Debug, Clone, PartialEq)]
pub struct ResourcePath {
    pub steps: Vec<Step>,
    pub end: PathEnd,
}

/// From the service's root to a set, or along a relation; then, with a key, to
/// one entity of the set.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// `None` for the first step.
    pub relation: Option<&'static Relation>,
    pub entity_type: EntityType,
    /// Whether it leads to a set: a set or a relation to many, without a key.
    pub many: bool,
    pub key: Option<Id>,
}

/// What is asked for of that to which the steps lead.
#[derive(Debug, Clone, PartialEq)]
pub enum PathEnd {
    Entities,
    /// `/$ref`.
    References,
    /// Of one entity.
    Attribute {
        attribute: &'static Attribute,
        /// Into the attribute's value; empty for the whole of it.
        path: Vec<String>,
        /// `/$value`.
        raw: bool,
    },
}

/// Why there is nothing under a path: 404.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no {segment} {place}; {hint}")]
pub struct PathError {
    /// The segment that is not understood, in quotes.
    pub segment: String,
    /// Where it was looked for, as `in a Thing`.
    pub place: String,
    /// What there is instead.
    pub hint: String,
}

/// Reads what follows the service's root, as `/Things(1)/Datastreams`, with or
/// without slashes at its ends. Each segment is percent-decoded by itself, so that
/// a text id may hold `%2F`.
pub fn parse_path(version: Version, path: &str) -> Result<ResourcePath, PathError> {
    let mut reader = Reader {
        version,
        steps: Vec::new(),
    };
    let mut end = None;
    for (index, segment) in segments(path).enumerate() {
        let decoded = percent::decode(segment)
            .map_err(|_| reader.error(segment, "segments are percent-encoded UTF-8"))?;
        if index == MAX_PATH_SEGMENTS {
            let hint = format!("a path may have {MAX_PATH_SEGMENTS} segments");
            return Err(reader.error(&decoded, hint));
        }
        end = match end.take() {
            None => reader.segment(&decoded)?,
            Some(end) => Some(reader.further(end, &decoded)?),
        };
    }
    Ok(ResourcePath {
        steps: reader.steps,
        end: end.unwrap_or(PathEnd::Entities),
    })
}

/// The pieces between slashes that stand outside quotes: within a key a text may
/// hold them.
fn segments(path: &str) -> impl Iterator<Item = &str> {
    let mut is_quoted = false;
    path.trim_matches('/')
        .split(move |c| {
            is_quoted ^= c == '\'';
            c == '/' && !is_quoted
        })
        .filter(|segment| !segment.is_empty())
}

struct Reader {
    version: Version,
    steps: Vec<Step>,
}

impl Reader {
    /// A segment after the steps: one more of them, or what the path ends with.
    fn segment(&mut self, segment: &str) -> Result<Option<PathEnd>, PathError> {
        let mut cursor = Cursor::new(segment);
        let name = cursor.take_while(|c| c != '(');
        let Some(last) = self.steps.last() else {
            let Some(of) = EntityType::by_set_name(self.version, name) else {
                return Err(self.error(segment, self.sets()));
            };
            let step = self.step(None, of, true, cursor, segment)?;
            self.steps.push(step);
            return Ok(None);
        };
        if segment == "$ref" {
            return Ok(Some(PathEnd::References));
        }
        if last.many {
            return Err(self.error(segment, "an entity is named by its key, as (1)"));
        }
        let of = last.entity_type;
        if let Some(relation) = of.relation(self.version, name) {
            let step = self.step(
                Some(relation),
                relation.target,
                relation.many,
                cursor,
                segment,
            )?;
            self.steps.push(step);
            return Ok(None);
        }
        match of.attribute(self.version, segment) {
            Some(attribute) => Ok(Some(PathEnd::Attribute {
                attribute,
                path: Vec::new(),
                raw: false,
            })),
            None => Err(self.error(segment, self.names(of))),
        }
    }

    /// A step with the key that follows its name, if one does.
    fn step(
        &self,
        relation: Option<&'static Relation>,
        entity_type: EntityType,
        many: bool,
        mut cursor: Cursor<'_>,
        segment: &str,
    ) -> Result<Step, PathError> {
        let key = match cursor.is_at_end() {
            true => None,
            false if !many => return Err(self.error(segment, "one entity has no key")),
            false => Some(key(&mut cursor).ok_or_else(|| {
                self.error(
                    segment,
                    "a key is a whole number, or a text in single quotes",
                )
            })?),
        };
        Ok(Step {
            relation,
            entity_type,
            many: many && key.is_none(),
            key,
        })
    }

    /// A segment after an attribute or `$ref`.
    fn further(&self, end: PathEnd, segment: &str) -> Result<PathEnd, PathError> {
        let PathEnd::Attribute {
            attribute,
            mut path,
            raw: false,
        } = end
        else {
            return Err(self.error(segment, "nothing follows $ref and $value"));
        };
        let raw = segment == "$value";
        let leads_on = match attribute.kind {
            Kind::Json | Kind::Any | Kind::Geometry => true,
            Kind::Interval => path.is_empty() && matches!(segment, "start" | "end"),
            _ => false,
        };
        if !raw && !leads_on {
            let hint = format!("{} is a simple value", attribute.name);
            return Err(self.error(segment, hint));
        }
        if !raw {
            path.push(segment.to_owned());
        }
        Ok(PathEnd::Attribute {
            attribute,
            path,
            raw,
        })
    }

    fn error(&self, segment: &str, hint: impl Into<String>) -> PathError {
        let place = match self.steps.last() {
            None => "at the root of the service".to_owned(),
            Some(step) if step.many => {
                let set = step.entity_type.set_name(self.version);
                format!("in a set of {}", set.unwrap_or_default())
            }
            Some(step) => {
                let name = step.entity_type.name(self.version);
                let article = if name.starts_with('O') { "an" } else { "a" };
                format!("in {article} {name}")
            }
        };
        PathError {
            segment: quote(segment),
            place,
            hint: hint.into(),
        }
    }

    fn sets(&self) -> String {
        let sets = EntityType::ALL.into_iter();
        let names: Vec<_> = sets.filter_map(|of| of.set_name(self.version)).collect();
        format!("there are {}", names.join(", "))
    }

    fn names(&self, of: EntityType) -> String {
        let attributes = of.attributes(self.version).iter().map(|one| one.name);
        let relations = of.relations(self.version).iter().map(|one| one.name);
        let names: Vec<_> = attributes.chain(relations).collect();
        format!("it has {}", names.join(", "))
    }
}

/// `(1)` or `('a''b')`, and nothing after it.
fn key(cursor: &mut Cursor<'_>) -> Option<Id> {
    cursor.expect('(', "a key").ok()?;
    let id = match cursor.peek()? {
        '\'' => Id::Text(cursor.quoted().ok()?.into()),
        _ => {
            let digits = cursor.take_while(|c| c.is_ascii_digit());
            Id::Number(digits.parse().ok()?)
        }
    };
    cursor.expect(')', "its end").ok()?;
    cursor.is_at_end().then_some(id)
}
