"""Workers that are killed at each step of an attempt: no job is lost, run twice at once, or left."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from noukai import Noukai
from tests.e2e.failures.ambush import Ambush, Step
from tests.e2e.local_system import KEY, LocalSystem, has_ended
from tests.e2e.waiting import until
from tests.soak.stack import Stack

if TYPE_CHECKING:
    import psutil

WORKER = {"timeout": 30, "lease_seconds": 3, "max_concurrency": 2, "grace_seconds": 1}
"""The timeout is also the visibility: a job waits for it if its worker dies before the flow begins."""
ATTEMPTS = {
    Step.BEFORE_CLAIM: 1,
    Step.AFTER_CLAIM: 2,
    Step.BEFORE_HEARTBEAT: 2,
    Step.AFTER_HEARTBEAT: 2,
    Step.BEFORE_SETTLING: 2,
    Step.AFTER_SETTLING: 1,
}
"""The attempts of a job whose worker dies at the step."""


@dataclass(frozen=True)
class Trap:
    """A system whose workers reach AWS through the ambush."""

    system: LocalSystem
    ambush: Ambush
    client: Noukai
    stack: Stack


@pytest.fixture(scope="module")
def trap() -> Iterator[Trap]:
    """Start it; a job that ran before has started the processes."""
    with Ambush().open() as ambush:
        assert isinstance(ambush, Ambush)
        environment = {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{ambush.port}"}
        context = {"worker": WORKER, "environment": environment}
        with (
            LocalSystem.start(Path(__file__).parent / "flows", context) as system,
            Noukai(api_key=KEY, base_url=system.url, org="acme", project="dying") as client,
        ):
            ambush.upstream = system.emulator
            yield Trap(system, ambush, client, Stack.at(system.emulator))


@pytest.mark.parametrize("step", Step)
def test_worker_killed_at_a_step_loses_no_job(trap: Trap, tmp_path: Path, step: Step) -> None:
    """Another worker ends the job; no process or message of the killed one stays."""
    killed: list[psutil.Process] = []

    def kill() -> None:
        workers = trap.system.workers()
        killed.extend(process for worker in workers for process in (worker, *worker.children(recursive=True)))
        for worker in workers:
            worker.kill()

    trap.ambush.kill, trap.ambush.awaited = kill, step
    mark = tmp_path / "mark"
    seconds = 2.5 if "HEARTBEAT" in step.name else 0
    job = trap.client.flow("linger").job(parameters={"mark": str(mark), "seconds": seconds})
    job.wait(timeout_ms=60_000)
    status = job.status()
    until(lambda: bool(killed))  # a caller may see the job's end before the ambush has killed
    assert (status.state, status.attempt, status.result and status.result.output) == (
        "completed",
        ATTEMPTS[step],
        f"attempt {ATTEMPTS[step]}",
    )
    until(lambda: all(map(has_ended, killed)))
    begun = [line.split() for line in mark.read_text().splitlines()]
    assert len(begun) == (1 if step is Step.BEFORE_CLAIM else len({pid for pid, *_ in begun}))
    until(lambda: not any(trap.stack.messages().values()))
    assert job.status() == status
    assert not [folder for *_, folder in begun if Path(folder, "file").exists()]
