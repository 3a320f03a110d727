"""What the functions call: servers on loopback that refuse, hang, cut, or answer as a service would.

`Peers.addresses` names each of them; a function finds them in the variable PEERS.
"""

import datetime
import ipaddress
import json
import re
import socket
import ssl
import struct
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from xml.sax.saxutils import escape

HANG_S = 20
# What a service says with a code; other codes get a sentence of their own.
MESSAGES = {
    "ProvisionedThroughputExceededException": "The level of configured provisioned throughput for the table was exceeded. Consider increasing your provisioning level with the UpdateTable API.",
    "ThrottlingException": "Rate exceeded",
    "ConditionalCheckFailedException": "The conditional request failed",
    "ResourceNotFoundException": "Requested resource not found",
    "ValidationException": "One or more parameter values were invalid: Missing the key id in the item",
    "NoSuchKey": "The specified key does not exist.",
    "NoSuchBucket": "The specified bucket does not exist",
    "SlowDown": "Please reduce your request rate.",
    "InternalServerError": "Internal server error",
    "ServiceUnavailable": "Service is unavailable, please retry.",
    "ExpiredTokenException": "The security token included in the request is expired",
    "UnrecognizedClientException": "The security token included in the request is invalid.",
    "TooManyRequestsException": "Rate Exceeded.",
    "ServiceException": "An error occurred and the request cannot be processed.",
    "ResourceConflictException": "The operation cannot be performed at this time. The function is currently in the following state: Pending",
    "InvalidRequestContentException": "Could not parse request body into json: Could not parse payload into json: Unexpected character",
    "KMSAccessDeniedException": "Lambda was unable to decrypt the environment variables because KMS access was denied. Please check the function's KMS key settings.",
    "ExecutionLimitExceeded": "The maximum number of running executions has been reached.",
    "QueueDoesNotExist": "The specified queue does not exist.",
    "TransactionCanceledException": "Transaction cancelled, please refer cancellation reasons for specific reasons [ConditionalCheckFailed, None]",
    "ParameterNotFound": "",
}
REASONS = {"TooManyRequestsException": {"Reason": "ReservedFunctionConcurrentInvocationLimitExceeded", "Type": "User"}}
# Errors that belong to no service have names of their own; the others begin with the service's.
COMMON = {
    "AccessDeniedException": "com.amazon.coral.service#",
    "UnrecognizedClientException": "com.amazon.coral.service#",
    "ExpiredTokenException": "com.amazon.coral.service#",
    "ThrottlingException": "com.amazon.coral.availability#",
}
PREFIXES = {
    "dynamodb": "com.amazonaws.dynamodb.v20120810#",
    "sqs": "com.amazonaws.sqs#",
}
OPENAI = {
    401: (
        "invalid_api_key",
        "Incorrect API key provided: sk-abc***xyz. You can find your API key at https://platform.openai.com/account/api-keys.",
    ),
    429: (
        "rate_limit_exceeded",
        "Rate limit reached for gpt-4o in organization org-x on tokens per min (TPM): Limit 30000, Used 29000, Requested 4000.",
    ),
    402: ("insufficient_quota", "You exceeded your current quota, please check your plan and billing details."),
    500: ("server_error", "The server had an error while processing your request. Sorry about that!"),
    400: (
        "context_length_exceeded",
        "This model's maximum context length is 128000 tokens. However, your messages resulted in 131000 tokens.",
    ),
}
STRIPE = {
    401: ("invalid_request_error", "Invalid API Key provided: sk_test_x"),
    402: ("card_error", "Your card was declined."),
    429: ("rate_limit_error", "Too many requests hit the API too quickly."),
    500: ("api_error", "Sorry! There was an error while talking to one of our backends."),
}
ANTHROPIC = {
    401: "authentication_error",
    429: "rate_limit_error",
    529: "overloaded_error",
    400: "invalid_request_error",
    500: "api_error",
}


class Web(BaseHTTPRequestHandler):
    """`/status/N`, `/flaky/TIMES/N/KEY`, `/aws/CODE/N`, `/awsflaky/TIMES/CODE/N/KEY`, `/openai/N`, `/anthropic/N`, `/stripe/N`, `/hang`,
    `/reset`, `/cut`, `/html`, `/loop`, `/ok`; what follows these words is ignored."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    seen = Counter()

    def log_message(self, *_):
        pass

    def answer(self, status, body, kind="application/json", headers=()):
        body = body.encode() if isinstance(body, str) else body
        self.send_response(status)
        self.send_header("Content-Type", kind)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def handle_any(self):
        length = int(self.headers.get("Content-Length") or 0)
        if length:
            self.rfile.read(length)
        elif self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            while (size := int(self.rfile.readline().split(b";")[0], 16)) > 0:
                self.rfile.read(size + 2)
            self.rfile.readline()
        parts = self.path.split("?")[0].strip("/").split("/")
        word, rest = parts[0], parts[1:]
        if word == "status":
            status = int(rest[0])
            self.answer(status, json.dumps({"message": f"answered {status}"}))
        elif word == "flaky":
            times, status, key = int(rest[0]), int(rest[1]), self.path
            self.seen[key] += 1
            if self.seen[key] <= times:
                self.answer(status, json.dumps({"message": "try again"}))
            else:
                self.seen[key] = 0
                self.answer(200, '{"ok":true}')
        elif word == "aws":
            self.aws(rest[0], int(rest[1]))
        elif word == "awsflaky":
            key = tuple(rest[:4])
            self.seen[key] += 1
            if self.seen[key] <= int(rest[0]):
                self.aws(rest[1], int(rest[2]))
            else:
                self.seen[key] = 0
                self.aws("ok", 200)
        elif word == "openai":
            status = int(rest[0])
            code, message = OPENAI[status]
            status = 429 if status == 402 else status
            self.answer(status, json.dumps({"error": {"message": message, "type": code, "param": None, "code": code}}))
        elif word == "anthropic":
            status = int(rest[0])
            kind = ANTHROPIC[status]
            self.answer(
                status,
                json.dumps(
                    {"type": "error", "error": {"type": kind, "message": kind.replace("_error", "").capitalize()}}
                ),
            )
        elif word == "stripe":
            status = int(rest[0])
            kind, message = STRIPE[status]
            self.answer(status, json.dumps({"error": {"type": kind, "message": message}}))
        elif word == "hang":
            time.sleep(HANG_S)
            self.close_connection = True
        elif word == "reset":
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.close_connection = True
            self.connection.close()
        elif word == "cut":
            self.send_response(200)
            self.send_header("Content-Length", "100000")
            self.end_headers()
            self.wfile.write(b'{"half":')
            self.wfile.flush()
            self.close_connection = True
        elif word == "html":
            self.answer(200, "<html><body>Sign in</body></html>", "text/html")
        elif word == "loop":
            self.answer(302, "", headers=[("Location", self.path)])
        else:
            self.answer(200, '{"ok":true}')

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = do_PATCH = handle_any

    def service(self):
        scope = re.search(r"Credential=[^/]+/\d+/[^/]+/([a-z0-9-]+)/", self.headers.get("Authorization", ""))
        return scope.group(1) if scope else "unknown"

    def denial(self, service):
        """Words a denied call as IAM does."""
        action, resource = self.headers.get("X-Amz-Target", ".").rsplit(".", 1)[1], "table/orders"
        if service == "lambda":
            action, resource = "InvokeFunction", "function:pay"
        elif service == "s3":
            action, resource = ("GetObject" if self.command == "GET" else "PutObject"), "orders/7.json"
        elif service == "sts":
            action, resource = "AssumeRole", "role/payments"
        elif service == "secretsmanager":
            resource = "secret:db-a1b2c3"
        arn = f"arn:aws:s3:::{resource}" if service == "s3" else f"arn:aws:{service}:eu-west-1:111122223333:{resource}"
        return (
            f"User: arn:aws:sts::111122223333:assumed-role/orders/orders is not authorized to perform: {service}:{action} "
            f"on resource: {arn} because no identity-based policy allows the {service}:{action} action"
        )

    def aws(self, code, status):
        service, request_id = self.service(), "7T9K3EXAMPLEREQUEST"
        message = MESSAGES.get(code, f"The service answered {code}")
        if code.startswith("AccessDenied"):
            message = self.denial(service)
        elif service == "kinesis":
            message = "Rate exceeded for shard shardId-000000000000 in stream orders under account 111122223333."
        elif service == "lambda" and code == "ResourceNotFoundException":
            message = "Function not found: arn:aws:lambda:eu-west-1:111122223333:function:pay"
        headers = [("x-amzn-RequestId", request_id), ("x-amz-request-id", request_id)]
        if code == "ok":
            if service in ("s3", "sts", "sns"):
                self.answer(
                    200, "<Ok/>" if service == "s3" else "<Response><Result/></Response>", "application/xml", headers
                )
            else:
                self.answer(200, "{}", "application/x-amz-json-1.0", headers)
        elif service == "s3":
            text = f"<?xml version='1.0' encoding='UTF-8'?><Error><Code>{code}</Code><Message>{escape(message)}</Message><RequestId>{request_id}</RequestId></Error>"
            self.answer(status, text, "application/xml", headers)
        elif service in ("sts", "sns"):
            fault = "Sender" if status < 500 else "Receiver"
            text = f"<ErrorResponse><Error><Type>{fault}</Type><Code>{code}</Code><Message>{escape(message)}</Message></Error><RequestId>{request_id}</RequestId></ErrorResponse>"
            self.answer(status, text, "text/xml", headers)
        elif service == "lambda":
            body = {
                "Type": "User" if status < 500 else "Service",
                "Message": message,
                "message": message,
            } | REASONS.get(code, {})
            self.answer(status, json.dumps(body), headers=[*headers, ("x-amzn-ErrorType", code)])
        else:
            prefix = COMMON.get(code) or PREFIXES.get(service, "")
            body = {"__type": prefix + code, "message": message}
            if code == "TransactionCanceledException":
                body["CancellationReasons"] = [
                    {"Code": "ConditionalCheckFailed", "Message": "The conditional request failed"},
                    {"Code": "None"},
                ]
            self.answer(status, json.dumps(body), "application/x-amz-json-1.0", headers)


class Quiet(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, *_):
        pass  # Clients that time out break their connection.


def serve(serve_one):
    """Accepts connections and gives each to `serve_one` in a thread; gives the port."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=64)

    def attend(connection):
        try:
            serve_one(connection)
        except (OSError, ValueError, struct.error):
            pass
        finally:
            connection.close()

    def accept():
        while True:
            connection, _ = listener.accept()
            threading.Thread(target=attend, args=(connection,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    return listener.getsockname()[1]


def hang(connection):
    time.sleep(HANG_S)


def reset(connection):
    connection.recv(1)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def redis(answer):
    """Answers what a client says to get ready, and `answer` to every other command."""

    def one(connection):
        stream = connection.makefile("rb")
        while line := stream.readline():
            words = []
            for _ in range(int(line[1:])):
                words.append(stream.read(int(stream.readline()[1:]) + 2)[:-2])
            command = words[0].upper()
            if command in (b"CLIENT", b"SELECT"):
                connection.sendall(b"+OK\r\n")
            elif command == b"HELLO":
                connection.sendall(b"-ERR unknown command 'HELLO'\r\n")
            elif command == b"INFO" and b"LOADING" not in answer:
                connection.sendall(b"$15\r\nredis_version:7\r\n")
            else:
                connection.sendall(answer)

    return one


def postgres(refusal=None, failure=None, then_close=False):
    """Refuses to start with (code, message), or answers every statement with the failure."""

    def packet(kind, body):
        return kind + struct.pack(">I", len(body) + 4) + body

    def error(severity, code, message):
        return packet(
            b"E", b"S" + severity + b"\0V" + severity + b"\0C" + code.encode() + b"\0M" + message.encode() + b"\0\0"
        )

    def one(connection):
        stream = connection.makefile("rb")
        while True:
            size, number = struct.unpack(">II", stream.read(8))
            stream.read(size - 8)
            if number in (80877103, 80877104):
                connection.sendall(b"N")
                continue
            break
        if refusal:
            connection.sendall(error(b"FATAL", *refusal))
            return
        ready = packet(b"Z", b"I")
        settings = {
            "server_version": "15.4",
            "client_encoding": "UTF8",
            "standard_conforming_strings": "on",
            "DateStyle": "ISO, MDY",
            "integer_datetimes": "on",
            "TimeZone": "UTC",
        }
        connection.sendall(
            packet(b"R", struct.pack(">I", 0))
            + b"".join(packet(b"S", f"{name}\0{value}\0".encode()) for name, value in settings.items())
            + packet(b"K", struct.pack(">II", 1, 2))
            + ready
        )
        failed = False
        while kind := stream.read(1):
            (size,) = struct.unpack(">I", stream.read(4))
            text = stream.read(size - 4).strip(b"\0")
            if kind == b"X":
                return
            if kind == b"Q" and re.match(rb"(?i)begin|rollback|commit|set ", text):
                connection.sendall(packet(b"C", text.split()[0].upper() + b"\0") + ready)
            elif kind in (b"Q", b"P"):
                if kind == b"P" and re.search(rb"(?i)\0(begin|rollback)", b"\0" + text):
                    continue
                severity = b"FATAL" if then_close else b"ERROR"
                connection.sendall(error(severity, *failure) + (ready if kind == b"Q" and not then_close else b""))
                failed = True
                if then_close:
                    return
            elif kind == b"S":
                connection.sendall(ready)

    return one


def mysql(refusal=None, failure=None):
    """Refuses the connection with (number, state, message), or lets it in and answers statements with the failure."""

    def packet(sequence, body):
        return struct.pack("<I", len(body))[:3] + bytes([sequence]) + body

    def error(number, state, message):
        return b"\xff" + struct.pack("<H", number) + b"#" + state.encode() + message.encode()

    def one(connection):
        if refusal and refusal[0] == 1040:
            # The server has no time for a greeting, and leaves out the state.
            connection.sendall(packet(0, b"\xff" + struct.pack("<H", 1040) + refusal[2].encode()))
            return
        flags = 0x00080000 | 0x8000 | 0x0200 | 0x0008 | 0x0001
        greeting = b"\x0a8.0.36\0" + struct.pack("<I", 7) + b"a" * 8 + b"\0" + struct.pack("<H", flags & 0xFFFF)
        greeting += b"\x21" + struct.pack("<H", 2) + struct.pack("<H", flags >> 16) + bytes([21]) + b"\0" * 10
        greeting += b"b" * 12 + b"\0" + b"mysql_native_password\0"
        connection.sendall(packet(0, greeting))
        stream = connection.makefile("rb")

        def read():
            head = stream.read(4)
            if len(head) < 4:
                raise OSError
            return head[3], stream.read(struct.unpack("<I", head[:3] + b"\0")[0])

        sequence, _ = read()
        done = b"\0\0\0\x02\0\0\0"
        if refusal:
            connection.sendall(packet(sequence + 1, error(*refusal)))
            return
        connection.sendall(packet(sequence + 1, done))
        while True:
            sequence, body = read()
            if body[:1] == b"\x01":
                return
            if body[:1] == b"\x03" and re.match(rb"(?i)set |begin|rollback|commit|start ", body[1:].lstrip(b"\0\x01")):
                connection.sendall(packet(sequence + 1, done))
            else:
                connection.sendall(packet(sequence + 1, error(*failure)))

    return one


def mongo(answer):
    """Says hello, and gives `answer` to every other command."""
    import bson

    def one(connection):
        stream = connection.makefile("rb")
        while head := stream.read(16):
            size, request, _, opcode = struct.unpack("<iiii", head)
            body = stream.read(size - 16)
            hello = {
                "ismaster": True,
                "isWritablePrimary": True,
                "maxBsonObjectSize": 16777216,
                "maxMessageSizeBytes": 48000000,
                "maxWriteBatchSize": 100000,
                "minWireVersion": 0,
                "maxWireVersion": 21,
                "ok": 1.0,
            }
            if opcode == 2004:  # OP_QUERY, for the first hello.
                reply = struct.pack("<iqii", 8, 0, 0, 1) + bson.encode(hello)
                code = 1
            else:
                command = bson.decode(body[5 : 5 + struct.unpack("<i", body[5:9])[0]])
                first = next(iter(command)).lower()
                said = (
                    hello
                    if first in ("hello", "ismaster")
                    else {"ok": 1.0} if first in ("ping", "endsessions") else answer
                )
                reply = struct.pack("<ib", 0, 0) + bson.encode(said)
                code = 2013
            connection.sendall(struct.pack("<iiii", 16 + len(reply), 1, request, code) + reply)

    return one


def certificate(folder):
    """Makes a certificate that nobody signed but itself."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.timezone.utc)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=30))
        .add_extension(
            x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]),
            False,
        )
        .sign(key, hashes.SHA256())
    )
    path = Path(folder) / "server.pem"
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + signed.public_bytes(serialization.Encoding.PEM)
    )
    return path


def grpc_server():
    """A server that ends every call with the status that the method's name says; `Hang` never answers."""
    from concurrent import futures

    import grpc

    class Any(grpc.GenericRpcHandler):
        def service(self, details):
            word = details.method.rsplit("/", 1)[1]

            def call(_, context):
                if word == "Hang":
                    time.sleep(3)
                context.abort(getattr(grpc.StatusCode, word, grpc.StatusCode.UNKNOWN), f"stock service says {word}")

            return grpc.unary_unary_rpc_method_handler(call)

    server = grpc.server(futures.ThreadPoolExecutor(8), handlers=[Any()])
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    return port, server


class Peers:
    def __init__(self, folder):
        web = Quiet(("127.0.0.1", 0), Web)
        secure = Quiet(("127.0.0.1", 0), Web)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate(folder))
        secure.socket = context.wrap_socket(secure.socket, server_side=True, do_handshake_on_connect=False)
        for server in (web, secure):
            threading.Thread(target=server.serve_forever, daemon=True).start()
        # Bound, never listening: connections are refused, and nobody else gets the port.
        self.closed = socket.socket()
        self.closed.bind(("127.0.0.1", 0))
        grpc_port, self.grpc = grpc_server()
        ports = {
            "web": web.server_port,
            "tls": secure.server_port,
            "closed": self.closed.getsockname()[1],
            "hang": serve(hang),
            "reset": serve(reset),
            "redis_ok": serve(redis(b"+OK\r\n")),
            "redis_noauth": serve(redis(b"-NOAUTH Authentication required.\r\n")),
            "redis_readonly": serve(redis(b"-READONLY You can't write against a read only replica.\r\n")),
            "redis_loading": serve(redis(b"-LOADING Redis is loading the dataset in memory\r\n")),
            "redis_full": serve(redis(b"-OOM command not allowed when used memory > 'maxmemory'.\r\n")),
            "redis_wrongtype": serve(redis(b"-WRONGTYPE Operation against a key holding the wrong kind of value\r\n")),
            "pg_password": serve(postgres(("28P01", 'password authentication failed for user "orders"'))),
            "pg_full": serve(postgres(("53300", "sorry, too many clients already"))),
            "pg_starting": serve(postgres(("57P03", "the database system is starting up"))),
            "pg_missing": serve(postgres(failure=("42P01", 'relation "orders" does not exist'))),
            "pg_duplicate": serve(
                postgres(failure=("23505", 'duplicate key value violates unique constraint "orders_pkey"'))
            ),
            "pg_deadlock": serve(postgres(failure=("40P01", "deadlock detected"))),
            "pg_statement": serve(postgres(failure=("57014", "canceling statement due to statement timeout"))),
            "pg_shutdown": serve(
                postgres(failure=("57P01", "terminating connection due to administrator command"), then_close=True)
            ),
            "mysql_full": serve(mysql((1040, "08004", "Too many connections"))),
            "mysql_password": serve(
                mysql((1045, "28000", "Access denied for user 'orders'@'10.0.3.4' (using password: YES)"))
            ),
            "mysql_deadlock": serve(
                mysql(failure=(1213, "40001", "Deadlock found when trying to get lock; try restarting transaction"))
            ),
            "mysql_missing": serve(mysql(failure=(1146, "42S02", "Table 'shop.orders' doesn't exist"))),
            "mysql_duplicate": serve(mysql(failure=(1062, "23000", "Duplicate entry '7' for key 'orders.PRIMARY'"))),
            "mongo_duplicate": serve(
                mongo(
                    {
                        "n": 0,
                        "ok": 1.0,
                        "writeErrors": [
                            {
                                "index": 0,
                                "code": 11000,
                                "errmsg": "E11000 duplicate key error collection: shop.orders index: _id_ dup key: { _id: 7 }",
                            }
                        ],
                    }
                )
            ),
            "mongo_auth": serve(
                mongo(
                    {
                        "ok": 0.0,
                        "code": 13,
                        "codeName": "Unauthorized",
                        "errmsg": 'not authorized on shop to execute command { insert: "orders" }',
                    }
                )
            ),
            "grpc": grpc_port,
        }
        self.addresses = {name: f"127.0.0.1:{port}" for name, port in ports.items()}
