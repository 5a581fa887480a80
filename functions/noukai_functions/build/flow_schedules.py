"""A build step: the errors of a schedule that a flow's code declares."""

from typing import get_args

from noukai.flow.runtime import FlowSchedule
from noukai_functions.catalog.entries import FlowEntry
from noukai_functions.schedules.cron import Cron
from noukai_functions.schedules.cron_fields import InvalidCron
from noukai_functions.schedules.zones import InvalidZone, zone
from noukai_wire.schedules import Missed, Overlap


def schedule_complaints(schedule: FlowSchedule) -> list[str]:
    """Return all errors in a schedule."""
    if schedule.cron is None:
        return (
            [] if schedule == FlowSchedule() else ["zone, overlap and missed need a cron: give one as well"]
        )
    complaints = [
        _one_of("overlap", schedule.overlap, get_args(Overlap)),
        _one_of("missed", schedule.missed, get_args(Missed)),
    ]
    try:
        Cron.parse(_text("cron", schedule.cron))
    except (InvalidCron, TypeError) as error:
        complaints.append(f"cron {schedule.cron!r}: {error}")
    try:
        zone(_text("zone", schedule.zone))
    except (InvalidZone, TypeError) as error:
        complaints.append(f"zone: {error}")
    return [complaint for complaint in complaints if complaint]


def missing_input(entry: FlowEntry) -> str | None:
    """Return the error of a flow that a schedule calls without input, but that requires some."""
    if entry.cron is None:
        return None
    required = [
        name for name in entry.input.get("required", ()) if name != "message" or entry.message_required
    ]
    if not required:
        return None
    return (
        f"its schedule submits no input, so give a default to {', '.join(required)}, or schedule it with an "
        "input, by `noukai schedules put`"
    )


def _one_of(setting: str, value: object, allowed: tuple[str, ...]) -> str:
    return "" if value in allowed else f"{setting} must be one of {', '.join(allowed)}, not {value!r}"


def _text(setting: str, value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{setting} must be text, not {value!r}")
    return value
