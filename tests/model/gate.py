"""The actors' calls of AWS: each waits for its turn and ends as the scheduler says."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

from greenlet import getcurrent

from noukai_functions.aws import AwsError
from tests.model.event import CUT, DONE, FAILS, NOTHING, STALE, Pending
from tests.model.memory_aws import MemoryQueues, MemoryTables


class Scheduler(Protocol):
    """One who decides how a call ends."""

    def pause(self, pending: Pending) -> str:
        """Wait for the actor's turn; return how it continues."""


@dataclass(frozen=True)
class Gate:
    """A client of AWS for actors; `faults` are the ways in which a call may fail."""

    scheduler: Scheduler
    tables: MemoryTables
    service: MemoryTables | MemoryQueues
    faults: tuple[str, ...]

    def __getattr__(self, name: str) -> Callable[..., Any]:
        return lambda **request: self._perform(name, partial(getattr(self.service, name), **request), request)

    def _perform(self, name: str, call: Callable[[], Any], request: dict[str, Any]) -> Any:
        if getcurrent().parent is None:
            return call()
        pending = self._pending(name, request)
        while True:
            choice = self.scheduler.pause(pending)
            if choice == FAILS:
                raise AwsError(name, message="not reached")
            if choice == STALE:
                before = self.tables.before.get((request["TableName"], request["Key"]["id"]["S"]))
                return {"Item": before} if before else {}
            try:
                answer = call()
            except AwsError:
                if choice == DONE:
                    raise
            if choice == CUT:
                raise AwsError(name, message="no answer in time")
            if choice == DONE:
                return answer

    def _pending(self, name: str, request: dict[str, Any]) -> Pending:
        faults = self.faults
        if STALE in faults and request.get("ConsistentRead") is not False:
            faults = tuple(fault for fault in faults if fault != STALE)
        reads, writes = _footprint(name, request, self.tables)
        return Pending(name, (DONE, *faults), reads, writes)


def _footprint(
    name: str, request: dict[str, Any], tables: MemoryTables
) -> tuple[frozenset[str], frozenset[str]]:
    """Return what a call reads and writes: rows by their ids, messages by the start of their receipts."""
    if name == "get_item":
        return frozenset({request["Key"]["id"]["S"]}), NOTHING
    if name == "scan":
        return frozenset(id_ for _, id_ in tables.rows), NOTHING
    if name in ("put_item", "update_item"):
        return NOTHING, frozenset({(request.get("Key") or request["Item"])["id"]["S"]})
    if name == "send_message":
        return NOTHING, frozenset({name})
    return NOTHING, _messages(entry["ReceiptHandle"] for entry in request.get("Entries", [request]))


def _messages(receipts: Iterable[str]) -> frozenset[str]:
    return frozenset(receipt.partition("/")[0] for receipt in receipts)
