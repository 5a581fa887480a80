"""The data that a local system keeps between runs."""

import json
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

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
ECHO = "tests/echo"
LARGE = "x" * 20_000
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


@dataclass(frozen=True)
class Kept:
    """A folder with flows and the data of one run after the other."""

    folder: Path

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @contextmanager
    def run(self) -> Iterator[tuple[Running, httpx.Client]]:
        environ = {**os.environ, "CDK_CONTEXT_JSON": json.dumps({"worker": {"lease_seconds": LEASE_SECONDS}})}
        flows = self.folder / "flows"
        with started(environ, flows=flows, data=self.data) as system, client_of(system) as client:
            yield system, client

    def wait_until_written(self) -> None:
        """Wait for the next second, in which what runs is written, since its lease changes."""
        now = time.time()
        while (self.data / "contents").stat().st_mtime < now:
            time.sleep(0.1)


def submitted(client: httpx.Client, flow: str, **body: object) -> str:
    return str(client.post(f"/seq/acme/{flow}/jobs", json=body).raise_for_status().json()["id"])


def running(client: httpx.Client, file: Path) -> str:
    """Return a job that runs until there is a file."""
    job = submitted(client, "tests/until", parameters={"file": str(file)})
    while client.get(f"/jobs/{job}").json()["state"] != "running":
        time.sleep(0.1)
    return job


def is_taken_up(client: httpx.Client, job: str, file: Path) -> bool:
    """Return whether another attempt completes a job once its lease is over."""
    file.touch()
    state = state_at_the_end(client, job)
    return state == "completed" and client.get(f"/jobs/{job}").json()["attempt"] > 1


def is_scheduled(system: Running, client: httpx.Client, job: str) -> bool:
    return len(schedules_of(system)) == 1 and client.get(f"/jobs/{job}").json()["state"] == "pending"


def listed(client: httpx.Client, address: str) -> set[str]:
    return {job["id"] for job in client.get(f"/seq/acme/{address}").json()["jobs"]}


def test_what_a_run_leaves_is_there_in_the_next(tmp_path: Path) -> None:
    """Results, waiting, running and scheduled jobs, after a stop and a kill; jobs of a flow that is gone."""
    kept, first_file, second_file = Kept(tmp_path), tmp_path / "first", tmp_path / "second"
    (tmp_path / "flows").mkdir()
    for name in ("tests.py", "others.py"):
        (tmp_path / "flows" / name).write_text(FLOWS)
    with kept.run() as (system, client):
        other, ended = submitted(client, "others/echo", message="x"), submitted(client, ECHO, message=LARGE)
        assert {state_at_the_end(client, job) for job in (other, ended)} == {"completed"}
        later = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
        scheduled = submitted(client, ECHO, message="", options={"runAt": later})
        first = running(client, first_file)
        assert is_scheduled(system, client, scheduled)
        waiting = submitted(client, ECHO, message="later", options={"delaySeconds": 15})
        assert stop(system, signal.SIGTERM) == 0

    with kept.run() as (system, client):
        assert str(kept.data) in system.output
        assert client.get(f"/jobs/{ended}").json()["result"]["output"] == LARGE
        assert is_taken_up(client, first, first_file)
        assert state_at_the_end(client, waiting) == "completed"
        assert is_scheduled(system, client, scheduled)
        second = running(client, second_file)
        kept.wait_until_written()
        stop(system, signal.SIGKILL)

    (tmp_path / "flows" / "others.py").rename(tmp_path / "flows" / "renamed.py")
    with kept.run() as (system, client):
        assert is_scheduled(system, client, scheduled)
        assert is_taken_up(client, second, second_file)
        assert listed(client, f"{ECHO}/jobs") == {ended, waiting, scheduled}
        assert listed(client, "others/echo/jobs") == {other}
        assert listed(client, "jobs") == {other, ended, waiting, scheduled, first, second}
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
