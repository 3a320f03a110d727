"""Writes the logs of the pages under test: of many functions that fail in many ways, and of functions whose every word is hostile."""

import json
from datetime import datetime, timedelta, timezone

BEGIN = datetime(2026, 1, 2, tzinfo=timezone.utc)
RAN = "window.__ran"
EVIL = "evil.test"

# Everything that a page could take for markup, code, an address or a name of its own. `EVIL` hosts are asked by nobody else.
HOSTILE = [
    f"<script>{RAN}='script'</script>",
    f"</script><script>{RAN}='island'</script>",
    f"<!--<script>{RAN}='comment'</script>-->",
    f"--><script>{RAN}='out of comment'</script>",
    f"]]><script>{RAN}='cdata'</script>",
    f"</title></style></textarea></noscript><script>{RAN}='raw text'</script>",
    f"\"><img src=http://image.{EVIL}/x onerror={RAN}='image'>",
    f"'><img src=http://image2.{EVIL}/x onerror={RAN}='image2'>",
    f"<svg onload={RAN}='svg'><script>{RAN}='svg script'</script><use href=http://use.{EVIL}/#a></use></svg>",
    f"</text></svg><svg/onload={RAN}='out of svg'>",
    f"<math><mtext><table><mglyph><style><img src onerror={RAN}='math'>",
    f"<style>@import url(http://css.{EVIL}/a.css);*{{background:url(http://background.{EVIL}/b)}}</style>",
    f"</style><link rel=stylesheet href=http://sheet.{EVIL}/><link rel=prefetch href=http://prefetch.{EVIL}/>",
    f"red;background:url(http://style.{EVIL}/c);--x:",
    f"\" style=\"background:url(http://style2.{EVIL}/)\" x=\"",
    f"\" onmouseover=\"{RAN}='over'\" onfocus=\"{RAN}='focus'\" autofocus tabindex=0 x=\"",
    f"' onclick='{RAN}=1' x='",
    f"` onclick=`{RAN}=1` =",
    f"javascript:{RAN}='address'",
    f"JaVa\tScRiPt:{RAN}='address with a tab'",
    f"data:text/html,<script>opener.{RAN}='data'</script>",
    f"#\"><script>{RAN}='fragment'</script>",
    f"%22%3E%3Cscript%3E{RAN}='percent'%3C/script%3E",
    f"&lt;script&gt;{RAN}='entity'&lt;/script&gt; &#60;img src onerror={RAN}=1&#62;",
    f"<iframe srcdoc=\"<script>parent.{RAN}='frame'</script>\" src=http://frame.{EVIL}/></iframe>",
    f"<object data=http://object.{EVIL}/></object><embed src=http://embed.{EVIL}/>",
    f"<base href=http://base.{EVIL}/><meta http-equiv=refresh content=\"0;url=http://refresh.{EVIL}/\">",
    f"<form action=http://form.{EVIL}/><input autofocus onfocus={RAN}='input'><button>",
    f"<details open ontoggle={RAN}='toggle'><summary>",
    f"</template></dialog></td></tr></table></main></body></html><script>{RAN}='after the end'</script>",
    "{{constructor.constructor('" + RAN + "=1')()}} ${" + RAN + "=1} <%= 1 %>",
    f"\\\"}};{RAN}='json';//",
    f"\u2028{RAN}='separator'\u2029//\u202e\u2066\u200b\ufeff",
    f"\x00\x0b\x1b[31m<script\x00>{RAN}=1</script\x0c>",
    f"<scr<script>ipt>{RAN}='nested'</scr</script>ipt>",
    f"＜script＞{RAN}=1＜/script＞ <ſcript>{RAN}=1</ſcript>",
    "=HYPERLINK(\"http://sheet2." + EVIL + "/\")",
    "+1+cmd|' /C calc'!A0",
    "@SUM(1)\t=1\r\n=2",
    "__proto__",
    "constructor",
    "functions-search",
    "status",
    "getElementById",
    "x" * 400 + "<b>",
    "a\u0301" * 60,
]


def stamp(seconds):
    return (BEGIN + timedelta(seconds=seconds)).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def request(number):
    return f"{number:08x}-0000-4000-8000-{number:012x}"


class Log:
    """Log events as CloudWatch's JSON, one per line."""

    def __init__(self):
        self.lines = []

    def event(self, group, stream, seconds, message):
        at = int((BEGIN + timedelta(seconds=seconds)).timestamp() * 1000)
        self.lines.append(json.dumps({"timestamp": at, "logGroup": group, "logStream": stream, "message": message + "\n"}))

    def attempt(self, group, seconds, ident, version="1", lines=(), duration=20.0, memory=128, used=60, cold=None, end=""):
        stream = f"2026/01/02/[{version}]{abs(hash_of(group)):032x}"
        cost = f"Duration: {duration:.2f} ms\tBilled Duration: {int(duration) + 1} ms\tMemory Size: {memory} MB\tMax Memory Used: {used} MB\t"
        cost += f"Init Duration: {cold:.2f} ms\t" if cold else ""
        last = seconds + duration / 1000
        self.event(group, stream, seconds, f"START RequestId: {ident} Version: {version}")
        for line in lines:
            self.event(group, stream, last, line)
        self.event(group, stream, last, f"END RequestId: {ident}")
        self.event(group, stream, last, f"REPORT RequestId: {ident}\t{cost}{end}")

    def write(self, path):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(f"{line}\n" for line in self.lines), encoding="utf-8")
        return path


def hash_of(text):
    """Returns a number of a text that is the same in every run."""
    value = 7
    for byte in text.encode("utf-8", "surrogatepass"):
        value = (value * 31 + byte) % 2**64
    return value


def failing(log, group, kind, seconds, ident, version, duration):
    """Writes an attempt that fails in the way of this kind, or does not fail."""
    if kind == 0:
        status = "Task timed out after 3.00 seconds"
        lines = ["GET https://api.crm.example.com/v3/tiles", f"{stamp(seconds + 3)} {ident} {status}"]
        log.attempt(group, seconds, ident, version, lines, 3000.0, end="Status: timeout")
    elif kind == 1:
        error = "[ERROR] KeyError: 'price'\nTraceback (most recent call last):\n  File \"/var/task/app.py\", line 12, in handler\n    row['price']"
        log.attempt(group, seconds, ident, version, [error], duration)
    elif kind == 2:
        lines = [f"RequestId: {ident} Error: Runtime exited with error: signal: killed\nRuntime.ExitError"]
        log.attempt(group, seconds, ident, version, lines, duration, used=128, end="Status: error\tError Type: Runtime.ExitError")
    elif kind == 3:
        error = "[ERROR] EndpointConnectionError: Could not connect to the endpoint URL: \"https://dynamodb.eu-west-1.amazonaws.com/\""
        log.attempt(group, seconds, ident, version, [error], duration)
    elif kind == 4:
        error = "[ERROR] TooManyRequestsException: An error occurred (TooManyRequestsException) when calling the Invoke operation: Rate Exceeded."
        log.attempt(group, seconds, ident, version, [error], duration)
    elif kind == 5:
        error = "[ERROR] ValidationError: total is negative\nTraceback (most recent call last):\n  File \"/var/task/total.py\", line 3, in check\n    raise"
        log.attempt(group, seconds, ident, version, [error], duration)
    else:
        log.attempt(group, seconds, ident, version, ["INSERT INTO orders"], duration)


def many(functions, attempts=12, span=3 * 3600, after=False):
    """Returns the log of so many functions over three hours: most fail now and then, in five ways, some events are tried again.
    After a change some functions fail more, some no more, and some in a way of their own."""
    log, number = Log(), 0
    for function in range(functions):
        group = f"/aws/lambda/shop-{('orders', 'billing', 'images', 'search', 'mail')[function % 5]}-{function:05d}"
        for turn in range(attempts):
            number += 1
            seconds = span * turn / attempts + function % 600
            version = "42" if turn * 2 > attempts else "41"
            fails = (function * 7 + turn * 5) % 9 < 2 or (function % 11 == 3 and turn * 2 > attempts)
            if after:
                fails = function % 4 == 1 or (fails and function % 4 != 2)
            duration = 20.0 + (function * 13 + turn * 17) % 400
            if not fails:
                cold = 300.0 + function % 500 if turn == 0 else None
                log.attempt(group, seconds, request(number), version, (), duration, used=60 + function % 60, cold=cold)
                continue
            failing(log, group, 5 if after and function % 4 == 1 else (function + turn) % 5, seconds, request(number), version, duration)
            if function % 3 == 0:
                # Asynchronous: tried again after one minute, and after two more.
                failing(log, group, 1, seconds + 61, request(number), version, duration)
                failing(log, group, 1 if function % 2 else 9, seconds + 190, request(number), version, duration)
    return log


def healthy():
    """Returns the log of a function that never failed."""
    log = Log()
    for number in range(40):
        log.attempt("/aws/lambda/steady", 60 * number, request(number), duration=20.0 + number, cold=200.0 if number == 0 else None)
    return log


def hostile():
    """Returns a log whose functions, groups, versions, messages, types, frames and targets are hostile, as far as a log can say them."""
    log, number = Log(), 0
    for place, text in enumerate(HOSTILE):
        # A name with a slash is that of another log group: both kinds are shown.
        for name in {text, text.replace("/", "|")}:
            group = f"/aws/lambda/{name}"
            for turn in range(5):
                number += 1
                seconds, ident = 60 * place + 700 * turn, request(number)
                frames = [f"  File \"{text}\", line 1, in {text}"]
                record = {"timestamp": stamp(seconds), "level": "ERROR", "requestId": ident, "errorType": text, "errorMessage": text,
                          "message": text, "stackTrace": frames}
                refused = {"errorType": "Error", "errorMessage": f"connect ECONNREFUSED {text}", "code": "ECONNREFUSED", "address": text,
                           "stack": [f"Error: connect ECONNREFUSED {text}", f"    at {text} ({text}:1:1)"]}
                line = (
                    f"[ERROR] ValueError: {text}\nTraceback (most recent call last):\n  File \"/var/task/{text}.py\", line 12, in {text}\n    {text}",
                    json.dumps(record),
                    f"{stamp(seconds)}\t{ident}\tERROR\tInvoke Error\t" + json.dumps(refused),
                    f"{stamp(seconds + 3)} {ident} Task timed out after 3.00 seconds",
                    f"INSERT INTO {text}",
                )[turn]
                log.attempt(group, seconds, ident, "7", [f"GET https://{text}.{EVIL}/{text}", line], 3000.0 if turn == 3 else 20.0)
    return log


# Strings of a summary that are words of ours or times: `view` refuses others, or shows nothing of them.
FIXED = {
    "category", "state", "confidence", "need", "outcome", "retry_guidance", "retryable", "partial_work", "compensation", "source",
    "start", "end", "first_seen", "last_seen", "started_at", "first_started_at", "last_started_at", "at", "scope",
}


def poisoned(value, turn):
    """Returns a summary with each free text replaced by a hostile one, the same by the same; `turn` says which text goes where."""
    known = {}

    def replaced(value, key=""):
        if isinstance(value, dict):
            return {name: replaced(member, name) for name, member in value.items()}
        if isinstance(value, list):
            return [replaced(member, key) for member in value]
        if not isinstance(value, str) or key in FIXED:
            return value
        if value not in known:
            round_, place = divmod(turn + len(known), len(HOSTILE))
            known[value] = HOSTILE[place] + (f" {round_}" if len(known) >= len(HOSTILE) else "")
        return known[value]

    return replaced(value)
