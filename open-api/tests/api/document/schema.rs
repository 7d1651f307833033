//! Checks values against the schemas of an OpenAPI 3.1 document, as far as ours
//! uses them. Stricter than JSON Schema: a member that no schema names is a
//! fault, since nobody could know of it.

use std::collections::BTreeSet;

use serde_json::Value;

pub(crate) struct Document {
    document: Value,
}

impl Document {
    pub(crate) fn new(document: Value) -> Self {
        Self { document }
    }

    /// Each as `GET /v1/agencies`.
    pub(crate) fn operations(&self) -> BTreeSet<String> {
        let mut lines = BTreeSet::new();
        for (path, item) in members(&self.document["paths"]) {
            for (method, operation) in members(item) {
                if operation["responses"].is_object() {
                    lines.insert(format!("{} {path}", method.to_uppercase()));
                }
            }
        }
        lines
    }

    /// What is described of the answer: its media types; null for none.
    pub(crate) fn answer(&self, line: &str, status: u16) -> Value {
        let (method, path) = line.split_once(' ').unwrap();
        let operation = &self.document["paths"][path][method.to_lowercase()];
        let responses = &operation["responses"];
        let own = &responses[status.to_string()]["content"];
        // A status that has words alone answers as all problems do.
        if own.is_null() && status >= 400 {
            return responses["default"]["content"].clone();
        }
        own.clone()
    }

    pub(crate) fn faults_of(&self, name: &str, value: &Value) -> Vec<String> {
        self.faults(&self.document["components"]["schemas"][name], value)
    }

    /// What of `value` is other than `schema` says; each with its place.
    pub(crate) fn faults(&self, schema: &Value, value: &Value) -> Vec<String> {
        let mut faults = Vec::new();
        self.check(schema, value, "$", &mut faults);
        faults
    }

    /// Place, schema and example of all that stand in the document.
    pub(crate) fn examples(&self) -> Vec<(String, Value, Value)> {
        let mut found = Vec::new();
        for (name, schema) in members(&self.document["components"]["schemas"]) {
            if let Some(example) = schema.get("example") {
                found.push((name.clone(), schema.clone(), example.clone()));
            }
            for (property, schema) in members(&schema["properties"]) {
                if let Some(example) = schema.get("example") {
                    found.push((
                        format!("{name}.{property}"),
                        schema.clone(),
                        example.clone(),
                    ));
                }
            }
        }
        for line in self.operations() {
            let (method, path) = line.split_once(' ').unwrap();
            let operation = &self.document["paths"][path][method.to_lowercase()];
            let answers = members(&operation["responses"]).map(|(_, answer)| answer);
            for body in answers.chain([&operation["requestBody"]]) {
                for (kind, content) in members(&body["content"]) {
                    if let Some(example) = content.get("example") {
                        let place = format!("{line} {kind}");
                        found.push((place, content["schema"].clone(), example.clone()));
                    }
                }
            }
        }
        found
    }

    fn resolve<'a>(&'a self, schema: &'a Value) -> &'a Value {
        match schema["$ref"].as_str() {
            Some(to) => {
                let pointer = to.strip_prefix('#').unwrap();
                let found = self.document.pointer(pointer);
                self.resolve(found.unwrap_or_else(|| panic!("{to} leads nowhere")))
            }
            None => schema,
        }
    }

    fn check(&self, schema: &Value, value: &Value, at: &str, faults: &mut Vec<String>) {
        let schema = self.resolve(schema);
        for (choice, most) in [("anyOf", usize::MAX), ("oneOf", 1)] {
            if let Some(parts) = schema[choice].as_array() {
                let fits = |part: &&Value| self.faults(part, value).is_empty();
                let count = parts.iter().filter(fits).count();
                if count == 0 || count > most {
                    faults.push(format!("{at}: {count} of {choice} fit {value}"));
                }
            }
        }
        if !is_of_type(&schema["type"], value) {
            faults.push(format!("{at}: {value} is no {}", schema["type"]));
            return;
        }
        check_bounds(schema, value, at, faults);
        match value {
            Value::Object(object) => {
                for name in schema["required"].as_array().into_iter().flatten() {
                    if !object.contains_key(name.as_str().unwrap()) {
                        faults.push(format!("{at}: {name} is missing"));
                    }
                }
                for (name, member) in object {
                    self.check_member(schema, name, member, at, faults);
                }
            }
            Value::Array(items) if schema.get("items").is_some() => {
                for (place, item) in items.iter().enumerate() {
                    self.check(&schema["items"], item, &format!("{at}[{place}]"), faults);
                }
            }
            _ => {}
        }
    }

    fn check_member(
        &self,
        schema: &Value,
        name: &str,
        member: &Value,
        at: &str,
        faults: &mut Vec<String>,
    ) {
        let at = format!("{at}.{name}");
        let others = &schema["additionalProperties"];
        if let Some(own) = schema["properties"].get(name) {
            self.check(own, member, &at, faults);
        } else if others.is_object() {
            self.check(others, member, &at, faults);
        } else if others != &Value::Bool(true) && schema.get("type").is_some() {
            faults.push(format!("{at} is not described"));
        }
    }
}

fn members(object: &Value) -> impl Iterator<Item = (&String, &Value)> {
    object.as_object().into_iter().flatten()
}

/// One name or several; none allows all.
fn is_of_type(types: &Value, value: &Value) -> bool {
    let is = |name: &Value| match name.as_str() {
        Some("null") => value.is_null(),
        Some("boolean") => value.is_boolean(),
        Some("integer") => value.is_i64() || value.is_u64(),
        Some("number") => value.is_number(),
        Some("string") => value.is_string(),
        Some("array") => value.is_array(),
        Some("object") => value.is_object(),
        _ => false,
    };
    match types {
        Value::Null => true,
        Value::Array(names) => names.iter().any(is),
        name => is(name),
    }
}

fn check_bounds(schema: &Value, value: &Value, at: &str, faults: &mut Vec<String>) {
    if let Some(number) = value.as_f64() {
        let below = schema["minimum"]
            .as_f64()
            .is_some_and(|least| number < least);
        let above = schema["maximum"].as_f64().is_some_and(|most| number > most);
        let wide = schema["format"] == "int32"
            && value.as_i64().is_none_or(|it| i32::try_from(it).is_err());
        if below || above || wide {
            faults.push(format!("{at}: {number} is out of bounds"));
        }
    }
    if let Some(text) = value.as_str() {
        let is_time = text.parse::<jiff::Timestamp>().is_ok();
        if schema["format"] == "date-time" && !is_time {
            faults.push(format!("{at}: {text:?} is no time"));
        }
        let known = schema["enum"].as_array();
        if known.is_some_and(|known| !known.contains(value)) {
            faults.push(format!("{at}: {text:?} is none of {}", schema["enum"]));
        }
    }
    if let Some(items) = value.as_array() {
        let most = schema["maxItems"].as_u64();
        let least = schema["minItems"].as_u64();
        let count = items.len() as u64;
        if most.is_some_and(|most| count > most) || least.is_some_and(|least| count < least) {
            faults.push(format!("{at}: {count} items"));
        }
    }
}
