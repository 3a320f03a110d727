//! The command `schema`: JSON Schemas of outputs, and SQL that declares tables of records, made of the same schema.

use clap::ValueEnum;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use super::args::{SchemaOf, SqlEngine};
use super::config::{CONFIG_SCHEMA_VERSION, ConfigFile};
use super::ddl;
use super::exit::RunError;
use crate::wire::{
    CompactRecord, Comparison, DIFF_SCHEMA_VERSION, EXPLAIN_SCHEMA_VERSION, EventLedger, Explanation, Record,
    SCHEMA_VERSION, SHOW_SCHEMA_VERSION, ShownEvent, Summary,
};

/// Name of the definition of a success in few bytes.
const COMPACT: &str = "CompactRecord";

/// Returns a schema, or the SQL for an engine.
pub(super) fn text(of: SchemaOf, engine: Option<SqlEngine>) -> Result<String, RunError> {
    let schema = schema(of);
    match (of, engine) {
        (_, None) => Ok(format!("{schema:#}\n")),
        (SchemaOf::Record, Some(engine)) => Ok(ddl::ddl(&schema, &schema["$defs"][COMPACT], engine)),
        _ => Err(RunError::usage("--ddl is of records: lambda-triage schema record --ddl ENGINE")),
    }
}

/// Returns the schema of a record of which what is null or empty is left out.
fn shortened(record: &Map<String, Value>) -> Value {
    let mut fields = record.get("properties").cloned().unwrap_or_default();
    let mut required = Vec::new();
    for (name, field) in fields.as_object_mut().into_iter().flatten() {
        let is_null = |of: &Value| {
            of.get("type").is_some_and(|kind| {
                *kind == "null" || kind.as_array().is_some_and(|kinds| kinds.contains(&"null".into()))
            })
        };
        let may_be_null = is_null(field) || field["anyOf"].as_array().is_some_and(|any| any.iter().any(is_null));
        if !may_be_null && field["type"] != "array" {
            required.push(name.clone());
        }
        if let Some(field) = field.as_object_mut() {
            field.retain(|key, _| key != "description" && key != "default");
        }
    }
    json!({
        "description": "A record without what is null or empty: a failure, or what tells more than a compact success.",
        "type": "object",
        "properties": fields,
        "required": required,
    })
}

/// Returns the JSON Schema of an output or of the configuration file, pretty-printed. That of an output describes what is
/// written, so every key is required.
fn schema(of: SchemaOf) -> Value {
    let settings = SchemaSettings::draft2020_12();
    let generator = match of {
        SchemaOf::Config => settings.for_deserialize(),
        _ => settings.for_serialize(),
    }
    .into_generator();
    let (schema, version) = match of {
        SchemaOf::Summary => (generator.into_root_schema_for::<Summary>(), SCHEMA_VERSION),
        SchemaOf::Record => (generator.into_root_schema_for::<Record>(), SCHEMA_VERSION),
        SchemaOf::Ledger => (generator.into_root_schema_for::<EventLedger>(), SCHEMA_VERSION),
        SchemaOf::Show => (generator.into_root_schema_for::<ShownEvent>(), SHOW_SCHEMA_VERSION),
        SchemaOf::Diff => (generator.into_root_schema_for::<Comparison>(), DIFF_SCHEMA_VERSION),
        SchemaOf::Explain => (generator.into_root_schema_for::<Explanation>(), EXPLAIN_SCHEMA_VERSION),
        SchemaOf::Config => (generator.into_root_schema_for::<ConfigFile>(), CONFIG_SCHEMA_VERSION),
    };
    let name = of.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned());
    // What says which schema it is stands first, where readers look for it.
    let mut document = Map::new();
    document.insert("$schema".to_owned(), schema.get("$schema").cloned().unwrap_or_default());
    document.insert("$id".to_owned(), format!("urn:{}:schema:{name}:{version}", env!("CARGO_PKG_NAME")).into());
    let rest = schema.as_object().into_iter().flatten().filter(|(key, _)| key.as_str() != "$schema");
    document.extend(rest.map(|(key, value)| (key.clone(), value.clone())));
    if let SchemaOf::Record = of {
        document["description"] = "One attempt with its verdict. Lines of --records compact fit CompactLine.".into();
        let shortened = shortened(&document);
        let settings = SchemaSettings::draft2020_12().for_serialize();
        let compact = settings.into_generator().into_root_schema_for::<CompactRecord>().to_value();
        if let Some(Value::Object(definitions)) = document.get_mut("$defs") {
            let definition = |key: &str| compact.get(key).cloned().unwrap_or_default();
            let compact: Map<String, Value> = ["description", "type", "properties", "required"]
                .map(|key| (key.to_owned(), definition(key)))
                .into_iter()
                .collect();
            definitions.insert(COMPACT.to_owned(), compact.into());
            definitions.insert("ShortenedRecord".to_owned(), shortened);
            let either = ["#/$defs/CompactRecord", "#/$defs/ShortenedRecord"].map(|place| json!({ "$ref": place }));
            definitions.insert("CompactLine".to_owned(), json!({ "oneOf": either }));
        }
    }
    Value::Object(document)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_of_the_schema_is_required() {
        for of in SchemaOf::value_variants().iter().copied() {
            let text = text(of, None).unwrap();
            assert!(text.starts_with("{\n  \"$schema\": \"https://json-schema.org/draft/2020-12/schema\",\n  \"$id\": \"urn:lambda-triage:schema:"), "{text}");
            let schema: serde_json::Value = serde_json::from_str(&text).unwrap();
            let properties = schema["properties"].as_object().unwrap().len();
            let required = schema["required"].as_array().map_or(0, Vec::len);
            let wanted = if matches!(of, SchemaOf::Config) { 0 } else { properties };
            assert_eq!(required, wanted, "{of:?}");
        }
    }

    /// A field of a record is a column of every engine, and so is each short one.
    #[test]
    fn every_field_is_a_column() {
        let schema = schema(SchemaOf::Record);
        let short = schema["$defs"][COMPACT]["properties"].as_object().unwrap();
        for engine in SqlEngine::value_variants() {
            let sql = text(SchemaOf::Record, Some(*engine)).unwrap();
            let (table, view) = sql.split_once("CREATE VIEW").unwrap();
            let quote = if *engine == SqlEngine::Duckdb { '"' } else { '`' };
            for name in schema["properties"].as_object().unwrap().keys().chain(short.keys()) {
                assert_eq!(
                    table.matches(&format!("\n  {quote}{name}{quote} ")).count(),
                    1,
                    "{engine:?}: {name}\n{sql}"
                );
            }
            let columns = view.matches(",\n").count() + 1;
            assert_eq!(columns, schema["properties"].as_object().unwrap().len(), "{sql}");
        }
    }
}
