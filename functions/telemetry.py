"""Logs, as JSON lines."""

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aws_lambda_powertools import Logger


@cache
def logger() -> "Logger":
    """The process's logger; its level is `LOG_LEVEL`."""
    # Imported here so that a function that logs nothing does not pay for it at its cold start.
    from aws_lambda_powertools import Logger  # noqa: PLC0415

    return Logger(service="noukai", use_rfc3339=True, utc=True, serialize_stacktrace=False)
