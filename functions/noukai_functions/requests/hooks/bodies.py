"""The bodies and cursors of requests about webhook endpoints. Pure."""

import base64
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from noukai_functions.json_text import read_object
from noukai_functions.refusals import InvalidInputError
from noukai_functions.timestamps import NOT_A_TIMESTAMP, parse_timestamp
from noukai_wire.limits import MAX_WEBHOOK_URL_LENGTH

EVENT_TYPES = ("job.completed", "job.failed", "job.cancelled")
"""The events that an endpoint may ask for; the wire's models need pydantic, which no function loads."""

_PLACE = re.compile(r"\d{13}#msg_[a-z2-7]{26}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Wanted:
    """The settings of an endpoint: its URL, and which events it gets."""

    url: str
    events: tuple[str, ...]
    flow: str | None


def parse_settings(body: bytes, flows: Collection[str]) -> Wanted:
    """Parse the settings of an endpoint; `flows` are those of the deployment, `project/flow`."""
    fields = _known(body, ("url", "events", "flow"))
    url, events, flow = fields.get("url"), fields.get("events"), fields.get("flow")
    errors: list[tuple[str, str]] = []
    if not isinstance(url, str):
        errors.append(("url", "must be a text: the URL that events are posted to"))
    elif not 1 <= len(url) <= MAX_WEBHOOK_URL_LENGTH:
        errors.append(("url", f"must have 1 to {MAX_WEBHOOK_URL_LENGTH} characters"))
    if events is not None and not _are_events(events):
        errors.append(("events", f"must be a list of some of {', '.join(EVENT_TYPES)}, each once"))
    if flow is not None and flow not in flows:
        errors.append(("flow", "must be a flow of this deployment, as project/flow: GET /flows lists them"))
    if errors:
        raise InvalidInputError(errors)
    return Wanted(str(url), tuple(EVENT_TYPES if events is None else events), flow)


def parse_rotation(body: bytes) -> bool:
    """Return whether the old secrets end at once."""
    revoke = _known(body, ("revoke",)).get("revoke", False)
    if not isinstance(revoke, bool):
        raise InvalidInputError([("revoke", "must be true or false")])
    return revoke


def parse_redelivery(body: bytes) -> tuple[int, str | None]:
    """Return the first time of events to send again, and the place after which they are."""
    fields = _known(body, ("since", "cursor"))
    since, cursor = fields.get("since"), fields.get("cursor")
    if not isinstance(since, str):
        raise InvalidInputError([("since", NOT_A_TIMESTAMP)])
    try:
        at = max(0, parse_timestamp(since))
    except (ValueError, OverflowError):
        raise InvalidInputError([("since", NOT_A_TIMESTAMP)]) from None
    return at, None if cursor is None else place_of(cursor)


def cursor_of(place: str) -> str:
    """Return the cursor after a place among an endpoint's deliveries."""
    return base64.urlsafe_b64encode(place.encode()).decode().rstrip("=")


def place_of(cursor: object) -> str:
    """Return the place of a cursor. A forged one is a place among the caller's own deliveries."""
    try:
        text = str(cursor)
        place = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True).decode()
    except ValueError:
        place = ""
    if not _PLACE.fullmatch(place):
        raise InvalidInputError(
            [("cursor", "is not of a page of this endpoint: send that of the page before")]
        )
    return place


def _are_events(events: object) -> bool:
    return (
        isinstance(events, list)
        and len(events) > 0
        and all(isinstance(each, str) and each in EVENT_TYPES for each in events)
        and len(set(events)) == len(events)
    )


def _known(body: bytes, names: Iterable[str]) -> Mapping[str, Any]:
    """Parse a body; refuse unknown fields, and drop empty ones."""
    fields = read_object(body)
    if unknown := [name for name in fields if name not in names]:
        raise InvalidInputError([(name, "is not known here") for name in unknown])
    return {name: value for name, value in fields.items() if value is not None}
