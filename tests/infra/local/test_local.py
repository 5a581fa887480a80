"""The local system as a person uses it: real processes, the whole stack."""

import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from noukai_infra.local import processes
from noukai_infra.local.assembly.emulated_stack import LOCAL_KEYS
from noukai_infra.local.running import READY, Running, started
from tests.infra.local.local_system import START_SECONDS, folder_of, run_of, stop

FLOWS = '''
"""Flows of a test."""

import importlib.util
import os
import subprocess
import time
from pathlib import Path

from noukai.flow import Context, flow

VERSION = 1


@flow()
def version(*, context: Context) -> int:
    context.logger.info("asked for the version")
    return VERSION


@flow(timeout=60, max_attempts=1)
def until(file: str) -> int:
    print("waiting for the file", flush=True)
    while not Path(file).exists():
        time.sleep(0.05)
    return VERSION


@flow(timeout=60)
def surroundings() -> dict[str, object]:
    seen = importlib.util.find_spec("ministack")
    return {"ministack": seen is not None, "secret": os.environ.get("SECRET"), "home": os.environ["HOME"]}


@flow(max_attempts=1)
def fails() -> None:
    print("about to fail \\x1b[31m")
    raise ValueError("no such thing \\x1b[31mred")


@flow(memory=256, max_attempts=1)
def eats() -> int:
    eaten = bytearray(b"x") * (400 << 20)
    time.sleep(30)
    return len(eaten)


@flow(timeout=600, max_attempts=1)
def stray() -> None:
    subprocess.Popen(["sleep", "600"], start_new_session=True)
    print("strayed", flush=True)
    time.sleep(600)
'''
RELOAD_SECONDS = 60
JOB_SECONDS = 20


class Api:
    """The flows of the test, called by a client without any comfort."""

    def __init__(self, url: str) -> None:
        headers = {"Authorization": f"Bearer {LOCAL_KEYS['acme']}"}
        self._client = httpx.Client(base_url=url, headers=headers, timeout=30, trust_env=False)

    def submit(self, flow: str, **parameters: str) -> str:
        response = self._client.post(f"/seq/acme/tests/{flow}/jobs", json={"parameters": parameters})
        assert response.status_code == 202, response.text
        return str(response.json()["id"])

    def output(self, job: str) -> object:
        """Wait for the job, and return what it has returned in its first attempt."""
        deadline = time.monotonic() + JOB_SECONDS
        while (status := self._client.get(f"/jobs/{job}/wait?seconds=5").json())["state"] in {
            "pending",
            "running",
        }:
            assert time.monotonic() < deadline, status
        assert (status["state"], status["attempt"]) == ("completed", 1), status
        return status["result"]["output"]

    def error(self, job: str) -> str:
        """Wait for the job, and return why it has failed."""
        status = self._client.get(f"/jobs/{job}/wait?seconds=20").json()
        assert status["state"] == "failed", status
        return str(status["error"])

    def close(self) -> None:
        self._client.close()


@pytest.fixture(scope="module")
def flows(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("flows")
    (folder / "tests.py").write_text(FLOWS)
    return folder


@pytest.fixture(scope="module")
def system(flows: Path) -> Iterator[Running]:
    with started(
        {**os.environ, "SECRET": "of the user", "AWS_PROFILE": "of-the-user"}, flows=flows
    ) as system:
        yield system


@pytest.fixture(scope="module")
def url(system: Running) -> str:
    return system.wait_for(lambda line: line.endswith(READY), START_SECONDS).removesuffix(READY)


@pytest.fixture(scope="module")
def api(url: str) -> Iterator[Api]:
    api = Api(url)
    yield api
    api.close()


def saying(*words: str) -> Callable[[str], bool]:
    """Tell the lines that have all the words."""
    return lambda line: all(word in line for word in words)


def test_the_keys_stand_before_the_ready_line(system: Running, url: str) -> None:
    """The output up to the line with `ready` has the keys and the base URL."""
    before, _, _ = system.output.partition(f"{url}{READY}")

    assert all(key in before for key in LOCAL_KEYS.values())


def test_logs_appear_on_the_terminal(system: Running, api: Api) -> None:
    """What a flow logs is shown with its level and the function that ran it."""
    api.output(api.submit("version"))

    assert system.wait_for(saying("INFO", "worker", "asked for the version"), JOB_SECONDS)


def test_flows_see_nothing_of_the_user(api: Api) -> None:
    """A flow sees neither this repository's libraries nor the user's settings and home."""
    seen = api.output(api.submit("surroundings"))

    assert isinstance(seen, dict)
    assert (seen["ministack"], seen["secret"]) == (False, None)
    assert Path(seen["home"]).name.startswith("noukai-local-")


def test_the_address_serves_as_a_proxy(url: str) -> None:
    """A client that is told to take the address for its proxy reaches the API, whatever port it asks for."""
    with httpx.Client(proxy=url.removesuffix("/api/v1"), trust_env=False) as client:
        assert client.get("http://localhost:8080/api/v1/healthz").status_code == 200


def test_another_name_for_this_machine_is_refused(url: str) -> None:
    """A request for another host gets 403 with that name on any path, and reaches no function."""
    for target in ("/healthz", "/flows"):
        answer = httpx.get(url + target, headers={"Host": "rebound.example:8080"}, trust_env=False)
        assert (answer.status_code, answer.json()["detail"]["code"]) == (403, "FORBIDDEN")
        assert "rebound.example" in answer.text


def test_what_a_flow_raises_is_shown_with_its_text_and_nothing_that_commands_a_terminal(
    system: Running, api: Api
) -> None:
    """The flow's traceback and text are shown, without the emulator's own and without escapes."""
    api.submit("fails")

    system.wait_for(saying("    ValueError: no such thing", "[31mred"), JOB_SECONDS)
    assert system.wait_for(saying('      File "flows/tests.py"', "in fails"), JOB_SECONDS)
    assert "[31m" not in system.wait_for(saying("about to fail"), JOB_SECONDS)
    assert "\x1b" not in system.output
    assert "emulator" not in system.output


def test_a_flow_has_the_memory_of_its_worker(system: Running, api: Api) -> None:
    """Beyond it its process is killed as on Lambda; the job and the terminal say so."""
    job = api.submit("eats")

    assert system.wait_for(saying("out of memory", "this worker has 256 MB"), JOB_SECONDS)
    error = api.error(job)
    assert "SIGKILL, most likely out of memory: it held up to " in error
    assert "and its worker has 256 MB" in error


def test_a_changed_flow_is_picked_up_and_running_jobs_go_on(
    system: Running, api: Api, flows: Path, tmp_path: Path
) -> None:
    """A job that runs during a reload ends with the old code, without a retry; a later one has the new."""
    file = tmp_path / "go"
    running = api.submit("until", file=str(file))
    system.wait_for(saying("waiting for the file"), JOB_SECONDS)

    (flows / "tests.py").write_text(FLOWS.replace("VERSION = 1", "VERSION = 2"))
    system.wait_for(saying("flows changed: reloading"), RELOAD_SECONDS)
    system.wait_for(saying("flows reloaded in"), RELOAD_SECONDS)

    assert api.output(api.submit("version")) == 2
    file.touch()
    assert api.output(running) == 1


def test_a_broken_flow_leaves_the_version_before(system: Running, api: Api, flows: Path) -> None:
    """A flow that cannot be built is reported with its file and line, and what was there goes on."""
    (flows / "broken.py").write_text("import\n")

    system.wait_for(saying("flows not reloaded"), RELOAD_SECONDS)
    (flows / "broken.py").unlink()

    assert "broken.py:1" in system.output
    assert api.output(api.submit("version")) == 2


def test_sigterm_ends_everything(system: Running, api: Api, url: str) -> None:
    """It stops with status 0 in the middle of a request, and leaves no process of a flow and no file."""
    run = run_of(system)
    folder = folder_of(run)
    api.submit("stray")
    system.wait_for(saying("strayed"), JOB_SECONDS)
    assert "sleep" in {process.name() for process in processes.marked(run)}

    with socket.create_connection(("127.0.0.1", httpx.URL(url).port or 0)) as client:
        client.sendall(b"POST /api/v1/flows HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nhalf")
        assert stop(system, signal.SIGTERM) == 0

    assert processes.marked(run) == []
    assert not folder.exists()
    system.wait_for("stopping ...".__eq__, JOB_SECONDS)
    assert "Traceback" not in system.output
