"""A proxy to AWS that kills a worker at a chosen step of a job."""

import json
from enum import Enum
from typing import TYPE_CHECKING, Any

from tests.soak.faults import BadConnection

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class Step(Enum):
    """A write of a worker, and whether AWS has applied it when the worker dies."""

    BEFORE_CLAIM = ("claim", False)
    AFTER_CLAIM = ("claim", True)
    BEFORE_HEARTBEAT = ("extend", False)
    AFTER_HEARTBEAT = ("extend", True)
    BEFORE_SETTLING = ("settle", False)
    AFTER_SETTLING = ("settle", True)


class Ambush(BadConnection):
    """A proxy that kills the worker at the next call of the awaited step, without an answer to it."""

    def __init__(self) -> None:
        super().__init__(share=0, seed=0)
        self.awaited: Step | None = None
        self.kill: Callable[[], object] = lambda: None

    async def _answer(self, request: tuple[bytes, bytes]) -> bytes:
        step = self.awaited
        if step is None or _write_of(*request) != step.value[0]:
            return await super()._answer(request)
        self.awaited = None
        if step.value[1]:
            await self._hand_on(*request)
        self.kill()
        return b""


def _write_of(head: bytes, body: bytes) -> str | None:
    """Return the name of a call's write to a job's row."""
    if b".UpdateItem" not in head:
        return None
    values: Mapping[str, Any] = json.loads(body).get("ExpressionAttributeValues", {})
    target = values.get(":target", {}).get("S")
    if target in ("completed", "failed"):
        return "settle"
    if target == "running":
        return "claim" if ":one" in values else "extend"
    return None
