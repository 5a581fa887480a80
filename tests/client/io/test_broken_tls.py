"""TLS that breaks after its handshake, on real connections: a wait goes on, in both colours."""

import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import trustme

from tests.client.conftest import Colour
from tests.client.script import JOB, job

_BODY = json.dumps(job("completed")).encode()
_WHOLE = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%b" % (len(_BODY), _BODY)
_NO_RECORD = b"HTTP/1.1 502 Bad Gateway\r\n\r\n"
_FORGED_RECORD = b"\x17\x03\x03\x00\x20" + b"x" * 32


class Server:
    """A server that breaks its first connection in some way, and answers on the second."""

    def __init__(self, authority: trustme.CA, listening: socket.socket) -> None:
        self._plain, self._mutual = (ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER) for _ in range(2))
        for context in (self._plain, self._mutual):
            authority.issue_cert("localhost").configure_cert(context)
        self._mutual.verify_mode = ssl.CERT_REQUIRED
        self._listening = listening

    def serve(self, breaking: Callable[["Server", socket.socket], None]) -> None:
        """Serve two connections."""
        for answer in (breaking, Server.answer):
            connection, _ = self._listening.accept()
            with connection, suppress(OSError):
                answer(self, connection)

    def answer(self, connection: socket.socket) -> None:
        with self._plain.wrap_socket(connection, server_side=True) as secure:
            secure.recv(65536)
            secure.sendall(_WHOLE)

    def ask_for_a_certificate(self, connection: socket.socket) -> None:
        with self._mutual.wrap_socket(connection, server_side=True) as secure:
            secure.recv(65536)

    def answer_without_a_record(self, connection: socket.socket) -> None:
        self._break(connection, b"", _NO_RECORD)

    def forge_a_record(self, connection: socket.socket) -> None:
        self._break(connection, _WHOLE[:-9], _FORGED_RECORD)

    def break_off(self, connection: socket.socket) -> None:
        self._break(connection, _WHOLE[:-9], b"")

    def _break(self, connection: socket.socket, begun: bytes, raw: bytes) -> None:
        secure = self._plain.wrap_socket(connection, server_side=True)
        secure.recv(65536)
        secure.sendall(begun)
        with socket.socket(fileno=secure.detach()) as below:
            below.sendall(raw)
            below.shutdown(socket.SHUT_WR)
            below.recv(65536)  # until the client has read it: a reset would overtake it


@pytest.fixture(name="listening")
def listens() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening


@pytest.mark.parametrize(
    "breaking",
    [Server.ask_for_a_certificate, Server.answer_without_a_record, Server.forge_a_record, Server.break_off],
)
def test_wait_outlasts_broken_tls(
    colour: Colour,
    listening: socket.socket,
    breaking: Callable[[Server, socket.socket], None],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It is an outage, whichever step of TLS fails."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "authority.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
    serving = threading.Thread(target=Server(authority, listening).serve, args=(breaking,))
    serving.start()
    url = f"https://localhost:{listening.getsockname()[1]}/api/v1"
    with colour.connected(url, jitter=lambda: 0.0) as client:
        assert colour.run(client.job(JOB).wait()).output == 42
    serving.join()
