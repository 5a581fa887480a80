"""The attempt from its flow's side: progress reports and permanent errors."""

import math
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any, Protocol, Self

from noukai_wire.text import cut

_PROGRESS_MESSAGE_BYTES = 400
_ROUNDING = 1e-6


class PermanentError(Exception):
    """An error that no retry can fix: the job fails at once."""


class ResultError(PermanentError):
    """An error for a return value that JSON cannot represent."""


class ArgumentsError(PermanentError):
    """An error for arguments that do not fit the flow."""

    @classmethod
    def of(cls, problem: str) -> Self:
        """Return the error for invalid arguments."""
        return cls(f"the arguments do not fit the flow: {problem}")


class Logger(Protocol):
    """A logger that also takes fields by name, such as `logger.info("counted", words=6)`."""

    def debug(self, msg: object, /, *args: Any, **fields: Any) -> None:
        """Log a message at the level DEBUG."""

    def info(self, msg: object, /, *args: Any, **fields: Any) -> None:
        """Log a message at the level INFO."""

    def warning(self, msg: object, /, *args: Any, **fields: Any) -> None:
        """Log a message at the level WARNING."""

    def error(self, msg: object, /, *args: Any, **fields: Any) -> None:
        """Log a message at the level ERROR."""

    def exception(self, msg: object, /, *args: Any, **fields: Any) -> None:
        """Log a message at the level ERROR, with the exception being handled."""

    def critical(self, msg: object, /, *args: Any, **fields: Any) -> None:
        """Log a message at the level CRITICAL."""


class Report(Protocol):
    """An interface that receives the progress of a running flow."""

    def __call__(self, progress: Mapping[str, Any], /) -> None:
        """Report the progress."""


class Secrets(Protocol):
    """An interface that returns the secrets by name."""

    def __call__(self, *, refresh: bool) -> Mapping[str, str]:
        """Return the secrets; with `refresh`, as they are now."""


class Context:
    """The attempt, passed to a flow with a parameter `context`."""

    def __init__(
        self,
        *,
        job_id: str,
        attempt: int,
        org: str,
        logger: Callable[[], Logger],
        remaining: Callable[[], float],
        report: Report,
        traceparent: str | None = None,
        tracestate: str | None = None,
        secrets: Secrets | None = None,
    ) -> None:
        self.job_id = job_id
        self.attempt = attempt
        self.org = org
        self.traceparent = traceparent
        """The caller's span, or the attempt's own below it, as the W3C's Trace Context writes it."""
        self.tracestate = tracestate
        """What tracing systems have added to it."""
        self._make_logger = logger
        self._remaining = remaining
        self._report = report
        self._secrets = secrets
        self._cancelled = False

    @cached_property
    def logger(self) -> Logger:
        """Return a logger whose lines in the worker's log name the job and the attempt."""
        return self._make_logger()

    @property
    def remaining_seconds(self) -> float:
        """Return the seconds until the attempt times out."""
        return max(0.0, self._remaining())

    @property
    def cancelled(self) -> bool:
        """Return whether the flow was told to stop; it should then return at once."""
        return self._cancelled

    def mark_cancelled(self) -> None:
        """Set `cancelled`."""
        self._cancelled = True

    def secret(self, name: str, *, refresh: bool = False) -> str:
        """Return a secret that the deployment's settings name.

        A rotated secret reaches the next job within five minutes. With `refresh`, all secrets are read again
        now, which takes about half a second: for a flow whose secret was just refused. The environment
        variables of their names change too.

        Raises:
            PermanentError: the settings name no such secret.
        """
        values = self._secrets(refresh=refresh) if self._secrets else {}
        if name not in values:
            named = f"they are {', '.join(sorted(values))}" if values else "there is none"
            raise PermanentError(f"there is no secret {name!r}: add it to the setting `secrets`; {named}")
        return values[name]

    def progress(self, percent: float | None = None, message: str | None = None) -> None:
        """Report the progress: `percent` from 0 to 100, and a message of at most 400 bytes.

        Raises:
            TypeError: `percent` is not a number, or the message is not text.
            ValueError: `percent` is not from 0 to 100.
        """
        if message is not None and not isinstance(message, str):
            raise TypeError(f"message must be text, not {type(message).__name__}: {message!r}")
        said = {
            "percent": None if percent is None else _percentage(percent),
            "message": message and cut(message, _PROGRESS_MESSAGE_BYTES),
        }
        self._report({name: value for name, value in said.items() if value is not None})


def _percentage(percent: Any) -> float:
    """Convert a number of any kind to a percentage; clamp a rounding error at either end."""
    if (
        isinstance(percent, bool)
        or not hasattr(type(percent), "__float__")
        or not hasattr(type(percent), "__le__")
    ):
        raise TypeError(f"percent must be a number from 0 to 100, not {type(percent).__name__}: {percent!r}")
    try:
        number = float(percent)
    except OverflowError:
        number = math.inf
    if not -_ROUNDING <= number <= 100 + _ROUNDING:
        raise ValueError(f"percent must be from 0 to 100, not {number}")
    return min(max(percent if isinstance(percent, int) else number, 0), 100)
