"""The refusal of requests to other than local host names.

A web page can make its own host name resolve to 127.0.0.1 and then read the answers as its own origin (DNS
rebinding), and a local system's keys are public. But such a page cannot choose the host name of its requests.
"""

import ipaddress
import json
import re
from typing import Any

from noukai_infra.local.address.gateway import Application, Receive, Send
from noukai_wire.display import one_line
from noukai_wire.errors import ErrorCode

_NAME = "localhost"
_PORT = re.compile(r":[0-9]*\Z")


class LoopbackHosts:
    """An ASGI filter that accepts `localhost`, its subdomains and loopback addresses; others get 403."""

    def __init__(self, application: Application) -> None:
        self._application = application

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        """Answer a request."""
        named = [
            value.decode("latin-1") for name, value in scope.get("headers", ()) if name.lower() == b"host"
        ]
        if scope["type"] != "http" or (named and all(map(is_loopback, named))):
            await self._application(scope, receive, send)
            return
        error = ErrorCode.FORBIDDEN
        called = f"not to {one_line(', '.join(named))!r}" if named else "and this request names no host"
        message = f"The local system answers only to localhost and loopback addresses, {called}."
        body = json.dumps({"detail": {"code": error, "message": message}}).encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": error.status, "headers": headers})
        await send({"type": "http.response.body", "body": body})


def is_loopback(host: str) -> bool:
    """Return whether a host, with or without a port, is this machine for every resolver."""
    name = _PORT.sub("", host).lower().removesuffix(".")
    if name == _NAME or name.endswith(f".{_NAME}"):
        return True
    try:
        return ipaddress.ip_address(name.strip("[]")).is_loopback
    except ValueError:
        return False
