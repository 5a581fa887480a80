"""The time until a job's code has really stopped, wherever it is, on this machine's system.

All kinds are cancelled together, then inspected one by one; the lease is shorter than the grace here.
"""

import statistics
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest

from noukai import Job, JobStatus, Noukai
from tests.e2e.conftest import RecordTable
from tests.e2e.local_system import KEY, LocalSystem, has_ended
from tests.e2e.waiting import seconds, until

LEASE_SECONDS = 5
GRACE_SECONDS = 10
TIMEOUT_SECONDS = 5
BLOCKING = ("sleep", "socket", "subprocess", "loop", "join", "lock", "regex")
WORKERS = len(BLOCKING) + 5
"""Enough to run every kind side by side."""


@dataclass(frozen=True)
class Stopped:
    """A stopped job; times are in seconds from its cancellation or timeout."""

    status: JobStatus
    recorded: float
    """The time until its `stoppedAt`."""
    gone: float
    """The time until none of its processes ran."""
    runs: list[str]
    """Each attempt's record of its beginning."""
    worker: psutil.Process
    mark: Path

    @property
    def seconds(self) -> float:
        return max(self.recorded, self.gone)


@pytest.fixture(scope="module")
def system() -> Iterator[LocalSystem]:
    worker = {"lease_seconds": LEASE_SECONDS, "grace_seconds": GRACE_SECONDS, "max_concurrency": WORKERS}
    with LocalSystem.start(Path(__file__).parent / "flows", {"worker": worker}) as system:
        yield system


@pytest.fixture(scope="module")
def client(system: LocalSystem) -> Iterator[Noukai]:
    with Noukai(api_key=KEY, base_url=system.url, org="acme", project="stopping") as client:
        # Workers and functions have started, so their start is not measured.
        jobs = [client.flow("who-runs").job(parameters={"seconds": 2}) for _ in range(WORKERS)]
        for job in jobs:
            job.wait(timeout_ms=60_000)
        with ThreadPoolExecutor(len(jobs)) as threads:
            list(threads.map(Job.cancel, jobs))
        yield client


@dataclass
class Running:
    """A running job, its processes and when they were gone."""

    job: Job
    mark: Path
    timeout: int | None
    processes: list[psutil.Process] = field(default_factory=list)
    cancelled: float = 0
    """When its cancellation was sent."""
    gone: float = 0

    def begin(self) -> None:
        until(lambda: self.mark.exists() and self.mark.read_text().endswith("\n"))
        flow = psutil.Process(int(self.mark.read_text().split()[0]))
        self.processes = [flow, *flow.children(recursive=True)]

    def cancel(self) -> None:
        self.cancelled = time.time()
        self.job.cancel()

    def look(self) -> bool:
        """Note whether it is gone, and since when."""
        if not self.gone and all(map(has_ended, self.processes)):
            self.gone = time.time()
        return bool(self.gone)

    def stopped(self) -> Stopped:
        until(lambda: self.job.status().stopped_at is not None)
        status = self.job.status()
        ordered = seconds(status.started_at) + self.timeout if self.timeout else self.cancelled
        runs = self.mark.read_text().splitlines()
        worker = psutil.Process(int(runs[0].split()[1]))
        return Stopped(
            status, seconds(status.stopped_at) - ordered, self.gone - ordered, runs, worker, self.mark
        )


def run(client: Noukai, flow: str, mark: Path, *, timeout: int | None = None, **parameters: str) -> Running:
    job = client.flow(flow).job(parameters={"mark": str(mark), **parameters}, timeout_seconds=timeout)
    return Running(job, mark, timeout)


def stop_all(running: dict[str, Running]) -> dict[str, Stopped]:
    """Cancel the jobs that do not time out once all of them run, and wait for all of them to stop."""
    for each in running.values():
        each.begin()
    with ThreadPoolExecutor(len(running)) as threads:
        cancels = [threads.submit(each.cancel) for each in running.values() if each.timeout is None]
        until(lambda: sum(each.look() for each in running.values()) == len(running))
    for cancel in cancels:
        cancel.result()
    return {kind: each.stopped() for kind, each in running.items()}


@pytest.fixture(scope="module")
def prompt(client: Noukai, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Stopped]:
    """Run every kind that the interruption stops, and one that times out, side by side."""
    folder = tmp_path_factory.mktemp("prompt")
    return stop_all(
        {
            **{kind: run(client, "linger", folder / kind, place=kind) for kind in BLOCKING},
            "await": run(client, "linger-later", folder / "await"),
            "clean-up": run(client, "clean-up", folder / "clean-up"),
            "leave-tidily": run(client, "leave-tidily", folder / "leave-tidily"),
            "timeout": run(client, "clean-up", folder / "timeout", timeout=TIMEOUT_SECONDS),
        }
    )


@pytest.fixture(scope="module")
def stubborn(client: Noukai, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Stopped]:
    """Run every kind that has to be killed side by side; one of them times out."""
    folder = tmp_path_factory.mktemp("stubborn")
    return stop_all(
        {
            "C call, late": run(client, "hold-interpreter", folder / "late", timeout=TIMEOUT_SECONDS),
            "C call": run(client, "hold-interpreter", folder / "call"),
            "swallow": run(client, "swallow", folder / "swallow"),
        }
    )


def test_cancel_stops_the_code(prompt: dict[str, Stopped], record_table: RecordTable) -> None:
    """Wherever a flow's code is, it stops within 2 s in the median, and within 4 s at worst."""
    times = {kind: prompt[kind].seconds for kind in (*BLOCKING, "await")}
    median, worst = statistics.median(times.values()), max(times.values())
    rows = [f"{kind:<14}{taken:6.2f} s" for kind, taken in times.items()]
    record_table(
        "from cancel to stopped", [*rows, f"{'median':<14}{median:6.2f} s", f"{'worst':<14}{worst:6.2f} s"]
    )
    assert median <= 2
    assert worst <= 4
    assert {
        (prompt[kind].status.state, prompt[kind].status.attempt, len(prompt[kind].runs)) for kind in times
    } == {("cancelled", 1, 1)}


def test_clean_up_runs(prompt: dict[str, Stopped]) -> None:
    """`finally` blocks and context managers of a stopped flow run, and its context says why."""
    for kind in ("clean-up", "timeout"):
        mark = prompt[kind].mark
        assert Path(f"{mark}.finally").read_text() == "cancelled: True"
        assert Path(f"{mark}.manager").exists()


def test_flow_may_leave_tidily(prompt: dict[str, Stopped]) -> None:
    """A flow that catches the interruption can leave when its context says so, and is not killed."""
    stopped = prompt["leave-tidily"]
    assert Path(f"{stopped.mark}.swallowed").exists()
    assert Path(f"{stopped.mark}.left").exists()
    assert stopped.seconds <= 4


def test_timeout_takes_the_same_path(prompt: dict[str, Stopped]) -> None:
    """A flow that takes too long is stopped like a cancelled one; its job fails with `TimeoutError`."""
    stopped = prompt["timeout"]
    assert (stopped.status.state, stopped.status.error) == (
        "failed",
        "TimeoutError: the flow was stopped after 5 seconds",
    )
    assert stopped.seconds <= 4


def test_stubborn_code_is_killed(stubborn: dict[str, Stopped], record_table: RecordTable) -> None:
    """Uninterruptible code is killed after the grace; until then nobody else gets its job."""
    record_table(
        "from order to killed", [f"{kind:<14}{seen.seconds:6.2f} s" for kind, seen in stubborn.items()]
    )
    for stopped in stubborn.values():
        assert GRACE_SECONDS - 0.5 <= stopped.seconds <= GRACE_SECONDS + 4
        assert (stopped.status.attempt, len(stopped.runs)) == (1, 1)
    assert stubborn["C call, late"].status.error == "TimeoutError: the flow was stopped after 5 seconds"


def test_worker_survives_the_killing(client: Noukai, stubborn: dict[str, Stopped]) -> None:
    """The warm worker whose flow was killed runs the next jobs."""
    wanted = {stopped.worker.pid for stopped in stubborn.values()}
    deadline = time.monotonic() + 30
    seen: set[int] = set()
    while not wanted <= seen and time.monotonic() < deadline:
        jobs = [client.flow("who-runs").job(parameters={"seconds": 0.5}) for _ in range(WORKERS)]
        seen |= {job.wait(timeout_ms=30_000).output for job in jobs}
    assert wanted <= seen
    assert all(stopped.worker.is_running() for stopped in stubborn.values())
