"""SQL of `lambda-triage schema record --ddl ENGINE`, run by DuckDB: its own, and Athena's as a parser of that dialect translates it.

Full and compact records of the same logs must look alike in the view, and records without a failure must not change a type. Spark's is run by Spark itself: examples/spark/test.sh.
"""

import json
import pathlib
import subprocess
import sys
import tempfile

PROGRAM = sys.argv[1]
ENGINES = sys.argv[2:] or ["duckdb", "athena"]
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
        return [sql]
    import sqlglot

    table, view = [one for one in sql.split(";") if one.strip()]

    # Athena declares tables in Hive's language, and queries in Trino's.
    table, view = sqlglot.parse_one(table, read="hive"), sqlglot.parse_one(view, read="trino")
    # Where the data is, DuckDB does not know.
    table.set("properties", None)
    return [one.sql(dialect="duckdb") for one in (table, view)]


ALL = "SELECT * FROM lambda_triage_attempts"


def view_of(engine, records):
    """Reads records through the declared table and view; returns names and types of the columns, and rows."""
    if engine == "spark":
        return view_of_spark(records)
    import duckdb

    base = duckdb.connect(config={"threads": 1})
    base.execute("SET TimeZone = 'UTC'")
    for statement in statements(engine):
        base.execute(statement)
    base.execute(f"COPY lambda_triage_records FROM '{records}' (FORMAT json)")
    answer = base.execute(ALL)
    return [(column[0], str(column[1])) for column in answer.description], answer.fetchall()


def view_of_spark(records):
    from pyspark.sql import SparkSession

    with tempfile.TemporaryDirectory() as folder:
        builder = SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false")
        # Not in UTC: times of the view are.
        builder = builder.config("spark.sql.warehouse.dir", folder).config("spark.sql.session.timeZone", "Asia/Tokyo")
        spark = builder.getOrCreate()
        sql = run("schema", "record", "--ddl", "spark").replace("s3://BUCKET/PREFIX/", f"file://{records}")
        for statement in sql.split(";"):
            if statement.strip():
                spark.sql(statement)
        answer = spark.sql(ALL)
        found = answer.dtypes, [tuple(row) for row in answer.collect()]
        spark.sql("DROP VIEW lambda_triage_attempts")
        spark.sql("DROP TABLE lambda_triage_records")
        return found


def matrix(sql, records):
    """Runs the query of an example over records; returns failures by function."""
    import duckdb

    base = duckdb.connect()
    base.execute(statements("duckdb")[0])
    base.execute(f"COPY lambda_triage_records FROM '{records}' (FORMAT json)")
    answer = base.execute(sql)
    names = [column[0] for column in answer.description]
    return {row[0]: dict(zip(names, row)) for row in answer.fetchall()}


def check_examples(records, folder):
    """Runs the examples: SQL counts like the program, which reads rows of a table like the records."""
    import duckdb
    import sqlglot

    summary = json.loads(run("analyze", str(records), "--format", "json"))
    queries = {
        "duckdb": pathlib.Path("examples/duckdb/matrix.sql").read_text(),
        "athena": sqlglot.transpile(pathlib.Path("examples/athena/matrix.sql").read_text(), read="trino", write="duckdb")[0],
    }
    for engine, sql in queries.items():
        rows = matrix(sql, records)
        for function in summary["functions"]:
            # Functions without a name are rows of their own to the program, and one to SQL.
            if function["function"] is None or sum(one["function"] == function["function"] for one in summary["functions"]) > 1:
                continue
            row = rows[function["function"]]
            for key in ("attempts", "failed", "cold_starts"):
                assert row[key] == function[key], (engine, key, row, function[key])
            for kind, count in function["failures"].items():
                assert row[kind] == count, (engine, kind, row, count)
    base = duckdb.connect()
    base.execute(statements("duckdb")[0])
    base.execute(f"COPY lambda_triage_records FROM '{records}' (FORMAT json)")
    rows = pathlib.Path(folder, "rows.ndjson")
    base.execute(f"COPY lambda_triage_records TO '{rows}' (FORMAT json)")
    again = json.loads(run("analyze", str(rows), "--format", "json"))
    for part in ("window", "totals", "functions", "causes"):
        assert json.dumps(again[part]) == json.dumps(summary[part]), f"rows of a table: {part}"
    print("examples: the matrix is that of the summary, and rows of a table are read like records")


def main():
    with tempfile.TemporaryDirectory() as folder:
        paths = {}
        for form in ("full", "compact"):
            paths[form] = pathlib.Path(folder, f"{form}.ndjson")
            paths[form].write_text(run("analyze", LOGS, "--format", "ndjson", "--records", form))
        healthy = pathlib.Path(folder, "healthy.ndjson")
        healthy.write_text("".join(line + "\n" for line in paths["compact"].read_text().splitlines() if line.startswith('{"lt":')))
        if "duckdb" in ENGINES:
            check_examples(paths["compact"], folder)
        for engine in ENGINES:
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
