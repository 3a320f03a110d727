"""Asks moto what `pull --cloudwatch-metrics --aws-config live` asks AWS, and compares with what was put into it.

Usage: account.py PROGRAM. Starts moto_server on a free loopback port and stops it at the end.
"""

import datetime
import io
import json
import time
import zipfile

import boto3

from check import ACCOUNT, HOUR_MS, answer, attempts, environment, put, run

REGIONS = ["eu-west-1", "us-east-1"]
NAME = "orders-worker"
SECRET = "ENVIRONMENT-THAT-NOBODY-SEES"


def fill(url, region, throttles, end_ms):
    """Creates a function with a log, metrics, a queue and settings."""
    client = lambda service: boto3.client(service, region_name=region, endpoint_url=url)
    iam, functions, queues, metrics, logs = map(client, ["iam", "lambda", "sqs", "cloudwatch", "logs"])
    try:
        role = iam.create_role(RoleName="runs", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    except iam.exceptions.EntityAlreadyExistsException:
        role = iam.get_role(RoleName="runs")["Role"]["Arn"]
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as packed:
        packed.writestr("app.py", "def handler(event, context): pass\n")
    functions.create_function(
        FunctionName=NAME,
        Runtime="python3.13",
        Role=role,
        Handler="app.handler",
        Code={"ZipFile": code.getvalue()},
        Timeout=20,
        MemorySize=128,
        Environment={"Variables": {"SECRET": SECRET}},
    )
    functions.put_function_concurrency(FunctionName=NAME, ReservedConcurrentExecutions=7)
    functions.put_function_event_invoke_config(FunctionName=NAME, MaximumRetryAttempts=0)
    dead = queues.create_queue(QueueName="dead")["QueueUrl"]
    arn = lambda queue: queues.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    policy = json.dumps({"deadLetterTargetArn": arn(dead), "maxReceiveCount": 2})
    queue = queues.create_queue(QueueName="orders", Attributes={"VisibilityTimeout": "10", "RedrivePolicy": policy})
    functions.create_event_source_mapping(FunctionName=NAME, EventSourceArn=arn(queue["QueueUrl"]), BatchSize=10)
    middle = datetime.datetime.fromtimestamp((end_ms - HOUR_MS / 2) / 1000, datetime.timezone.utc)
    data = [("Throttles", throttles), ("Invocations", 60)]
    metrics.put_metric_data(
        Namespace="AWS/Lambda",
        MetricData=[
            {
                "MetricName": name,
                "Dimensions": [{"Name": "FunctionName", "Value": NAME}],
                "Timestamp": middle,
                "Value": value,
            }
            for name, value in data
        ],
    )
    group = f"/aws/lambda/{NAME}"
    logs.create_log_group(logGroupName=group)
    put(logs, group, sorted(attempts(NAME, region, 60, False, end_ms), key=lambda event: event[0]))


def check(program, url, folder):
    env = environment(url)
    end_ms = int(time.time() * 1000) - 10 * 60_000
    end_ms -= end_ms % 60_000
    throttles = {"eu-west-1": 3, "us-east-1": 11}
    for region in REGIONS:
        fill(url, region, throttles[region], end_ms)
    moment = lambda ms: time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(ms / 1000))
    window = ["--from", moment(end_ms - HOUR_MS), "--to", moment(end_ms)]
    regions = [argument for region in REGIONS for argument in ("--region", region)]
    flags = ["--cloudwatch-metrics", "--aws-config", "live", "--save", "saved.ndjson.zst"]
    text = answer(program, ["pull", NAME, *window, *regions, *flags], folder, env)
    assert answer(program, ["analyze", "saved.ndjson.zst"], folder, env) == text, "the saved file answers otherwise"
    assert SECRET.encode() not in text + (folder / "saved.ndjson.zst").read_bytes()
    summary = json.loads(text)
    rows = {row["region"]: row for row in summary["functions"]}
    for region in REGIONS:
        row = rows[region]
        assert row["own_throttles"] == throttles[region], (region, row["own_throttles"])
        assert row["cloudwatch_metrics"]["invocations"] == row["cloudwatch_metrics"]["logged_attempts"] == 60, row["cloudwatch_metrics"]
        assert any(invoker["kind"] == "sqs" for invoker in row["invokers"]), row["invokers"]
        found = {check["id"] for check in summary["checks"] if check["region"] == region}
        assert {"visibility_below_timeout", "few_receives"} <= found, found
    notes = [note for note in summary["coverage"]["notes"] if "not known" in note]
    assert not notes, notes
    print(f"account against moto: metrics, functions, mappings and queues of {len(REGIONS)} regions of {ACCOUNT} are read")


if __name__ == "__main__":
    run(check)
