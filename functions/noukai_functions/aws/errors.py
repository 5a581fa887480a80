"""The error of every AWS client."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any


class AwsError(Exception):
    """A call that AWS refused or did not answer.

    `code` is AWS's error code; it is empty if there was no answer. `answer` is the whole answer: a failed
    condition has the `Item`, a cancelled transaction its `CancellationReasons`. `is_transient` says whether a
    retry may help.
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
        super().__init__(f"{operation}: {code or 'no answer'}: {message}")
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
            raise AwsError(operation, message=str(error)) from error
        raise
