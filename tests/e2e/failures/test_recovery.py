"""Jobs whose process dies, whose worker dies and whose worker freezes, on this machine's system."""

import os
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from noukai import Job, JobStatus, Noukai
from tests.e2e.conftest import RecordTable
from tests.e2e.failures.attempts import begun
from tests.e2e.local_system import KEY, LocalSystem
from tests.e2e.waiting import seconds, until

LEASE_SECONDS = 6
ASKING_SECONDS = 0.1
WAYS_TO_DIE = ("kill", "segfault", "exit", "memory")


@dataclass(frozen=True)
class Recovered:
    """The state of a job whose attempt was ended, and the seconds until it was seen."""

    seconds: float
    status: JobStatus


@pytest.fixture(scope="module")
def client() -> Iterator[Noukai]:
    """Use a system with a short lease."""
    with (
        LocalSystem.start(
            Path(__file__).parent / "flows", {"worker": {"lease_seconds": LEASE_SECONDS}}
        ) as system,
        Noukai(api_key=KEY, base_url=system.url, org="acme", project="dying") as client,
    ):
        # Workers and functions have started, so their start is not measured.
        jobs = [client.flow("outlast").job(parameters={"mark": os.devnull, "seconds": 2}) for _ in range(10)]
        for job in jobs:
            job.wait(timeout_ms=60_000)
        yield client


def die(client: Noukai, mark: Path, how: str, attempts: int) -> Recovered:
    """End a flow's process from within."""
    job = client.flow("die").job(parameters={"mark": str(mark), "how": how}, max_attempts=attempts)
    died = begun(mark).at
    until(lambda: is_told(job.status()), every=ASKING_SECONDS)
    noticed = time.time()
    return Recovered(noticed - died, settled(job))


def is_told(status: JobStatus) -> bool:
    return bool(status.last_error or status.error)


def settled(job: Job) -> JobStatus:
    until(lambda: job.status().state in ("completed", "failed"), every=ASKING_SECONDS)
    return job.status()


@pytest.fixture(scope="module")
def dead(client: Noukai, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Recovered]:
    """Return every way to die, in the last attempt and in an earlier one."""
    folder = tmp_path_factory.mktemp("dead")
    kinds = [(how, attempts) for how in WAYS_TO_DIE for attempts in (1, 2)]
    return {
        f"{how}, {attempts}": die(client, folder / f"{how}{attempts}", how, attempts)
        for how, attempts in kinds
    }


@pytest.fixture(scope="module")
def lost(client: Noukai, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Recovered]:
    """Kill workers, and freeze one until its job is settled and its flow has ended."""
    folder = tmp_path_factory.mktemp("lost")
    flow = client.flow("outlast")
    jobs = {
        "killed": flow.job(parameters={"mark": str(folder / "killed"), "seconds": 600}),
        "killed, last": flow.job(
            parameters={"mark": str(folder / "killed, last"), "seconds": 600}, max_attempts=1
        ),
        "frozen": flow.job(parameters={"mark": str(folder / "frozen"), "seconds": LEASE_SECONDS}),
    }
    attempts = {kind: begun(folder / kind) for kind in jobs}
    ended = {}
    for kind, attempt in attempts.items():
        ended[kind] = time.time()
        attempt.worker.send_signal(signal.SIGSTOP if kind == "frozen" else signal.SIGKILL)
    try:
        statuses = {kind: settled(job) for kind, job in jobs.items()}
    finally:
        attempts["frozen"].worker.resume()
    # Removing the folder shows that it has noticed its flow's end; it then settles at once.
    until(lambda: not attempts["frozen"].folder.exists())
    client.flow("die").job(parameters={"mark": os.devnull, "how": "exit"}).wait(timeout_ms=30_000)
    return {
        kind: Recovered(seconds(statuses[kind].completed_at) - ended[kind], job.status())
        for kind, job in jobs.items()
    }


def test_dead_flow_is_seen(dead: dict[str, Recovered], record_table: RecordTable) -> None:
    """The attempt is released, or the job failed if it was the last, within 2 s."""
    record_table("from the death of a flow to its status", rows(dead))
    for kind, seen in dead.items():
        assert seen.seconds <= 2, kind
        last = kind.endswith("1")
        assert (seen.status.state, seen.status.attempt) == (("failed", 1) if last else ("completed", 2))
        why = "MemoryError" if kind.startswith("memory") else "ProcessDied"
        assert why in str(seen.status.error if last else seen.status.last_error)


def test_lost_worker(lost: dict[str, Recovered], record_table: RecordTable) -> None:
    """Its job runs again within a lease and 5 s; if no attempt is left, it fails with the reason."""
    record_table(
        f"from the end of a worker to that of its job, the lease being {LEASE_SECONDS} s", rows(lost)
    )
    again, last = lost["killed"].status, lost["killed, last"].status
    assert (again.state, again.attempt, output(again)) == ("completed", 2, "attempt 2")
    assert (last.state, last.attempt) == ("failed", 1)
    assert str(last.error).startswith("worker lost")
    assert all(seen.seconds <= LEASE_SECONDS + 5 for seen in lost.values())


def test_frozen_worker(lost: dict[str, Recovered]) -> None:
    """Another attempt completes the job; the worker cannot settle it again when it wakes."""
    status = lost["frozen"].status
    assert (status.state, status.attempt, output(status)) == ("completed", 2, "attempt 2")


def output(status: JobStatus) -> object:
    return status.result and status.result.output


def rows(measured: dict[str, Recovered]) -> list[str]:
    return [f"{kind:<14}{seen.seconds:6.2f} s" for kind, seen in measured.items()]
