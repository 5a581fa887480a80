"""What a local system keeps from one run to the next."""

import os
import signal
from pathlib import Path

import httpx
import pytest

from infra.local.contents import ContentsError, read_contents
from infra.local.data import Data
from infra.local.deployment import LOCAL_KEYS
from infra.local.errors import LocalError
from infra.local.running import READY, Running, started
from infra.local.settings import Settings
from tests.infra.local_system import START_SECONDS, stop

FLOWS = """
from pathlib import Path
from functions.flow import flow


@flow(max_attempts=1)
def echo(message: str) -> str:
    return message
"""
JOBS = "/seq/acme/tests/echo/jobs"


def client_of(system: Running) -> httpx.Client:
    url = system.wait_for(lambda line: line.endswith(READY), START_SECONDS).removesuffix(READY)
    headers = {"Authorization": f"Bearer {LOCAL_KEYS['acme']}"}
    return httpx.Client(base_url=url, headers=headers, timeout=30, trust_env=False)


def test_what_was_submitted_outlives_the_system(tmp_path: Path) -> None:
    """A job that has ended is there with its large result, and one that waited runs."""
    flows, data = tmp_path / "flows", tmp_path / "data"
    flows.mkdir()
    (flows / "tests.py").write_text(FLOWS)
    large = "x" * 20_000
    with started(os.environ, flows=flows, data=data) as system, client_of(system) as client:
        ended = client.post(JOBS, json={"message": large}).json()["id"]
        assert client.get(f"/jobs/{ended}/wait?seconds=20").json()["state"] == "completed"
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


def test_one_run_at_a_time_has_a_folder(tmp_path: Path) -> None:
    """Two would each write over what the other has kept."""
    with (
        Data.held(tmp_path, is_fresh=False),
        pytest.raises(LocalError, match="Another local system"),
        Data.held(tmp_path, is_fresh=False),
    ):
        pass


def test_what_cannot_be_read_is_said_and_can_be_left(tmp_path: Path) -> None:
    """Half a file, or one of another version, is no start; `FRESH=1` is told of, and helps."""
    (tmp_path / "contents").write_bytes(b"half")
    with pytest.raises(ContentsError):
        read_contents(tmp_path / "contents")
    with pytest.raises(LocalError, match="FRESH=1 begins anew"), Data.held(tmp_path, is_fresh=False):
        pass
    with Data.held(tmp_path, is_fresh=True) as data:
        assert not data.is_there


def test_each_port_has_data_of_its_own() -> None:
    """A free port is another one the next time: it has none, unless a folder is given."""
    assert Settings.from_environ({"PORT": "8081"}).data != Settings.from_environ({}).data
    assert Settings.from_environ({"PORT": "0"}).data is None
    assert Settings.from_environ({"PORT": "0", "DATA": "/kept"}).data == Path("/kept")
    assert Settings.from_environ({"FRESH": "1"}).is_fresh
    with pytest.raises(LocalError, match="FRESH=yes"):
        Settings.from_environ({"FRESH": "yes"})
