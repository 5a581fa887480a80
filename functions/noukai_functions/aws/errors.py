"""The error of every AWS client."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from noukai_functions.aws.retries import TRANSIENT_CODES

_TELLING_CODES = TRANSIENT_CODES | {
    "",
    "AccessDenied",
    "AccessDeniedException",
    "AWS.SimpleQueueService.NonExistentQueue",
    "ExpiredTokenException",
    "InternalServerError",
    "NoSuchBucket",
    "NoSuchKey",
    "ResourceNotFoundException",
    "UnrecognizedClientException",
}
"""Codes whose messages name resources and rights. With others, AWS may quote a value of the request."""


class AwsError(Exception):
    """A call that AWS refused or did not answer.

    `code` is AWS's error code; it is empty if there was no answer. `answer` is the whole answer: a failed
    condition has the `Item`, a cancelled transaction its `CancellationReasons`. `is_transient` says whether a
    retry may help. Its text may be logged: it never quotes a value of the request.
    """

    def __init__(
        self,
        operation: str,
        code: str = "",
        message: str = "",
        answer: Mapping[str, Any] | None = None,
        *,
        is_transient: bool = False,
    ) -> None:
        told = f": {message}" if message and code in _TELLING_CODES else ""
        super().__init__(f"{operation}: {code or 'no answer'}{told}")
        self.code = code
        self.answer: Mapping[str, Any] = answer or {}
        self.is_transient = is_transient


@contextmanager
def as_aws_error(operation: str) -> Iterator[None]:
    """Convert botocore's errors to `AwsError` within the context."""
    try:
        yield
    except Exception as error:
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - it has been loaded by who raises it

        if isinstance(error, ClientError):
            told = error.response["Error"]
            raise AwsError(
                operation, told.get("Code", ""), told.get("Message", ""), error.response
            ) from error
        if isinstance(error, BotoCoreError):
            raise AwsError(operation, message=type(error).__name__) from error
        raise
