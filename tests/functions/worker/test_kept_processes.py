"""The processes that flows run in: when they are kept or replaced, and how attempts affect them."""

import errno
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from noukai.flow.runtime import Returned
from noukai_functions.jobs.lifecycle import Job
from noukai_functions.jobs.table import JobsTable
from noukai_functions.worker.exchange import Call
from noukai_functions.worker.process.pool import ProcessPool, WorkerBrokenError
from noukai_functions.worker.process.reaper import Reaper
from noukai_functions.worker.process.scratch import remove_scratch
from tests.flow_process import called, memory, traces
from tests.functions.harness import System, output
from tests.functions.stand_ins.calls import unreachable


def run(system: System, flow: str, **parameters: Any) -> Any:
    """Return the status of a job of a flow of this project after one delivery."""
    job_id = system.submit(f"keeping/{flow}", parameters=parameters).body["id"]
    system.deliver()
    return system.status(job_id)


def test_model_is_loaded_once(system: System) -> None:
    """Eight jobs in a row use what the first one loaded, in one process."""
    outputs = [output(run(system, "use-model")) for _ in range(8)]
    assert {loaded for loaded, _ in outputs} == {1}
    assert len({process for _, process in outputs}) == 1


def test_fresh_process(system: System) -> None:
    """A flow that asks for it gets an unused process; those of other flows are kept meanwhile."""
    first = output(run(system, "use-model"))
    fresh = [output(run(system, "run-fresh")) for _ in range(3)]
    assert {loaded for loaded, _ in fresh} == {1}
    assert len({first[1], *(process for _, process in fresh)}) == 4
    assert output(run(system, "use-model")) == first


@pytest.mark.parametrize(
    ("how", "kept"), [("add", True), ("leave-a-daemon", False), ("leave-a-thread", False)]
)
def test_process_is_replaced_unless_its_attempt_ended_cleanly(
    system: System, tmp_path: Path, how: str, kept: bool
) -> None:
    """Anything that an attempt leaves behind ends with its process."""
    parameters = {"add": {"a": 1}, "leave-a-daemon": {"pid_file": str(tmp_path / "pid")}}.get(how, {})
    pool = system.deployment.processes
    seen = []
    for _ in range(2):
        process = pool.take("trial", fresh=False)
        seen.append(process.pid)
        pool.give_back(process)
        system.run(how, parameters=parameters)
    assert (seen[0] == seen[1]) is kept


@pytest.mark.parametrize("die", [False, True])
def test_temporary_files_end_with_their_attempt(system: System, die: bool) -> None:
    """Nobody can read the temporary files of an ended attempt."""
    status = run(system, "write-temporary", die=die)
    folder = status["error"].removeprefix("SystemExit: ") if die else output(status)
    assert folder.startswith("/")
    assert not Path(folder).exists()


def test_process_whose_files_cannot_be_removed_is_ended(system: System) -> None:
    """A daemon thread may create files meanwhile: it ends with its process, and the worker goes on."""
    pool = system.deployment.processes
    process = pool.take("trial", fresh=False)
    Path(process.folder, "file").touch()
    with patch(
        "noukai_functions.worker.process.pool.remove_scratch",
        side_effect=[OSError(errno.ENOTEMPTY, "not empty"), None],
    ) as remove:
        pool.give_back(process)
    assert remove.call_count == 2
    remove_scratch(process.folder)
    assert not process.is_alive


def test_flow_may_close_descriptors(system: System) -> None:
    """Closing other descriptors is harmless; closing the worker's pipes is reported."""
    assert output(run(system, "close-descriptors", most=256)) == "still here"
    status = run(system, "close-descriptors", most=4096)
    assert status["error"] == "ProcessDied: the flow's process has closed the pipes to its worker"
    assert output(system.run("add", parameters={"a": 1})) == 2


def test_flow_that_forks_and_returns_twice(system: System) -> None:
    """The child of a flow, which returns too, settles nothing."""
    assert output(run(system, "return-twice")) > 0
    assert output(system.run("add", parameters={"a": 1})) == 2


def test_garbage_in_every_pipe(system: System) -> None:
    """Bytes that are no answer are dropped."""
    status = run(system, "scribble")
    assert status["state"] in ("completed", "failed")
    assert output(system.run("add", parameters={"a": 1})) == 2


@pytest.mark.parametrize("lack", [errno.EMFILE, errno.ENOMEM, errno.EAGAIN])
def test_lack_of_processes_costs_no_attempt(system: System, lack: int) -> None:
    """A lack of processes is the worker's fault: the delivery is given back, unclaimed."""
    job_id = system.submit(parameters={"a": 1}).body["id"]
    what = "pipe" if lack == errno.EMFILE else "fork"
    with (
        patch.object(os, what, side_effect=OSError(lack, os.strerror(lack))),
        pytest.raises(WorkerBrokenError),
    ):
        system.deliver()
    assert (system.row(job_id).attempt, system.hidden_for()) == (0, [0])
    system.deliver()
    assert output(system.status(job_id)) == 2


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("import os; os._exit(7)", "ProcessDied: the flow's process ended itself with status 7"),
        ("import os; os.kill(os.getpid(), 9)", "ProcessDied: the flow's process was ended by SIGKILL"),
        ("import sys; sys.exit(3)", "SystemExit: 3"),
        ("import nothing_of_the_kind", "ModuleNotFoundError: No module named 'nothing_of_the_kind'"),
        (
            "import time; time.sleep(600)",
            "TimeoutError: the flow's module was still being imported after 0.2 seconds",
        ),
    ],
)
def test_module_that_dies_or_hangs_costs_its_own_job_an_attempt(
    system: System, asset: Path, code: str, error: str
) -> None:
    """Its error says what happened; another project's flow still runs."""
    system.deployment.environment = {**system.deployment.environment, "IMPORT_SECONDS": "0.2"}
    catalog = system.deployment.catalog
    flows = {**catalog.flows, "broken/at-first": catalog.flows["trial/add"]}
    system.deployment.catalog = replace(catalog, flows=flows)
    system.clock.step = 100 if "sleep" in code else 0
    broken = asset / "flows" / "broken.py"
    broken.write_text(f"{code}\n")
    try:
        status = run_of(system, "broken/at-first")
    finally:
        broken.unlink()
    assert status["attempt"] == 1
    assert status["lastError"].startswith(error)
    system.clock.step = 0
    assert output(system.run("add", parameters={"a": 1})) == 2


def test_exit_handlers_run_in_a_released_process(system: System, tmp_path: Path) -> None:
    """A flow's `atexit` handlers run when its process is no longer needed."""
    assert output(run(system, "register-exit", mark=str(tmp_path / "mark"))) == "registered"
    assert (tmp_path / "mark").exists()


@pytest.mark.skipif(sys.platform != "linux", reason="it reads /proc")
def test_attempts_leave_nothing_in_their_process(
    system: System, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a thousand attempts it has no more descriptors, threads, memory or files than after fifty."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    pool = system.deployment.processes
    pids = {attempt_in(pool) for _ in range(50)}
    (pid,) = pids
    before, files, size = traces(pid), len(list(tmp_path.iterdir())), memory(pid)
    assert {attempt_in(pool) for _ in range(1000)} == pids
    assert (traces(pid), len(list(tmp_path.iterdir()))) == (before, files)
    assert memory(pid) - size < 1 << 20


def attempt_in(pool: ProcessPool) -> int:
    """Run an attempt; return the process."""
    process = pool.take("trial", fresh=False)
    until = 2 * 1_700_000_000_000
    call = Call("trial/greet", "job_x", "acme", 1, 0, 3600, 60_000, until, process.folder, {"message": "x"})
    assert called(process, call) == Returned('"hello x"')
    pool.give_back(process)
    return process.pid


def run_of(system: System, flow: str) -> Any:
    """Return the status of a job whose message names a flow that no build has seen."""
    job_id = system.submit(parameters={"a": 1}).body["id"]
    queue = system.deployment.queue
    queue.client.purge_queue(QueueUrl=queue.url)
    queue.send(system.message_of(job_id, flow=flow, arguments={"a": 1}))
    system.deliver()
    return system.status(job_id)


@contextmanager
def death_before_the_call(pid: int) -> Iterator[None]:
    """Kill a kept process while the job is claimed."""
    claim = JobsTable.claim

    def claim_slowly(table: JobsTable, *arguments: Any, **options: Any) -> Job:
        os.kill(pid, signal.SIGKILL)
        os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
        return claim(table, *arguments, **options)

    with patch.object(JobsTable, "claim", claim_slowly):
        yield


def test_death_before_the_call_costs_no_attempt(system: System) -> None:
    """A kept process that dies while the job is claimed gets no call: the attempt uses another one."""
    before = output(run(system, "use-model"))[1]
    with death_before_the_call(before):
        status = run(system, "use-model")
    loaded, process = output(status)
    assert (status["attempt"], loaded) == (1, 1)
    assert process != before
    with pytest.raises(ProcessLookupError):
        os.kill(before, 0)


@pytest.mark.parametrize("answers", [True, False])
def test_no_other_process_after_the_claim_costs_no_attempt(system: System, answers: bool) -> None:
    """Without a replacement for the dead process the claim is undone, unless AWS fails too."""
    kept = output(run(system, "use-model"))[1]
    job_id = system.submit("keeping/use-model").body["id"]
    lack = OSError(errno.EAGAIN, os.strerror(errno.EAGAIN))
    undone = patch.object(JobsTable, "unclaim", JobsTable.unclaim if answers else lambda *_: unreachable())
    broken = pytest.raises(WorkerBrokenError)
    with death_before_the_call(kept), patch.object(os, "fork", side_effect=lack), undone, broken:
        system.deliver()
    assert system.hidden_for()[-1] == 0
    status = system.status(job_id)
    seen = ("pending", None, None) if answers else ("running", 1, status.get("startedAt"))
    assert (status["state"], status.get("attempt"), status.get("startedAt")) == seen
    system.clock.time += 60_000
    system.deliver()
    assert system.status(job_id)["attempt"] == (1 if answers else 2)


def test_result_outlives_its_worker(system: System) -> None:
    """A worker without a descriptor to check for leftovers keeps the result, and ends itself."""
    job_id = system.submit(parameters={"a": 1}).body["id"]
    lack = OSError(errno.EMFILE, os.strerror(errno.EMFILE))
    with patch.object(Reaper, "has_orphans", side_effect=lack), pytest.raises(WorkerBrokenError):
        system.deliver()
    assert output(system.status(job_id)) == 2
    assert system.hidden_for()[-1] == 0
    assert system.deliver() == {"batchItemFailures": []}
