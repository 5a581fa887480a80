"""The data that a local system keeps between runs."""

import json
import os
import signal
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from noukai_infra.local.assembly.emulated_stack import LOCAL_KEYS
from noukai_infra.local.emulator.contents import ContentsError, read_contents
from noukai_infra.local.emulator.data import Data
from noukai_infra.local.emulator.endpoint import Endpoint
from noukai_infra.local.errors import LocalError
from noukai_infra.local.running import READY, Running, started
from noukai_infra.local.settings import Settings
from tests.infra.local.local_system import START_SECONDS, stop

FLOWS = """
import time
from pathlib import Path
from noukai.flow import flow


@flow(max_attempts=1)
def echo(message: str) -> str:
    return message


@flow(timeout=600)
def until(file: str) -> str:
    while not Path(file).exists():
        time.sleep(0.05)
    return "seen"
"""
FLOW = "/seq/acme/tests"
JOBS = f"{FLOW}/echo/jobs"
LEASE_SECONDS = 5


def client_of(system: Running) -> httpx.Client:
    url = system.wait_for(lambda line: line.endswith(READY), START_SECONDS).removesuffix(READY)
    headers = {"Authorization": f"Bearer {LOCAL_KEYS['acme']}"}
    return httpx.Client(base_url=url, headers=headers, timeout=30, trust_env=False)


def state_at_the_end(client: httpx.Client, job: str) -> str:
    """Wait for a job; a held request may be answered before its end, on a busy machine too."""
    state = "pending"
    while state in {"pending", "running"}:
        state = str(client.get(f"/jobs/{job}/wait?seconds=20").json()["state"])
    return state


def schedules_of(system: Running) -> list[dict[str, object]]:
    lines = [line.split() for line in system.output.splitlines() if line.startswith("    export ")]
    told = dict(assignment.split("=", 1) for _, assignment in lines)
    scheduler = Endpoint(told["AWS_ENDPOINT_URL"], Path(told["AWS_CA_BUNDLE"])).client("scheduler")
    found: list[dict[str, object]] = scheduler.list_schedules()["Schedules"]
    return found


def test_what_was_submitted_outlives_the_system(tmp_path: Path) -> None:
    """A job that has ended is there with its large result, and one that waited runs."""
    flows, data = tmp_path / "flows", tmp_path / "data"
    flows.mkdir()
    (flows / "tests.py").write_text(FLOWS)
    large = "x" * 20_000
    with started(os.environ, flows=flows, data=data) as system, client_of(system) as client:
        ended = client.post(JOBS, json={"message": large}).json()["id"]
        assert state_at_the_end(client, ended) == "completed"
        waiting = client.post(JOBS, json={"message": "later", "options": {"delaySeconds": 15}}).json()["id"]
        assert stop(system, signal.SIGTERM) == 0

    with started(os.environ, flows=flows, data=data) as system, client_of(system) as client:
        assert str(data) in system.output
        assert client.get(f"/jobs/{ended}").json()["result"]["output"] == large
        status = {"state": "pending"}
        while status["state"] in {"pending", "running"}:
            status = client.get(f"/jobs/{waiting}/wait?seconds=20").json()
        assert status["state"] == "completed", status
        assert {job["id"] for job in client.get(JOBS).json()["jobs"]} == {ended, waiting}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_what_ran_and_what_is_scheduled_goes_on_after_a_stop(tmp_path: Path, number: signal.Signals) -> None:
    """Another attempt runs the job once its lease is over, and the schedule is kept, even after a kill."""
    flows, data, file = tmp_path / "flows", tmp_path / "data", tmp_path / "file"
    flows.mkdir()
    (flows / "tests.py").write_text(FLOWS)
    environ = {**os.environ, "CDK_CONTEXT_JSON": json.dumps({"worker": {"lease_seconds": LEASE_SECONDS}})}
    with started(environ, flows=flows, data=data) as system, client_of(system) as client:
        running = client.post(f"{FLOW}/until/jobs", json={"parameters": {"file": str(file)}}).json()["id"]
        later = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
        scheduled = client.post(JOBS, json={"message": "", "options": {"runAt": later}}).json()["id"]
        while client.get(f"/jobs/{running}").json()["state"] != "running":
            time.sleep(0.1)
        now = time.time()
        while number == signal.SIGKILL and (data / "contents").stat().st_mtime < now:
            time.sleep(0.1)  # it is written every second, if anything has changed, as a lease does
        assert len(schedules_of(system)) == 1
        stop(system, number)

    file.touch()
    with started(environ, flows=flows, data=data) as system, client_of(system) as client:
        assert len(schedules_of(system)) == 1
        assert client.get(f"/jobs/{scheduled}").json()["state"] == "pending"
        status: dict[str, Any] = {"state": "running"}
        while status["state"] == "running":
            status = client.get(f"/jobs/{running}/wait?seconds=20").json()
        assert (status["state"], status["attempt"] > 1) == ("completed", True), status


def test_jobs_of_a_flow_that_is_gone_are_listed(tmp_path: Path) -> None:
    """Also in the next run, by the org and by the flow's own address."""
    flows, data = tmp_path / "flows", tmp_path / "data"
    flows.mkdir()
    (flows / "tests.py").write_text(FLOWS)
    with started(os.environ, flows=flows, data=data) as system, client_of(system) as client:
        job = client.post(JOBS, json={"message": "x"}).json()["id"]
        assert state_at_the_end(client, job) == "completed"
        assert stop(system, signal.SIGTERM) == 0

    (flows / "tests.py").rename(flows / "others.py")
    with started(os.environ, flows=flows, data=data) as system, client_of(system) as client:
        for address in ("/seq/acme/jobs", JOBS):
            assert [each["id"] for each in client.get(address).json()["jobs"]] == [job]
        assert stop(system, signal.SIGTERM) == 0


def test_one_run_at_a_time_has_a_folder(tmp_path: Path) -> None:
    """Two would each write over what the other has kept."""
    with (
        Data.locked(tmp_path, is_fresh=False),
        pytest.raises(LocalError, match="Another local system"),
        Data.locked(tmp_path, is_fresh=False),
    ):
        pass


def test_a_folder_that_cannot_be_is_said(tmp_path: Path) -> None:
    """With its name and the reason."""
    (tmp_path / "file").touch()
    with pytest.raises(LocalError, match=r"DATA=.*file is not a writable folder: File exists"):
        Data.locked(tmp_path / "file", is_fresh=False).__enter__()


def test_what_cannot_be_read_is_said_and_can_be_left(tmp_path: Path) -> None:
    """An incomplete file, or one of another version, is refused; the error names `FRESH=1`, which helps."""
    (tmp_path / "contents").write_bytes(b"half")
    with pytest.raises(ContentsError):
        read_contents(tmp_path / "contents")
    with (
        pytest.raises(LocalError, match="`make local FRESH=1` starts anew"),
        Data.locked(tmp_path, is_fresh=False),
    ):
        pass
    with Data.locked(tmp_path, is_fresh=True) as data:
        assert not data.is_there


def test_each_port_has_data_of_its_own() -> None:
    """A free port is another one the next time: it has none, unless a folder is given."""
    assert Settings.from_environ({"PORT": "8081"}).data != Settings.from_environ({}).data
    assert Settings.from_environ({"PORT": "0"}).data is None
    assert Settings.from_environ({"PORT": "0", "DATA": "/kept"}).data == Path("/kept")
    assert Settings.from_environ({"FRESH": "1"}).is_fresh
    with pytest.raises(LocalError, match="FRESH=yes"):
        Settings.from_environ({"FRESH": "yes"})
