"""Hostile jobs in a batch of good ones, and jobs that end while their module is imported."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from noukai import Job, Noukai
from tests.e2e.local_system import KEY, LocalSystem
from tests.e2e.waiting import until

WORKER = {"max_concurrency": 2, "lease_seconds": 10, "grace_seconds": 1, "import_seconds": 4}
ENDS = {
    "exit": "ended itself with status 7",
    "kill": "SIGKILL",
    "all descriptors": "closed the pipes",
    "hang": "stopped after 2 seconds",
    "fork and return": None,
}


@pytest.fixture(scope="module")
def client() -> Iterator[Noukai]:
    """Use a system with the hostile flows."""
    with (
        LocalSystem.start(Path(__file__).parent / "hostile", {"worker": WORKER}) as system,
        Noukai(api_key=KEY, base_url=system.url, org="acme") as client,
    ):
        yield client


def ended(job: Job) -> tuple[str, int | None, object]:
    """Return how a job has ended, in which attempt, and its output or error."""
    until(lambda: job.status().state not in ("pending", "running"), every=0.1)
    status = job.status()
    return status.state, status.attempt, status.result.output if status.result else status.error


@pytest.mark.parametrize("kind", ENDS)
def test_hostile_job_within_a_batch(client: Noukai, kind: str) -> None:
    """It fails alone; every other job succeeds in its first attempt."""
    work, act = client.flow("acme/batched/work"), client.flow("acme/batched/act")
    before = work.map([{"number": number} for number in range(4)])
    hostile = act.job(parameters={"kind": kind})
    after = work.map([{"number": number} for number in range(4, 12)])
    state, attempt, said = ended(hostile)
    error = ENDS[kind]
    assert (state, attempt) == ("completed" if error is None else "failed", 1)
    assert (error or "done") in str(said)
    assert [ended(job) for job in (*before, *after)] == [("completed", 1, number) for number in range(12)]


def test_cancellation_during_an_import(client: Noukai) -> None:
    """The import stops, `stoppedAt` says when, and another project's jobs continue."""
    job = client.flow("acme/hanging/work").job()
    until(lambda: job.status().state == "running", every=0.05)
    job.cancel()
    neighbour = client.flow("acme/neighbour/work").job(parameters={"number": 1})
    until(lambda: job.status().stopped_at is not None, every=0.1)
    assert job.status().state == "cancelled"
    assert ended(neighbour) == ("completed", 1, 1)


def test_module_that_fails_at_every_second_import(client: Noukai) -> None:
    """An attempt with a failed import is followed by another, and the jobs succeed."""
    for job in [client.flow("acme/moody/work").job() for _ in range(4)]:
        state, attempt, output = ended(job)
        assert (state, output) == ("completed", "done")
        assert attempt in (1, 2, 3)
