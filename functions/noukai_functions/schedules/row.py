"""The encoding of a schedule as a row of the schedules table.

The row is small, since each instant writes it: a longer content is an item of its own.
"""

import json
from collections.abc import Mapping
from typing import Any

from noukai_functions.names import DUE_AT, DUE_GROUP, SCHEDULE_NAME, SCHEDULE_ORG
from noukai_functions.schedules.schedule import Definition, Note, Schedule, ScheduledJob

DUE = "due"
"""The partition of the index of due schedules."""

MAX_ROW_CONTENT = 256
"""The longest content in the row, in bytes of UTF-8."""

CONTENT = "i"
CONTENT_AT = "ia"
REVISION = "v"
_TEXTS = {"flow": "f", "cron": "c", "zone": "z", "overlap": "ov", "missed": "mi"}


def encode(schedule: Schedule) -> dict[str, Any]:
    """Return the row of a schedule; `None` values are omitted."""
    definition = schedule.definition
    state = {
        "series": list(schedule.series),
        "created": schedule.created_at,
        "changed": schedule.changed_at,
        "due": schedule.due_at,
        "again": schedule.look_again_at,
        "by": schedule.put_by or None,
        "problem": schedule.problem,
        "paused": schedule.is_paused or None,
        "code": schedule.in_code or None,
        "jobs": [[each.id, each.instant] for each in schedule.jobs] or None,
        "notes": [[each.outcome, each.instant, each.count, each.reason] for each in schedule.notes] or None,
    }
    stated = {name: value for name, value in state.items() if value is not None}
    row = {
        **key_of(schedule.org, schedule.name),
        **{attribute: {"S": getattr(definition, field)} for field, attribute in _TEXTS.items()},
        REVISION: {"N": str(schedule.revision)},
        "s": {"S": json.dumps(stated, separators=(",", ":"), ensure_ascii=False)},
    }
    if is_short(definition.content):
        row[CONTENT] = {"S": definition.content}
    else:
        row[CONTENT_AT] = {"N": str(schedule.changed_at)}
    if schedule.look_at is not None:
        row |= {DUE_GROUP: {"S": DUE}, DUE_AT: {"N": str(schedule.look_at)}}
    return row


def decode(row: Mapping[str, Any], content: str = "") -> Schedule:
    """Decode a row; `content` is that of an item of its own.

    Raises:
        ValueError, LookupError, TypeError: the row is not a valid schedule.
    """
    state = json.loads(row["s"]["S"])
    texts = {field: row[attribute]["S"] for field, attribute in _TEXTS.items()}
    return Schedule(
        org=row[SCHEDULE_ORG]["S"],
        name=row[SCHEDULE_NAME]["S"],
        definition=Definition(**texts, content=row[CONTENT]["S"] if CONTENT in row else content),
        created_at=state["created"],
        changed_at=state["changed"],
        series=tuple(state["series"]),
        due_at=state.get("due"),
        put_by=state.get("by", ""),
        revision=int(row[REVISION]["N"]),
        is_paused=state.get("paused", False),
        in_code=state.get("code", False),
        problem=state.get("problem"),
        look_again_at=state.get("again"),
        jobs=tuple(ScheduledJob(*each) for each in state.get("jobs", ())),
        notes=tuple(Note(*each) for each in state.get("notes", ())),
    )


def is_short(content: str) -> bool:
    """Return whether a content is in the row."""
    return len(content.encode()) <= MAX_ROW_CONTENT


def key_of(org: str, name: str) -> dict[str, Any]:
    """Return the key of a schedule."""
    return {SCHEDULE_ORG: {"S": org}, SCHEDULE_NAME: {"S": name}}


def content_key(org: str, name: str, changed_at: int) -> dict[str, Any]:
    """Return the key of a content that is an item of its own. No org and no name has these characters."""
    return key_of(f"{org}#content", f"{name}#{changed_at:013}")
