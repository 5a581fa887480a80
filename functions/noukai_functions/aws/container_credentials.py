"""The credentials of a function with SnapStart, which Lambda gives over HTTP instead of in variables.

https://docs.aws.amazon.com/lambda/latest/dg/snapstart-activate.html#snapstart-credentials
"""

import json
import time
from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus
from http.client import HTTPConnection
from typing import NamedTuple
from urllib.parse import urlsplit

ADDRESS, TOKEN = "AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_AUTHORIZATION_TOKEN"
_SECONDS = 2
_SPARE_SECONDS = 300
"""Credentials are renewed this long before they expire."""


class Credentials(NamedTuple):
    """Credentials for the time being."""

    key_id: str
    secret: str
    token: str | None


class ContainerCredentials:
    """A reader of the current credentials, which it keeps until they are about to expire."""

    def __init__(self, address: str, token: str) -> None:
        self._address = urlsplit(address)
        self._token = token
        self._kept: Credentials | None = None
        self._expire_at = 0.0

    def current(self) -> Credentials:
        """Return valid credentials.

        Raises:
            OSError: they cannot be read.
        """
        now = time.time()
        if self._kept is None or now >= self._expire_at - _SPARE_SECONDS:
            try:
                self._read()
            except OSError:
                if self._kept is None or now >= self._expire_at:
                    raise
        assert self._kept is not None  # noqa: S101 - it was read
        return self._kept

    def forget(self) -> None:
        """Read them again at the next call of AWS."""
        self._kept = None

    def _read(self) -> None:
        host, port = self._address.hostname or "", self._address.port or 80
        connection = HTTPConnection(host, port, timeout=_SECONDS)
        path = f"{self._address.path or '/'}{'?' if self._address.query else ''}{self._address.query}"
        try:
            connection.request("GET", path, headers={"Authorization": self._token})
            answer = connection.getresponse()
            content = answer.read()
        finally:
            connection.close()
        if answer.status != HTTPStatus.OK:
            raise OSError(f"the credentials could not be read: Lambda answered {answer.status}")
        found = json.loads(content)
        self._kept = Credentials(found["AccessKeyId"], found["SecretAccessKey"], found.get("Token"))
        self._expire_at = datetime.fromisoformat(found["Expiration"]).timestamp()


_readers: dict[tuple[str, str], ContainerCredentials] = {}


def container_credentials(environment: Mapping[str, str]) -> ContainerCredentials | None:
    """Return the reader of this function's credentials, one for all clients; None if there is none."""
    address = environment.get(ADDRESS)
    if not address:
        return None
    key = (address, environment.get(TOKEN, ""))
    if key not in _readers:
        _readers[key] = ContainerCredentials(*key)
    return _readers[key]


def forget_credentials() -> None:
    """Let all clients read their credentials again."""
    for each in _readers.values():
        each.forget()
