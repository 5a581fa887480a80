"""What a process that is kept gathers over ten thousand attempts: nothing, or the benchmark fails."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir

from tests.bench.report import Section

_COUNTS = (100, 1_000, 9_999)
"""After one attempt more a process is replaced in any case."""
_KINDS = ("descriptors", "threads", "temporary files", "MB of the flow's process", "MB of the worker")
_MOST_GROWN = 1.0
"""Megabytes: allocators move a little."""


def sections() -> Iterator[Section]:
    """Measure in a worker of its own.

    Raises:
        RuntimeError: something has grown.
    """
    with TemporaryDirectory() as folder:
        environment = {**os.environ, "TMPDIR": folder}
        command = [sys.executable, "-m", __name__]
        printed = subprocess.run(command, check=True, capture_output=True, text=True, env=environment).stdout
    found: dict[str, list[float]] = json.loads(printed)
    first, last = found[str(_COUNTS[0])], found[str(_COUNTS[-1])]
    grown = [kind for kind, before, after in zip(_KINDS, first, last, strict=True) if after > before + _slack(kind)]
    if grown:
        raise RuntimeError(f"after {_COUNTS[-1]} attempts in one process there is more of {', '.join(grown)}: {found}")
    yield Section(
        "A kept process after many attempts",
        ("attempts", *_KINDS),
        [(int(count), *values) for count, values in found.items()],
        found,
    )


def _slack(kind: str) -> float:
    return _MOST_GROWN if kind.startswith("MB") else 0


def main() -> None:
    """Run the attempts, and print what there is at each of the counts."""
    from tests.bench.forking import attempt, pool_of_loads  # noqa: PLC0415 - what a worker has loaded comes with it

    with pool_of_loads() as pool:
        found = {}
        for count in range(1, _COUNTS[-1] + 1):
            process = attempt(pool)
            if count in _COUNTS:
                files = len(list(Path(gettempdir()).iterdir()))
                pid = process.pid
                found[count] = [_count(pid, "fd"), _count(pid, "task"), files, _megabytes(pid), _megabytes(os.getpid())]
    sys.stdout.write(json.dumps(found))


def _count(pid: int, kind: str) -> int:
    return len(list(Path(f"/proc/{pid}/{kind}").iterdir()))


def _megabytes(pid: int) -> float:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


if __name__ == "__main__":
    main()
