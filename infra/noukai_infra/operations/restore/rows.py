"""The restored form of a row, from its former and its current state. Pure."""

from collections.abc import Callable, Mapping
from typing import Any

from noukai_functions.names import CREATED_AT, EXPIRES_AT, RESTORED, START_BY, STATE, UNSETTLED
from noukai_wire.limits import MAX_DELAY_SECONDS

Row = Mapping[str, Any]
Change = Callable[[Row, Row | None], Row | None]
"""Returns the row to write, from the former and the current row; None if nothing must change."""

DEADLINE_MS = 8 * 24 * 60 * 60 * 1000
"""The time from when a job may start to its deadline to start, as in the functions."""


def is_expired(row: Row, now_ms: int) -> bool:
    """Return whether DynamoDB would delete the row again."""
    return EXPIRES_AT in row and int(row[EXPIRES_AT]["N"]) * 1000 <= now_ms


def as_it_was(then: Row, now: Row | None) -> Row | None:
    """Restore a row exactly."""
    return None if now == then else then


def still_revoked(then: Row, now: Row | None) -> Row | None:
    """Restore a key's row, but keep a later revocation."""
    revoked = {"revoked": now["revoked"]} if now and "revoked" in now else {}
    return as_it_was({**then, **revoked}, now)


def marked_job(begun: int) -> Change:
    """Restore jobs with the restore's mark; marked rows are already restored.

    The message of a job that has ended since then is deleted. Such a job gets its deadline to start now, so
    that a status check or the sweep settles it. A scheduled job keeps its deadline, by which its submission
    was counted.
    """
    mark = {"N": str(begun)}

    def change(then: Row, now: Row | None) -> Row | None:
        if now is not None and (now.get(RESTORED) == mark or _unmarked(now) == _unmarked(then)):
            return None
        lost = (
            now is not None
            and _is_unfinished(then)
            and not _is_unfinished(now)
            and then[CREATED_AT] == now.get(CREATED_AT)
        )
        deadline = {START_BY: mark} if lost and not _is_later(then) else {}
        return {**then, **deadline, RESTORED: mark}

    return change


def _unmarked(row: Row) -> Row:
    return {name: value for name, value in row.items() if name != RESTORED}


def _is_unfinished(row: Row) -> bool:
    return row.get(STATE, {}).get("S") in UNSETTLED


def _is_later(job: Row) -> bool:
    return int(job[START_BY]["N"]) - DEADLINE_MS - int(job[CREATED_AT]["N"]) > MAX_DELAY_SECONDS * 1000
