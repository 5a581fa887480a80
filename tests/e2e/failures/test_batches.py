"""Batches whose worker dies or freezes, or whose first job must be killed, on this machine's system."""

import os
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import psutil
import pytest

from noukai import Job, JobStatus, Noukai
from tests.e2e.conftest import RecordTable
from tests.e2e.failures.attempts import begun
from tests.e2e.local_system import KEY, LocalSystem
from tests.e2e.waiting import seconds, until

LEASE_SECONDS = 6
GRACE_SECONDS = 3
NEIGHBOURS = 4
WORKER = {
    "batch_size": NEIGHBOURS + 1,
    "max_concurrency": 2,
    "lease_seconds": LEASE_SECONDS,
    "grace_seconds": GRACE_SECONDS,
}
End = Callable[[psutil.Process], AbstractContextManager[None]]


@pytest.fixture(scope="module")
def client() -> Iterator[Noukai]:
    """Use a system with two workers that take whole batches."""
    with (
        LocalSystem.start(Path(__file__).parent / "flows", {"worker": WORKER}) as system,
        Noukai(api_key=KEY, base_url=system.url, org="acme") as client,
    ):
        yield client


def outlast(client: Noukai, mark: Path | str, seconds: float) -> Job:
    return client.flow("acme/dying/outlast").job(parameters={"mark": str(mark), "seconds": seconds})


def hold_workers(client: Noukai, folder: Path) -> None:
    """Keep both workers busy: later submissions wait, and then come as one batch."""
    for name in ("one", "other"):
        outlast(client, folder / name, 4)
        begun(folder / name)


def neighbours(client: Noukai) -> list[Job]:
    return [outlast(client, os.devnull, 0) for _ in range(NEIGHBOURS)]


def completed(jobs: list[Job]) -> list[JobStatus]:
    """Wait until the jobs have completed."""
    until(lambda: all(job.status().state not in ("pending", "running") for job in jobs), every=0.1)
    statuses = [job.status() for job in jobs]
    assert {status.state for status in statuses} == {"completed"}
    return statuses


@contextmanager
def killed(worker: psutil.Process) -> Iterator[None]:
    worker.kill()
    yield


@contextmanager
def frozen(worker: psutil.Process) -> Iterator[None]:
    """Stop a worker, and kill it at the end: other tests wake one up."""
    worker.suspend()
    try:
        yield
    finally:
        worker.kill()


@pytest.mark.parametrize(("how", "end"), [("killed", killed), ("frozen", frozen)])
def test_batch_of_a_lost_worker(
    client: Noukai, tmp_path: Path, record_table: RecordTable, how: str, end: End
) -> None:
    """The jobs of a worker that dies or freezes complete within a lease and 5 s, those behind it too."""
    hold_workers(client, tmp_path)
    jobs = [outlast(client, tmp_path / "first", 600), *neighbours(client)]
    attempt = begun(tmp_path / "first")
    at = time.time()
    with end(attempt.worker):
        statuses = completed(jobs)
    times = [seconds(status.completed_at) - at for status in statuses]
    rows = [
        f"{name:<14}{taken:6.2f} s"
        for name, taken in zip(["its job", *["neighbour"] * NEIGHBOURS], times, strict=True)
    ]
    record_table(
        f"from a worker {how} to the end of its batch, the lease being {LEASE_SECONDS} s",
        [*rows, f"{'median':<14}{statistics.median(times):6.2f} s", f"{'worst':<14}{max(times):6.2f} s"],
    )
    assert [status.attempt for status in statuses] == [2, *[1] * NEIGHBOURS]
    # Their duration shows that the lost worker had received them.
    assert all(1 < taken <= LEASE_SECONDS + 5 for taken in times)


def test_batch_of_a_flow_that_is_killed(client: Noukai, tmp_path: Path) -> None:
    """During a stubborn flow's grace the rest of its batch completes, and its worker continues afterwards."""
    hold_workers(client, tmp_path)
    mark = tmp_path / "first"
    stubborn = client.flow("acme/stopping/swallow").job(parameters={"mark": str(mark)})
    others = neighbours(client)
    attempt = begun(mark)
    stubborn.cancel()
    statuses = completed(others)
    until(lambda: stubborn.status().stopped_at is not None)
    stopped = stubborn.status()
    assert (stopped.state, stopped.attempt) == ("cancelled", 1)
    assert all(seconds(status.completed_at) < seconds(stopped.stopped_at) for status in statuses)
    assert not psutil.pid_exists(attempt.flow)
    assert attempt.worker.is_running()
