"""What the core and its drivers say to each other.

An operation is a generator that decides but does nothing: it yields steps and returns its outcome. A driver performs
each step: it sends back the response of a request, or throws the `httpx.RequestError` that came instead; after any
other step it sends back None.
"""

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar

import httpx

T = TypeVar("T")


@dataclass(frozen=True)
class Sleep:
    """Let this many seconds pass."""

    seconds: float


@dataclass(frozen=True)
class Report:
    """Tell a listener of a job's progress."""

    listener: Callable[[dict[str, Any]], object]
    progress: dict[str, Any]


Step: TypeAlias = httpx.Request | Sleep | Report
Operation: TypeAlias = Generator[Step, Any, T]
