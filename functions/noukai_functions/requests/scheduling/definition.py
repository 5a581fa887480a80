"""The definition of a schedule: the body that states it, and the submissions that it makes. Pure."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from noukai_functions.catalog.entries import SCHEDULE, Catalog, InputError
from noukai_functions.json_text import read_object
from noukai_functions.names import BY_SCHEDULE
from noukai_functions.refusals import FlowNotFoundError, InvalidInputError
from noukai_functions.requests.submission import Submission, submission_of
from noukai_functions.schedules.cron_fields import InvalidCron
from noukai_functions.schedules.schedule import INSTANT_ENTRY, NAME_ENTRY, Definition, Schedule
from noukai_functions.schedules.timetable import Timetable
from noukai_functions.schedules.zones import InvalidZone
from noukai_functions.timestamps import timestamp
from noukai_wire import limits
from noukai_wire.slug import SLUG_RULE, is_slug

_MOST_METADATA = limits.MAX_METADATA_ENTRIES - limits.SCHEDULE_METADATA_ENTRIES

_CONTENT = ("message", "parameters", "options")


@dataclass(frozen=True, slots=True)
class Defined:
    """A valid definition with its timetable."""

    definition: Definition
    timetable: Timetable


def parse_definition(body: bytes, org: str, catalog: Catalog) -> Defined:
    """Validate a body that states a schedule of an org."""
    stated = {name: value for name, value in read_object(body).items() if value is not None}
    content = {name: stated[name] for name in _CONTENT if name in stated}
    if errors := catalog.errors_of(SCHEDULE, stated):
        raise InvalidInputError(errors)
    flow = _flow(stated["flow"], org)
    if flow not in catalog.flows:
        raise FlowNotFoundError(flow)
    _refuse_reserved(content)
    submission_of(content, flow, catalog)
    return defined(
        Definition(
            flow,
            " ".join(stated["cron"].split()),
            stated.get("zone", "UTC"),
            stated.get("overlap", "allow"),
            stated.get("missed", "latest"),
            json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":")),
        )
    )


def defined(definition: Definition) -> Defined:
    """Return a definition with its timetable; refuse an expression or a zone that is invalid."""
    errors: list[InputError] = []
    try:
        return Defined(definition, Timetable.of(definition.cron, definition.zone))
    except InvalidCron as error:
        errors.append(("cron", str(error)))
    except InvalidZone as error:
        errors.append(("zone", str(error)))
    raise InvalidInputError(errors)


def check_name(name: str) -> None:
    """Refuse a name that no schedule of the API can have."""
    if not is_slug(name):
        raise InvalidInputError([("name", f"must be {SLUG_RULE}")])


def submission_at(schedule: Schedule, catalog: Catalog, instant: int | None, now: int) -> Submission:
    """Return the submission of an instant, which waits for it; of a trigger, if there is no instant.

    The digest is that of what the schedule states: it does not depend on the time of the submission.
    """
    flow = schedule.definition.flow
    if flow not in catalog.flows:
        raise FlowNotFoundError(flow)
    submission = submission_of(json.loads(schedule.definition.content), flow, catalog)
    options = {
        **submission.options,
        "metadata": {**submission.options.get("metadata", {}), **entries_of(schedule, instant)},
    }
    if instant is not None and instant > now:
        options["runAt"] = instant
    return replace(submission, options=options)


def entries_of(schedule: Schedule, instant: int | None) -> dict[str, str]:
    """Return the metadata that tells a job's schedule and instant."""
    at = {} if instant is None else {INSTANT_ENTRY: timestamp(instant)}
    return {NAME_ENTRY: schedule.name, **at}


def by_schedule(schedule: Schedule) -> str:
    """Return who has submitted or cancelled a job, in place of a key's name."""
    return f"{BY_SCHEDULE}{schedule.name}"


def _flow(stated: str, org: str) -> str:
    """Return `project/flow` of a flow that may be stated with the org before it."""
    return stated.removeprefix(f"{org}/") if stated.count("/") == 2 else stated  # noqa: PLR2004 - slashes


def _refuse_reserved(content: Mapping[str, Any]) -> None:
    options = content.get("options", {})
    metadata = options.get("metadata") or {}
    reserved = [f"metadata.{name}" for name in (NAME_ENTRY, INSTANT_ENTRY) if name in metadata]
    timed = [name for name in ("delaySeconds", "runAt") if options.get(name) is not None]
    errors = [(f"options.{name}", "is set by the schedule: leave it out") for name in (*reserved, *timed)]
    if len(metadata) > _MOST_METADATA:
        errors.append(("options.metadata", f"must have at most {_MOST_METADATA} entries in a schedule"))
    if errors:
        raise InvalidInputError(errors)
