"""Flows that harm their process, on import or while they run, beside a well-behaved one.

All share one worker kind and two workers: harm to a worker would affect the others.
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
    """The results of everything, by project or act."""

    at_import: dict[str, JobStatus] = field(default_factory=dict)
    in_run: dict[str, JobStatus] = field(default_factory=dict)
    looks: dict[str, JobStatus] = field(default_factory=dict)
    """The look by the flow that ran next in the same project."""
    neighbours: list[JobStatus] = field(default_factory=list)
    parallel: dict[tuple[str, str], JobStatus] = field(default_factory=dict)
    """By the way and the method by which processes were started."""
    calm: JobStatus | None = None
    """The look before the first act."""
    outlived: dict[str, list[int]] = field(default_factory=dict)
    """The flows' processes and leftovers that were alive after the next flow."""
    processes: list[psutil.Process] = field(default_factory=list)
    """The same with their start times, since process ids are reused."""
    files: list[str] = field(default_factory=list)
    """Files of attempts after all of them ended."""
    log: str = ""
    alive: list[psutil.Process] = field(default_factory=list)
    """Processes of the system after its end."""


@dataclass
class Trial:
    """The submission of the jobs."""

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
    """Return whether it has not ended; the system reaps an orphan in its own time."""
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
def test_module_harms_only_its_own_jobs(seen: Seen, project: str) -> None:
    """Whatever a module does on import, its job succeeds or says why not."""
    assert_ended(seen.at_import[project], *AT_IMPORT[project])


@pytest.mark.parametrize("kind", IN_RUN)
def test_flow_harms_only_its_own_job(seen: Seen, kind: str) -> None:
    """The job succeeds or says why not, and the next flow finds no trace."""
    assert_ended(seen.in_run[kind], *IN_RUN[kind])
    look = seen.looks[kind]
    assert (look.state, look.error) == ("completed", None)
    assert seen.calm is not None
    assert look.result is not None
    assert seen.calm.result is not None
    assert look.result.output == seen.calm.result.output


def test_neighbour_always_succeeds(seen: Seen) -> None:
    """Another project's jobs succeed at their first attempt, and its output is in the log."""
    assert len(seen.neighbours) == len(AT_IMPORT) + len(IN_RUN)
    for number, status in enumerate(seen.neighbours):
        assert (status.state, status.error, status.attempt) == ("completed", None, 1)
        assert status.result is not None
        assert status.result.output == number
        assert f"number {number}" in seen.log


def test_flow_logs_whatever_its_module_configures(seen: Seen) -> None:
    """A module cannot disable the logger of the context."""
    assert "logged by the one that configured logging" in seen.log


@pytest.mark.parametrize(("way", "method"), PARALLEL)
def test_flow_may_start_processes_as_a_script_does(seen: Seen, way: str, method: str) -> None:
    """Pools, executors and processes work with each method, and may call a flow."""
    status = seen.parallel[way, method]
    assert status.state == "completed", status.error
    assert status.result is not None
    assert status.result.output == [0, 1, 4, 9]


def test_nothing_is_left(seen: Seen) -> None:
    """No process or temporary file outlives its attempt or the system."""
    assert [(kind, seen.outlived[kind]) for kind in LEAVING if seen.outlived[kind]] == []
    assert seen.files == []
    assert [process for process in seen.processes if _lives(process)] == []
    assert seen.alive == []


def assert_ended(status: JobStatus, state: str, said: str) -> None:
    """Assert that the job has ended with this state and output or error."""
    assert (status.state, status.attempt) == (state, 1), status.error
    if state == "completed":
        assert status.result is not None
        assert status.result.output == said
    else:
        assert said in str(status.error)
        assert "worker lost" not in str(status.error)
