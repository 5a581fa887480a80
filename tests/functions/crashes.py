"""A process that counts usage and dies at a write."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.functions.harness import System
from tests.functions.stand_ins.calls import hook


class CrashError(Exception):
    """The process is gone."""


@contextmanager
def crashing(system: System, at: int, *, applied: bool) -> Iterator[None]:
    """Let the process die at a write, before or after DynamoDB has applied it."""
    table = system.deployment.usage_totals.client
    writes: list[Any] = []

    def before(_: Any) -> None:
        writes.append(None)
        if len(writes) == at and not applied:
            raise CrashError

    def after(_: Any) -> None:
        if len(writes) == at and applied:
            raise CrashError

    end = hook(table, "UpdateItem", before=before, after=after)
    try:
        yield
    finally:
        end()
