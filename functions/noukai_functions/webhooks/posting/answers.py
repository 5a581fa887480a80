"""The answers of receivers: the status decides, and a little of the body is kept to be shown."""

import re
import time
from contextlib import suppress
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from http.client import HTTPException, HTTPResponse
from typing import TYPE_CHECKING, cast

from noukai_functions.webhooks.posting.timed_socket import TimedSocket, TooLongError

if TYPE_CHECKING:
    from socket import socket

MAX_TEXT_BYTES = 1024
BODY_SECONDS = 1.0
"""How long the body is waited for: the status has decided by then."""
_INTERIM = (HTTPStatus.PROCESSING, HTTPStatus.EARLY_HINTS)
_SECONDS = re.compile(r"\d{1,9}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer: its status, its duration, the first of its text, and when to post again if it says so."""

    status: int
    duration_ms: int
    text: str
    retry_after_seconds: int | None = None

    @property
    def is_success(self) -> bool:
        """Return whether the receiver has the event: any 2xx, and no redirect."""
        return HTTPStatus.OK <= self.status < HTTPStatus.MULTIPLE_CHOICES


def read_answer(timed: TimedSocket) -> tuple[int, int | None, str]:
    """Return the status, the seconds until the receiver wants to be asked again, and the begin of the text.

    Raises:
        OSError: no status and headers until the deadline, or the connection broke before.
        HTTPException: the answer is not HTTP.
    """
    response = _begun(timed)
    while response.status in _INTERIM:
        response = _begun(timed)
    return response.status, _retry_after(response.headers.get("retry-after")), _text(response, timed)


def _begun(timed: TimedSocket) -> HTTPResponse:
    response = HTTPResponse(cast("socket", timed), method="POST")
    response.begin()
    return response


def _text(response: HTTPResponse, timed: TimedSocket) -> str:
    """Return what comes of the body in time. It is not decompressed."""
    timed.deadline = timed.deadline.within(BODY_SECONDS)
    body = b""
    # However the body ends, the status is known.
    with suppress(OSError, HTTPException, TooLongError):
        while len(body) < MAX_TEXT_BYTES and (part := response.read1(MAX_TEXT_BYTES - len(body))):
            body += part
    return body.decode("utf-8", "replace")


def _retry_after(value: str | None) -> int | None:
    """Return the seconds of a `Retry-After`; None if there is none that can be read."""
    if value is None:
        return None
    if _SECONDS.fullmatch(value.strip()):
        return int(value)
    try:
        return max(0, int(parsedate_to_datetime(value).timestamp() - time.time()))
    except (ValueError, OverflowError):
        return None
