"""Owns what a fault is: how it is built, what the program is told, and what must come of it. Knows no fault."""

import os
import shutil
import signal
from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable, Iterable, Optional, Union

# What a run may take for itself, and for the windows of all its compressed inputs together, in MiB.
PLAIN = 32
WINDOWS = 128


def analyze(*words: str) -> list[str]:
    """Returns the arguments of a run whose answer can be read: `f` names the function of logs that do not."""
    return ["analyze", *words, "--function", "f", "--format", "json"]


@dataclass
class Fault:
    """One fault as data. What is None or empty is not asked for; words are regular expressions without case."""

    name: str
    # Makes the fault in an empty directory, in which the program then runs. A generator makes one variant after the
    # other: it yields the name of the variant and the fields in which it differs.
    build: Callable[[Path], Optional[Iterable[tuple[str, dict]]]]
    arguments: list[str]
    status: Union[int, set[int]]
    # Words that standard error must have, and those that would mislead.
    says: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()
    # Words that the coverage of the answer must have.
    notes: tuple[str, ...] = ()
    # Attempts that must have been read: a number or a range.
    attempts: Union[int, range, None] = None
    complete: Optional[bool] = None
    # Where the answer is: "-" for standard output, else a file; None where there is none.
    answer: Optional[str] = "-"
    # Peak of memory in MiB.
    peak: int = PLAIN
    stdin: Union[bytes, str, None] = None
    stdout: Optional[str] = None
    environment: dict = field(default_factory=dict)
    # Whether it runs as a user without rights.
    nobody: bool = False
    # What happens while it runs; standard input stays open until this returns.
    during: Optional[Callable] = None
    # Files that existed and that the run is to change.
    changes: tuple[str, ...] = ()
    # Says what is wrong when it has ended.
    afterwards: Optional[Callable[[Path], Iterable[str]]] = None
    # Each says why the fault cannot be built here, or nothing.
    needs: tuple[Callable[[], Optional[str]], ...] = ()


def root() -> Optional[str]:
    return None if os.geteuid() == 0 else "only root can do this"


def zstd() -> Optional[str]:
    return None if shutil.which("zstd") else "there is no zstd"


def full_device() -> Optional[str]:
    return None if os.path.exists("/dev/full") else "there is no /dev/full"


def ended_by(number: signal.Signals) -> int:
    """Returns the exit status that a shell shows for a program ended by this signal."""
    return 128 + number
