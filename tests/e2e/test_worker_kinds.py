"""Flows with workers of their own, on this machine's system, whose default worker is small."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from noukai import Job, Noukai
from tests.e2e.local_system import KEY, LocalSystem
from tests.e2e.waiting import until

AT_ONCE = 2
FLOW_SECONDS = 40
"""The default worker's time for a flow: its minute without the grace and the margin."""
WAIT_MS = 60_000


@pytest.fixture(scope="module")
def flows(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("flows")
    shutil.copy(Path(__file__).parent / "worker_kinds" / "crowd.py", folder)
    return folder


@pytest.fixture(scope="module")
def system(flows: Path) -> Iterator[LocalSystem]:
    worker = {"timeout": 60, "grace_seconds": 10, "max_concurrency": AT_ONCE}
    with LocalSystem.start(flows, {"worker": worker}) as system:
        yield system


@pytest.fixture(scope="module")
def client(system: LocalSystem) -> Iterator[Noukai]:
    with Noukai(api_key=KEY, base_url=system.url, org="acme", project="crowd") as client:
        yield client


class Noise:
    """More jobs of the noisy flow than may run at once; they run until they are told to end."""

    def __init__(self, client: Noukai, folder: Path) -> None:
        self._folder = folder
        self._end = folder / "end"
        flow = client.flow("noise")
        inputs = [
            {"begun": str(folder / f"begun-{number}"), "until": str(self._end)}
            for number in range(2 * AT_ONCE)
        ]
        self.jobs: list[Job] = list(flow.map(inputs))
        until(lambda: self.running == AT_ONCE)

    @property
    def running(self) -> int:
        """Return how many have begun."""
        return len(list(self._folder.glob("begun-*")))

    def end(self) -> set[str]:
        """Let them end; return what has run."""
        self._end.touch()
        return {Path(job.wait(timeout_ms=WAIT_MS).output).name for job in self.jobs}


def test_noisy_flow_delays_no_other(client: Noukai, tmp_path: Path) -> None:
    """While its jobs run at their limit and others wait, jobs of a flow with another worker come and go."""
    noise = Noise(client, tmp_path)
    jobs = list(client.flow("quiet").map({"value": number} for number in range(5)))
    assert [job.wait(timeout_ms=WAIT_MS).output for job in jobs] == [0, 1, 2, 3, 4]
    assert noise.running == AT_ONCE
    assert noise.end() == {f"begun-{number}" for number in range(2 * AT_ONCE)}


def test_flow_too_long_for_the_default_worker(client: Noukai) -> None:
    """It gets its own worker's time."""
    remaining = client.flow("long").job().wait(timeout_ms=WAIT_MS).output
    assert FLOW_SECONDS < remaining <= 100


def test_flow_that_asks_for_another_worker_while_its_jobs_wait(
    system: LocalSystem, client: Noukai, flows: Path, tmp_path: Path
) -> None:
    """Jobs sent before run in their queue; a later one uses the default worker."""
    noise = Noise(client, tmp_path)
    source = (flows / "crowd.py").read_text()
    (flows / "crowd.py").write_text(source.replace(", concurrency=2, memory=512", ""))
    system.running.wait_for(lambda line: "flows reloaded in" in line, WAIT_MS // 1000)
    mark, end = tmp_path / "later", tmp_path / "end-of-the-later"
    later = client.flow("noise").job(parameters={"begun": str(mark), "until": str(end)})
    until(mark.exists)
    assert noise.running == AT_ONCE
    end.touch()
    assert later.wait(timeout_ms=WAIT_MS).output == str(mark)
    assert noise.end() == {f"begun-{number}" for number in range(2 * AT_ONCE)}
