"""Owns faults of archives: damaged, cut, foreign, encrypted, wide, nested and endless ones."""

import bz2
import functools
import gzip
import lzma
import random
import shutil
import struct
import zipfile
from pathlib import Path

import material as m
from fault import Fault, PLAIN, WINDOWS, analyze, zstd

ALL = 2 * m.HALF
ONE = analyze("in")
ENDS = r"in: .*\bends"
# What is not damaged must not be called so, nor is a second copy a remedy.
NOT_DAMAGED = ("damaged", "corrupt", "copy the file again")


def put(*pieces):
    """Returns what writes these pieces as the one input; a piece that is made by a program is a function."""
    return lambda place: (place / "in").write_bytes(b"".join(piece() if callable(piece) else piece for piece in pieces))


# Container: how the two halves are packed, and what is needed for that. Two members are packed apart and put together.
PACKED = {
    "gzip": (lambda: gzip.compress(m.WHOLE), ()),
    "gzip, two members": (lambda: gzip.compress(m.FIRST) + gzip.compress(m.SECOND), ()),
    "bzip2": (lambda: bz2.compress(m.WHOLE), ()),
    "bzip2, two members": (lambda: bz2.compress(m.FIRST) + bz2.compress(m.SECOND), ()),
    "xz": (lambda: lzma.compress(m.WHOLE), ()),
    "xz, CRC-32": (lambda: lzma.compress(m.WHOLE, check=lzma.CHECK_CRC32), ()),
    "xz, SHA-256": (lambda: lzma.compress(m.WHOLE, check=lzma.CHECK_SHA256), ()),
    "zstd": (lambda: m.zstd(m.WHOLE), (zstd,)),
    "zstd, literals": (lambda: m.zstd(m.WHOLE, "--fast=100"), (zstd,)),
    "zstd, two frames": (lambda: m.zstd(m.FIRST) + m.zstd(m.SECOND), (zstd,)),
}
ZIPPED = {
    "zip": lambda: m.zipped(m.HALVES),
    "zip, stored": lambda: m.zipped(m.HALVES, zipfile.ZIP_STORED),
    "zip from a pipe": lambda: m.zipped(m.HALVES, piped=True),
}


def flipped(data: bytes, places, variants: int = 20):
    """Yields copies with one bit changed, at random places that are the same in every run."""
    draw = random.Random(7)
    for _ in range(variants):
        at, bit = draw.choice(places), draw.randrange(8)
        spoiled = bytearray(data)
        spoiled[at] ^= 1 << bit
        yield f"bit {bit} of byte {at}", bytes(spoiled)


def flips_of(name: str, pack):
    """Returns what writes an archive with one bit changed: told, or harmless as another unpacker sees it."""
    def build(place: Path):
        data = pack()
        unpack = m.UNPACK[name.split(",")[0]]
        for label, spoiled in flipped(data, range(len(data))):
            (place / "in").write_bytes(spoiled)
            harmless = m.whole(unpack, spoiled, m.WHOLE)
            yield label, {"status": {0, 3}, "says": (), "attempts": ALL, "complete": None} if harmless else {}
    return build


def flips_of_zip(pack):
    def build(place: Path):
        data = pack()
        places = [at for part in m.data_ranges(data) for at in part]
        for label, spoiled in flipped(data, places):
            (place / "in").write_bytes(spoiled)
            yield label, {}
    return build


FLIPS = [
    Fault(f"{name}: one bit flipped", flips_of(name, pack), ONE, 3, says=("in: .*damaged",), complete=False,
          peak=PLAIN + WINDOWS, needs=needs)
    for name, (pack, needs) in PACKED.items()
] + [
    Fault(f"{name}: one bit of an entry flipped", flips_of_zip(pack), ONE, 3, says=(r"in: .*(damaged|\d\.log|ends too early)",),
          complete=False)
    for name, pack in ZIPPED.items()
]


def cuts_of(pack):
    """Returns what writes the beginnings of an archive, from its head to all but the last byte."""
    def build(place: Path):
        data = pack()
        for label, length in (("in the head", 5), ("a tenth", len(data) // 10), ("half", len(data) // 2),
                              ("before the end", len(data) - 4), ("the last byte", len(data) - 1)):
            (place / "in").write_bytes(data[:length])
            yield label, {}
    return build


def cuts_of_zip(pack):
    """Returns what writes the beginnings of a ZIP archive, up to each of its boundaries and between them."""
    def build(place: Path):
        data = pack()
        second, directory, end = m.entry_offsets(data)[1], m.directory_offset(data), m.end_offset(data)
        for label, length, attempts in (
            ("in entry 1", second // 2, range(ALL + 1)), ("before entry 2", second, m.HALF),
            ("in the head of entry 2", second + 10, m.HALF), ("in entry 2", (second + directory) // 2,
                                                              range(m.HALF, ALL + 1)),
            ("before the directory", directory, ALL), ("in the directory", directory + 20, ALL),
            ("before the end record", end, ALL), ("in the end record", end + 10, ALL),
        ):
            (place / "in").write_bytes(data[:length])
            yield label, {"attempts": attempts}
    return build


CUTS = [
    Fault(f"{name}: cut", cuts_of(pack), ONE, 3, says=(ENDS,), attempts=range(ALL + 1), complete=False,
          peak=PLAIN + WINDOWS, needs=needs)
    for name, (pack, needs) in PACKED.items() if "two" not in name
] + [
    Fault(f"{name}: second one cut", cut, ONE, 3, says=(ENDS,), attempts=range(m.HALF, ALL + 1), complete=False,
          peak=PLAIN + WINDOWS, needs=needs)
    for name, cut, needs in (
        ("gzip, two members", put(gzip.compress(m.FIRST), gzip.compress(m.SECOND)[:40]), ()),
        ("bzip2, two members", put(bz2.compress(m.FIRST), bz2.compress(m.SECOND)[:40]), ()),
        ("xz, two streams", put(lzma.compress(m.FIRST), lzma.compress(m.SECOND)[:40]), ()),
        ("zstd, two frames", put(lambda: m.zstd(m.FIRST), lambda: m.zstd(m.SECOND)[:40]), (zstd,)),
    )
] + [
    Fault(f"{name}: cut", cuts_of_zip(pack), ONE, 3, says=(r"in: .*(\bends|directory)",), complete=False)
    for name, pack in ZIPPED.items()
]

# What stands behind an archive: zeros are padding, as tapes and disks add it; anything else was to be read, or is damage.
BEHIND = [
    Fault(f"{name}, {what} behind it", put(data, rest), ONE, status, says=says, attempts=ALL, complete=complete,
          peak=PLAIN + WINDOWS, needs=needs)
    for name, data, needs in (
        ("gzip", gzip.compress(m.WHOLE), ()), ("xz", lzma.compress(m.WHOLE), ()),
        ("bzip2", bz2.compress(m.WHOLE), ()), ("zstd", lambda: m.zstd(m.WHOLE), (zstd,)),
    )
    for what, rest in (("zeros", bytes(512)), ("text", b"copied by hand\n"), ("a log", m.log(50, 52)))
    for status, says, complete in [
        (0, (), True) if what == "zeros" else (3, ("in: ",), False)
    ]
]

ZIP = m.zipped(m.HALVES)
THREE = m.zipped((("1.log", m.FIRST), ("2.log", m.SECOND), ("3.log", m.log(41, 61))))
ENCRYPTED = m.flag_entry(THREE, 1, 6, 8, 1)
FOREIGN_METHOD = m.flag_entry(THREE, 1, 8, 10, 97)
COMMENT = ZIP[:-2] + struct.pack("<H", 5) + b"hello"
NOISE = random.Random(1).randbytes(5000)

ENTRIES = [
    Fault("zip: an entry is encrypted", put(ENCRYPTED), ONE, 3, says=(r"2\.log", "encrypted"), lacks=NOT_DAMAGED,
          attempts=ALL, complete=False),
    Fault("zip: an entry is packed in a way nobody reads", put(FOREIGN_METHOD), ONE, 3, says=(r"2\.log", "unpack"),
          lacks=NOT_DAMAGED, attempts=ALL, complete=False),
    # The sizes stand in the directory alone, and the data has no end of its own.
    Fault("zip: stored entries from a pipe", put(m.zipped(m.HALVES, zipfile.ZIP_STORED, piped=True)), ONE, {0, 3},
          says=(), lacks=NOT_DAMAGED),
    Fault("zip: an entry is text and no log", put(m.zipped(m.HALVES + (("readme.txt", b"how to read this\n"),))), ONE,
          0, notes=(r"readme\.txt",), attempts=ALL, complete=True),
    Fault("zip: an entry is binary", put(m.zipped((("a.png", NOISE),) + m.HALVES)), ONE, 0, notes=(r"a\.png",),
          attempts=ALL, complete=True),
    Fault("zip: no entry is a log", put(m.zipped((("a.png", NOISE), ("b.txt", b"milk\n")))), ONE, 3, says=("in",),
          attempts=0, complete=False),
    Fault("zip: without entries", put(m.zipped(())), ONE, {3, 4}, attempts=0),
    Fault("zip: a comment", put(COMMENT), ONE, 0, attempts=ALL, complete=True),
    Fault("zip: text behind the directory", put(ZIP, b"copied by hand\n"), ONE, 3, says=("in: .*behind",), attempts=ALL,
          complete=False),
    Fault("zip: a log behind the directory", put(ZIP, m.log(50, 52)), ONE, 3, says=("in: .*behind",), attempts=ALL,
          complete=False),
    Fault("zip: another zip behind it", put(ZIP, m.zipped((("3.log", m.log(41, 61)),))), ONE, {0, 3},
          attempts=range(ALL, 61)),
    Fault("zip: two entries of one name", put(m.zipped((("1.log", m.FIRST), ("1.log", m.SECOND)))), ONE, 0,
          attempts=ALL, complete=True),
    Fault("zip: names that lead out", put(m.zipped((("../../1.log", m.FIRST), ("/etc/2.log", m.SECOND)))), ONE, 0,
          attempts=ALL, complete=True),
    Fault("zip: names that control a terminal", put(m.zipped((("\x1b[31m\n::error::.log", m.FIRST), ("b", b"milk\n")))),
          ONE, 0, attempts=m.HALF),
    Fault("lzma", put(lzma.compress(m.WHOLE, format=lzma.FORMAT_ALONE)), ONE, {0, 3}, lacks=NOT_DAMAGED),
]


def wide(make, *sizes):
    return lambda place: m.apart(make, place / "in", *sizes)


def wide_files(files: int, layers: int):
    def build(place: Path):
        (place / "in").mkdir()
        m.wide_zstd(place / "in/0.zst", layers)
        for number in range(1, files):
            shutil.copy(place / "in/0.zst", place / f"in/{number}.zst")
    return build


@functools.cache
def nested(layers: int, pack) -> bytes:
    data = m.FIRST
    for _ in range(layers):
        data = pack(data)
    return data


def one_entry(data: bytes) -> bytes:
    return m.zipped((("in", data),))


WINDOW_FAULTS = [
    Fault("xz -9: dictionary of 64 MiB", wide(m.wide_xz, 64 * m.MIB), ONE, 0, attempts=1, complete=True,
          peak=PLAIN + WINDOWS),
    Fault("xz: dictionary of 256 MiB", put(lambda: with_dictionary(32)), ONE, 3, says=("in: .*MiB",),
          lacks=NOT_DAMAGED, complete=False, peak=PLAIN + WINDOWS),
    Fault("zstd --ultra -22 from a pipe", put(lambda: m.zstd(m.WHOLE, "--ultra", "-22")), ONE, 0, attempts=ALL,
          complete=True, peak=PLAIN + WINDOWS, needs=(zstd,)),
    Fault("zstd --long from a pipe", put(lambda: m.zstd(m.WHOLE, "--long")), ONE, 0, attempts=ALL, complete=True,
          peak=PLAIN + WINDOWS, needs=(zstd,)),
    Fault("zstd --long=31 from a pipe", put(lambda: m.zstd(m.WHOLE, "--long=31")), ONE, 3, says=("in: .*(MiB|window)",),
          lacks=NOT_DAMAGED, complete=False, peak=PLAIN + WINDOWS, needs=(zstd,)),
] + [
    Fault(f"zstd: windows of 64 MiB in {layers} layers", wide(m.wide_zstd, layers), ONE, {0, 3}, lacks=NOT_DAMAGED,
          peak=PLAIN + WINDOWS, needs=(zstd,))
    for layers in (1, 2, 4)
] + [
    Fault(f"zstd: {files} files with windows of 64 MiB in {layers} layers, 8 threads", wide_files(files, layers),
          analyze("in", "--threads", "8"), {0, 3}, lacks=NOT_DAMAGED, peak=PLAIN + WINDOWS, needs=(zstd,))
    for files, layers in ((8, 1), (8, 4))
]


def with_dictionary(dictionary_code: int) -> bytes:
    """Returns an .xz file whose block header asks for a dictionary; its data is that of a small one.

    LZMA2 writes a size as (2 | code & 1) << (code / 2 + 11): 32 is 256 MiB.
    """
    data = bytearray(m.xz(m.WHOLE, 8 * m.MIB))
    # Behind the stream header: size, flags, filter id 0x21, size of properties 1, the dictionary, padding, CRC-32.
    at = 12
    size = (data[at] + 1) * 4
    data[at + 4] = dictionary_code
    struct.pack_into("<I", data, at + size - 4, m.zlib.crc32(bytes(data[at:at + size - 4])))
    return bytes(data)


LAYERS = [
    Fault(f"{name}: {layers} layers", lambda place, layers=layers, pack=pack: (place / "in").write_bytes(
        nested(layers, pack)), ONE, status, says=says, attempts=attempts, complete=layers <= 4, peak=PLAIN + WINDOWS,
          needs=needs)
    for name, pack, needs in (("gzip", gzip.compress, ()), ("zip", one_entry, ()), ("xz", m.xz, ()),
                              ("zstd", m.zstd, (zstd,)))
    for layers, status, says, attempts in ((4, 0, (), m.HALF), (5, 3, ("in: .*(layer|deep|nest|times)",), 0))
]


def fan_out(place: Path):
    """Writes a ZIP archive of ZIP archives of ZIP archives: 8,000 in all."""
    inner = one_entry(b"milk\n")
    middle = m.zipped([(str(number), inner) for number in range(20)])
    middle = m.zipped([(str(number), middle) for number in range(20)])
    (place / "in").write_bytes(m.zipped([("1.log", m.FIRST)] + [(str(number), middle) for number in range(20)]))


BOMBS = [
    Fault("gzip of 200 MB of zeros", lambda place: m.gzip_of_zeros(place / "in", b"", 200 * m.MIB), ONE, 3,
          says=("in: ",), attempts=0, complete=False),
    # A message is read up to a mebibyte; what is behind that is dropped, which the answer must say.
    Fault("gzip of a log and 200 MB of zeros", lambda place: m.gzip_of_zeros(place / "in", m.FIRST, 200 * m.MIB), ONE,
          {0, 3}, notes=("1 MiB|cut|dropped",), attempts=m.HALF, complete=False),
    Fault("zip of 8,000 zips", fan_out, ONE, {0, 3}, attempts=range(m.HALF + 1)),
]

FAULTS = FLIPS + CUTS + BEHIND + ENTRIES + WINDOW_FAULTS + LAYERS + BOMBS
