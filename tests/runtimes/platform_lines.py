"""The lines of Lambda itself around those of a client, in three styles of log.

`old`: text, with lines of their own for timeouts and crashes. `new`: text, with `Status` and `Error Type` on REPORT.
`json`: events of the platform as JSON, at the level INFO.
"""

import json
import math
from datetime import datetime, timezone

STYLES = ("old", "new", "json")
RUNTIMES = {"python": "python:3.11.v93", "node": "nodejs:20.v88", "rust": "provided:al2023.v112"}
RUNTIME_ARN = "arn:aws:lambda:eu-west-1::runtime:" + "0f1e2d3c" * 8


def iso(ms):
    return datetime.fromtimestamp(ms / 1000, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.") + f"{int(ms) % 1000:03d}Z"


class Platform:
    """Writes to `emit(message)`; `now()` gives milliseconds of the environment's clock."""

    def __init__(self, style, language, function, stream, emit, now, memory_mb, early_order, traced):
        self.style, self.emit, self.now, self.memory_mb = style, emit, now, memory_mb
        self.language, self.function, self.stream = language, function, stream
        # Until 2022 the lines about a timeout and a crash stood behind REPORT.
        self.early_order = early_order
        self.traced = traced

    def event(self, kind, record):
        line = {"time": iso(self.now()), "type": "platform." + kind, "record": record}
        self.emit(json.dumps(line, separators=(",", ":")))

    def init_start(self):
        version = RUNTIMES[self.language]
        if self.style != "json":
            self.emit(f"INIT_START Runtime Version: {version}\tRuntime Version ARN: {RUNTIME_ARN}\n")
            return
        self.event(
            "initStart",
            {
                "initializationType": "on-demand",
                "phase": "init",
                "runtimeVersion": version,
                "runtimeVersionArn": RUNTIME_ARN,
                "functionName": self.function,
                "functionVersion": "$LATEST",
                "instanceId": self.stream,
                "instanceMaxMemory": self.memory_mb * 1024 * 1024,
            },
        )

    def init_failed(self, phase, status, error_type, duration_ms):
        if self.style == "json":
            failed = {"initializationType": "on-demand", "phase": phase, "status": status}
            if error_type:
                failed["errorType"] = error_type
            self.event("initRuntimeDone", failed)
            self.event("initReport", failed | {"metrics": {"durationMs": round(duration_ms, 3)}})
            return
        kind = f"\tError Type: {error_type}" if error_type else ""
        self.emit(f"INIT_REPORT Init Duration: {duration_ms:.2f} ms\tPhase: {phase}\tStatus: {status}{kind}\n")

    def start(self, request_id):
        if self.style == "json":
            self.event("start", {"requestId": request_id, "version": "$LATEST"})
        else:
            self.emit(f"START RequestId: {request_id} Version: $LATEST\n")

    def end(
        self, request_id, duration_ms, used_mb, init_ms=None, status=None, error_type=None, limit_s=None, crash=None
    ):
        """Ends an attempt. `crash` is what the older style says of the end of the process."""
        billed = math.ceil(duration_ms)
        if self.style != "old":
            if status == "timeout":
                duration_ms, billed = limit_s * 1000, limit_s * 1000
            billed += math.ceil(init_ms or 0)
        if self.style == "json":
            self.end_json(request_id, duration_ms, billed, used_mb, init_ms, status, error_type)
            return
        report = (
            f"REPORT RequestId: {request_id}\tDuration: {duration_ms:.2f} ms\tBilled Duration: {billed} ms"
            f"\tMemory Size: {self.memory_mb} MB\tMax Memory Used: {used_mb} MB\t"
        )
        if init_ms is not None:
            report += f"Init Duration: {init_ms:.2f} ms\t"
        extra = None
        if self.style == "new" and status:
            report += f"Status: {status}" + (f"\tError Type: {error_type}" if error_type else "")
        elif status == "timeout":
            extra = f"{iso(self.now())} {request_id} Task timed out after {limit_s:.2f} seconds\n\n"
        elif status:
            extra = f"{crash.format(id=request_id)}\n{error_type}\n"
        report += "\n"
        if self.traced:
            report += f"XRAY TraceId: 1-67a1b2c3-{request_id.replace('-', '')[:24]}\tSegmentId: {request_id.replace('-', '')[:16]}\tSampled: true\t\n"
        if extra and not self.early_order:
            self.emit(extra)
        self.emit(f"END RequestId: {request_id}\n")
        self.emit(report)
        if extra and self.early_order:
            self.emit(extra)

    def end_json(self, request_id, duration_ms, billed, used_mb, init_ms, status, error_type):
        ended = {"requestId": request_id, "status": status or "success"}
        if error_type:
            ended["errorType"] = error_type
        metrics = {"durationMs": round(duration_ms, 3)}
        if status:
            self.event("runtimeDone", ended | {"metrics": metrics | {"producedBytes": 0}})
        metrics |= {"billedDurationMs": billed, "memorySizeMB": self.memory_mb, "maxMemoryUsedMB": used_mb}
        if init_ms is not None:
            metrics["initDurationMs"] = round(init_ms, 3)
        self.event("report", {"requestId": request_id, "metrics": metrics} | ended)
