"""The operations on schedules."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal
from uuid import uuid4

from noukai._core.address import FlowAddress, name_of, schedule_name
from noukai._core.answer import read
from noukai._core.api import Api
from noukai._core.operation import Operation
from noukai._core.sending.submission import AttemptOptions, submission
from noukai._errors import InvalidArgumentError
from noukai_wire.limits import MAX_SCHEDULED_BYTES
from noukai_wire.models import JobAccepted
from noukai_wire.routes import Route
from noukai_wire.schedules import Schedule, ScheduleList


class ScheduleOptions(AttemptOptions, total=False):
    """The options of a schedule: its time zone, its input, and those of its jobs."""

    zone: str
    """The time zone of the instants, such as `Europe/Berlin`; `UTC` by default."""
    message: str | None
    """The message of each job."""
    parameters: Mapping[str, Any] | None
    """The parameters of each job."""
    overlap: Literal["allow", "skip", "cancel"]
    """What happens at an instant while the job before has not ended: the next is submitted all the same
    (`allow`, the default), the instant is left out (`skip`), or the older job is cancelled (`cancel`)."""
    missed: Literal["latest", "none"]
    """Which instants that passed in a pause or an outage are run: the `latest`, by default, or `none`."""


def put(api: Api, name: str, flow: FlowAddress, cron: str, options: ScheduleOptions) -> Operation[Schedule]:
    """Create or replace a schedule."""
    name, content = name_of("schedule", name), _content(flow, cron, **options)
    return read(Schedule, (yield from _ask(api, Route.PUT_SCHEDULE, name, content=content)))


def every(api: Api) -> Operation[list[Schedule]]:
    """Fetch the schedules of the key's org."""
    return read(ScheduleList, (yield from api.ask(Route.LIST_SCHEDULES))).schedules


def change(api: Api, route: Route, name: str) -> Operation[Schedule]:
    """Fetch, pause or resume a schedule, by its route."""
    return read(Schedule, (yield from _ask(api, route, name)))


def following(api: Api, name: str, count: int) -> Operation[list[datetime]]:
    """Fetch the next instants of a schedule."""
    response = yield from _ask(api, Route.SCHEDULE, name, params={"next": count})
    return [datetime.fromisoformat(instant) for instant in read(Schedule, response).next]


def trigger(api: Api, name: str) -> Operation[JobAccepted]:
    """Submit the job of a schedule; retries carry the same idempotency key."""
    headers = {"Idempotency-Key": str(uuid4())}
    return read(JobAccepted, (yield from _ask(api, Route.TRIGGER_SCHEDULE, name, headers=headers)))


def delete(api: Api, name: str) -> Operation[None]:
    """Delete a schedule."""
    yield from _ask(api, Route.DELETE_SCHEDULE, name)


def _ask(api: Api, route: Route, name: str, **given: Any) -> Operation[Any]:
    return api.ask(route, name=schedule_name(name), **given)


def _content(
    flow: FlowAddress,
    cron: str,
    *,
    zone: str | None = None,
    overlap: str | None = None,
    missed: str | None = None,
    message: str | None = None,
    parameters: Mapping[str, Any] | None = None,
    **options: Any,
) -> bytes:
    whole = submission(message, parameters, **options)
    if whole.input is not None:
        raise InvalidArgumentError(
            f"the input of a schedule may have at most {MAX_SCHEDULED_BYTES} bytes: let the flow fetch more"
        )
    timing = {"flow": str(flow), "cron": cron, "zone": zone, "overlap": overlap, "missed": missed}
    stated = {name: value for name, value in timing.items() if value is not None}
    try:
        return json.dumps({**stated, **json.loads(whole.content)}, ensure_ascii=False).encode()
    except (TypeError, ValueError) as error:
        raise InvalidArgumentError(f"cron, zone, overlap and missed must be text: {error}") from None
