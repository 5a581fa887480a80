"""The command `noukai listen`, as a real process with a local program."""

import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from noukai_wire.webhook_signature import signature
from tests.client.cli.running_command import run
from tests.client.script import job
from tests.client.servers.automation import BILLING, SECRET
from tests.client.servers.fake_api import FakeApi

NOUKAI = str(Path(sys.executable).with_name("noukai"))
ENDED = job(
    "failed",
    flow="acme/demo/echo",
    error="ValueError: no",
    startedAt="2026-01-01T00:00:01.000Z",
    completedAt="2026-01-01T00:00:03.500Z",
)


class Program(ThreadingHTTPServer):
    """A local program that keeps what it gets, and answers with a status."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Kept)
        self.status = 204
        self.got: list[tuple[bytes, dict[str, str]]] = []


class _Kept(BaseHTTPRequestHandler):
    server: Program

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.got.append((body, {name.lower(): value for name, value in self.headers.items()}))
        self.send_response(self.server.status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Keep the tests' output free of requests."""


@pytest.fixture
def program() -> Iterator[Program]:
    with Program() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@contextmanager
def listening(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    """Run the command until the end of the context, which interrupts it."""
    with subprocess.Popen(
        [NOUKAI, "listen", *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stderr is not None
            assert "Ctrl-C" in process.stderr.readline()
            yield process
        finally:
            process.send_signal(signal.SIGINT)


def post(api: FakeApi, event: dict[str, Any], secret: str = SECRET) -> httpx.Response:
    """Send an event to the endpoint that the command has made, as the local system would."""
    (webhook,) = (each for name, each in api.automation.webhooks.items() if name.startswith("listen-"))
    body = json.dumps(event, ensure_ascii=False).encode()
    seconds = int(time.time())
    headers = {
        "Content-Type": "application/json",
        "webhook-id": "msg_1",
        "webhook-timestamp": str(seconds),
        "webhook-signature": signature(secret, "msg_1", seconds, body),
    }
    return httpx.post(webhook["url"], content=body, headers=headers, trust_env=False)


def event(type_: str = "job.failed", data: dict[str, Any] = ENDED) -> dict[str, Any]:
    return {"type": type_, "timestamp": "2026-01-01T00:00:03.500Z", "data": data}


def line_of(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline()


def test_events_are_printed_and_forwarded(api: FakeApi, program: Program) -> None:
    """Body and signature arrive unchanged; the program's answer is printed and passed on."""
    with listening(str(program.server_address[1])) as process:
        assert post(api, event()).status_code == 204
        assert line_of(process) == "job.failed  demo/echo  job_1  2.5 s  -> 204\n"
        program.status = 503
        assert post(api, event("webhook.test", {"webhook": "grüße"})).status_code == 503
        assert line_of(process) == "webhook.test  -> 503\n"
    assert process.returncode == 130
    assert [json.loads(body) for body, _ in program.got] == [
        event(),
        event("webhook.test", {"webhook": "grüße"}),
    ]
    body, headers = program.got[0]
    assert headers["webhook-signature"] == signature(SECRET, "msg_1", int(headers["webhook-timestamp"]), body)
    assert list(api.automation.webhooks) == ["billing"]


def test_events_without_a_program_are_documents_in_lines(api: FakeApi) -> None:
    """--json prints the event as it came; one that is not signed by this endpoint's secret is refused."""
    with listening("--json", "--flow", "acme/demo/echo") as process:
        assert post(api, event(), secret="whsec_" + "A" * 32).status_code == 401
        assert post(api, event()).status_code == 204
        printed = json.loads(line_of(process))
    assert printed == {"webhookId": "msg_1", "event": event(), "forwarded": None}
    assert [body["flow"] for body in api.automation.bodies if body] == ["demo/echo"]


def test_program_that_does_not_answer_is_named(api: FakeApi, program: Program) -> None:
    """The system is answered 502, so that it tries again."""
    port = program.server_address[1]
    program.server_close()
    with listening(f"http://localhost:{port}/hook") as process:
        assert post(api, event()).status_code == 502
        assert f"-> http://localhost:{port}/hook did not answer: " in line_of(process)


def test_endpoint_of_a_killed_command_is_deleted_by_the_next(api: FakeApi, program: Program) -> None:
    """But not one whose command runs, nor one that somebody else has made for a local program."""
    with Program() as gone:
        dead = f"http://localhost:{gone.server_address[1]}/"
    living = f"http://localhost:{program.server_address[1]}/"
    for name, url in (("listen-dead", dead), ("listen-living", living), ("own", dead)):
        api.automation.webhooks[name] = {**BILLING, "name": name, "url": url}
    with listening():
        pass
    assert list(api.automation.webhooks) == ["billing", "listen-living", "own"]


def test_deployment_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """It sends to public addresses alone, and the error says what to do."""
    monkeypatch.setenv("NOUKAI_API_KEY", "nk_x")
    monkeypatch.setenv("NOUKAI_BASE_URL", "https://api.example.com/api/v1")
    exit_code, printed, said = run("listen", "3000")
    assert (exit_code, printed) == (2, "")
    assert "listen is for the local system" in said
    assert "noukai webhooks put" in said


@pytest.mark.parametrize("target", ["0", "65536", "3000x", "ftp://localhost/", "http:///x"])
@pytest.mark.usefixtures("api")
def test_wrong_target_is_a_mistake_of_usage(target: str) -> None:
    exit_code, _, said = run("listen", target)
    assert (exit_code, "use a port, or an address" in said) == (2, True)
