"""Lets the real writers write: the AWS CLI and moto's export, subscription and Insights, each read by `analyze`.

Usage: shapes.py PROGRAM. Every shape must give the matrix that the same events give as NDJSON. Starts moto_server on a
free loopback port and stops it at the end.
"""

import json
import subprocess
import sys
import time
from pathlib import Path

import boto3

from check import HOUR_MS, answer, attempts, environment, put, run

REGION = "eu-west-1"
FUNCTION = "orders-api"
GROUP = f"/aws/lambda/{FUNCTION}"
COUNT = 450
# What a shape may lose is its clock's precision and its event ids, not these.
COMPARED = ("attempts", "events", "ok", "incomplete", "failed", "failures", "cold_starts", "duration_ms", "memory")


def check(program, url, folder):
    env = environment(url) | {"AWS_DEFAULT_REGION": REGION, "AWS_PAGER": ""}
    client = lambda service: boto3.client(service, region_name=REGION, endpoint_url=url)
    end_ms = int(time.time() * 1000) - 10 * 60_000
    events = sorted(attempts(FUNCTION, REGION, COUNT, False, end_ms), key=lambda event: event[0])

    logs, kinesis, storage = client("logs"), client("kinesis"), client("s3")
    logs.create_log_group(logGroupName=GROUP)
    kinesis.create_stream(StreamName="logs", ShardCount=1)
    stream_arn = kinesis.describe_stream(StreamName="logs")["StreamDescription"]["StreamARN"]
    role = "arn:aws:iam::123456789012:role/logs"
    logs.put_subscription_filter(
        logGroupName=GROUP, filterName="all", filterPattern="", destinationArn=stream_arn, roleArn=role
    )
    put(logs, GROUP, events)
    write_ndjson(folder / "reference.ndjson", events)
    wanted = matrix(program, ["reference.ndjson"], folder, env)
    assert wanted["attempts"] == COUNT and wanted["failed"] > 0, wanted

    streams = sorted({stream for _, stream, _ in events})
    shapes = {
        "filter-log-events": cli(env, folder, filter_events()),
        "filter-log-events, text": cli(env, folder, [*filter_events(), "--output", "text"]),
        "filter-log-events, rows": cli(
            env, folder, [*filter_events(), "--query", "events[*].[timestamp,message]", "--output", "text"]
        ),
        "get-log-events": [path for stream in streams for path in cli(env, folder, get_events(stream))],
        "get-log-events, text": [
            path for stream in streams for path in cli(env, folder, [*get_events(stream), "--output", "text"])
        ],
        "Insights": insights(env, folder, logs, end_ms),
        "Kinesis subscription": subscription(env, folder, kinesis),
        "export task": export(folder, logs, storage, end_ms),
    }
    for name, paths in shapes.items():
        found = matrix(program, [*paths, "--function", FUNCTION], folder, env)
        assert found == wanted, f"{name}: {json.dumps(found)}\nwant {json.dumps(wanted)}"
    print(f"shapes against moto: {len(events)} events by {len(shapes)} writers, all matrices equal")


def matrix(program, arguments, folder, env):
    summary = json.loads(answer(program, ["analyze", *arguments], folder, env))
    assert [row["function"] for row in summary["functions"]] == [FUNCTION], arguments
    return {key: summary["totals"][key] for key in COMPARED}


def write_ndjson(path, events):
    with open(path, "w", encoding="utf-8") as out:
        for at, stream, message in events:
            print(json.dumps({"timestamp": at, "logGroup": GROUP, "logStream": stream, "message": message}), file=out)


def filter_events():
    return ["logs", "filter-log-events", "--log-group-name", GROUP, "--interleaved"]


def get_events(stream):
    return ["logs", "get-log-events", "--log-group-name", GROUP, "--log-stream-name", stream, "--start-from-head"]


def cli(env, folder, arguments):
    """What the AWS CLI prints, as a file."""
    program = Path(sys.executable).with_name("aws")
    done = subprocess.run([program, *arguments], env=env, capture_output=True)
    if done.returncode:
        raise SystemExit(f"aws {arguments}: {done.stderr.decode()}")
    path = folder / f"cli-{len(list(folder.iterdir()))}"
    path.write_bytes(done.stdout)
    return [path.name]


def insights(env, folder, logs, end_ms):
    query = logs.start_query(
        logGroupName=GROUP,
        startTime=(end_ms - HOUR_MS) // 1000,
        endTime=end_ms // 1000,
        queryString="fields @timestamp, @message, @logStream | sort @timestamp desc | limit 10000",
    )
    return cli(env, folder, ["logs", "get-query-results", "--query-id", query["queryId"]])


def subscription(env, folder, kinesis):
    shard = kinesis.describe_stream(StreamName="logs")["StreamDescription"]["Shards"][0]["ShardId"]
    iterator = kinesis.get_shard_iterator(StreamName="logs", ShardId=shard, ShardIteratorType="TRIM_HORIZON")
    return cli(env, folder, ["kinesis", "get-records", "--shard-iterator", iterator["ShardIterator"]])


def export(folder, logs, storage, end_ms):
    storage.create_bucket(Bucket="exports", CreateBucketConfiguration={"LocationConstraint": REGION})
    logs.create_export_task(
        logGroupName=GROUP, fromTime=end_ms - HOUR_MS, to=end_ms, destination="exports", destinationPrefix=FUNCTION
    )
    for item in storage.list_objects_v2(Bucket="exports")["Contents"]:
        path = folder / "exports" / item["Key"]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(storage.get_object(Bucket="exports", Key=item["Key"])["Body"].read())
    return ["exports"]


if __name__ == "__main__":
    run(check)
