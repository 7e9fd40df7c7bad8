//! The keys of the configuration, from the schema that editors get.

use serde_json::Value;

use super::{cell, note};
use crate::config::schema;

/// The page.
pub fn page() -> String {
    let schema = schema::schema();
    let mut text = note("the schema of the configuration");
    text += "# Keys of the configuration\n\n\
             How they work together: [configure](../how-to/configure.md).\n\
             The same as a JSON schema: [cuda-lint.schema.json](../cuda-lint.schema.json).\n\n\
             | key | value | meaning |\n| --- | --- | --- |\n";
    rows("", &schema["properties"], &schema, &mut text);
    text += "\nA level is ";
    let levels = schema["definitions"]["level"]["enum"].as_array().cloned().unwrap_or_default();
    let levels: Vec<_> = levels.iter().filter_map(Value::as_str).map(|level| format!("`{level}`")).collect();
    text + &format!("{}.\n", levels.join(", "))
}

fn rows(prefix: &str, properties: &Value, schema: &Value, text: &mut String) {
    // The order of the schema is that of the alphabet: top-level keys first, then sections.
    let properties = properties.as_object().cloned().unwrap_or_default();
    let is_section = |value: &Value| inner(value).is_some();
    let (sections, keys): (Vec<_>, Vec<_>) = properties.iter().partition(|(_, value)| is_section(value));
    for (key, value) in keys {
        let meaning = value["description"].as_str().or(resolved(value, schema)["description"].as_str());
        let meaning = cell(meaning.unwrap_or_default());
        *text += &format!("| `{prefix}{key}` | {} | {meaning} |\n", kind(value, schema));
    }
    for (key, value) in sections {
        if let Some(inside) = inner(value) {
            rows(&format!("{prefix}{key}."), inside, schema, text);
        }
    }
}

/// The keys of a section, or of the elements of an array of sections.
fn inner(value: &Value) -> Option<&Value> {
    value.get("properties").or_else(|| value.get("items")?.get("properties"))
}

fn resolved<'s>(value: &'s Value, schema: &'s Value) -> &'s Value {
    let reference = value["$ref"].as_str().and_then(|path| path.strip_prefix('#'));
    reference.and_then(|path| schema.pointer(path)).unwrap_or(value)
}

fn kind(value: &Value, schema: &Value) -> String {
    if value["$ref"] == "#/definitions/rules" {
        return "rule or group = level".to_owned();
    }
    let value = resolved(value, schema);
    if let Some(words) = value["enum"].as_array() {
        let words: Vec<_> = words.iter().filter_map(Value::as_str).map(|word| format!("`{word}`")).collect();
        return words.join(", ");
    }
    match value["type"].as_str() {
        Some("array") => "texts".to_owned(),
        Some("string") => "text".to_owned(),
        Some("boolean") => "`true`, `false`".to_owned(),
        Some("integer") => "number".to_owned(),
        _ => String::new(),
    }
}
