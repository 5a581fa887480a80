"""The doctor's checks of builders, proxy and clock."""

import os
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest

from noukai_infra.bundle.error import BundleError
from noukai_infra.operations.account import OperatorError
from noukai_infra.repository.doctor.checks import findings
from noukai_infra.repository.doctor.surroundings import builder, clock, proxy


@pytest.fixture
def dated() -> Iterator[HTTPServer]:
    """Return a server that answers 403 with a date of long ago."""

    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self.send_response_only(403)
            self.send_header("Date", "Mon, 01 Jan 2024 00:00:00 GMT")
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_clock(dated: HTTPServer) -> None:
    """A clock that is years off is refused; so is a dead address, at once."""
    with pytest.raises(OperatorError, match="s from that of AWS"):
        clock(f"http://127.0.0.1:{dated.server_port}/")
    with pytest.raises(OperatorError, match=r"does not answer \([^<\[]+\); behind"):
        clock("http://127.0.0.1:1/")


def test_builder_and_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """A password of the proxy is not shown."""
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.delenv("CDK_DOCKER", raising=False)
    with pytest.raises(BundleError, match="docker, podman or buildah must build"):
        builder()
    monkeypatch.setenv("HTTPS_PROXY", "http://me:secret@proxy:3128")
    assert proxy() == "HTTPS_PROXY is proxy:3128"


def test_wrong_settings_leave_the_account_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(os.environ, "NOUKAI_STAGE", "nowhere")
    found = {each.name: each for each in findings()}
    assert not found["settings"].is_good
    assert found["AWS"].said == "not checked: correct the settings first"
