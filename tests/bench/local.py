"""The system on this machine: when it is ready, when results are there, and what waiting for them takes."""

import os
import shutil
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import fmean, median, quantiles
from tempfile import TemporaryDirectory

import httpx

from noukai import Noukai
from noukai_infra.local.running import READY, Running, started
from noukai_infra.settings import ROOT
from tests.bench.report import Section

_START_SECONDS = 120
_DEMO = ROOT / "functions" / "flows" / "demo.py"
_RELOADS = 5
_ECHOES = 50
_SLEEPS = 6
_SLEEP_SECONDS = 5.0


@dataclass(frozen=True)
class _Sample:
    seconds: float
    """From the submission to the result."""
    requests: int
    """Of the wait alone."""
    late: float
    """From the job's end, by its row, to the result; both by the same clock."""


def sections() -> Iterable[Section]:
    """Start the system twice, since the first start may build assets; run jobs one at a time."""
    first, _ = _start(echoes=1, sleeps=0)
    ready, samples = _start(echoes=_ECHOES, sleeps=_SLEEPS)
    reloads = _reloads()
    echo, sleep = samples["echo"], samples["sleep"]
    seen = sleep[1:]
    figures = {
        "ready, first start, s": first,
        "ready, warm, s": ready,
        "a changed line, until it is told, s": median(told for told, _ in reloads),
        "a changed line, until it runs, median, s": median(done for _, done in reloads),
        "a changed line, until it runs, longest, s": max(done for _, done in reloads),
        "echo, submit to result, median, s": median(each.seconds for each in echo),
        "echo, submit to result, 95 of 100, s": quantiles([each.seconds for each in echo], n=20)[-1],
        "echo, requests per wait": fmean(each.requests for each in echo),
        "5 s flow never seen, requests": sleep[0].requests,
        "5 s flow never seen, late, s": sleep[0].late,
        "5 s flow seen before, requests": fmean(each.requests for each in seen),
        "5 s flow seen before, late, median, s": median(each.late for each in seen),
    }
    yield Section(
        "The local system",
        ["what", "measured"],
        [[name, round(figure, 2)] for name, figure in figures.items()],
        figures,
        [f"`echo` {_ECHOES} times, then `sleep` {_SLEEPS} times, one job at a time; the flows really run."],
    )


def _start(*, echoes: int, sleeps: int) -> tuple[float, dict[str, list[_Sample]]]:
    """Return the seconds until the system was ready, and the samples of its jobs."""
    begun = time.monotonic()
    with started(os.environ) as running:
        url = running.wait_for(lambda line: line.endswith(READY), _START_SECONDS).removesuffix(READY)
        ready = time.monotonic() - begun
        samples = {
            "echo": [_sample(url, "echo", {"value": 1}) for _ in range(echoes)],
            "sleep": [_sample(url, "sleep", {"seconds": _SLEEP_SECONDS}) for _ in range(sleeps)],
        }
    return ready, samples


def _reloads() -> list[tuple[float, float]]:
    """Change a line of a flow several times; return when each reload was announced and when it was done."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / _DEMO.name
        shutil.copy(_DEMO, file)
        with started(os.environ, flows=Path(folder)) as running:
            running.wait_for(lambda line: line.endswith(READY), _START_SECONDS)
            return [_reload(running, file, number) for number in range(_RELOADS)]


def _reload(running: Running, file: Path, number: int) -> tuple[float, float]:
    def until(word: str) -> float:
        running.wait_for(lambda _: running.output.count(word) > number, _START_SECONDS)
        return time.monotonic() - begun

    begun = time.monotonic()
    file.write_text(f"{file.read_text()}\nLINE_{number} = {number}\n")
    return until("flows changed: reloading"), until("flows reloaded in")


def _sample(url: str, flow: str, parameters: dict[str, object]) -> _Sample:
    requests: list[httpx.Request] = []
    with (
        httpx.Client(event_hooks={"request": [requests.append]}) as http_client,
        Noukai("nk_local_acme", base_url=url, org="acme", project="demo", http_client=http_client) as client,
    ):
        begun = time.monotonic()
        job = client.flow(flow).job(parameters=parameters)
        del requests[:]
        job.wait(timeout_ms=60_000)
        seconds, noticed = time.monotonic() - begun, datetime.now(UTC)
        asked = len(requests)
        ended = job.status().completed_at or ""
    return _Sample(seconds, asked, (noticed - datetime.fromisoformat(ended)).total_seconds())
