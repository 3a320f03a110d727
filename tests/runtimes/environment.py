"""One execution environment: the Runtime API on loopback, the process of a client, and the log stream of both.

What the client posts is the truth about an attempt; nothing here reads its log.
"""

import array
import fcntl
import hashlib
import json
import os
import queue
import re
import signal
import struct
import subprocess
import termios
import threading
import time
import uuid
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from platform_lines import Platform, iso

# Time limit of an init in seconds, and the seconds that it is waited for here: the clock of the log is put forward.
INIT_LIMIT_S = 10
INIT_WAIT_S = 1.0
RESPONSE_LIMIT = 6_291_556
# Frames of the telemetry descriptor: type, length, microseconds.
FRAME = struct.Struct(">IIQ")
ISO_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z")
SIGNALS = {
    signal.SIGKILL: "killed",
    signal.SIGABRT: "aborted",
    signal.SIGSEGV: "segmentation fault",
    signal.SIGTERM: "terminated",
    signal.SIGBUS: "bus error",
}


def stable_id(*parts):
    return str(uuid.UUID(bytes=hashlib.md5("/".join(map(str, parts)).encode()).digest(), version=4))


@dataclass
class Attempt:
    """What really happened to one request."""

    request_id: str
    number: int
    posted: str | None = None
    error_type: str | None = None
    error_message: str | None = None
    ended_by: str = ""
    detail: str = ""

    def failed(self):
        return self.ended_by != "answered" or self.posted != "response"


@dataclass
class Api:
    """The Runtime API of one environment; everything the client does is put into `said`."""

    said: queue.Queue = field(default_factory=queue.Queue)
    events: queue.Queue = field(default_factory=queue.Queue)

    def __post_init__(self):
        api = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def log_message(self, *_):
                pass

            def answer(self, status, body=b"{}", headers=()):
                self.send_response(status)
                for name, value in headers:
                    self.send_header(name, value)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_GET(self):
                api.said.put(("next",))
                event = api.events.get()
                if event is None:
                    self.close_connection = True
                    return
                request_id, body, deadline_ms, arn = event
                self.answer(
                    200,
                    body,
                    [
                        ("Lambda-Runtime-Aws-Request-Id", request_id),
                        ("Lambda-Runtime-Deadline-Ms", str(deadline_ms)),
                        ("Lambda-Runtime-Invoked-Function-Arn", arn),
                        (
                            "Lambda-Runtime-Trace-Id",
                            "Root=1-67a1b2c3-0123456789abcdef01234567;Parent=0123456789abcdef;Sampled=0",
                        ),
                    ],
                )

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                parts = self.path.split("/")
                kind = self.headers.get("Lambda-Runtime-Function-Error-Type", "")
                if self.path.endswith("/init/error"):
                    api.said.put(("init_error", kind, body))
                    self.answer(202, b'{"status":"OK"}')
                elif self.path.endswith("/response"):
                    if len(body) > RESPONSE_LIMIT:
                        api.said.put(("too_large", parts[-2], body[:100]))
                        refusal = {
                            "errorMessage": f"Exceeded maximum allowed payload size ({RESPONSE_LIMIT} bytes).",
                            "errorType": "RequestEntityTooLarge",
                        }
                        self.answer(413, json.dumps(refusal, separators=(",", ":")).encode())
                    else:
                        api.said.put(("response", parts[-2], body))
                        self.answer(202, b'{"status":"OK"}')
                else:
                    api.said.put(("error", parts[-2], body))
                    self.answer(202, b'{"status":"OK"}')

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_):
                pass  # A process that was killed breaks its connection.

        self.server = Server(("127.0.0.1", 0), Handler)
        self.address = f"127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def close(self):
        self.events.put(None)
        self.server.shutdown()
        self.server.server_close()


class Process:
    """A running client: its pipes, its memory, its end."""

    def __init__(self, command, environment, folder, log, memory_mb, said):
        self.log, self.memory_mb, self.said = log, memory_mb, said
        self.peak_mb, self.over_memory, self.buffers = 1, False, {}
        frames_read, frames_write = os.pipe()
        self.process = subprocess.Popen(
            command,
            cwd=folder,
            env=environment | {"_LAMBDA_TELEMETRY_LOG_FD": str(frames_write)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            pass_fds=[frames_write],
        )
        os.close(frames_write)
        self.pipes = [self.process.stdout.fileno(), self.process.stderr.fileno(), frames_read]
        self.busy = [False] * 3
        self.readers = [
            threading.Thread(target=self.read, args=(place, self.lines if place < 2 else self.frames), daemon=True)
            for place in range(3)
        ]
        for reader in self.readers:
            reader.start()
        self.frames_read = frames_read
        threading.Thread(target=self.watch, daemon=True).start()

    def read(self, place, take):
        rest = b""
        while True:
            piece = os.read(self.pipes[place], 1 << 16)
            self.busy[place] = True
            if not piece:
                if rest and place < 2:
                    self.log(rest.decode("utf-8", "replace"))
                self.busy[place] = False
                return
            rest = take(rest + piece)
            self.busy[place] = False

    def lines(self, data):
        *whole, rest = data.split(b"\n")
        for line in whole:
            self.log(line.decode("utf-8", "replace") + "\n")
        return rest

    def frames(self, data):
        while len(data) >= FRAME.size:
            _, length, micros = FRAME.unpack_from(data)
            if len(data) < FRAME.size + length:
                break
            self.log(data[FRAME.size : FRAME.size + length].decode("utf-8", "replace"), micros / 1000)
            data = data[FRAME.size + length :]
        return data

    def measure(self):
        """Reads how much memory the process uses, and used at most, in MB."""
        try:
            with open(f"/proc/{self.process.pid}/status", encoding="ascii") as status:
                fields = dict(line.split(":", 1) for line in status)
            used, peak = (int(fields[name].split()[0]) // 1024 for name in ("VmRSS", "VmHWM"))
        except (OSError, ValueError, KeyError):
            return 0
        self.peak_mb = max(self.peak_mb, peak)
        return used

    def watch(self):
        """Ends a process that uses more memory than the function has, as the kernel would."""
        while self.process.poll() is None:
            if self.measure() > self.memory_mb and not self.over_memory:
                self.over_memory = True
                self.process.kill()
            time.sleep(0.015)
        self.process.wait()
        for reader in self.readers:
            reader.join(2)
        self.said.put(("exit", self.process.returncode, self))

    def drain(self):
        """Waits until all that the client wrote so far has been read."""
        quiet, end = 0, time.monotonic() + 1
        while quiet < 3 and time.monotonic() < end:
            waiting = array.array("i", [0])
            idle = True
            for place, pipe in enumerate(self.pipes):
                try:
                    fcntl.ioctl(pipe, termios.FIONREAD, waiting)
                except OSError:
                    continue
                idle &= waiting[0] == 0 and not self.busy[place]
            quiet = quiet + 1 if idle else 0
            time.sleep(0.002)

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        for reader in self.readers:
            reader.join(2)


def end_of_process(code):
    """The words of the older style for the end of a process."""
    if code == 0:
        return "RequestId: {id} Error: Runtime exited without providing a reason"
    how = f"signal: {SIGNALS.get(-code, f'signal {-code}')}" if code < 0 else f"exit status {code}"
    return "RequestId: {id} Error: Runtime exited with error: " + how


class Environment:
    """Runs one scenario in one style, and keeps its log and its truth."""

    def __init__(self, scenario, style, index, client):
        self.scenario, self.style, self.client = scenario, style, client
        self.function = f"{scenario.language}-{scenario.name}"
        self.log_lines, self.attempts, self.shift_ms = [], [], 0.0
        self.lock = threading.Lock()
        day = time.strftime("%Y/%m/%d", time.gmtime())
        self.stream = f"{day}/[$LATEST]{hashlib.md5(f'{self.function}/{style}'.encode()).hexdigest()}"
        self.api = Api()
        self.process = None
        self.platform = Platform(
            style,
            scenario.language,
            self.function,
            self.stream,
            self.emit,
            self.now,
            scenario.memory_mb,
            early_order=index % 2 == 0,
            traced=index % 4 == 1,
        )
        self.init_ms = None

    def now(self):
        return time.time() * 1000 + self.shift_ms

    def emit(self, message):
        with self.lock:
            self.log_lines.append((self.now(), message))

    def client_line(self, message, at_ms=None):
        for real, shown in self.client["paths"]:
            message = message.replace(real, shown)
        if self.shift_ms:
            message = ISO_TIME.sub(lambda found: self.moved(found), message, count=1)
        with self.lock:
            self.log_lines.append(((at_ms + self.shift_ms) if at_ms else self.now(), message))

    def moved(self, found):
        shown = iso(self.now())
        return shown if found.group(1) else shown[:-5] + "Z"

    def events(self):
        """The log events in the order of CloudWatch: by time, then as they came."""
        return [(int(at), message) for at, message in sorted(self.log_lines, key=lambda line: line[0])]

    def spawn(self):
        while not self.api.said.empty():
            self.api.said.get_nowait()
        variables = {
            "PATH": os.environ["PATH"],
            "HOME": "/tmp",
            "LANG": "en_US.UTF-8",
            "TZ": ":UTC",
            "AWS_LAMBDA_RUNTIME_API": self.api.address,
            "AWS_LAMBDA_FUNCTION_NAME": self.function,
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(self.scenario.memory_mb),
            "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{self.function}",
            "AWS_LAMBDA_LOG_STREAM_NAME": self.stream,
            "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
            "AWS_REGION": "eu-west-1",
            "AWS_DEFAULT_REGION": "eu-west-1",
            "AWS_ACCESS_KEY_ID": "ASIAEXAMPLE",
            "AWS_SECRET_ACCESS_KEY": "example",
            "AWS_EC2_METADATA_DISABLED": "true",
            "_HANDLER": self.scenario.handler,
        }
        if self.style == "json":
            variables |= {"AWS_LAMBDA_LOG_FORMAT": "JSON", "AWS_LAMBDA_LOG_LEVEL": "INFO"}
        variables |= self.client["environment"] | self.scenario.environment
        if variables.get("AWS_ACCESS_KEY_ID") == "":
            del variables["AWS_ACCESS_KEY_ID"], variables["AWS_SECRET_ACCESS_KEY"]
        self.process = Process(
            self.client["command"] + [self.scenario.handler],
            variables,
            self.client["task"],
            self.client_line,
            self.scenario.memory_mb,
            self.api.said,
        )

    def init(self, limit_s):
        """Starts the process; gives (duration, None) when it is ready, else (duration, (status, error type, crash))."""
        started, posted = time.monotonic(), None
        self.spawn()
        while True:
            left = started + limit_s - time.monotonic()
            try:
                said = self.api.said.get(timeout=max(left, 0.001))
            except queue.Empty:
                self.process.kill()
                self.process = None
                return (time.monotonic() - started) * 1000, ("timeout", None, None)
            took = (time.monotonic() - started) * 1000
            if said[0] == "next":
                self.process.drain()
                return took, None
            if said[0] == "init_error":
                posted = said[1] or json.loads(said[2]).get("errorType") or "Runtime.Unknown"
            if said[0] == "exit" and said[2] is self.process:
                killed, code = self.process.over_memory, said[1]
                self.process = None
                # Types that are none of the platform's are folded to one word.
                known = (
                    posted
                    if posted and re.fullmatch(r"(Runtime|Function)\.[A-Z][A-Za-z]+", posted)
                    else posted and "Runtime.Unknown"
                )
                kind = known or ("Runtime.OutOfMemory" if killed and self.style != "old" else "Runtime.ExitError")
                crash = "Unknown application error occurred" if posted else end_of_process(code)
                return took, ("error", kind, crash)

    def cold_start(self):
        self.platform.init_start()
        wait = INIT_WAIT_S if self.scenario.slow_init else INIT_LIMIT_S
        took, failure = self.init(wait)
        if failure is None:
            self.init_ms = took
            return
        if failure[0] == "timeout":
            self.shift_ms += (INIT_LIMIT_S - wait) * 1000
            took += (INIT_LIMIT_S - wait) * 1000
        self.platform.init_failed("init", failure[0], failure[1], took)

    def invoke(self, request_id, number, event):
        scenario, attempt = self.scenario, Attempt(request_id, number)
        self.attempts.append(attempt)
        began = time.monotonic()
        if self.process is None:
            took, failure = self.init(scenario.timeout_s)
            if failure is not None:
                status, kind, crash = failure
                self.platform.init_failed("invoke", status, kind, took)
                self.platform.start(request_id)
                attempt.ended_by, attempt.detail = "init_" + status, kind or ""
                self.finish(attempt, took, status, kind, crash)
                return attempt
        init_ms, self.init_ms = self.init_ms, None
        self.platform.start(request_id)
        deadline = int(time.time() * 1000 + scenario.timeout_s * 1000)
        arn = f"arn:aws:lambda:eu-west-1:111122223333:function:{self.function}"
        body = scenario.raw_event if scenario.raw_event is not None else json.dumps(event).encode()
        self.api.events.put((request_id, body, deadline, arn))
        too_large = False
        while True:
            left = began + scenario.timeout_s - time.monotonic()
            try:
                said = self.api.said.get(timeout=max(left, 0.001))
            except queue.Empty:
                self.process.kill()
                used = self.process.peak_mb
                self.process = None
                attempt.ended_by = "timeout"
                self.finish(attempt, (time.monotonic() - began) * 1000, "timeout", None, None, init_ms, used)
                return attempt
            took = (time.monotonic() - began) * 1000
            if said[0] in ("response", "error") and attempt.posted is None:
                attempt.posted = said[0]
                if said[0] == "error":
                    told = json.loads(said[2] or b"{}")
                    attempt.error_type, attempt.error_message = told.get("errorType"), told.get("errorMessage")
            elif said[0] == "too_large":
                too_large = True
                attempt.posted = "too_large"
            elif said[0] == "next":
                self.process.drain()
                self.process.measure()
                attempt.ended_by = "answered"
                if too_large:
                    crash = f"RequestId: {{id}} Error: Response payload size (6500000 bytes) exceeded maximum allowed payload size ({RESPONSE_LIMIT} bytes)."
                    self.finish(attempt, took, "error", "Function.ResponseSizeTooLarge", crash, init_ms)
                else:
                    self.finish(attempt, took, None, None, None, init_ms)
                return attempt
            elif said[0] == "exit" and said[2] is self.process:
                killed, code, used = self.process.over_memory, said[1], self.process.peak_mb
                self.process = None
                attempt.ended_by, attempt.detail = ("out_of_memory" if killed else "exit"), str(code)
                # The platform of the newer style names what the kernel killed for memory.
                kind = "Runtime.OutOfMemory" if killed and self.style != "old" else "Runtime.ExitError"
                crash = end_of_process(code)
                if too_large:
                    kind = "Function.ResponseSizeTooLarge"
                    crash = f"RequestId: {{id}} Error: Response payload size (6500000 bytes) exceeded maximum allowed payload size ({RESPONSE_LIMIT} bytes)."
                self.finish(attempt, took, "error", kind, crash, init_ms, used)
                return attempt

    def finish(self, attempt, took, status, kind, crash, init_ms=None, used=None):
        used = used or (self.process.peak_mb if self.process else 40)
        self.platform.end(
            attempt.request_id,
            took,
            min(used, self.scenario.memory_mb),
            init_ms,
            status,
            kind,
            self.scenario.timeout_s,
            crash,
        )

    def run(self):
        """Runs the whole scenario: each event once, or up to three times for an asynchronous invoker."""
        try:
            self.cold_start()
            for place, event in enumerate(self.scenario.events):
                request_id = stable_id(self.function, self.style, place)
                tries = 3 if self.scenario.asynchronous else 1
                for number in range(1, tries + 1):
                    if number > 1:
                        self.shift_ms += 60_000 * (number - 1)
                    attempt = self.invoke(request_id, number, event | {"attempt": number})
                    if not attempt.failed():
                        break
                self.shift_ms += 40
        finally:
            if self.process:
                self.process.kill()
            self.api.close()
        return self
