"""Runs one command and prints its wall time in seconds, its peak memory in KiB and its status.

`once.py CORES OUTPUT COMMAND...`. The peak of a child begins with what its parent holds when it is started, so this is
a process of its own and a small one: no peak under about 10 MiB can be seen.
"""

import os
import sys
import time

cores, output, *command = sys.argv[1:]
os.sched_setaffinity(0, {int(core) for core in cores.split(",")})
out = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
began = time.perf_counter()
child = os.posix_spawnp(command[0], command, os.environ, file_actions=[(os.POSIX_SPAWN_DUP2, out, 1)])
_, status, usage = os.wait4(child, 0)
wall = time.perf_counter() - began
print(wall, usage.ru_maxrss, os.waitstatus_to_exitcode(status))
