"""A schedule in answers. Pure."""

import json
from collections.abc import Mapping
from dataclasses import replace
from itertools import islice
from typing import Any

from noukai_functions.catalog.entries import Catalog
from noukai_functions.schedules.cron_fields import InvalidCron
from noukai_functions.schedules.schedule import Note, Schedule
from noukai_functions.schedules.timetable import Timetable
from noukai_functions.schedules.zones import InvalidZone
from noukai_functions.timestamps import timestamp

_FAR_MS = 400 * 366 * 24 * 60 * 60 * 1000
"""Longer than any two instants are apart."""


def schedule_view(
    schedule: Schedule,
    catalog: Catalog,
    now: int,
    *,
    instants: int,
    jobs: Mapping[str, Any] | None,
    content: bool,
) -> dict[str, Any]:
    """Return a schedule with its next instants; with `content`, what it submits.

    `jobs` are the statuses of its latest jobs by id; without them, no job is shown.
    """
    definition = schedule.definition
    schedule, following = _with_next(schedule, now, instants)
    problem = schedule.problem
    if definition.flow not in catalog.flows:
        problem = f"there is no flow {definition.flow!r} here any more"
    fields = {
        "name": schedule.name,
        "flow": f"{schedule.org}/{definition.flow}",
        "cron": definition.cron,
        "zone": definition.zone,
        "overlap": definition.overlap,
        "missed": definition.missed,
        "source": "code" if schedule.in_code else "api",
        "state": _state(schedule, following, problem),
        "problem": problem,
        "createdAt": timestamp(schedule.created_at),
        "changedAt": timestamp(schedule.changed_at),
        "next": following,
        **(json.loads(definition.content) if content else {}),
        "jobs": None if jobs is None else [_job(each, jobs) for each in reversed(schedule.jobs)],
        "history": [_note(note) for note in reversed(schedule.notes)] if jobs is not None else None,
    }
    return {name: value for name, value in fields.items() if value is not None}


def _with_next(schedule: Schedule, now: int, most: int) -> tuple[Schedule, list[str]]:
    """Return the next instants; or the schedule with the problem that leaves it none."""
    try:
        timetable = Timetable.of(schedule.definition.cron, schedule.definition.zone)
    except (InvalidCron, InvalidZone) as error:
        return replace(schedule, problem=str(error)), []
    found = islice(timetable.between(now, now + _FAR_MS), most)
    return schedule, [timestamp(each) for each in found]


def _state(schedule: Schedule, following: list[str], problem: str | None) -> str:
    if schedule.is_paused:
        return "paused"
    if problem is not None:
        return "broken"
    return "active" if following else "over"


def _job(each: Any, jobs: Mapping[str, Any]) -> dict[str, Any]:
    fields = {"id": each.id, "instant": timestamp(each.instant), "job": jobs.get(each.id)}
    return {name: value for name, value in fields.items() if value is not None}


def _note(note: Note) -> dict[str, Any]:
    fields = {
        "outcome": note.outcome,
        "instant": timestamp(note.instant),
        "count": note.count,
        "message": note.reason,
    }
    return {name: value for name, value in fields.items() if value is not None}
