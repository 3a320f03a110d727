"""SQL of `lambda-triage schema record --ddl ENGINE`, run by DuckDB: its own, and Athena's as a parser of that dialect translates it.

Full and compact records of the same logs must look alike in the view, and records without a failure must not change a type. Spark's is run by Spark itself: examples/spark/test.sh.
"""

import pathlib
import subprocess
import sys
import tempfile

import duckdb
import sqlglot

PROGRAM = sys.argv[1]
LOGS = "fixtures/logs"
# What compact successes leave out.
LEFT_OUT = {
    "schema", "id", "log_stream", "stream_key", "platform_status", "xray_trace_id", "runtime", "timeout_ms", "timeout_source",
    "observations", "contributing", "evidence", "side_effects",
}


def run(*arguments):
    return subprocess.run([PROGRAM, *arguments], check=True, capture_output=True, text=True).stdout


def statements(engine):
    """Returns the statements in DuckDB's dialect."""
    sql = run("schema", "record", "--ddl", engine)
    if engine == "duckdb":
        return [one for one in sql.split(";") if one.strip()]
    first, second = [one for one in sql.split(";") if one.strip()]
    # Athena declares tables in Hive's language, and queries in Trino's.
    dialects = ("hive", "trino")
    table, view = (sqlglot.parse_one(one, read=dialect) for one, dialect in zip((first, second), dialects))
    # Where the data is, DuckDB does not know.
    table.set("properties", None)
    return [one.sql(dialect="duckdb") for one in (table, view)]


def view_of(engine, records):
    """Reads records through the declared table and view; returns columns, types and rows."""
    base = duckdb.connect(config={"threads": 1})
    base.execute("SET TimeZone = 'UTC'")
    for statement in statements(engine):
        base.execute(statement)
    base.execute(f"COPY lambda_triage_records FROM '{records}' (FORMAT json)")
    answer = base.execute("SELECT * FROM lambda_triage_attempts ORDER BY started_at_ms, request_id, attempt, code, ended_at_ms, id")
    names = [(column[0], str(column[1])) for column in answer.description]
    return names, answer.fetchall()


def main():
    with tempfile.TemporaryDirectory() as folder:
        paths = {}
        for form in ("full", "compact"):
            paths[form] = pathlib.Path(folder, f"{form}.ndjson")
            paths[form].write_text(run("analyze", LOGS, "--format", "ndjson", "--records", form))
        healthy = pathlib.Path(folder, "healthy.ndjson")
        healthy.write_text("".join(line + "\n" for line in paths["compact"].read_text().splitlines() if line.startswith('{"lt":')))
        for engine in ("duckdb", "athena"):
            names, full = view_of(engine, paths["full"])
            compact_names, compact = view_of(engine, paths["compact"])
            healthy_names, successes = view_of(engine, healthy)
            assert names == compact_names == healthy_names, f"{engine}: types depend on the data"
            assert len(full) == len(compact) and 20 < len(successes) < len(full), (engine, len(full), len(compact))
            compared = [at for at, (name, _) in enumerate(names) if name not in LEFT_OUT]

            def key(row):
                return repr([row[at] for at in compared])

            for one, other in zip(sorted(map(key, full)), sorted(map(key, compact))):
                assert one == other, f"{engine}:\n{one}\n{other}"
            print(f"{engine}: {len(full)} records, {len(names)} columns, full and compact alike")


main()
