"""The public keys of an identity provider."""

import json
import logging
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from http.client import HTTPException
from typing import Any
from urllib.request import HTTPSHandler, OpenerDirector

from jwt import PyJWK, PyJWKSet
from jwt.exceptions import PyJWTError

FRESH_SECONDS = 60 * 60
"""How long the keys are used without another look."""

STALE_SECONDS = 24 * 60 * 60
"""How long they are used while the provider cannot be reached."""

PAUSE_SECONDS = 60
"""The least time between two reads for an unknown key, whose id may be made up, or for stale keys."""

RETRY_SECONDS = 5
"""The least time between two reads while no key is known: a provider that is away keeps a read waiting for
seconds, and each waiting request would occupy a process."""

_TIMEOUT_SECONDS = 3
_MAX_BYTES = 256 * 1024
_DISCOVERY = "/.well-known/openid-configuration"


class ProviderUnavailableError(Exception):
    """The error of a provider that cannot be reached, or answers something else."""


@dataclass(slots=True)
class ProviderKeys:
    """The keys by which a provider signs, found by OpenID Connect discovery and cached."""

    issuer: str
    fetch: Callable[[str], bytes]
    clock: Callable[[], float]
    _known: list[PyJWK] = field(default_factory=list, repr=False)
    _known_at: float | None = None
    _tried_at: float | None = None

    def find(self, key_id: str | None) -> PyJWK | None:
        """Return the key of an id; read the keys again if it is unknown.

        Raises:
            ProviderUnavailableError: no keys are known, and none can be read.
        """
        now = self.clock()
        if self._known_at is None or now >= self._known_at + STALE_SECONDS:
            self._read_first(now)
        elif now >= self._known_at + FRESH_SECONDS:
            self._try_again(now)
        if (found := self._named(key_id)) is None:
            self._try_again(now)
            found = self._named(key_id)
        return found

    def _named(self, key_id: str | None) -> PyJWK | None:
        """Return the key of an id; a token without one is of the only key."""
        if key_id is None:
            return self._known[0] if len(self._known) == 1 else None
        return next((key for key in self._known if key.key_id == key_id), None)

    def _read_first(self, now: float) -> None:
        """Read the keys while none are known, unless that failed a moment ago."""
        if self._tried_at is not None and now < self._tried_at + RETRY_SECONDS:
            raise ProviderUnavailableError("it could not be read a moment ago")
        self._read(now)

    def _try_again(self, now: float) -> None:
        """Read the keys unless that was tried a short time ago; the known ones serve if it fails."""
        if self._tried_at is not None and now < self._tried_at + PAUSE_SECONDS:
            return
        try:
            self._read(now)
        except ProviderUnavailableError as error:
            said = {"reason": str(error)}
            _logger.warning("the keys of the identity provider could not be read again", extra=said)

    def _read(self, now: float) -> None:
        self._tried_at = now
        try:
            found = self._document(f"{self.issuer.rstrip('/')}{_DISCOVERY}")
            if found.get("issuer") != self.issuer:
                raise ProviderUnavailableError("its discovery document is of another issuer")
            self._known = PyJWKSet.from_dict(self._document(str(found.get("jwks_uri")))).keys
        # An answer may be anything, and a key one that the library cannot read.
        except (OSError, HTTPException, ValueError, TypeError, RecursionError, PyJWTError) as error:
            raise ProviderUnavailableError(type(error).__name__) from error
        self._known_at = now

    def _document(self, url: str) -> dict[str, Any]:
        document = json.loads(self.fetch(url))
        if not isinstance(document, dict):
            raise ProviderUnavailableError("its answer is not a JSON object")
        return document


class Fetcher:
    """A reader of documents over HTTPS alone, which follows no redirection."""

    def __init__(self, tls: ssl.SSLContext) -> None:
        self._opener = OpenerDirector()
        self._opener.add_handler(HTTPSHandler(context=tls))

    def __call__(self, url: str) -> bytes:
        """Return the content of a URL.

        Raises:
            ProviderUnavailableError: it is not an HTTPS URL, or its answer is an error or too large.
            OSError: it cannot be read.
        """
        if not url.startswith("https://"):
            raise ProviderUnavailableError("a URL of it is not HTTPS")
        with self._opener.open(url, timeout=_TIMEOUT_SECONDS) as answer:
            content: bytes = answer.read(_MAX_BYTES + 1)
            if answer.status != 200 or len(content) > _MAX_BYTES:  # noqa: PLR2004 - the status of success
                raise ProviderUnavailableError(f"its answer has the status {answer.status} or is too large")
        return content


_logger = logging.getLogger(__name__)
