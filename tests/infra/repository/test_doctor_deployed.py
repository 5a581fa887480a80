"""The doctor's checks of a deployed stack."""

import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest
import trustme

from noukai_infra.operations.account import OperatorError
from noukai_infra.repository.doctor import deployed
from noukai_infra.repository.doctor.finding import NotCheckedError, checked


class Handler(BaseHTTPRequestHandler):
    """A handler that is well below /good only."""

    def do_GET(self) -> None:
        self.send_response_only(200 if self.path == "/good/healthz" else 503)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None: ...


@contextmanager
def serving(context: ssl.SSLContext | None = None) -> Iterator[int]:
    server = HTTPServer(("127.0.0.1", 0), Handler)
    if context:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_endpoint() -> None:
    """It answers, answers an error, or does not answer."""
    with serving() as port:
        assert deployed.endpoint(f"http://127.0.0.1:{port}/good").endswith("answers")
        with pytest.raises(OperatorError, match="answers 503"):
            deployed.endpoint(f"http://127.0.0.1:{port}/bad")
    with pytest.raises(OperatorError, match="does not answer"):
        deployed.endpoint("http://127.0.0.1:1")


@pytest.mark.parametrize(("days", "said"), [(90, "is valid for 89 days"), (20, "ends in 19 days")])
def test_days_of_a_certificate(authority: trustme.CA, days: int, said: str) -> None:
    """A certificate that ACM should have renewed is wrong."""
    ends = datetime.now(UTC) + timedelta(days=days)
    own, trust = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
    authority.issue_cert("localhost", not_after=ends).configure_cert(own)
    authority.configure_trust(trust)
    with serving(own) as port:
        (found,) = checked("certificate", lambda: deployed.certificate("localhost", time.time(), port, trust))
        with pytest.raises(OperatorError, match="is refused"):
            deployed.certificate("localhost", time.time(), port)
    assert said in found.said
    assert found.is_good is (days > 30)
    with pytest.raises(NotCheckedError, match="no direct connection"):
        deployed.certificate("localhost", time.time(), 1)
