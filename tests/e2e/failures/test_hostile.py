"""Flows that harm their process, when they are imported or while they run, beside one that behaves.

All of them have one kind of worker, and there are two workers: whatever a flow could do to a worker would meet others.
"""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest

from noukai import Job, JobFailedError, JobStatus, Noukai, WaitTimeoutError
from tests.e2e.failures.hostility import AT_IMPORT, IN_RUN, LATER, LEAVING, PARALLEL
from tests.e2e.local_system import KEY, LocalSystem

IMPORT_SECONDS = 4


@dataclass
class Seen:
    """What has become of everything, each by its project or act."""

    at_import: dict[str, JobStatus] = field(default_factory=dict)
    in_run: dict[str, JobStatus] = field(default_factory=dict)
    looks: dict[str, JobStatus] = field(default_factory=dict)
    """The flow that ran next in the same project."""
    neighbours: list[JobStatus] = field(default_factory=list)
    parallel: dict[tuple[str, str], JobStatus] = field(default_factory=dict)
    """By the way and the method by which processes were started."""
    calm: JobStatus | None = None
    """The look before the first act."""
    outlived: dict[str, list[int]] = field(default_factory=dict)
    """Which of the flows' processes, and of what they have left, lived when the next flow had run."""
    processes: list[psutil.Process] = field(default_factory=list)
    """The same, known by their starts as well: numbers are used again."""
    files: list[str] = field(default_factory=list)
    """Of attempts, when all of them were over."""
    log: str = ""
    alive: list[psutil.Process] = field(default_factory=list)
    """Of the system's processes, after its end."""


@dataclass
class Trial:
    """Submits the jobs."""

    client: Noukai
    pids: Path
    seen: Seen = field(default_factory=Seen)
    neighbours: list[Job] = field(default_factory=list)

    def run(self) -> Seen:
        """Run every kind, with neighbours between and beside them."""
        seen = self.seen
        jobs = {}
        for project in AT_IMPORT:
            jobs[project] = self.client.flow(f"acme/{project}/work").job()
            self._add_neighbour()
        seen.at_import = {project: _ended(job) for project, job in jobs.items()}
        seen.calm = _ended(self._look())
        for kind in IN_RUN:
            parameters = {"kind": kind, "pids": str(self.pids / kind)}
            seen.in_run[kind] = _ended(self.client.flow("acme/misbehaving/act").job(parameters=parameters))
            look = self._look(0.5 if kind in LATER else 0)
            self._add_neighbour()
            seen.looks[kind] = _ended(look)
            (self.pids / kind).touch()
            pids = [int(pid) for pid in (self.pids / kind).read_text().split()]
            seen.outlived[kind] = [pid for pid in pids if psutil.pid_exists(pid)]
            for pid in seen.outlived[kind]:
                with suppress(psutil.NoSuchProcess):
                    seen.processes.append(psutil.Process(pid))
        for way, method in PARALLEL:
            parameters = {"way": way, "method": method}
            seen.parallel[way, method] = _ended(
                self.client.flow("acme/parallel/work").job(parameters=parameters)
            )
        seen.neighbours = [_ended(job) for job in self.neighbours]
        return seen

    def _add_neighbour(self) -> None:
        number = len(self.neighbours)
        self.neighbours.append(self.client.flow("acme/neighbour/work").job(parameters={"number": number}))

    def _look(self, seconds: float = 0) -> Job:
        return self.client.flow("acme/misbehaving/look").job(parameters={"seconds": seconds})


def _ended(job: Job) -> JobStatus:
    with suppress(JobFailedError, WaitTimeoutError):
        job.wait(timeout_ms=60_000)
    return job.status()


def _lives(process: psutil.Process) -> bool:
    """Return whether it has not ended; one whose parent has ended is reaped by the system, in its own time."""
    with suppress(psutil.NoSuchProcess):
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seen]:
    """Run everything, and stop the system."""
    pids = tmp_path_factory.mktemp("pids")
    worker = {"max_concurrency": 2, "grace_seconds": 1, "lease_seconds": 10, "import_seconds": IMPORT_SECONDS}
    with LocalSystem.start(Path(__file__).parent / "hostile", {"worker": worker}) as system:
        with Noukai(api_key=KEY, base_url=system.url) as client:
            seen = Trial(client, pids).run()
        processes = psutil.Process(system.running.process.pid).children(recursive=True)
        folders = {Path(worker.environ()["TMPDIR"]) for worker in system.workers()}
        seen.files = [str(path) for folder in folders for path in folder.glob("attempt-*/*")]
        seen.log = system.running.output
    seen.alive = [process for process in processes if _lives(process)]
    yield seen
    for process in seen.processes:
        with suppress(psutil.NoSuchProcess):
            process.kill()


@pytest.mark.parametrize("project", AT_IMPORT)
def test_module_harms_its_own_jobs_at_most(seen: Seen, project: str) -> None:
    """Whatever a module does when it is imported, its job succeeds or says why not."""
    assert_ended(seen.at_import[project], *AT_IMPORT[project])


@pytest.mark.parametrize("kind", IN_RUN)
def test_flow_harms_itself_at_most(seen: Seen, kind: str) -> None:
    """Whatever a flow does to its process, its job succeeds or says why not, and the next finds nothing of it."""
    assert_ended(seen.in_run[kind], *IN_RUN[kind])
    look = seen.looks[kind]
    assert (look.state, look.error) == ("completed", None)
    assert seen.calm is not None
    assert look.result is not None
    assert seen.calm.result is not None
    assert look.result.output == seen.calm.result.output


def test_neighbour_always_succeeds(seen: Seen) -> None:
    """The jobs of another project succeed at their first attempt, and its output stands in the log."""
    for number, status in enumerate(seen.neighbours):
        assert (status.state, status.error, status.attempt) == ("completed", None, 1)
        assert status.result is not None
        assert status.result.output == number
        assert f"number {number}" in seen.log


def test_flow_logs_whatever_its_module_has_configured(seen: Seen) -> None:
    """The logger of the context is not the module's to switch off."""
    assert "logged by the one that configured logging" in seen.log


@pytest.mark.parametrize(("way", "method"), PARALLEL)
def test_flow_may_start_processes_as_a_script_does(seen: Seen, way: str, method: str) -> None:
    """Pools, executors and processes work with each method, with a flow as what they call."""
    status = seen.parallel[way, method]
    assert status.state == "completed", status.error
    assert status.result is not None
    assert status.result.output == [0, 1, 4, 9]


def test_nothing_is_left(seen: Seen) -> None:
    """Neither a process nor a temporary file outlives its attempt, and nothing the system."""
    assert [(kind, seen.outlived[kind]) for kind in LEAVING if seen.outlived[kind]] == []
    assert seen.files == []
    assert [process for process in seen.processes if _lives(process)] == []
    assert seen.alive == []


def assert_ended(status: JobStatus, state: str, said: str) -> None:
    """Fail unless the job has ended so, having said so."""
    assert (status.state, status.attempt) == (state, 1), status.error
    if state == "completed":
        assert status.result is not None
        assert status.result.output == said
    else:
        assert said in str(status.error)
        assert "worker lost" not in str(status.error)
