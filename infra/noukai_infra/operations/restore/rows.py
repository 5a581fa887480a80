"""The restored form of a row, from its former and its current state. Pure."""

from collections.abc import Callable, Mapping
from typing import Any

from noukai_functions.names import (
    CREATED_AT,
    DUE_AT,
    DUE_ENDPOINTS,
    DUE_GROUP,
    ENDPOINT_FIELDS,
    ENDPOINT_PREFIX,
    EXPIRES_AT,
    OLD_SECRETS,
    RESTORED,
    START_BY,
    STATE,
    UNSETTLED,
    USAGE_KEY,
    USAGE_ORG,
)
from noukai_wire.limits import MAX_DELAY_SECONDS

Row = Mapping[str, Any]
Change = Callable[[Row, Row | None], Row | None]
"""Returns the row to write, from the former and the current row; None if nothing must change."""

DEADLINE_MS = 8 * 24 * 60 * 60 * 1000
"""The time from when a job may start to its deadline to start, as in the functions."""

_MADE = ENDPOINT_FIELDS["made"]
_DEFINED = [ENDPOINT_FIELDS[field] for field in ("made", "url", "events", "flow", "created_at")]
"""What an endpoint is; the rest of its row is what has happened to it."""

_SECRETS = (ENDPOINT_FIELDS["version"], OLD_SECRETS)
_KEPT = [USAGE_ORG, USAGE_KEY, *_DEFINED, ENDPOINT_FIELDS["disabled_at"], ENDPOINT_FIELDS["disabled_reason"]]


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


def is_endpoint(row: Row) -> bool:
    """Return whether a row of the webhooks table is an endpoint; the others are deliveries and bodies."""
    return str(row[USAGE_KEY]["S"]).startswith(ENDPOINT_PREFIX)


def told_again(begun: int) -> Change:
    """Restore endpoints and deliveries, but keep what has happened to those that are still there.

    A delivery knows since then what was sent, and an endpoint which secrets sign and how it answers. An
    endpoint that comes back is healthy, as after a change of it, and what waits for it is looked at.
    """
    due = {DUE_AT: {"N": str(begun)}, DUE_GROUP: {"S": DUE_ENDPOINTS}}

    def change(then: Row, now: Row | None) -> Row | None:
        if not is_endpoint(then):
            return then if now is None else None
        if now is not None and all(then.get(name) == now.get(name) for name in _DEFINED):
            return None
        signing = now if now is not None and now.get(_MADE) == then.get(_MADE) else then
        secrets = {name: signing[name] for name in _SECRETS if name in signing}
        return {name: then[name] for name in _KEPT if name in then} | secrets | due

    return change


def _unmarked(row: Row) -> Row:
    return {name: value for name, value in row.items() if name != RESTORED}


def _is_unfinished(row: Row) -> bool:
    return row.get(STATE, {}).get("S") in UNSETTLED


def _is_later(job: Row) -> bool:
    return int(job[START_BY]["N"]) - DEADLINE_MS - int(job[CREATED_AT]["N"]) > MAX_DELAY_SECONDS * 1000
