"""Runs the demo on a pseudo-terminal and draws what it printed.

    docs/record.py PROGRAM FILE
"""

import fcntl
import os
import pty
import struct
import sys
import termios
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import MONOKAI
from rich.text import Text

ROWS, COLUMNS = 24, 80


def screen(program: str) -> str:
    """Returns what the demo prints on a terminal, with its colours."""
    child, terminal = pty.fork()
    if child == 0:
        os.environ.update(TERM="xterm-256color", COLORTERM="truecolor", LAMBDA_TRIAGE_PAGER="")
        os.environ.pop("NO_COLOR", None)
        fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        os.execv(program, [program, "demo"])
    printed = b""
    while True:
        try:
            piece = os.read(terminal, 65536)
        except OSError:
            break
        if not piece:
            break
        printed += piece
    os.waitpid(child, 0)
    return printed.decode().replace("\r\n", "\n")


def main() -> None:
    program, file = os.path.abspath(sys.argv[1]), Path(sys.argv[2])
    # What the pager shows first.
    first = screen(program).split("\n")[: ROWS - 2]
    text = "\n".join(["$ lambda-triage demo", *first]).rstrip("\n")
    console = Console(record=True, width=COLUMNS, file=open(os.devnull, "w"), force_terminal=True, color_system="truecolor")
    console.print(Text.from_ansi(text), soft_wrap=True)
    drawn = console.export_svg(title="lambda-triage demo", theme=MONOKAI, unique_id="demo")
    # The fonts of the reader's machine do: the picture loads nothing.
    head, rest = drawn.split("<style>", 1)
    style, tail = rest.split("</style>", 1)
    rules = [rule for rule in style.split("@font-face")]
    style = rules[0] + "".join(rule.split("}", 1)[1] for rule in rules[1:])
    style = style.replace("Fira Code", "Fira Code, ui-monospace, SFMono-Regular, Menlo, Consolas")
    drawn = head + "<style>" + style + "</style>" + tail
    file.write_text("\n".join(line.rstrip() for line in drawn.splitlines()) + "\n", encoding="utf-8")


main()
