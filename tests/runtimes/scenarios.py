"""The scenarios of the Python client: what a function does, and what its attempts must be called.

Each is a handler with `@scenario(code, ...)`: the code of the verdict, and fields of `downstream` that the error tells.
Its first line of documentation says what happens. Names of handlers are names of scenarios. The client imports this
file as the function's code, so libraries are imported where they are used. `SOURCES` has modules that fail to load.

`code` may be a list: the first is the one to wish for, the others are right too. `host` names a peer.
"""

import json
import logging
import os
import sys
import time

SCENARIOS = []
SOURCES = {}
PEERS = json.loads(os.environ.get("PEERS", "{}"))


def scenario(code="ok", **more):
    def keep(handler):
        name = handler.__name__.replace("_", "-")
        SCENARIOS.append(
            {
                "name": name,
                "handler": f"scenarios.{handler.__name__}",
                "what": (handler.__doc__ or "").strip(),
                "code": code,
                **more,
            }
        )
        return handler

    return keep


def source(name, text, code, handler="handler", **more):
    module = name.replace("-", "_")
    SOURCES[module] = text
    what = more.pop("what", name.replace("-", " "))
    SCENARIOS.append({"name": name, "handler": f"{module}.{handler}", "what": what, "code": code, **more})


def url(path, peer="web"):
    return f"http://{PEERS[peer]}{path}"


def aws(service, answer, retries=0, peer="web", **more):
    import boto3
    from botocore.config import Config

    config = Config(retries={"max_attempts": retries}, connect_timeout=5, read_timeout=0.5 if peer == "hang" else 5)
    return boto3.client(service, endpoint_url=url(answer, peer), config=config, **more)


def logger():
    root = logging.getLogger()
    root.setLevel(logging.INFO)
    return root


ITEM = {"id": {"S": "7"}}

# --- boto3 -----------------------------------------------------------------------------------------------------------


@scenario(
    "downstream.throttled",
    service="DynamoDB",
    operation="PutItem",
    error_code="ProvisionedThroughputExceededException",
    fixture=True,
)
def dynamodb_throttled(event, context):
    """DynamoDB throttles a write, retries included."""
    aws("dynamodb", "/aws/ProvisionedThroughputExceededException/400", 1).put_item(TableName="orders", Item=ITEM)


@scenario("downstream.conflict", service="DynamoDB", operation="PutItem", error_code="ConditionalCheckFailedException")
def dynamodb_conditional(event, context):
    """A conditional write fails."""
    aws("dynamodb", "/aws/ConditionalCheckFailedException/400").put_item(
        TableName="orders", Item=ITEM, ConditionExpression="attribute_not_exists(id)"
    )


@scenario(
    "downstream.conflict", service="DynamoDB", operation="TransactWriteItems", error_code="TransactionCanceledException"
)
def dynamodb_transaction(event, context):
    """A transaction is cancelled for a condition."""
    aws("dynamodb", "/aws/TransactionCanceledException/400").transact_write_items(
        TransactItems=[{"Put": {"TableName": "orders", "Item": ITEM}}]
    )


@scenario("downstream.not_found", service="DynamoDB", operation="GetItem", error_code="ResourceNotFoundException")
def dynamodb_no_table(event, context):
    """The table does not exist."""
    aws("dynamodb", "/aws/ResourceNotFoundException/400").get_item(TableName="orders", Key=ITEM)


@scenario("downstream.auth", service="DynamoDB", operation="Query", error_code="AccessDeniedException")
def dynamodb_denied(event, context):
    """The role may not query."""
    aws("dynamodb", "/aws/AccessDeniedException/400").query(
        TableName="orders", KeyConditionExpression="id = :i", ExpressionAttributeValues={":i": {"S": "7"}}
    )


@scenario("downstream.validation", service="DynamoDB", operation="PutItem", error_code="ValidationException")
def dynamodb_validation(event, context):
    """DynamoDB refuses an item."""
    aws("dynamodb", "/aws/ValidationException/400").put_item(TableName="orders", Item={"x": {"S": "1"}})


@scenario("downstream.unavailable", service="DynamoDB", operation="GetItem", error_code="InternalServerError")
def dynamodb_5xx(event, context):
    """DynamoDB answers 500."""
    aws("dynamodb", "/aws/InternalServerError/500", 1).get_item(TableName="orders", Key=ITEM)


@scenario("downstream.timeout", host="hang")
def dynamodb_hangs(event, context):
    """DynamoDB accepts the connection and does not answer: boto3 gives up."""
    aws("dynamodb", "/", peer="hang").get_item(TableName="orders", Key=ITEM)


@scenario("downstream.connection", host="closed")
def sqs_refused(event, context):
    """Nobody listens at the endpoint."""
    aws("sqs", "/", peer="closed").send_message(QueueUrl=url("/1/q", "closed"), MessageBody="{}")


@scenario("downstream.connection", host="reset")
def sqs_reset(event, context):
    """The connection is reset in the middle of a call."""
    aws("sqs", "/", peer="reset").send_message(QueueUrl=url("/1/q", "reset"), MessageBody="{}")


@scenario("downstream.not_found", service="SQS", operation="SendMessage")
def sqs_no_queue(event, context):
    """The queue does not exist."""
    aws("sqs", "/aws/QueueDoesNotExist/400").send_message(QueueUrl=url("/aws/QueueDoesNotExist/400"), MessageBody="{}")


@scenario("downstream.not_found", service="S3", operation="GetObject", error_code="NoSuchKey")
def s3_no_key(event, context):
    """The object does not exist."""
    aws("s3", "/aws/NoSuchKey/404").get_object(Bucket="orders", Key="7.json")


@scenario("downstream.not_found", service="S3", operation="HeadObject", http_status=404)
def s3_head_404(event, context):
    """HeadObject finds nothing; its answer has no body."""
    aws("s3", "/aws/NoSuchKey/404").head_object(Bucket="orders", Key="7.json")


@scenario("downstream.auth", service="S3", operation="PutObject", error_code="AccessDenied")
def s3_denied(event, context):
    """S3 denies a write."""
    aws("s3", "/aws/AccessDenied/403").put_object(Bucket="orders", Key="7.json", Body=b"{}")


@scenario("downstream.throttled", service="S3", operation="GetObject", error_code="SlowDown")
def s3_slow_down(event, context):
    """S3 says SlowDown."""
    aws("s3", "/aws/SlowDown/503").get_object(Bucket="orders", Key="7.json")


@scenario("downstream.auth", service="STS", operation="AssumeRole", error_code="AccessDenied")
def sts_denied(event, context):
    """STS does not hand out a role."""
    aws("sts", "/aws/AccessDenied/403").assume_role(
        RoleArn="arn:aws:iam::111122223333:role/payments", RoleSessionName="orders"
    )


@scenario("downstream.auth", service="Secrets Manager", operation="GetSecretValue", error_code="ExpiredTokenException")
def secret_expired_token(event, context):
    """The credentials have expired."""
    aws("secretsmanager", "/aws/ExpiredTokenException/400").get_secret_value(SecretId="db")


@scenario("downstream.not_found", service="SSM", operation="GetParameter", error_code="ParameterNotFound")
def ssm_no_parameter(event, context):
    """The parameter does not exist; the service says so with an empty message."""
    aws("ssm", "/aws/ParameterNotFound/400").get_parameter(Name="/orders/url")


@scenario("downstream.auth")
def aws_no_credentials(event, context):
    """No credentials are found."""
    aws("dynamodb", "/aws/ok/200").get_item(TableName="orders", Key=ITEM)


SCENARIOS[-1]["environment"] = {"AWS_ACCESS_KEY_ID": ""}


@scenario(["downstream.validation", "runtime_exception.unhandled"])
def aws_parameter_validation(event, context):
    """boto3 refuses the parameters before it calls anything."""
    aws("dynamodb", "/aws/ok/200").put_item(TableName="orders", Item=7)


@scenario("throttling.reserved", service="Lambda", operation="Invoke")
def lambda_throttled(event, context):
    """The function that is called has no free concurrency."""
    aws("lambda", "/aws/TooManyRequestsException/429").invoke(FunctionName="pay", Payload=b"{}")


SCENARIOS[-1]["code"] = ["throttling.unspecified", "throttling.reserved", "throttling.concurrency"]


@scenario("service_error.internal", service="Lambda", operation="Invoke")
def lambda_5xx(event, context):
    """Lambda answers 500 to a call of another function."""
    aws("lambda", "/aws/ServiceException/500").invoke(FunctionName="pay", Payload=b"{}")


@scenario("service_error.configuration", service="Lambda", operation="Invoke", error_code="KMSAccessDeniedException")
def lambda_kms(event, context):
    """The called function's environment cannot be decrypted."""
    aws("lambda", "/aws/KMSAccessDeniedException/502").invoke(FunctionName="pay", Payload=b"{}")


@scenario("invalid_request.not_found", service="Lambda", operation="Invoke")
def lambda_missing(event, context):
    """The called function does not exist."""
    aws("lambda", "/aws/ResourceNotFoundException/404").invoke(FunctionName="pay", Payload=b"{}")


@scenario("invalid_request.access_denied", service="Lambda", operation="Invoke")
def lambda_denied(event, context):
    """The role may not call the function."""
    aws("lambda", "/aws/AccessDeniedException/403").invoke(FunctionName="pay", Payload=b"{}")


@scenario("invalid_request.content", service="Lambda", operation="Invoke")
def lambda_content(event, context):
    """The payload is not JSON."""
    aws("lambda", "/aws/InvalidRequestContentException/400").invoke(FunctionName="pay", Payload=b"{,")


@scenario(["invalid_request.conflict", "service_error.not_ready"], service="Lambda", operation="Invoke")
def lambda_pending(event, context):
    """The called function is still being created."""
    aws("lambda", "/aws/ResourceConflictException/409").invoke(FunctionName="pay", Payload=b"{}")


@scenario("downstream.throttled", service="Step Functions", operation="StartExecution")
def sfn_limit(event, context):
    """Too many executions run."""
    aws("stepfunctions", "/aws/ThrottlingException/400").start_execution(
        stateMachineArn="arn:aws:states:eu-west-1:111122223333:stateMachine:pay", input="{}"
    )


@scenario("downstream.throttled", service="DynamoDB", operation="GetItem")
def wrapped_cause(event, context):
    """A throttled call is raised again as an error of the function's own, which quotes it."""
    try:
        aws("dynamodb", "/aws/ThrottlingException/400").get_item(TableName="orders", Key=ITEM)
    except Exception as error:
        raise RuntimeError(f"could not load order 7: {error}") from error


# --- HTTP clients ----------------------------------------------------------------------------------------------------


@scenario("downstream.connection", host="closed")
def requests_refused(event, context):
    """requests meets a closed port."""
    import requests

    requests.get(url("/orders/7", "closed"), timeout=5)


@scenario("downstream.timeout", host="web")
def requests_timeout(event, context):
    """requests waits for an answer in vain."""
    import requests

    requests.get(url("/hang"), timeout=0.3)


@scenario("downstream.dns", host="api.crm.invalid")
def requests_dns(event, context):
    """requests asks for a name that nobody has."""
    import requests

    requests.get("http://api.crm.invalid/orders", timeout=2)


@scenario("downstream.tls", host="tls")
def requests_tls(event, context):
    """The certificate is signed by itself."""
    import requests

    requests.get(f"https://{PEERS['tls']}/x", timeout=5)


@scenario("downstream.unavailable", host="web", http_status=503)
def requests_503(event, context):
    """raise_for_status on 503."""
    import requests

    requests.get(url("/status/503"), timeout=5).raise_for_status()


@scenario("downstream.throttled", host="web", http_status=429)
def requests_429(event, context):
    """raise_for_status on 429."""
    import requests

    requests.post(url("/status/429"), json={}, timeout=5).raise_for_status()


@scenario("downstream.auth", host="web", http_status=401)
def requests_401(event, context):
    """raise_for_status on 401."""
    import requests

    requests.get(url("/status/401"), timeout=5).raise_for_status()


@scenario("downstream.connection")
def requests_reset(event, context):
    """The peer resets the connection."""
    import requests

    requests.get(url("/x", "reset"), timeout=5)


@scenario("downstream.connection")
def requests_cut(event, context):
    """The answer is cut in the middle."""
    import requests

    requests.get(url("/cut"), timeout=5)


@scenario(["downstream.unavailable", "downstream.connection"], host="web")
def requests_retries(event, context):
    """Retry of urllib3 gives up after several 503."""
    import requests
    from requests.adapters import HTTPAdapter
    from urllib3.util.retry import Retry

    session = requests.Session()
    session.mount("http://", HTTPAdapter(max_retries=Retry(total=2, backoff_factor=0.01, status_forcelist=[503])))
    session.get(url("/status/503"), timeout=5)


@scenario(["downstream.error", "downstream.connection", "runtime_exception.unhandled"])
def requests_bad_json(event, context):
    """A page of HTML comes where JSON was expected."""
    import requests

    return requests.get(url("/html"), timeout=5).json()["id"]


@scenario("downstream.unavailable", host="web", http_status=503, fixture=True)
def httpx_503(event, context):
    """raise_for_status of httpx on 503."""
    import httpx

    httpx.get(url("/status/503")).raise_for_status()


@scenario("downstream.connection")
def httpx_refused(event, context):
    """httpx meets a closed port: its error names no host."""
    import httpx

    httpx.get(url("/x", "closed"))


@scenario("downstream.timeout")
def httpx_timeout(event, context):
    """httpx waits in vain: its error names no host."""
    import httpx

    httpx.get(url("/hang"), timeout=0.3)


@scenario("downstream.timeout", host="web")
def urllib3_timeout(event, context):
    """urllib3 waits in vain."""
    import urllib3

    urllib3.PoolManager(retries=False).request("GET", url("/hang"), timeout=0.3)


@scenario("downstream.connection")
def urllib_refused(event, context):
    """urlopen of the standard library meets a closed port."""
    import urllib.request

    urllib.request.urlopen(url("/x", "closed"), timeout=5)


@scenario(["downstream.not_found", "downstream.validation"], http_status=404)
def urllib_404(event, context):
    """urlopen of the standard library on 404."""
    import urllib.request

    urllib.request.urlopen(url("/status/404"), timeout=5)


@scenario("downstream.connection", host="closed")
def aiohttp_refused(event, context):
    """aiohttp meets a closed port."""
    import asyncio

    import aiohttp

    async def call():
        async with aiohttp.ClientSession() as session:
            async with session.get(url("/x", "closed")):
                pass

    asyncio.run(call())


@scenario("downstream.timeout", fixture=True)
def aiohttp_timeout(event, context):
    """The total timeout of aiohttp: a bare TimeoutError."""
    import asyncio

    import aiohttp

    async def call():
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=0.3)) as session:
            async with session.get(url("/hang")):
                pass

    asyncio.run(call())


@scenario("downstream.unavailable", host="web", http_status=502)
def aiohttp_502(event, context):
    """raise_for_status of aiohttp on 502."""
    import asyncio

    import aiohttp

    async def call():
        async with aiohttp.ClientSession(raise_for_status=True) as session:
            async with session.get(url("/status/502")):
                pass

    asyncio.run(call())


@scenario("downstream.connection")
def socket_refused(event, context):
    """A plain socket meets a closed port."""
    import socket

    host, port = PEERS["closed"].split(":")
    socket.create_connection((host, int(port)), timeout=5)


@scenario(["downstream.connection", "downstream.error", "runtime_exception.unhandled"])
def tenacity_gives_up(event, context):
    """tenacity gives up after refused connections; its error only names the class."""
    import requests
    from tenacity import retry, stop_after_attempt

    @retry(stop=stop_after_attempt(3))
    def call():
        requests.get(url("/x", "closed"), timeout=5)

    call()


# --- models ----------------------------------------------------------------------------------------------------------


def openai_client(path):
    from openai import OpenAI

    return OpenAI(api_key="sk-x", base_url=url(path), max_retries=0, timeout=5).chat.completions


ASK = {"model": "gpt-4o", "messages": [{"role": "user", "content": "hi"}]}


@scenario("downstream.throttled", http_status=429)
def openai_rate_limit(event, context):
    """The rate limit of OpenAI."""
    openai_client("/openai/429").create(**ASK)


@scenario("downstream.billing", http_status=429)
def openai_quota(event, context):
    """No credit left at OpenAI, which answers 429 as well."""
    openai_client("/openai/402").create(**ASK)


@scenario("downstream.auth", service="OpenAI", http_status=401)
def openai_key(event, context):
    """A wrong key."""
    openai_client("/openai/401").create(**ASK)


@scenario("downstream.timeout")
def openai_timeout(event, context):
    """The model does not answer in time."""
    openai_client("/hang").create(**ASK, timeout=0.3)


def anthropic_client(path, **more):
    from anthropic import Anthropic

    return Anthropic(api_key="sk-x", base_url=url(path), max_retries=0, **more).messages


MESSAGE = {"model": "claude-sonnet-4-5", "max_tokens": 10, "messages": [{"role": "user", "content": "hi"}]}


@scenario("downstream.unavailable", service="Anthropic", http_status=529)
def anthropic_overloaded(event, context):
    """Anthropic is overloaded."""
    anthropic_client("/anthropic/529").create(**MESSAGE)


@scenario("downstream.throttled", http_status=429)
def anthropic_rate_limit(event, context):
    """The rate limit of Anthropic."""
    anthropic_client("/anthropic/429").create(**MESSAGE)


@scenario("downstream.connection")
def anthropic_refused(event, context):
    """Nobody listens at the address of the model."""
    from anthropic import Anthropic

    Anthropic(api_key="sk-x", base_url=url("", "closed"), max_retries=0).messages.create(**MESSAGE)


# --- gRPC ------------------------------------------------------------------------------------------------------------


def grpc_call(method, peer="grpc", timeout=5.0):
    import grpc

    channel = grpc.insecure_channel(PEERS[peer])
    return channel.unary_unary(f"/shop.Stock/{method}")(b"", timeout=timeout)


@scenario("downstream.unavailable")
def grpc_refused(event, context):
    """gRPC finds nobody: status UNAVAILABLE."""
    grpc_call("Reserve", "closed")


SCENARIOS[-1]["code"] = ["downstream.connection", "downstream.unavailable"]


@scenario("downstream.timeout", fixture=True)
def grpc_deadline(event, context):
    """The deadline of a gRPC call passes."""
    grpc_call("Hang", timeout=0.3)


@scenario("downstream.auth")
def grpc_denied(event, context):
    """gRPC status PERMISSION_DENIED."""
    grpc_call("PERMISSION_DENIED")


@scenario("downstream.not_found")
def grpc_not_found(event, context):
    """gRPC status NOT_FOUND."""
    grpc_call("NOT_FOUND")


@scenario("downstream.throttled")
def grpc_exhausted(event, context):
    """gRPC status RESOURCE_EXHAUSTED."""
    grpc_call("RESOURCE_EXHAUSTED")


# --- databases -------------------------------------------------------------------------------------------------------


def pg(peer, **more):
    import psycopg

    host, port = PEERS[peer].split(":")
    return psycopg.connect(host=host, port=port, user="orders", password="x", dbname="shop", connect_timeout=2, **more)


@scenario(["downstream.connection", "downstream.database"], host="closed", fixture=True)
def psycopg_refused(event, context):
    """PostgreSQL is not there."""
    pg("closed")


@scenario(["downstream.auth", "downstream.database"])
def psycopg_password(event, context):
    """PostgreSQL refuses the password."""
    pg("pg_password")


@scenario("downstream.database")
def psycopg_full(event, context):
    """PostgreSQL has no connection left."""
    pg("pg_full")


@scenario("downstream.database")
def psycopg_missing_table(event, context):
    """The table does not exist."""
    pg("pg_missing", autocommit=True).execute("select * from orders")


@scenario(["downstream.conflict", "downstream.database"])
def psycopg_duplicate(event, context):
    """The row exists already."""
    pg("pg_duplicate", autocommit=True).execute("insert into orders values (7)")


@scenario(["downstream.contention", "downstream.database"])
def psycopg_deadlock(event, context):
    """PostgreSQL found a deadlock."""
    pg("pg_deadlock", autocommit=True).execute("update orders set paid = true")


@scenario(["downstream.database", "downstream.connection"])
def psycopg_shutdown(event, context):
    """PostgreSQL is shut down in the middle of a statement."""
    pg("pg_shutdown", autocommit=True).execute("update orders set paid = true")


@scenario(["downstream.database", "downstream.connection"], host="closed")
def sqlalchemy_refused(event, context):
    """SQLAlchemy wraps a refused connection and adds the link to its help."""
    import sqlalchemy

    sqlalchemy.create_engine(f"postgresql+psycopg://orders:x@{PEERS['closed']}/shop").connect()


@scenario(["downstream.conflict", "downstream.database"], not_host="sqlalche.me")
def sqlalchemy_duplicate(event, context):
    """SQLAlchemy wraps a duplicate key."""
    import sqlalchemy

    engine = sqlalchemy.create_engine(f"mysql+pymysql://orders:x@{PEERS['mysql_duplicate']}/shop")
    import pymysql

    connection = pymysql.connect(
        host="127.0.0.1", port=int(PEERS["mysql_duplicate"].split(":")[1]), user="orders", password="x"
    )
    try:
        connection.cursor().execute("insert into orders values (7)")
    except pymysql.err.IntegrityError as error:
        raise sqlalchemy.exc.IntegrityError("insert into orders values (7)", {}, error)


def my(peer):
    import pymysql

    return pymysql.connect(
        host="127.0.0.1",
        port=int(PEERS[peer].split(":")[1]),
        user="orders",
        password="x",
        database="shop",
        connect_timeout=1,
    )


@scenario(["downstream.connection", "downstream.database"])
def pymysql_refused(event, context):
    """MySQL is not there."""
    my("closed")


@scenario("downstream.database", fixture=True)
def pymysql_full(event, context):
    """MySQL has no connection left."""
    my("mysql_full")


@scenario(["downstream.auth", "downstream.database"])
def pymysql_password(event, context):
    """MySQL refuses the password."""
    my("mysql_password")


@scenario(["downstream.contention", "downstream.database"])
def pymysql_deadlock(event, context):
    """MySQL found a deadlock."""
    my("mysql_deadlock").cursor().execute("update orders set paid = 1")


@scenario("downstream.database")
def pymysql_missing(event, context):
    """The table does not exist."""
    my("mysql_missing").cursor().execute("select * from orders")


def cache(peer, **more):
    import redis

    host, port = PEERS[peer].split(":")
    return redis.Redis(
        host=host, port=int(port), socket_timeout=0.4 if peer == "hang" else 5, socket_connect_timeout=5, **more
    )


@scenario(["downstream.connection", "downstream.database"], host="closed")
def redis_refused(event, context):
    """Redis is not there."""
    cache("closed").get("cart:7")


@scenario(["downstream.timeout", "downstream.database"])
def redis_timeout(event, context):
    """Redis does not answer."""
    cache("hang").get("cart:7")


@scenario(["downstream.auth", "downstream.database"], fixture=True)
def redis_noauth(event, context):
    """Redis wants a password."""
    cache("redis_noauth", protocol=2).get("cart:7")


@scenario("downstream.database")
def redis_readonly(event, context):
    """Redis has become a replica."""
    cache("redis_readonly", protocol=2).set("cart:7", "1")


SCENARIOS[-1]["code"] = ["downstream.database", "downstream.unavailable"]


@scenario(["downstream.database", "downstream.unavailable"])
def redis_loading(event, context):
    """Redis is loading its data."""
    cache("redis_loading", protocol=2).get("cart:7")


@scenario("downstream.database")
def redis_full(event, context):
    """Redis has no memory left."""
    cache("redis_full", protocol=2).set("cart:7", "1")


@scenario(["downstream.database", "downstream.validation", "runtime_exception.unhandled"])
def redis_wrong_type(event, context):
    """The key holds another kind of value."""
    cache("redis_wrongtype", protocol=2).lpush("cart:7", "1")


def mongo(peer):
    import pymongo

    return pymongo.MongoClient(
        f"mongodb://{PEERS[peer]}/",
        serverSelectionTimeoutMS=700 if peer == "closed" else 9000,
        connectTimeoutMS=500 if peer == "closed" else 5000,
    ).shop.orders


@scenario(["downstream.database", "downstream.connection"], host="closed")
def pymongo_refused(event, context):
    """MongoDB is not there."""
    mongo("closed").insert_one({"_id": 7})


@scenario(["downstream.conflict", "downstream.database"])
def pymongo_duplicate(event, context):
    """The document exists already."""
    mongo("mongo_duplicate").insert_one({"_id": 7})


@scenario(["downstream.auth", "downstream.database"])
def pymongo_unauthorized(event, context):
    """The user may not write."""
    mongo("mongo_auth").insert_one({"_id": 7})


@scenario("runtime_exception.unhandled")
def sqlite_missing_table(event, context):
    """SQLite lives in the process: no downstream."""
    import sqlite3

    sqlite3.connect(":memory:").execute("select * from orders")


@scenario("runtime_exception.read_only")
def sqlite_read_only(event, context):
    """SQLite opens its file where the code lies."""
    import sqlite3

    sqlite3.connect("/proc/orders.db").execute("create table orders (id)")


# --- the function's own faults ---------------------------------------------------------------------------------------


@scenario("runtime_exception.unhandled")
def key_error(event, context):
    """A key is missing in the event."""
    return event["Records"][0]["body"]


@scenario("runtime_exception.unhandled")
def assertion(event, context):
    """An assertion without words."""
    assert event.get("paid")


@scenario("runtime_exception.unhandled", fixture=True)
def chained(event, context):
    """An error while another is handled."""
    try:
        int("seven")
    except ValueError as error:
        raise RuntimeError("order 7 is broken\nsecond line") from error


@scenario("runtime_exception.unhandled", fixture=True)
def pydantic_validation(event, context):
    """pydantic refuses the event: a message of several lines with a link."""
    import pydantic

    class Order(pydantic.BaseModel):
        id: int
        amount: float

    Order.model_validate({"id": "x"})


@scenario(["runtime_exception.unhandled", "downstream.timeout"])
def custom_exception(event, context):
    """An exception of the function's own that quotes another function's timeout: whether it was called, no line tells."""

    class PaymentDeclined(Exception):
        pass

    raise PaymentDeclined("Task timed out after 3.00 seconds, says the bank")


@scenario("runtime_exception.unhandled")
def recursion(event, context):
    """Endless recursion."""

    def again(n):
        return again(n + 1)

    again(0)


@scenario("out_of_memory.heap")
def memory_error(event, context):
    """One allocation that cannot be had: MemoryError ends the attempt, not the process."""
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (3 << 30, 3 << 30))
    return len(bytearray(8 << 30))


@scenario("out_of_memory.killed", memory_mb=160, fixture=True)
def memory_grows(event, context):
    """Memory grows until the kernel kills the process."""
    kept = []
    while True:
        kept.append(b"x" * (8 << 20))
        time.sleep(0.01)


@scenario("runtime_exception.response_format", fixture=True)
def unserialisable(event, context):
    """A set is returned."""
    return {"ids": {1, 2}}


@scenario("runtime_exception.response_too_large")
def too_large(event, context):
    """An answer of 7 MB."""
    return "x" * 7_000_000


@scenario("runtime_exception.exit", fixture=True)
def system_exit(event, context):
    """sys.exit in a handler."""
    sys.exit(3)


@scenario("runtime_exception.exit")
def os_exit(event, context):
    """os._exit(0) in a handler, after a line."""
    print("bye")
    os._exit(0)


@scenario(["runtime_exception.signal", "runtime_exception.exit"])
def aborted(event, context):
    """abort() of native code, which prints nothing: only the older style names the signal."""
    os.abort()


@scenario("runtime_exception.signal", fixture=True)
def segfault(event, context):
    """A segmentation fault that faulthandler reports."""
    import ctypes
    import faulthandler

    faulthandler.enable()
    ctypes.string_at(0)


@scenario("runtime_exception.file_descriptors")
def too_many_files(event, context):
    """Files are opened and never closed."""
    import resource

    resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
    kept = [open("/dev/null") for _ in range(100)]
    return len(kept)


@scenario("runtime_exception.disk_full")
def disk_full(event, context):
    """/tmp is full."""
    with open("/dev/full", "w", buffering=1) as full:
        full.write("x\n" * 10_000)


@scenario("runtime_exception.read_only")
def read_only(event, context):
    """The function writes where its code lies."""
    raise OSError(30, "Read-only file system", "/var/task/cache.json")


@scenario(["runtime_exception.package", "runtime_exception.unhandled"])
def missing_program(event, context):
    """A program is not in the package."""
    import subprocess

    subprocess.run(["/opt/bin/ffmpeg", "-version"], check=True)


@scenario("runtime_exception.unhandled")
def import_in_handler(event, context):
    """A module that is imported in the handler is missing."""
    import not_packaged  # noqa: F401


SCENARIOS[-1]["code"] = ["runtime_exception.package", "runtime_exception.unhandled"]


@scenario("runtime_exception.unhandled")
def logged_then_raised(event, context):
    """The exception is logged with its traceback, then raised."""
    try:
        return 1 / 0
    except ZeroDivisionError:
        logger().exception("order 7 failed")
        raise


@scenario("runtime_exception.unhandled")
def thread_then_raise(event, context):
    """A thread fails on its own, then the handler fails of another thing."""
    import threading

    thread = threading.Thread(target=lambda: {}["worker"])
    thread.start()
    thread.join()
    raise ValueError("no workers left")


@scenario("runtime_exception.unhandled")
def empty_message(event, context):
    """An exception without a message."""
    raise ValueError


@scenario("runtime_exception.unhandled")
def group(event, context):
    """A group of exceptions."""
    raise ExceptionGroup("two rows failed", [ValueError("row 1"), KeyError("row 2")])


@scenario("runtime_exception.event_format", raw_event="{not json")
def bad_event(event, context):
    """The event is no JSON: the handler never runs."""


@scenario("timeout.invoke", timeout_s=1, fixture=True)
def sleeps(event, context):
    """The handler takes too long."""
    print("working")
    time.sleep(10)


@scenario("timeout.invoke", timeout_s=2)
def hangs_in_call(event, context):
    """A call without a timeout never ends."""
    import urllib.request

    print("GET", url("/hang"))
    urllib.request.urlopen(url("/hang"))


@scenario("timeout.invoke", timeout_s=1)
def spins_after_errors(event, context):
    """Errors are logged, then the time is up."""
    for row in range(3):
        logger().error("row %d failed: ConnectionError", row)
    while True:
        time.sleep(0.1)


# --- environments that do not start ----------------------------------------------------------------------------------

source(
    "import-missing",
    "import pandas_not_packaged\n\n\ndef handler(event, context):\n    return 1\n",
    "init_failure.import",
    fixture=True,
)
source("syntax-error", "def handler(event, context):\n    return (1\n", "init_failure.syntax")
source("handler-missing", "def other(event, context):\n    return 1\n", "init_failure.handler_not_found")
source(
    "import-raises",
    "CONFIG = {}\nURL = CONFIG['url']\n\n\ndef handler(event, context):\n    return URL\n",
    "init_failure.exception",
)
source("import-exits", "import sys\n\nprint('no configuration, giving up')\nsys.exit(2)\n", "init_failure.exit")
source(
    "import-kills",
    "import os\nimport signal\n\nos.kill(os.getpid(), signal.SIGSEGV)\n",
    ["init_failure.exit", "init_failure.exception"],
)
source(
    "import-boto-denied",
    "import scenarios\n\nSECRET = scenarios.aws('secretsmanager', '/aws/AccessDeniedException/400').get_secret_value(SecretId='db')\n\n\ndef handler(event, context):\n    return 1\n",
    "init_failure.exception",
    what="a secret is read at import, and refused",
)
source(
    "import-slow",
    "import time\n\nprint('loading the model')\ntime.sleep(30)\n\n\ndef handler(event, context):\n    return 1\n",
    ["timeout.init", "init_failure.timeout"],
    slow_init=True,
    timeout_s=1,
    what="the import takes longer than an init may, and again in the request",
)
source(
    "import-slow-once",
    "import os\nimport time\n\nmark = '/tmp/' + os.environ['AWS_LAMBDA_LOG_STREAM_NAME'][-32:]\nif not os.path.exists(mark):\n    open(mark, 'w').close()\n    time.sleep(30)\nos.remove(mark)\n\n\ndef handler(event, context):\n    return 1\n",
    "ok",
    slow_init=True,
    what="the first import takes too long, the second is fast: healthy",
)
source(
    "import-memory",
    "kept = []\nwhile True:\n    kept.append(b'x' * (8 << 20))\n",
    ["out_of_memory.killed", "init_failure.exit"],
    memory_mb=128,
    what="the import uses more memory than there is",
)
source("module-missing", "", "init_failure.import", what="the handler's module is not in the package")
SCENARIOS[-1]["handler"] = "nowhere.handler"

# --- events that are tried again -------------------------------------------------------------------------------------


@scenario(["downstream.connection"], asynchronous=True, outcome="exhausted", attempts=3)
def async_lost(event, context):
    """An asynchronous event fails three times."""
    import requests

    requests.get(url("/orders/7", "closed"), timeout=5)


@scenario("runtime_exception.unhandled", asynchronous=True, outcome="recovered", attempts=2, then="ok", fixture=True)
def async_recovered(event, context):
    """An asynchronous event succeeds at the second attempt."""
    if event["attempt"] < 2:
        raise RuntimeError("not yet")
    return "done"


@scenario("runtime_exception.exit", asynchronous=True, outcome="exhausted", attempts=3)
def async_exits(event, context):
    """The process ends three times over the same event."""
    os._exit(9)


@scenario("out_of_memory.killed", asynchronous=True, outcome="exhausted", attempts=3, memory_mb=160)
def async_memory(event, context):
    """The same event needs too much memory, three times."""
    kept = []
    while True:
        kept.append(b"x" * (8 << 20))


@scenario("timeout.invoke", asynchronous=True, outcome="recovered", attempts=3, then="ok", timeout_s=4)
def async_timeout_recovered(event, context):
    """Two timeouts, then the event is handled."""
    if event["attempt"] < 3:
        time.sleep(10)


@scenario("runtime_exception.unhandled", outcome="failed_once")
def sync_failed_once(event, context):
    """A synchronous caller sees the failure; nobody tries again."""
    raise ValueError("no such order")


@scenario(
    "runtime_exception.unhandled",
    events=[{"bad": True}, {}, {"bad": True}, {}],
    codes_by_event=["runtime_exception.unhandled", "ok", "runtime_exception.unhandled", "ok"],
)
def every_second_fails(event, context):
    """Four requests in one environment: every second one is healthy, and logs."""
    logger().info("order %s", event)
    if event.get("bad"):
        raise ValueError("bad order")


@scenario(
    "runtime_exception.exit",
    events=[{"bad": True}, {}, {}],
    codes_by_event=["runtime_exception.exit", "ok", "ok"],
    fixture=True,
)
def exit_then_healthy(event, context):
    """The process ends; the next request finds a new one in the same log stream."""
    print("started with", event)
    if event.get("bad"):
        os._exit(1)


@scenario("timeout.invoke", timeout_s=4, events=[{"bad": True}, {}], codes_by_event=["timeout.invoke", "ok"])
def timeout_then_healthy(event, context):
    """A timeout, then a healthy request in the same log stream."""
    if event.get("bad"):
        time.sleep(10)


# --- more clients ----------------------------------------------------------------------------------------------------


@scenario("downstream.auth", service="S3", operation="PutObject", error_code="AccessDenied")
def s3_upload_file(event, context):
    """upload_file wraps the refusal of S3 in an error of its own."""
    with open("/tmp/rig-upload.txt", "w") as file:
        file.write("x")
    aws("s3", "/aws/AccessDenied/403").upload_file("/tmp/rig-upload.txt", "orders", "7.txt")


@scenario(["downstream.not_found", "downstream.timeout", "downstream.error"])
def waiter(event, context):
    """A waiter of boto3 gives up."""
    aws("dynamodb", "/aws/ResourceNotFoundException/400").get_waiter("table_exists").wait(
        TableName="orders", WaiterConfig={"Delay": 0, "MaxAttempts": 2}
    )


@scenario("downstream.throttled", operation="InvokeModel", error_code="ThrottlingException")
def bedrock_throttled(event, context):
    """Bedrock throttles a model."""
    aws("bedrock-runtime", "/aws/ThrottlingException/429").invoke_model(modelId="anthropic.claude", body=b"{}")


@scenario(
    "downstream.throttled",
    operation="PutRecord",
    error_code="ProvisionedThroughputExceededException",
)
def kinesis_throttled(event, context):
    """A shard of Kinesis is full."""
    aws("kinesis", "/aws/ProvisionedThroughputExceededException/400").put_record(
        StreamName="orders", Data=b"{}", PartitionKey="7"
    )


@scenario(
    "downstream.conflict", service="Step Functions", operation="StartExecution", error_code="ExecutionAlreadyExists"
)
def execution_exists(event, context):
    """The execution exists already."""
    aws("stepfunctions", "/aws/ExecutionAlreadyExists/400").start_execution(
        stateMachineArn="arn:aws:states:eu-west-1:111122223333:stateMachine:pay", name="7", input="{}"
    )


@scenario("downstream.auth", service="KMS", operation="Decrypt", error_code="AccessDeniedException")
def kms_denied(event, context):
    """The role may not decrypt."""
    aws("kms", "/aws/AccessDeniedException/400").decrypt(CiphertextBlob=b"x")


@scenario("downstream.auth", service="SNS", operation="Publish")
def sns_denied(event, context):
    """The role may not publish."""
    aws("sns", "/aws/AuthorizationError/403").publish(TopicArn="arn:aws:sns:eu-west-1:111122223333:orders", Message="x")


@scenario("downstream.throttled", service="DynamoDB", operation="GetItem", error_code="ThrottlingException")
def thread_pool_throttled(event, context):
    """A throttled call in a thread of a pool; its result is asked for."""
    from concurrent.futures import ThreadPoolExecutor

    client = aws("dynamodb", "/aws/ThrottlingException/400")
    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(lambda key: client.get_item(TableName="orders", Key=ITEM), [1, 2]))


def pg2(peer):
    import psycopg2

    host, port = PEERS[peer].split(":")
    return psycopg2.connect(host=host, port=port, user="orders", password="x", dbname="shop", connect_timeout=2)


@scenario(["downstream.connection", "downstream.database"], host="closed")
def psycopg2_refused(event, context):
    """psycopg2 meets a closed port."""
    pg2("closed")


@scenario(["downstream.auth", "downstream.database"])
def psycopg2_password(event, context):
    """psycopg2 is refused for its password."""
    pg2("pg_password")


@scenario("downstream.database")
def psycopg2_starting(event, context):
    """PostgreSQL is starting up."""
    pg2("pg_starting")


@scenario(["downstream.timeout", "downstream.database"])
def psycopg2_statement(event, context):
    """PostgreSQL ends a statement that takes too long."""
    connection = pg2("pg_statement")
    connection.autocommit = True
    connection.cursor().execute("select pg_sleep(9)")


@scenario(["downstream.conflict", "downstream.database"])
def psycopg2_duplicate(event, context):
    """The row exists already."""
    connection = pg2("pg_duplicate")
    connection.autocommit = True
    connection.cursor().execute("insert into orders values (7)")


@scenario(["downstream.connection", "downstream.database"])
def asyncpg_refused(event, context):
    """asyncpg meets a closed port."""
    import asyncio

    import asyncpg

    host, port = PEERS["closed"].split(":")
    asyncio.run(asyncpg.connect(host=host, port=int(port), user="orders", database="shop", timeout=2))


@scenario(["downstream.auth", "downstream.database"])
def asyncpg_password(event, context):
    """asyncpg is refused for its password."""
    import asyncio

    import asyncpg

    host, port = PEERS["pg_password"].split(":")
    asyncio.run(asyncpg.connect(host=host, port=int(port), user="orders", password="x", database="shop", timeout=2))


def search(path, peer="web", **more):
    from elasticsearch import Elasticsearch

    return Elasticsearch(url(path, peer), max_retries=0, **more)


@scenario("downstream.connection", service="Elasticsearch")
def elasticsearch_refused(event, context):
    """Elasticsearch is not there."""
    search("", "closed").get(index="orders", id="7")


@scenario("downstream.throttled", http_status=429)
def elasticsearch_429(event, context):
    """Elasticsearch refuses for its load."""
    search("/status/429").search(index="orders")


@scenario("downstream.timeout")
def elasticsearch_timeout(event, context):
    """Elasticsearch does not answer in time."""
    search("/hang", request_timeout=0.3).search(index="orders")


def stripe_charge(path, peer="web"):
    import stripe

    stripe.api_key, stripe.max_network_retries = "sk_test_x", 0
    stripe.api_base = url(path, peer)
    return stripe.Charge.create(amount=100, currency="eur")


@scenario("downstream.auth")
def stripe_key(event, context):
    """Stripe refuses the key."""
    stripe_charge("/stripe/401")


@scenario("downstream.throttled")
def stripe_rate_limit(event, context):
    """Stripe's rate limit."""
    stripe_charge("/stripe/429")


@scenario("downstream.unavailable")
def stripe_500(event, context):
    """Stripe answers 500."""
    stripe_charge("/stripe/500")


SCENARIOS[-1]["code"] = ["downstream.unavailable", "downstream.error"]


@scenario("downstream.connection")
def stripe_refused(event, context):
    """Nobody listens at Stripe's address."""
    stripe_charge("", "closed")


@scenario(["downstream.connection", "downstream.error"])
def pika_refused(event, context):
    """RabbitMQ is not there; the error of pika has no words."""
    import pika

    host, port = PEERS["closed"].split(":")
    pika.BlockingConnection(pika.ConnectionParameters(host, int(port), connection_attempts=1))


@scenario("downstream.connection")
def paramiko_refused(event, context):
    """SSH is not there."""
    import paramiko

    host, port = PEERS["closed"].split(":")
    paramiko.SSHClient().connect(host, int(port), username="x", password="x", timeout=5)


@scenario("downstream.connection")
def smtp_refused(event, context):
    """The mail server is not there."""
    import smtplib

    host, port = PEERS["closed"].split(":")
    smtplib.SMTP(host, int(port), timeout=5)


@scenario(["downstream.timeout", "downstream.connection"])
def smtp_hangs(event, context):
    """The mail server does not greet: smtplib says that the connection was closed, timed out."""
    import smtplib

    host, port = PEERS["hang"].split(":")
    smtplib.SMTP(host, int(port), timeout=0.3)


@scenario("downstream.dns", host="db.shop.invalid")
def gaierror(event, context):
    """A name that nobody has, asked for by a plain socket: the error does not say which."""
    import socket

    socket.create_connection(("db.shop.invalid", 5432), timeout=5)


SCENARIOS[-1].pop("host")


@scenario("downstream.tls")
def urllib_tls(event, context):
    """urlopen meets a certificate that is signed by itself."""
    import urllib.request

    urllib.request.urlopen(f"https://{PEERS['tls']}/x", timeout=5)


@scenario("downstream.connection")
def urllib_hang_up(event, context):
    """The peer hangs up on urlopen."""
    import urllib.request

    urllib.request.urlopen(url("/reset"), timeout=5)


@scenario(["downstream.error", "downstream.connection", "runtime_exception.unhandled"])
def requests_redirects(event, context):
    """Endless redirects."""
    import requests

    requests.get(url("/loop"), timeout=3)


@scenario("runtime_exception.unhandled")
def requests_no_scheme(event, context):
    """An address without a scheme: nothing was called."""
    import requests

    requests.get("api.example.com/orders")


@scenario("downstream.connection")
def google_retry(event, context):
    """The retry of Google's clients gives up."""
    from google.api_core import exceptions, retry

    def call():
        raise exceptions.ServiceUnavailable("failed to connect to all addresses")

    retry.Retry(initial=0.05, timeout=0.2)(call)()


SCENARIOS[-1]["code"] = ["downstream.timeout", "downstream.unavailable", "downstream.connection", "downstream.error"]


@scenario("runtime_exception.unhandled", fixture=True)
def own_access_denied(event, context):
    """An exception of the function's own named AccessDenied."""

    class AccessDenied(Exception):
        pass

    raise AccessDenied("user 7 may not see order 9")


@scenario("runtime_exception.unhandled")
def own_not_found(event, context):
    """An exception of the function's own named NotFoundException."""

    class NotFoundException(Exception):
        pass

    raise NotFoundException("order 7")


@scenario("runtime_exception.unhandled")
def own_words_of_a_status(event, context):
    """A ValueError that speaks of status codes and timeouts."""
    raise ValueError("timeout must be positive, and status code 503 is not allowed in templates")


@scenario("runtime_exception.unhandled")
def future_timeout(event, context):
    """A thread of the function's own is not done in time: no peer is at fault."""
    from concurrent.futures import ThreadPoolExecutor

    pool = ThreadPoolExecutor(1)
    pool.submit(time.sleep, 1).result(timeout=0.1)


@scenario("runtime_exception.unhandled")
def wait_for_timeout(event, context):
    """asyncio.wait_for around a sleep: no peer is at fault."""
    import asyncio

    asyncio.run(asyncio.wait_for(asyncio.sleep(5), 0.1))


@scenario("runtime_exception.unhandled")
def child_fails(event, context):
    """A child process fails, and check raises."""
    import subprocess

    subprocess.run([sys.executable, "-c", "raise SystemExit(3)"], check=True)


@scenario("out_of_memory.heap")
def numpy_memory(event, context):
    """numpy cannot have an array of 8 TiB."""
    import numpy

    return numpy.zeros(1 << 40, dtype=float).sum()


@scenario("runtime_exception.unhandled")
def powertools_batch_all_fail(event, context):
    """All records of a batch fail: Powertools raises."""
    from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response

    def one(record):
        raise ValueError("bad record")

    records = [
        {
            "messageId": "1",
            "body": "x",
            "attributes": {},
            "messageAttributes": {},
            "receiptHandle": "x",
            "eventSource": "aws:sqs",
        }
    ]
    return process_partial_response({"Records": records}, one, BatchProcessor(event_type=EventType.SQS), context)


@scenario("runtime_exception.unhandled")
def unicode_error(event, context):
    """Bytes that are no UTF-8."""
    return b"\xff\xfe".decode("utf-8")


@scenario("runtime_exception.unhandled")
def json_error(event, context):
    """A body that is no JSON, from the event itself."""
    return json.loads("<html>")


@scenario(["downstream.connection", "runtime_exception.unhandled"])
def group_of_calls(event, context):
    """A TaskGroup in which a call is refused."""
    import asyncio

    import aiohttp

    async def call():
        async with aiohttp.ClientSession() as session:
            async with asyncio.TaskGroup() as group:
                group.create_task(session.get(url("/x", "closed")))

    asyncio.run(call())


# --- healthy, and loud -----------------------------------------------------------------------------------------------


@scenario()
def quiet(event, context):
    """Nothing but an answer."""
    return {"statusCode": 200}


@scenario(fixture=True)
def logged_exception(event, context):
    """logger.exception with a traceback, then success."""
    try:
        return event["customer"]
    except KeyError:
        logger().exception("could not enrich, going on")
    return "done"


@scenario(fixture=True)
def bracket_formatter(event, context):
    """A formatter that writes as the client does, exceptions included; a line follows."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(logging.Formatter("[%(levelname)s] %(message)s"))
    log = logging.Logger("orders")
    log.addHandler(handler)
    try:
        {}["customer"]
    except KeyError:
        log.exception("could not enrich")
    log.error("ValueError: row 3 is bad")
    log.info("done")


@scenario()
def bracket_tab_formatter(event, context):
    """The client's own format on a logger of the function's, with a traceback, as the last line."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("[%(levelname)s]\t%(asctime)s\t%(message)s"))
    log = logging.Logger("orders")
    log.addHandler(handler)
    try:
        [][1]
    except IndexError:
        log.exception("IndexError: could not enrich")


@scenario()
def printed_traceback(event, context):
    """traceback.print_exc, then success."""
    import traceback

    try:
        json.loads("{")
    except ValueError:
        traceback.print_exc()
    print("used the default")


@scenario()
def printed_traceback_stdout(event, context):
    """The traceback as one string on stdout, as the last thing."""
    import traceback

    try:
        {}["x"]
    except KeyError:
        print("[ERROR] " + traceback.format_exc())


@scenario(fixture=True)
def retried_call(event, context):
    """boto3 is throttled twice and then answered; every refusal is logged."""
    client = aws("dynamodb", "/awsflaky/2/ThrottlingException/400/" + context.aws_request_id)
    for _ in range(3):
        try:
            return client.get_item(TableName="orders", Key=ITEM)
        except client.exceptions.ClientError as error:
            logger().error("attempt failed: %s", error)


@scenario()
def retried_http(event, context):
    """requests fails twice with 503, each printed with its traceback, then succeeds."""
    import traceback

    import requests

    for _ in range(3):
        try:
            answer = requests.get(url(f"/flaky/2/503/{context.aws_request_id}"), timeout=5)
            answer.raise_for_status()
            return answer.json()
        except requests.HTTPError:
            traceback.print_exc()


@scenario()
def urllib3_retry_warnings(event, context):
    """urllib3 warns of every retry on a closed port; the function falls back."""
    import requests
    from requests.adapters import HTTPAdapter

    logger()
    session = requests.Session()
    session.mount("http://", HTTPAdapter(max_retries=2))
    try:
        session.get(url("/x", "closed"), timeout=5)
    except requests.ConnectionError as error:
        logger().warning("using the cache: %r", error)


@scenario()
def quoted_lambda_log(event, context):
    """Lines of another function's log are printed."""
    print(
        "REPORT RequestId: 6d2f3c1e-0000-4b6f-8d0f-0a1b2c3d4e5f\tDuration: 3000.00 ms\tBilled Duration: 3000 ms\tMemory Size: 128 MB\tMax Memory Used: 128 MB\tStatus: timeout"
    )
    print("2026-01-02T03:04:05.678Z 6d2f3c1e-0000-4b6f-8d0f-0a1b2c3d4e5f Task timed out after 3.00 seconds")
    print(
        "RequestId: 6d2f3c1e-0000-4b6f-8d0f-0a1b2c3d4e5f Error: Runtime exited with error: signal: killed\nRuntime.ExitError"
    )


@scenario()
def quoted_in_logger(event, context):
    """A logged sentence about a timeout of somebody else."""
    logger().error("upstream said: Task timed out after 3.00 seconds; Runtime exited with error: signal: killed")


@scenario(fixture=True)
def printed_error_json(event, context):
    """A destination record with errorType and stackTrace is printed."""
    print(
        json.dumps(
            {
                "level": "ERROR",
                "errorType": "ValueError",
                "errorMessage": "row 3",
                "stackTrace": ['  File "/var/task/x.py", line 1, in f\n'],
            }
        )
    )
    print(
        json.dumps(
            {
                "responsePayload": {"errorMessage": "boom", "errorType": "Exception"},
                "requestContext": {"condition": "RetriesExhausted"},
            }
        )
    )


@scenario()
def answers_500(event, context):
    """An API answers 500, with the reason, after logging it."""
    try:
        1 / 0
    except ZeroDivisionError as error:
        logger().error("Internal server error: %s", error, exc_info=True)
        return {"statusCode": 500, "body": json.dumps({"errorMessage": str(error), "errorType": "ZeroDivisionError"})}


@scenario()
def warnings_and_deprecations(event, context):
    """Warnings of Python."""
    import warnings

    warnings.simplefilter("always")
    warnings.warn("datetime.utcnow() is deprecated", DeprecationWarning)
    warnings.warn("SNIMissingWarning: TLS error ahead", RuntimeWarning)


@scenario()
def critical_logged(event, context):
    """A critical line; nothing failed."""
    logger().critical("FATAL: disk nearly full, MemoryError ahead")


@scenario()
def stack_info(event, context):
    """A line with stack_info, which looks like a traceback."""
    logger().error("slow query", stack_info=True)


@scenario(fixture=True)
def powertools_logger(event, context):
    """Powertools logs an exception as JSON and goes on."""
    from aws_lambda_powertools import Logger

    log = Logger(service="orders")
    log.append_keys(order=7)
    try:
        {}["customer"]
    except KeyError:
        log.exception("could not enrich")
    log.info("done", extra={"errors": 1})


@scenario("runtime_exception.unhandled")
def powertools_inject_raises(event, context):
    """Powertools logs with inject_lambda_context, then the handler fails."""
    from aws_lambda_powertools import Logger

    log = Logger(service="orders", log_uncaught_exceptions=True)

    @log.inject_lambda_context(log_event=True)
    def inner(event, context):
        log.info("before")
        raise ValueError("bad order")

    return inner(event, context)


@scenario()
def powertools_metrics(event, context):
    """Powertools writes metrics named Errors and Timeouts."""
    from aws_lambda_powertools import Metrics
    from aws_lambda_powertools.metrics import MetricUnit

    metrics = Metrics(namespace="shop", service="orders")
    metrics.add_metric(name="Errors", unit=MetricUnit.Count, value=1)
    metrics.add_metric(name="Timeouts", unit=MetricUnit.Count, value=2)
    metrics.flush_metrics()


@scenario()
def powertools_batch(event, context):
    """One record of a batch fails and is reported as a partial failure."""
    from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response

    def one(record):
        logger().info("body %s", record.body)
        if record.body == "bad":
            logger().error("record failed")
            raise ValueError("bad record")

    records = [
        {
            "messageId": str(place),
            "body": body,
            "attributes": {},
            "messageAttributes": {},
            "receiptHandle": "x",
            "eventSource": "aws:sqs",
        }
        for place, body in enumerate(["good", "bad"])
    ]
    return process_partial_response({"Records": records}, one, BatchProcessor(event_type=EventType.SQS), context)


@scenario(fixture=True)
def structlog_json(event, context):
    """structlog writes JSON with an exception."""
    import structlog

    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper("iso"),
            structlog.processors.dict_tracebacks,
            structlog.processors.JSONRenderer(),
        ]
    )
    try:
        1 / 0
    except ZeroDivisionError:
        structlog.get_logger().exception("division failed", order=7)


@scenario()
def structlog_console(event, context):
    """structlog writes for a terminal, with a traceback."""
    import structlog

    structlog.configure(processors=[structlog.processors.add_log_level, structlog.dev.ConsoleRenderer(colors=True)])
    try:
        1 / 0
    except ZeroDivisionError:
        structlog.get_logger().exception("division failed", order=7)
    structlog.get_logger().info("done")


@scenario()
def loguru_exception(event, context):
    """loguru draws a traceback with the values of its variables."""
    from loguru import logger as log

    try:
        1 / 0
    except ZeroDivisionError:
        log.exception("division failed")
    log.success("done")


@scenario("runtime_exception.unhandled")
def loguru_catch_reraise(event, context):
    """loguru's catch logs and raises again."""
    from loguru import logger as log

    with log.catch(reraise=True):
        return 1 / 0


@scenario()
def json_formatter(event, context):
    """python-json-logger with exc_info."""
    from pythonjsonlogger.json import JsonFormatter

    handler = logging.StreamHandler()
    handler.setFormatter(JsonFormatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    log = logging.Logger("orders")
    log.addHandler(handler)
    try:
        {}["x"]
    except KeyError:
        log.exception("no x", extra={"errorType": "KeyError", "errorMessage": "'x'"})


@scenario()
def fastapi_500(event, context):
    """FastAPI behind Mangum answers 500 for an unhandled error, and logs it."""
    import asyncio

    asyncio.set_event_loop(asyncio.new_event_loop())
    from fastapi import FastAPI
    from mangum import Mangum

    app = FastAPI()

    @app.get("/orders/{order}")
    def order(order: int):
        return {}["orders"]

    request = {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": "/orders/7",
        "rawQueryString": "",
        "headers": {"host": "x"},
        "requestContext": {
            "http": {
                "method": "GET",
                "path": "/orders/7",
                "protocol": "HTTP/1.1",
                "sourceIp": "127.0.0.1",
                "userAgent": "x",
            },
            "stage": "$default",
        },
        "isBase64Encoded": False,
    }
    return Mangum(app, lifespan="off")(request, context)


@scenario()
def fastapi_422(event, context):
    """FastAPI refuses a request with 422."""
    import asyncio

    asyncio.set_event_loop(asyncio.new_event_loop())
    from fastapi import FastAPI
    from mangum import Mangum

    app = FastAPI()

    @app.get("/orders/{order}")
    def order(order: int):
        return order

    request = {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": "/orders/seven",
        "rawQueryString": "",
        "headers": {"host": "x"},
        "requestContext": {
            "http": {
                "method": "GET",
                "path": "/orders/seven",
                "protocol": "HTTP/1.1",
                "sourceIp": "127.0.0.1",
                "userAgent": "x",
            },
            "stage": "$default",
        },
        "isBase64Encoded": False,
    }
    answer = Mangum(app, lifespan="off")(request, context)
    print("ERROR answered", answer["statusCode"], answer["body"])
    return answer


@scenario()
def thread_dies(event, context):
    """A thread ends with an exception; the handler does not care."""
    import threading

    thread = threading.Thread(target=lambda: {}["worker"])
    thread.start()
    thread.join()
    return "done"


@scenario()
def asyncio_never_retrieved(event, context):
    """A task fails and nobody asks for its exception."""
    import asyncio
    import gc

    async def fails():
        raise ValueError("in the background")

    async def run():
        asyncio.ensure_future(fails())
        await asyncio.sleep(0.01)

    logger()
    asyncio.run(run())
    gc.collect()


@scenario()
def child_process_dies(event, context):
    """A child process is killed and another exits with 1; both are reported."""
    import subprocess

    killed = subprocess.run([sys.executable, "-c", "import os,signal; os.kill(os.getpid(), signal.SIGKILL)"])
    failed = subprocess.run([sys.executable, "-c", "raise SystemExit('out of memory, exit status 1')"])
    print("child: signal: killed", killed.returncode, failed.returncode)


@scenario()
def sql_fallback(event, context):
    """The database is not there; the answer comes from a file."""
    try:
        pg("closed")
    except Exception as error:
        logger().error("%s: %s", type(error).__name__, error)
    return "from the file"


@scenario()
def redis_fallback(event, context):
    """The cache is not there; logged with its traceback."""
    try:
        cache("closed").get("cart:7")
    except Exception:
        logger().warning("cache miss", exc_info=True)
    return "from the table"


@scenario()
def openai_retries(event, context):
    """OpenAI is refused once by its rate limit and retried by the client."""
    from openai import OpenAI

    logger()
    logging.getLogger("openai").setLevel(logging.DEBUG)
    client = OpenAI(api_key="sk-x", base_url=url(f"/flaky/1/429/{context.aws_request_id}"), max_retries=1, timeout=3)
    client.with_options(max_retries=1).post("/chat", cast_to=object, body={})


@scenario()
def sentry_reports(event, context):
    """Sentry takes an exception and prints what it does."""
    import sentry_sdk

    sentry_sdk.init(
        dsn=f"http://key@{PEERS['closed']}/1", debug=True, default_integrations=False, auto_enabling_integrations=False
    )
    try:
        1 / 0
    except ZeroDivisionError as error:
        sentry_sdk.capture_exception(error)
    sentry_sdk.flush(0.3)


@scenario()
def huge_output(event, context):
    """Many lines with the word ERROR."""
    for row in range(200):
        print(f"ERROR row {row} skipped: ValueError: not a number")


@scenario()
def unicode_and_control(event, context):
    """Text of many scripts, escapes, carriage returns, and a lone [ERROR]."""
    print("Fehler: \u00dcberweisung fehlgeschlagen \u2603 \x1b[31mERROR\x1b[0m\rnext")
    sys.stdout.write("[ERROR]")
    sys.stdout.flush()


@scenario()
def multi_line_report(event, context):
    """A report of a test run with failures, tracebacks and all."""
    print(
        "FAILED tests/test_orders.py::test_pay - KeyError: 'amount'\n"
        "Traceback (most recent call last):\n"
        '  File "/var/task/tests/test_orders.py", line 3, in test_pay\n'
        "    order['amount']\n"
        "KeyError: 'amount'\n"
        "1 failed, 3 passed"
    )


@scenario()
def near_memory_limit(event, context):
    """Nearly all memory is used, and freed."""
    block = bytearray(60 << 20)
    return len(block)


SCENARIOS[-1]["memory_mb"] = 128


@scenario()
def slow_but_fine(event, context):
    """Nearly all of the time is used."""
    time.sleep(0.8)


SCENARIOS[-1]["timeout_s"] = 3


@scenario()
def step_functions_error(event, context):
    """The cause of a failed execution is printed as it came."""
    cause = {
        "errorMessage": "2026-01-02T03:04:05.678Z 6d2f3c1e-0000-4b6f-8d0f-0a1b2c3d4e5f Task timed out after 3.00 seconds"
    }
    print(json.dumps({"Error": "States.TaskFailed", "Cause": json.dumps(cause)}))
    logger().error("execution failed: %s", json.dumps(cause))


@scenario()
def boto_debug(event, context):
    """botocore logs everything that it does."""
    import boto3

    logger().setLevel(logging.DEBUG)
    logging.getLogger().setLevel(logging.DEBUG)
    client = aws("dynamodb", f"/awsflaky/1/InternalServerError/500/{context.aws_request_id}", 2)
    client.get_item(TableName="orders", Key=ITEM)


@scenario()
def init_prints_errors(event, context):
    """Healthy after an import that logged errors."""


SOURCES["loud_import"] = (
    "import logging\nimport traceback\n\nlogging.error('no cache at import')\ntry:\n    {}['x']\nexcept KeyError:\n    traceback.print_exc()\n\n\n"
    "def handler(event, context):\n    return 'done'\n"
)
SCENARIOS[-1]["handler"] = "loud_import.handler"


@scenario("runtime_exception.unhandled")
def logging_error(event, context):
    """A wrong format of a log line: the handler of the client raises it."""
    logger().info("%d rows", "seven")


@scenario()
def faulthandler_dump(event, context):
    """faulthandler dumps all stacks; nothing crashed."""
    import faulthandler

    faulthandler.dump_traceback()


@scenario()
def unittest_run(event, context):
    """A run of tests, one of which fails."""
    import unittest

    class Orders(unittest.TestCase):
        def test_pay(self):
            self.assertEqual(1, 2)

    unittest.TextTestRunner().run(unittest.defaultTestLoader.loadTestsFromTestCase(Orders))


@scenario()
def logged_client_lines(event, context):
    """A logged message that quotes what a client writes, traceback and all."""
    logger().error(
        'worker said: [ERROR] ValueError: row 3\nTraceback (most recent call last):\n  File "/var/task/x.py", line 1, in handler\nValueError: row 3'
    )


@scenario()
def powertools_resolver_404(event, context):
    """The resolver of Powertools answers 404."""
    from aws_lambda_powertools.event_handler import APIGatewayHttpResolver
    from aws_lambda_powertools.event_handler.exceptions import NotFoundError

    app = APIGatewayHttpResolver(debug=True)

    @app.get("/orders/7")
    def order():
        raise NotFoundError("no such order")

    request = {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": "/orders/7",
        "rawQueryString": "",
        "headers": {},
        "requestContext": {"http": {"method": "GET", "path": "/orders/7"}, "stage": "$default"},
    }
    return app.resolve(request, context)


@scenario()
def flask_500(event, context):
    """Flask logs an unhandled error with its traceback, and answers 500."""
    from flask import Flask

    app = Flask("orders")

    @app.get("/orders/7")
    def order():
        return {}["orders"]

    return app.test_client().get("/orders/7").status_code


@scenario()
def paramiko_fallback(event, context):
    """paramiko's thread logs a traceback; the function goes on."""
    import paramiko

    logger()
    host, port = PEERS["reset"].split(":")
    try:
        paramiko.Transport((host, int(port))).connect(username="x", password="x")
    except Exception as error:
        print("no upload today:", error)


@scenario()
def retry_decorator(event, context):
    """tenacity logs each failed attempt with its exception, and succeeds."""
    import tenacity

    seen = []

    @tenacity.retry(
        stop=tenacity.stop_after_attempt(3),
        before_sleep=tenacity.before_sleep_log(logger(), logging.ERROR, exc_info=True),
    )
    def call():
        seen.append(1)
        if len(seen) < 3:
            raise ConnectionError("connection refused")

    call()
