"""A client of services with AWS's JSON protocol, without botocore.

It has the same methods as botocore's client, with the same parameters and answers. It does not validate
parameters: mypy checks them by botocore's types, and AWS checks them itself.
"""

import json
import time
import zlib
from base64 import b64decode, b64encode
from collections.abc import Callable
from http import HTTPStatus
from http.client import HTTPException
from http.client import responses as reasons
from typing import TYPE_CHECKING, Any

from noukai_functions.aws.connection import Answer, Connection
from noukai_functions.aws.errors import AwsError
from noukai_functions.aws.retries import (
    MOST_TRIES,
    THROTTLED_CODES,
    TRANSIENT_CODES,
    TRANSIENT_STATUSES,
    RetryQuota,
    backoff_seconds,
)
from noukai_functions.aws.signing import Signer

if TYPE_CHECKING:
    from noukai_functions.aws.settings import Settings


_VERSIONS = {"ssm": "1.1", "secretsmanager": "1.1", "events": "1.1"}
"""The version of the protocol of services that do not have 1.0."""


class DirectClient:
    """A client of one service, for one thread."""

    def __init__(self, settings: "Settings") -> None:
        self._target = settings.target
        self._content_type = f"application/x-amz-json-{_VERSIONS.get(settings.service, '1.0')}"
        self._signer = Signer(settings)
        self._connection = Connection(settings.url, settings.authorities)
        self._quota = RetryQuota()

    def __getattr__(self, name: str) -> Callable[..., Any]:
        """Return the method for an operation: `get_item` calls `GetItem`."""
        if name.startswith("_"):
            raise AttributeError(name)
        operation = name.title().replace("_", "")
        return lambda **parameters: self.call(operation, parameters)

    def open(self) -> None:
        """Connect before the first call; ignore a failure, since the call connects again."""
        try:
            self._connection.open()
        except OSError:
            return

    def close(self) -> None:
        """Close the connection; the next call opens another."""
        self._connection.close()

    def call(self, operation: str, parameters: dict[str, Any]) -> Any:
        """Call an operation, with retries."""
        body = json.dumps(parameters, separators=(",", ":"), default=_text_of).encode()
        tries = 1
        while True:
            try:
                answer = self._try(operation, body)
            except AwsError as error:
                if error.code in THROTTLED_CODES and self._target.startswith("DynamoDB"):
                    from noukai_functions.telemetry.emf import note_throttled  # noqa: PLC0415 - seldom needed

                    note_throttled()
                if not error.is_transient or tries == MOST_TRIES or not self._quota.take():
                    raise
            else:
                self._quota.give_back(tries - 1)
                return answer
            time.sleep(backoff_seconds(tries))
            tries += 1

    def _try(self, operation: str, body: bytes) -> Any:
        connection = self._connection
        headers = {
            "content-type": self._content_type,
            "host": connection.host,
            "x-amz-target": f"{self._target}.{operation}",
        }
        try:
            answer = connection.exchange(self._signer.signed(connection.path, headers, body), body)
        except (OSError, HTTPException) as error:
            message = repr(error) if isinstance(error, OSError) else type(error).__name__
            raise AwsError(operation, message=message, is_transient=True) from error
        stated = answer.headers.get("x-amz-crc32")
        if stated is not None and int(stated) != zlib.crc32(answer.content):
            raise AwsError(operation, message="the checksum of the answer does not match", is_transient=True)
        content = _parsed(answer.content)
        if answer.status >= HTTPStatus.MULTIPLE_CHOICES:
            raise _error(operation, answer, {} if content is None else content)
        if content is None:
            raise AwsError(operation, message="the answer is not a JSON object", is_transient=True)
        return content


def _parsed(content: bytes) -> dict[str, Any] | None:
    """Return the JSON object of an answer, which may be empty; None if it is invalid."""
    try:
        found = json.loads(content or b"{}", object_hook=_with_bytes)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _error(operation: str, answer: Answer, content: dict[str, Any]) -> AwsError:
    """Return the error that an answer describes."""
    code = str(content.get("__type") or answer.status).partition(":")[0].rpartition("#")[2]
    # The error code of SQS's older protocol, which clients rely on.
    older, _, fault = answer.headers.get("x-amzn-query-error", "").partition(";")
    code = older if older and fault else code
    message = content.get("message") or content.get("Message") or reasons.get(answer.status, "")
    is_transient = answer.status in TRANSIENT_STATUSES or code in TRANSIENT_CODES
    return AwsError(operation, code, message, content, is_transient=is_transient)


def _text_of(value: object) -> str:
    """Write bytes as the protocol does."""
    if isinstance(value, bytes | bytearray):
        return b64encode(value).decode()
    raise TypeError(f"a request cannot hold a {type(value).__name__}")


def _with_bytes(found: dict[str, Any]) -> dict[str, Any]:
    """Decode the bytes in a DynamoDB attribute.

    An attribute whose name is `B` or `BS` holds an object instead.
    """
    if isinstance(found.get("B"), str):
        return {"B": b64decode(found["B"])}
    if isinstance(found.get("BS"), list):
        return {"BS": [b64decode(each) for each in found["BS"]]}
    return found
