"""An AWS service on this machine with given answers over TLS, and clients that call it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from ssl import PROTOCOL_TLS_SERVER, SSLContext
from typing import Any
from unittest.mock import patch

import trustme

from noukai_functions.aws import client
from noukai_functions.aws.direct_client import DirectClient
from noukai_infra.local.emulator.endpoint import REGION
from tests.bench.machine.loopback import HOST, Handler, Server, serving


@dataclass(frozen=True)
class Canned:
    """An answer; without a status the connection is cut instead."""

    status: int | None = 200
    content: bytes = b"{}"
    headers: dict[str, str] = field(default_factory=dict)
    is_last: bool = False
    """Whether the server closes the connection after it."""


class CannedServer(Server):
    """A server that gives its answers in order, and then repeats the last one."""

    def __init__(self, context: SSLContext) -> None:
        super().__init__(_Handler, context)
        self.answers = [Canned()]
        self.bodies: list[bytes] = []
        self.connections = 0

    def get_request(self) -> Any:
        self.connections += 1
        return super().get_request()


class _Handler(Handler):
    server: CannedServer

    def do_POST(self) -> None:  # noqa: N802 - the name is http.server's
        server = self.server
        server.bodies.append(self.body())
        canned = server.answers.pop(0) if len(server.answers) > 1 else server.answers[0]
        self.close_connection = canned.is_last or canned.status is None
        if canned.status is not None:
            self.answer(canned.status, canned.content, **canned.headers)


@contextmanager
def canned_server(folder: Path) -> Iterator[tuple[CannedServer, dict[str, str]]]:
    """Serve while the context lasts; yield the server and the environment of its clients."""
    authority, context = trustme.CA(), SSLContext(PROTOCOL_TLS_SERVER)
    authority.issue_cert(HOST).configure_cert(context)
    authority.cert_pem.write_to_path(str(folder / "authority.pem"))
    server = CannedServer(context)
    with serving(server):
        yield (
            server,
            {
                "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
                "AWS_SECRET_ACCESS_KEY": "secret",
                "AWS_DEFAULT_REGION": REGION,
                "AWS_CA_BUNDLE": str(folder / "authority.pem"),
                "AWS_ENDPOINT_URL": f"https://{server.address}",
            },
        )


@contextmanager
def direct_client(service: Any, environment: dict[str, str]) -> Iterator[Any]:
    """Make a direct client in an environment, and close it."""
    with patch.dict(os.environ, environment):
        made: Any = client(service)
    assert isinstance(made, DirectClient)
    yield made
    made.close()
