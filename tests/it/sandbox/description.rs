//! The APIs' descriptions: each endpoint's body and replies, and whether a value conforms.

use std::cell::RefCell;
use std::collections::HashMap;
use std::path::Path;

use regex::Regex;
use serde_json::Value;

/// The descriptions' files, the reduced copies, and the prefix of their paths.
const FILES: [(&str, &str, &str); 3] = [
    (
        "management-2.0.9.yaml",
        include_str!("descriptions/management.yaml"),
        "",
    ),
    (
        "order-management-2.1.yaml",
        include_str!("descriptions/order-management.yaml"),
        "/order-management",
    ),
    (
        "access-token-2.0.0.yaml",
        include_str!("descriptions/access-token.yaml"),
        "",
    ),
];

#[derive(Debug, PartialEq)]
pub(super) struct Operation {
    /// `GET /management/v1/sales-units/{msn}`.
    pub(super) line: String,
    /// The schema of its JSON body, or null.
    pub(super) body: Value,
    /// Status or `default`, content type and schema. The latter two are empty where none is
    /// described.
    pub(super) replies: Vec<(String, String, Value)>,
}

/// The operations from the descriptions next to the project, or else from the copies.
pub(super) fn operations() -> Vec<Operation> {
    described().unwrap_or_else(copied)
}

pub(super) fn copied() -> Vec<Operation> {
    let files = FILES.iter();
    let all = files.flat_map(|(_, copy, prefix)| read(copy, prefix));
    all.collect()
}

pub(super) fn described() -> Option<Vec<Operation>> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/api");
    let mut all = Vec::new();
    for (name, _, prefix) in FILES {
        all.extend(read(
            &std::fs::read_to_string(directory.join(name)).ok()?,
            prefix,
        ));
    }
    Some(all)
}

fn read(yaml: &str, prefix: &str) -> Vec<Operation> {
    let description: Value = serde_norway::from_str(yaml).unwrap();
    let content = |owner: &Value| {
        let content = resolved(&description, owner)["content"]
            .as_object()
            .cloned();
        let (kind, media) = content.unwrap_or_default().into_iter().next()?;
        Some((kind, media["schema"].clone()))
    };
    let mut operations = Vec::new();
    for (path, item) in description["paths"].as_object().unwrap() {
        for method in ["get", "put", "post", "delete"] {
            let Some(operation) = item.get(method) else {
                continue;
            };
            let body = content(&operation["requestBody"]);
            let json = body.filter(|(kind, _)| kind == "application/json");
            let replies = operation["responses"].as_object().unwrap().iter();
            let replies = replies.map(|(status, reply)| {
                let (kind, schema) = content(reply).unwrap_or_default();
                (status.clone(), kind, schema)
            });
            let mut replies: Vec<_> = replies.collect();
            // Undescribed statuses use the API's error format.
            let error = &description["components"]["schemas"]["ErrorResponse"];
            if error.is_object() {
                let error = resolved(&description, error);
                replies.push(("default".to_owned(), "application/json".to_owned(), error));
            }
            operations.push(Operation {
                line: format!("{} {prefix}{path}", method.to_ascii_uppercase()),
                body: json.map(|(_, schema)| schema).unwrap_or_default(),
                replies,
            });
        }
    }
    operations
}

/// `part` with each reference replaced by its target.
fn resolved(description: &Value, part: &Value) -> Value {
    match part {
        Value::Object(object) => match object.get("$ref").and_then(Value::as_str) {
            Some(to) => resolved(description, description.pointer(&to[1..]).unwrap()),
            None => {
                let members = object.iter();
                let members =
                    members.map(|(name, part)| (name.clone(), resolved(description, part)));
                Value::Object(members.collect())
            }
        },
        Value::Array(items) => items
            .iter()
            .map(|part| resolved(description, part))
            .collect(),
        part => part.clone(),
    }
}

/// Whether a value conforms to a schema.
pub(super) fn fits(schema: &Value, value: &Value) -> bool {
    let limit = |name: &str| schema[name].as_i64();
    let within = |is: i64, min: &str, max: &str| {
        limit(min).is_none_or(|min| is >= min) && limit(max).is_none_or(|max| is <= max)
    };
    if value.is_null() {
        return schema["nullable"] == true;
    }
    let values = schema["enum"].as_array();
    values.is_none_or(|values| values.contains(value))
        && match schema["type"].as_str().unwrap() {
            "boolean" => value.is_boolean(),
            "integer" => value
                .as_i64()
                .is_some_and(|is| within(is, "minimum", "maximum")),
            "string" => value.as_str().is_some_and(|text| {
                let length = i64::try_from(text.chars().count()).unwrap();
                within(length, "minLength", "maxLength") && has_form(schema, text)
            }),
            "array" => value.as_array().is_some_and(|items| {
                let length = i64::try_from(items.len()).unwrap();
                within(length, "minItems", "maxItems")
                    && items.iter().all(|item| fits(&schema["items"], item))
            }),
            "object" => value.as_object().is_some_and(|members| {
                let required = schema["required"].as_array().into_iter().flatten();
                { required }.all(|name| members.contains_key(name.as_str().unwrap()))
                    && members
                        .iter()
                        .all(|(name, member)| match schema["properties"].get(name) {
                            Some(property) => fits(property, member),
                            None => schema["additionalProperties"] != false,
                        })
            }),
            other => panic!("{other}"),
        }
}

fn has_form(schema: &Value, text: &str) -> bool {
    let format = match schema["format"].as_str() {
        None => "",
        Some("uuid") => "^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$",
        Some("uri") => r"^[A-Za-z][A-Za-z0-9+.-]*:\S+$",
        Some("byte") => "^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$",
        Some("date-time") => r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$",
        Some(other) => panic!("{other}"),
    };
    let pattern = schema["pattern"].as_str().unwrap_or_default();
    is_match(format, text) && is_match(pattern, text)
}

fn is_match(pattern: &str, text: &str) -> bool {
    thread_local! {
        static COMPILED: RefCell<HashMap<String, Regex>> = RefCell::default();
    }
    COMPILED.with_borrow_mut(|compiled| {
        let new = || Regex::new(pattern).unwrap();
        let regex = compiled.entry(pattern.to_owned()).or_insert_with(new);
        regex.is_match(text)
    })
}
