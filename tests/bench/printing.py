"""The cost of a flow's output: as much is printed with a log and to /dev/null, in turns."""

# ruff: noqa: T201

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import NamedTemporaryFile

from noukai.flow.runtime import Returned
from tests.bench.report import Section
from tests.flow_process import CALL, called, serving
from tests.unit.worker.test_much_output import new_log

_BYTES = 300_000_000
_ROUNDS = 5
_BINARY = 1 << 16


@dataclass(frozen=True)
class _Sample:
    wall: float
    """From the call to the outcome, in seconds."""
    flow: float
    worker: float
    """Seconds of CPU."""


def sections() -> Iterable[Section]:
    """Print in each way, on all cores and on one, as a worker of Lambda below 1.8 GB has it."""
    figures: dict[str, float] = {}
    rows: list[list[str | float]] = []
    with NamedTemporaryFile() as file:
        file.write((b"x" * 79 + b"\n") * (_BYTES // 80))
        file.flush()
        for cores in ("all cores", "one core"):
            for name, write in _ways(file.name).items():
                with _cores(cores):
                    nowhere, heard = _compared(write)
                ratio = heard.wall / nowhere.wall
                figures[f"{name}, {cores}"] = ratio
                rows.append(
                    [name, cores, nowhere.wall, heard.wall, ratio, heard.flow - nowhere.flow, heard.worker]
                )
    columns = (
        "300 MB",
        "cores",
        "to /dev/null, s",
        "with a log, s",
        "ratio",
        "more CPU of the flow, s",
        "CPU of its worker, s",
    )
    yield Section(
        "Much output",
        columns,
        rows,
        figures,
        [f"Medians of {_ROUNDS}. The child only copies a file: all that it waits for is the pipe."],
    )


def _ways(file: str) -> dict[str, Callable[[], object]]:
    return {
        **{f"print, lines of {size}": partial(_print, size) for size in (20, 80, 1000)},
        "write, lines of 80": lambda: _write("x" * 79 + "\n"),
        "random bytes": _write_binary,
        "a child's, copied": lambda: subprocess.run(["/bin/cat", file], check=True),
    }


def _print(size: int) -> None:
    text = "x" * (size - 1)
    for _ in range(_BYTES // size):
        print(text)


def _write(line: str) -> None:
    for _ in range(_BYTES // len(line)):
        sys.stdout.write(line)


def _write_binary() -> None:
    for _ in range(_BYTES // _BINARY):
        sys.stdout.buffer.write(os.urandom(_BINARY))


@contextmanager
def _cores(cores: str) -> Iterator[None]:
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)} if cores == "one core" else before)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def _compared(write: Callable[[], object]) -> tuple[_Sample, _Sample]:
    pairs = [(_measured(write, is_heard=False), _measured(write, is_heard=True)) for _ in range(_ROUNDS)]
    nowhere, heard = zip(*pairs, strict=True)
    return _middle(nowhere), _middle(heard)


def _middle(samples: Iterable[_Sample]) -> _Sample:
    each = [(sample.wall, sample.flow, sample.worker) for sample in samples]
    return _Sample(*map(median, zip(*each, strict=True)))


def _measured(write: Callable[[], object], *, is_heard: bool) -> _Sample:
    def run(_: object) -> Returned:
        if not is_heard:
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
            sys.stdout = Path(os.devnull).open("w", 1, encoding="utf-8")  # noqa: SIM115 - as long as the process
        begun = os.times()
        write()
        sys.stdout.flush()
        ended = os.times()
        return Returned(str(sum(ended[:4]) - sum(begun[:4])))

    process, log = serving(run), new_log()
    try:
        process.fails_to_import(5)
        begun, cpu = time.monotonic(), time.process_time()
        outcome = called(process, CALL, log)
        log.close(0, outcome, is_last=True)
        wall, cpu = time.monotonic() - begun, time.process_time() - cpu
    finally:
        process.close()
    assert isinstance(outcome, Returned)
    return _Sample(wall, float(outcome.result), cpu)
