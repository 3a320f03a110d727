"""Owns the logs that the faults spoil, and how they are packed. Everything large is written in pieces, so that the
script stays small beside the program."""

import bz2
import gzip
import hashlib
import io
import json
import lzma
import os
import struct
import subprocess
import warnings
import zipfile
import zlib
from pathlib import Path

MIB = 1 << 20
STREAM = "2026/01/02/[$LATEST]0f1e2d3c4b5a69788796a5b4c3d2e1f0"
START_MS = 1_767_322_800_000


def request_id(number: int) -> str:
    return f"{number:08d}-5b50-4f1e-8b5c-0d0b9f3c2a11"


def lines(number: int) -> list[str]:
    """Returns an attempt that timed out, with a line that does not compress."""
    noise = hashlib.sha256(str(number).encode()).hexdigest()
    return [
        f"START RequestId: {request_id(number)} Version: 7",
        f"worked on {noise}",
        f"REPORT RequestId: {request_id(number)}\tDuration: 3.00 ms\tBilled Duration: 3 ms\tMemory Size: 128 MB\t"
        "Max Memory Used: 9 MB\tStatus: timeout",
    ]


def log(first: int, end: int) -> bytes:
    return "".join(line + "\n" for number in range(first, end) for line in lines(number)).encode()


def event(number: int, place: int, line: str) -> dict:
    return {"timestamp": START_MS + number * 100_000 + place, "logGroup": "/aws/lambda/f", "logStream": STREAM,
            "message": line + "\n"}


def ndjson(first: int, end: int) -> bytes:
    return "".join(json.dumps(event(number, place, line)) + "\n" for number in range(first, end)
                   for place, line in enumerate(lines(number))).encode()


# Attempts of a half, and the two halves.
HALF = 20
FIRST, SECOND = log(1, 1 + HALF), log(1 + HALF, 1 + 2 * HALF)
WHOLE = FIRST + SECOND


def newest_first(path: Path, attempts: int):
    """Writes a document of log events that must be turned round, with three kilobytes for each attempt."""
    with path.open("w") as out:
        out.write('{"events":[')
        for number in reversed(range(1, attempts + 1)):
            start, _, report = lines(number)
            for place, line in ((2, report), (1, "x" * 3000), (0, start)):
                one = event(number, place, line)
                separator = "" if number == attempts and place == 2 else ","
                out.write(separator + json.dumps({"timestamp": one["timestamp"], "message": one["message"],
                                                  "logStreamName": STREAM}))
        out.write("]}")


def zstd(data: bytes, *options: str) -> bytes:
    return subprocess.run(["zstd", "-q", "-c", *options], input=data, capture_output=True, check=True).stdout


def xz(data: bytes, dictionary: int = 8 * MIB) -> bytes:
    return lzma.compress(data, filters=[{"id": lzma.FILTER_LZMA2, "preset": 0, "dict_size": dictionary}])


def zipped(entries, method: int = zipfile.ZIP_DEFLATED, piped: bool = False) -> bytes:
    """Returns a ZIP archive of named entries; one that is written to a pipe has its sizes behind the data."""
    out = io.BytesIO()
    target = out
    if piped:
        class Pipe(io.RawIOBase):
            def writable(self):
                return True

            def write(self, data):
                return out.write(data)
        target = Pipe()
    with zipfile.ZipFile(target, "w", method) as archive, warnings.catch_warnings():
        # Of a name that comes twice.
        warnings.simplefilter("ignore")
        for name, data in entries:
            archive.writestr(name, data)
    return out.getvalue()


HALVES = (("1.log", FIRST), ("2.log", SECOND))


def entry_offsets(archive: bytes) -> list[int]:
    return [entry.header_offset for entry in zipfile.ZipFile(io.BytesIO(archive)).infolist()]


def directory_offset(archive: bytes) -> int:
    return archive.index(b"PK\x01\x02", entry_offsets(archive)[-1])


def end_offset(archive: bytes) -> int:
    return archive.rindex(b"PK\x05\x06")


def data_ranges(archive: bytes) -> list[range]:
    """Returns where the data of the entries stands."""
    ranges = []
    for entry in zipfile.ZipFile(io.BytesIO(archive)).infolist():
        name, extra = struct.unpack_from("<HH", archive, entry.header_offset + 26)
        begin = entry.header_offset + 30 + name + extra
        ranges.append(range(begin, begin + entry.compress_size))
    return ranges


def flag_entry(archive: bytes, index: int, local: int, central: int, value: int) -> bytes:
    """Returns the archive with a byte of an entry's local and central header changed."""
    spoiled = bytearray(archive)
    spoiled[entry_offsets(archive)[index] + local] = value
    at = directory_offset(archive)
    for _ in range(index):
        at = archive.index(b"PK\x01\x02", at + 4)
    spoiled[at + central] = value
    return bytes(spoiled)


def unzstd(data: bytes) -> bytes:
    done = subprocess.run(["zstd", "-q", "-d", "-c"], input=data, capture_output=True)
    if done.returncode != 0:
        raise ValueError("refused")
    return done.stdout


def whole(unpack, packed: bytes, text: bytes) -> bool:
    """Returns whether another unpacker still gets the text."""
    try:
        return unpack(packed) == text
    except (OSError, EOFError, ValueError, zlib.error, lzma.LZMAError):
        return False


UNPACK = {"gzip": gzip.decompress, "bzip2": bz2.decompress, "xz": lzma.decompress, "zstd": unzstd}


def zeros(write, size: int):
    piece = bytes(MIB)
    for _ in range(size // MIB):
        write(piece)


def gzip_of_zeros(path: Path, head: bytes, size: int):
    with gzip.open(path, "wb", compresslevel=1) as out:
        out.write(head)
        zeros(out.write, size)


def wide_zstd(path: Path, layers: int, window_log: int = 26):
    """Writes a log behind frames that fill the window of every layer with zeros."""
    size = (1 << window_log) * 5 // 4
    inner = (json.dumps(event(1, 0, lines(1)[0])) + "\n").encode()
    for layer in range(layers):
        packer = subprocess.Popen(["zstd", "-q", "-c", "-1", f"--long={window_log}", "-T1"], stdin=subprocess.PIPE,
                                  stdout=subprocess.PIPE)
        if layer == 0:
            packer.stdin.write(inner)
            piece = b" " * MIB
            for _ in range(size // MIB):
                packer.stdin.write(piece)
        else:
            # What decoders skip, and have to unpack all the same.
            packer.stdin.write(struct.pack("<II", 0x184D2A50, size // MIB * MIB))
            zeros(packer.stdin.write, size)
            packer.stdin.write(inner)
        packer.stdin.close()
        inner = packer.stdout.read()
        packer.wait()
    path.write_bytes(inner)


def apart(make, *arguments):
    """Makes something in a process of its own, whose memory goes with it."""
    child = os.fork()
    if child == 0:
        try:
            make(*arguments)
            os._exit(0)
        finally:
            os._exit(1)
    if os.waitpid(child, 0)[1] != 0:
        raise RuntimeError(f"{make.__name__} failed")


def wide_xz(path: Path, dictionary: int):
    """Writes a log and blanks that fill the dictionary."""
    packer = lzma.LZMACompressor(filters=[{"id": lzma.FILTER_LZMA2, "mode": lzma.MODE_FAST, "mf": lzma.MF_HC3,
                                           "nice_len": 273, "depth": 1, "dict_size": dictionary}])
    with path.open("wb") as out:
        out.write(packer.compress((json.dumps(event(1, 0, lines(1)[0])) + "\n").encode()))
        piece = b" " * MIB
        for _ in range(dictionary * 5 // 4 // MIB):
            out.write(packer.compress(piece))
        out.write(packer.flush())
