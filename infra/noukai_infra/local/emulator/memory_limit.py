"""The memory limit of workers, as on Lambda: beyond it, the largest process is killed.

A limit on the address space would count memory that is mapped but never used, and not that of children. The
limit is enforced in the emulator's process, which knows the workers.
"""

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

_INTERVAL_SECONDS = 0.1
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
_MEGABYTE = 1 << 20


def watch(workers: Callable[[], list[Any]]) -> None:
    """Watch busy workers in a thread, if the system reports the memory of processes."""
    if Path("/proc/self/smaps_rollup").exists():
        threading.Thread(target=_watch, args=(workers,), daemon=True).start()


def _watch(workers: Callable[[], list[Any]]) -> None:
    while True:
        time.sleep(_INTERVAL_SECONDS)
        for worker in workers():
            process = worker._proc  # noqa: SLF001 - ministack has no public seam
            if worker.in_use and process is not None and process.poll() is None:
                keep_within(
                    process.pid, worker.config.get("MemorySize", 128), worker.config["Handler"].split(".")[-2]
                )


def keep_within(pid: int, megabytes: int, name: str) -> None:
    """Kill the largest process below `pid` if all of them together exceed the limit."""
    limit = megabytes * _MEGABYTE
    family = [pid, *_descendants(pid)]
    # Shared memory counts in full for each process, which is fast to read and never too little.
    if sum(map(_resident, family)) <= limit:
        return
    shares = {each: _share(each) for each in family}
    used = sum(shares.values())
    if used <= limit:
        return
    largest = max(family[1:] or family, key=shares.__getitem__)
    with suppress(ProcessLookupError):
        os.kill(largest, signal.SIGKILL)
        sys.stdout.write(
            f"{name}\tout of memory: {used // _MEGABYTE} MB are in use, and this worker has {megabytes} MB; "
            "its largest process was killed, as on Lambda\n"
        )
        sys.stdout.flush()


def _descendants(pid: int) -> Iterator[int]:
    with suppress(OSError):
        for children in Path(f"/proc/{pid}/task").glob("*/children"):
            for child in map(int, children.read_text().split()):
                yield child
                yield from _descendants(child)


def _resident(pid: int) -> int:
    with suppress(OSError):
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE_BYTES
    return 0


def _share(pid: int) -> int:
    """Return a process's proportional memory in bytes."""
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    return 0
