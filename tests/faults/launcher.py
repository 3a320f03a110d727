"""Owns how programs are started and measured: by a small process of its own. The peak of a child counts from the size
of the process that starts it, and this script grows with what it builds."""

import array
import contextlib
import os
import pickle
import select
import signal
import socket
import struct

NOBODY = 65534


def _serve(asked: socket.socket) -> None:
    """Starts what is asked for, one program after the other, and tells each one's number, then its end."""
    while True:
        data, ancillary, _, _ = asked.recvmsg(1 << 16, socket.CMSG_SPACE(3 * 4))
        if not data:
            return
        arguments, directory, environment, nobody = pickle.loads(data)
        handed = array.array("i")
        handed.frombytes(ancillary[0][2])
        child = os.fork()
        if child == 0:
            try:
                for number, handle in enumerate(handed):
                    os.dup2(handle, number)
                os.closerange(3, 256)
                if nobody:
                    os.setgroups([])
                    os.setgid(NOBODY)
                    os.setuid(NOBODY)
                os.chdir(directory)
                # What is ignored here would stay ignored.
                for ignored in (signal.SIGPIPE, signal.SIGINT):
                    signal.signal(ignored, signal.SIG_DFL)
                os.execve(arguments[0], arguments, environment)
            finally:
                os._exit(127)
        for handle in handed:
            os.close(handle)
        asked.send(struct.pack("i", child))
        _, status, usage = os.wait4(child, 0)
        asked.send(struct.pack("id", os.waitstatus_to_exitcode(status), usage.ru_maxrss / 1024))


class Process:
    """A program that was started."""

    def __init__(self, answers: socket.socket, pid: int, stdin):
        self._answers = answers
        self._end = None
        self.pid = pid
        # Its standard input, or None where that is a file.
        self.stdin = stdin

    def ended(self) -> bool:
        return self._end is not None or bool(select.select([self._answers], [], [], 0)[0])

    def send(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):
            if not self.ended():
                os.kill(self.pid, number)

    def wait(self, seconds: float) -> tuple:
        """Returns the exit status (negative for a signal), the peak in MiB, and whether it had to be killed."""
        hung = not select.select([self._answers], [], [], seconds)[0]
        if hung:
            self.send(signal.SIGKILL)
        return *struct.unpack("id", self._answers.recv(16)), hung


class Launcher:
    """The small process. It must be made before anything large is imported."""

    def __init__(self):
        self._answers, asked = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        if os.fork() == 0:
            self._answers.close()
            # It ends when this script does, which a Ctrl-C reaches by itself.
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            try:
                _serve(asked)
            finally:
                os._exit(0)
        asked.close()

    def start(self, arguments, directory, environment, stdin, out, err, nobody=False) -> Process:
        """Starts a program; `stdin` is a file, or None for a pipe."""
        read, write = (None, None) if stdin is not None else os.pipe()
        handles = [stdin.fileno() if read is None else read, out.fileno(), err.fileno()]
        socket.send_fds(self._answers, [pickle.dumps((arguments, str(directory), environment, nobody))], handles)
        if read is not None:
            os.close(read)
        pid, = struct.unpack("i", self._answers.recv(4))
        return Process(self._answers, pid, None if write is None else os.fdopen(write, "wb"))
