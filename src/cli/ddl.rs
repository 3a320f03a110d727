//! SQL that declares a table of records, full and compact, and a view of both under the names of full records.
//!
//! The columns are those of the JSON Schema, so there is no second list of fields. Types are declared, never guessed from the
//! data: records without failures do not change them.

use std::fmt::Write;

use serde_json::Value;

use super::args::SqlEngine;

/// Returns the statements for an engine; `record` is the schema of a record, `compact` that of a success in few bytes.
pub(super) fn ddl(record: &Value, compact: &Value, engine: SqlEngine) -> String {
    let types = Types { definitions: &record["$defs"], engine };
    let full = fields(record);
    let short = fields(compact).into_iter().filter(|(name, _)| !full.iter().any(|(known, _)| known == name));
    let columns: Vec<String> = full
        .iter()
        .copied()
        .chain(short)
        .map(|(name, schema)| format!("  {} {}", types.quoted(name), types.of(schema)))
        .collect();
    let columns = columns.join(",\n");
    let mut sql =
        format!("-- Records of lambda-triage, full and compact: {}\n", record["$id"].as_str().unwrap_or_default());
    let _ = match engine {
        SqlEngine::Athena => writeln!(
            sql,
            "-- Put in your own place of the records.\nCREATE EXTERNAL TABLE lambda_triage_records (\n{columns}\n)\nROW FORMAT SERDE \
             'org.openx.data.jsonserde.JsonSerDe'\nLOCATION 's3://BUCKET/PREFIX/';\n"
        ),
        SqlEngine::Duckdb => writeln!(
            sql,
            "-- Filled by: COPY lambda_triage_records FROM 'records/*.ndjson' (FORMAT json);\nCREATE TABLE \
             lambda_triage_records (\n{columns}\n);\n"
        ),
        SqlEngine::Spark => writeln!(
            sql,
            "-- Put in your own place of the records.\nCREATE TABLE lambda_triage_records (\n{columns}\n)\nUSING json \
             OPTIONS (path 's3://BUCKET/PREFIX/');\n"
        ),
    };
    let columns: Vec<String> = full
        .iter()
        .map(|(name, _)| match expanded(name, engine) {
            Some(expression) => format!("  {expression} AS {}", in_view(name, engine)),
            None => format!("  {}", in_view(name, engine)),
        })
        .collect();
    let _ = writeln!(
        sql,
        "-- Every record under the names of a full one.\nCREATE VIEW lambda_triage_attempts AS\nSELECT\n{}\nFROM \
         lambda_triage_records;",
        columns.join(",\n")
    );
    sql
}

/// Returns how a field of a full record comes from the fields of a compact one; `None` where both have the same name.
fn expanded(name: &str, engine: SqlEngine) -> Option<String> {
    // Account, region and name of the function stand in one field.
    let named = in_view("function", engine);
    let function =
        format!("coalesce({named}, CASE WHEN f LIKE '%:%' THEN regexp_extract(f, '^[^:]*:[^:]*:(.*)$', 1) ELSE f END)");
    let part = |pattern: &str, name: &str| {
        format!("coalesce({name}, nullif(CASE WHEN f LIKE '%:%' THEN regexp_extract(f, '{pattern}', 1) END, ''))")
    };
    let of_success = |name: &str, value: &str| format!("coalesce({name}, CASE WHEN lt IS NOT NULL THEN {value} END)");
    let bigint = |value: &str| format!("CAST({value} AS BIGINT)");
    let time = |full: &str, ms: &str| match engine {
        SqlEngine::Duckdb => {
            format!("coalesce({full}, strftime(make_timestamp(1000 * ({ms})), '%Y-%m-%dT%H:%M:%S.%gZ'))")
        }
        SqlEngine::Athena => format!(
            "coalesce({full}, substr(date_format(date_add('millisecond', {ms}, TIMESTAMP '1970-01-01 00:00:00'), \
             '%Y-%m-%dT%H:%i:%s.%f'), 1, 23) || 'Z')"
        ),
        // Whatever zone the session has: functions of time stamps shift what its clocks skip in spring.
        SqlEngine::Spark => {
            let of_day = format!("pmod({ms}, 86400000)");
            let day =
                format!("CAST(date_add(DATE '1970-01-01', CAST(({ms} - {of_day}) DIV 86400000 AS INT)) AS STRING)");
            let part = |unit: u32, of: u32| format!("pmod({of_day} DIV {unit}, {of})");
            let [hour, minute, second] = [(3_600_000, 24), (60_000, 60), (1_000, 60)].map(|(unit, of)| part(unit, of));
            format!(
                "coalesce({full}, format_string('%sT%02d:%02d:%02d.%03dZ', {day}, {hour}, {minute}, {second}, pmod({ms}, \
                 1000)))"
            )
        }
    };
    Some(match name {
        "schema" => format!("coalesce({}, lt)", in_view("schema", engine)),
        "kind" => of_success("kind", "'attempt'"),
        "account_id" => part("^([^:]*):", "account_id"),
        "region" => part("^[^:]*:([^:]*):", "region"),
        "function" => function,
        "log_group" => format!(
            "CASE WHEN lt IS NULL THEN log_group ELSE coalesce(nullif(log_group, ''), CASE WHEN log_group IS NULL THEN \
             concat('/aws/lambda/', {function}) END) END"
        ),
        "stream_key" => "coalesce(stream_key, s)".to_owned(),
        "input" => "coalesce(input, k)".to_owned(),
        "understood" => of_success("understood", "true"),
        "successes_left_out" => of_success("successes_left_out", "false"),
        "version" => "CASE WHEN lt IS NULL THEN version ELSE nullif(coalesce(n, '$LATEST'), '') END".to_owned(),
        "request_id" => "coalesce(request_id, r)".to_owned(),
        "attempt" => of_success("attempt", "1"),
        "started_at" => time("started_at", "t"),
        "started_at_ms" => "coalesce(started_at_ms, t)".to_owned(),
        "ended_at" => time("ended_at", "(t + e)"),
        "ended_at_ms" => "coalesce(ended_at_ms, t + e)".to_owned(),
        "window_cut" => of_success("window_cut", "'none'"),
        "category" | "code" => of_success(name, "'ok'"),
        "confidence" => of_success(name, "'high'"),
        "retryable" | "compensation" => of_success(name, "'no'"),
        "partial_work" => of_success(name, "'finished'"),
        "cold_start" => of_success(name, "(i IS NOT NULL OR restore_ms IS NOT NULL)"),
        "duration_ms" => "coalesce(duration_ms, d)".to_owned(),
        "billed_ms" => format!(
            "coalesce(billed_ms, b, {})",
            bigint("ceil(round(d + coalesce(i, 0) + coalesce(restore_ms, 0), 3))")
        ),
        "init_ms" => "coalesce(init_ms, i)".to_owned(),
        "memory_size_mb" => "coalesce(memory_size_mb, m)".to_owned(),
        "max_memory_used_mb" => "coalesce(max_memory_used_mb, u)".to_owned(),
        "emulated" => of_success(name, "false"),
        "outcome" => of_success(name, "'succeeded'"),
        _ => return None,
    })
}

/// Returns the name of a column in a view, which cannot be taken for a word of SQL.
fn in_view(name: &str, engine: SqlEngine) -> String {
    let quote = if let SqlEngine::Spark = engine { "`" } else { "\"" };
    format!("{quote}{name}{quote}")
}

/// Returns the fields of an object, in order.
fn fields(schema: &Value) -> Vec<(&str, &Value)> {
    schema["properties"].as_object().into_iter().flatten().map(|(name, field)| (name.as_str(), field)).collect()
}

/// Types of an engine.
struct Types<'s> {
    definitions: &'s Value,
    engine: SqlEngine,
}

impl Types<'_> {
    /// Returns the type of a value.
    fn of(&self, schema: &Value) -> String {
        if let Some(name) = schema["$ref"].as_str().and_then(|place| place.rsplit('/').next()) {
            return self.of(&self.definitions[name]);
        }
        let is_null = |of: &Value| of["type"] == "null";
        if let Some(one) = schema["anyOf"].as_array().and_then(|any| any.iter().find(|one| !is_null(one))) {
            return self.of(one);
        }
        let kind = match &schema["type"] {
            Value::Array(kinds) => kinds.iter().find(|kind| **kind != "null").and_then(Value::as_str),
            kind => kind.as_str(),
        };
        let (text, whole) = match self.engine {
            SqlEngine::Duckdb => ("VARCHAR", "BIGINT"),
            SqlEngine::Athena | SqlEngine::Spark => ("STRING", "BIGINT"),
        };
        match kind {
            Some("integer") => whole.to_owned(),
            Some("number") => "DOUBLE".to_owned(),
            Some("boolean") => "BOOLEAN".to_owned(),
            Some("array") => match self.engine {
                SqlEngine::Duckdb => format!("{}[]", self.of(&schema["items"])),
                SqlEngine::Athena | SqlEngine::Spark => format!("ARRAY<{}>", self.of(&schema["items"])),
            },
            Some("object") => {
                let field = |(name, schema): (&str, &Value)| match self.engine {
                    SqlEngine::Duckdb => format!("{} {}", self.quoted(name), self.of(schema)),
                    // A quoted name within a type is one that Athena does not read.
                    SqlEngine::Athena | SqlEngine::Spark => format!("{name}: {}", self.of(schema)),
                };
                let parts: Vec<String> = fields(schema).into_iter().map(field).collect();
                match self.engine {
                    SqlEngine::Duckdb => format!("STRUCT({})", parts.join(", ")),
                    SqlEngine::Athena => format!("STRUCT<{}>", parts.join(", ").replace(": ", ":").replace(", ", ",")),
                    SqlEngine::Spark => format!("STRUCT<{}>", parts.join(", ")),
                }
            }
            // A choice of words.
            _ => text.to_owned(),
        }
    }

    /// Returns a name that cannot be taken for a word of SQL.
    fn quoted(&self, name: &str) -> String {
        let quote = if let SqlEngine::Duckdb = self.engine { "\"" } else { "`" };
        format!("{quote}{name}{quote}")
    }
}
