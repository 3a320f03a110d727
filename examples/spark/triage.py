"""Lambda logs on Spark: every executor runs lambda-triage over whole log streams, and functions are joined in parallel.

    spark-submit triage.py --logs DIR --out DIR [--program PATH] [--tasks N] [--buckets N]

DIR is what CreateExportTask or a Firehose wrote: a folder for each log stream (PREFIX/TASK/STREAM/000000.gz). It must be at
the same place on every executor; for s3:// mount it, or let `whole_streams` copy its folders before the program runs.
Writes OUT/records (Parquet by day and hash of the function), OUT/functions (a row of JSON for each function), OUT/matrix
(failures by function and kind, from SQL) and prints the totals of all records.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import time

from pyspark.sql import SparkSession

# Folders that one process of the program reads at once: bounds the length of its command line.
FOLDERS_AT_ONCE = 500

MATRIX = """
SELECT `function`, count(*) AS attempts,
  count_if(category NOT IN ('ok', 'incomplete')) AS failed,
  {kinds},
  count_if(cold_start) AS cold_starts
FROM lambda_triage_attempts WHERE kind = 'attempt' GROUP BY `function`
"""
KINDS = [
    "throttling", "service_error", "invalid_request", "runtime_exception", "timeout", "out_of_memory", "init_failure",
    "downstream",
]


def whole_streams(root):
    """Lists the folders of log streams with their bytes. A stream must not be cut between two tasks."""
    found = []
    for folder, _, files in os.walk(root):
        size = sum(os.path.getsize(os.path.join(folder, name)) for name in files)
        if files:
            found.append((os.path.relpath(folder, root), size))
    return sorted(found)


def balanced(folders, tasks):
    """Puts folders into as many lists, largest first, each into the list that has least."""
    lists = [[0, []] for _ in range(tasks)]
    for folder, size in sorted(folders, key=lambda one: -one[1]):
        least = min(lists, key=lambda one: one[0])
        least[0] += size
        least[1].append(folder)
    return [names for _, names in lists if names]


def records_of(program, root, folders):
    """Runs the program over some streams; returns its records as lines."""
    for at in range(0, len(folders), FOLDERS_AT_ONCE):
        some = folders[at : at + FOLDERS_AT_ONCE]
        command = [program, "analyze", "--format", "ndjson", "--records", "compact", "--threads", "1", "--quiet", *some]
        # Inputs are named as below the root, so that examples name them like a run over all of them.
        yield from lines_of(command, root)


def lines_of(command, cwd):
    with subprocess.Popen(command, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        for line in process.stdout:
            yield line.rstrip("\n")
        told = process.stderr.read()
    # Status 4: none of these streams holds an attempt.
    if process.returncode not in (0, 4):
        raise RuntimeError(f"status {process.returncode}: {told}")


def joined(program, window, rows):
    """Joins the records of some functions: attempts of one event may stand in several streams."""
    rows = iter(rows)
    first = next(rows, None)
    if first is None:
        return
    command = [program, "analyze", "-", "--format", "json", "--quiet", *window]
    # It answers after the last record, so nothing waits for room in a pipe.
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        process.stdin.write(first + "\n")
        process.stdin.writelines(row + "\n" for row in rows)
        process.stdin.close()
        summary = json.load(process.stdout)
    if process.returncode != 0:
        raise RuntimeError(f"status {process.returncode}")
    for function in summary["functions"]:
        yield json.dumps(function)


def declare(spark, program, place):
    """Declares the table and the view of records over lines of JSON; types are those of the schema, whatever the data."""
    sql = subprocess.run([program, "schema", "record", "--ddl", "spark"], check=True, capture_output=True, text=True).stdout
    sql = sql.replace("CREATE TABLE lambda_triage_records", "CREATE TEMPORARY VIEW lambda_triage_lines")
    sql = sql.replace("'s3://BUCKET/PREFIX/'", f"'{place}'")
    sql = re.sub("^--.*$", "", sql, flags=re.MULTILINE)
    table, view = [one for one in sql.split(";") if one.strip()]
    spark.sql(table)
    return view.replace("CREATE VIEW", "CREATE TEMPORARY VIEW")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--logs", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--program", default="lambda-triage")
    parser.add_argument("--tasks", type=int, default=8)
    parser.add_argument("--buckets", type=int, default=8)
    options = parser.parse_args()
    root, out, program = os.path.abspath(options.logs), os.path.abspath(options.out), options.program
    spark = SparkSession.builder.appName("lambda-triage").config("spark.sql.session.timeZone", "UTC").getOrCreate()
    context = spark.sparkContext
    context.setLogLevel("ERROR")
    timings, begun = {}, time.monotonic()

    def lap(name):
        nonlocal begun
        timings[name], begun = round(time.monotonic() - begun, 1), time.monotonic()

    # Executors start while the driver goes on: theirs is no time of the work.
    context.parallelize(range(options.tasks), options.tasks).map(str).count()
    lap("start")

    # 1. Logs to records: one task, one process, some whole streams.
    folders = whole_streams(root)
    tasks = balanced(folders, options.tasks)
    lines = context.parallelize(tasks, len(tasks)).flatMap(lambda names: records_of(program, root, names))
    lines.saveAsTextFile(f"file://{out}/lines")
    lap("logs to records")

    # 2. Records to Parquet, by day and function.
    view = declare(spark, program, f"file://{out}/lines")
    records = spark.sql(
        f"""SELECT *, coalesce(to_date(timestamp_millis(coalesce(started_at_ms, t))), DATE '1970-01-01') AS day,
          pmod(xxhash64(coalesce(`function`, regexp_extract(f, '([^:]*)$', 1), input, k)), {options.buckets}) AS function_hash
        FROM lambda_triage_lines"""
    )
    records.repartition("day", "function_hash").write.partitionBy("day", "function_hash").parquet(f"file://{out}/records")
    lap("records to Parquet")

    # 3. The matrix, in SQL: exact, as each attempt has its verdict, where none was read twice.
    spark.read.parquet(f"file://{out}/records").createOrReplaceTempView("lambda_triage_records")
    spark.sql(view)
    kinds = ", ".join(f"count_if(category = '{kind}') AS {kind}" for kind in KINDS)
    matrix = spark.sql(MATRIX.format(kinds=kinds))
    matrix.coalesce(1).write.json(f"file://{out}/matrix")
    lap("matrix")

    # 4. The join of each function's attempts, in parallel, over the window of all.
    first, last = spark.sql("SELECT min(started_at), max(ended_at) FROM lambda_triage_attempts").first()
    window = ["--from", first, "--to", last]
    stored = spark.sql("SELECT function_hash, to_json(struct(* EXCEPT (day, function_hash))) AS line FROM lambda_triage_records")
    by_function = stored.rdd.map(lambda row: (row.function_hash, row.line)).partitionBy(options.buckets, int).values()
    by_function.mapPartitions(lambda rows: joined(program, window, rows)).saveAsTextFile(f"file://{out}/functions")
    lap("join by function")

    # 5. What is about all functions together: every record through one process, which spills what does not fit.
    command = [program, "analyze", "-", "--format", "json", "--quiet"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        for row in stored.select("line").toLocalIterator(prefetchPartitions=True):
            process.stdin.write(row.line + "\n")
        process.stdin.close()
        summary = json.load(process.stdout)
    with open(f"{out}/summary.json", "w", encoding="utf-8") as file:
        json.dump(summary, file)
    lap("totals")
    timings["workers"] = len(context._jsc.sc().statusTracker().getExecutorInfos()) - 1
    with open(f"{out}/timings.json", "w", encoding="utf-8") as file:
        json.dump(timings, file)
    print(json.dumps(timings), file=sys.stderr)
    spark.stop()


if __name__ == "__main__":
    main()
