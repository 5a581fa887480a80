"""The parsers of untrusted input, each as a function of bytes that raises only if the parser is wrong.

A parser raises its own refusal or returns a correct value; anything else is a finding.
"""

import base64
import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from noukai_functions.api.endpoint import Request
from noukai_functions.api.errors import refusal_answer
from noukai_functions.catalog.entries import Catalog
from noukai_functions.jobs.lifecycle import JOB_ID, State
from noukai_functions.jobs.queues.queue import InvalidMessageError, Message
from noukai_functions.refusals import Refusal
from noukai_functions.requests.job_filter import FlowSet, parse_filter
from noukai_functions.requests.submission import check_idempotency_key, parse_submission
from noukai_functions.schedules.cron import Cron
from noukai_functions.schedules.cron_fields import InvalidCron
from noukai_functions.schedules.instants import latest_instant, next_instant
from noukai_functions.schedules.zones import InvalidZone, zone
from noukai_wire import limits
from noukai_wire.text import is_too_deep

Target = Callable[[bytes], None]


def event(data: bytes) -> None:
    """Parse the gateway's event: the body arrives byte for byte, however it is encoded."""
    text = data.decode("utf-8", "surrogateescape")
    head = {"requestContext": {"requestId": "r", "timeEpoch": 0}, "routeKey": "$default"}
    assert Request.of({**head, "body": text}).body.decode("utf-8", "surrogatepass") == text
    encoded = Request.of({**head, "body": base64.b64encode(data).decode(), "isBase64Encoded": True})
    assert encoded.body == data


def submission(catalog: Catalog, flow: str) -> Target:
    """Parse a body into a job's input: accepted input survives its way in a message to the worker."""

    def parse(data: bytes) -> None:
        try:
            found = parse_submission(data, flow, catalog)
        except Refusal as refused:
            _assert_can_be_answered(refused)
            return
        assert not is_too_deep(found.arguments)
        sent = Message("job_" + "a" * 26, 0, "acme", flow, found.arguments)
        assert Message.parse(sent.body).arguments == found.arguments
        assert parse_submission(data, flow, catalog).digest == found.digest

    return parse


def _assert_can_be_answered(refused: Refusal) -> None:
    answer = refusal_answer(refused)
    assert 400 <= answer.code.status < 500
    assert len(answer.message.encode()) <= limits.MAX_ERROR_BYTES
    assert json.dumps(answer.body).isascii()


def message(data: bytes) -> None:
    """Parse a body on the queue: a valid message can be written again and claims a valid job."""
    try:
        found = Message.parse(data.decode("utf-8", "replace"))
    except InvalidMessageError:
        return
    assert JOB_ID.fullmatch(found.id)
    assert not is_too_deep(found.arguments)
    assert Message.parse(found.body) == found


def cursor(catalog: Catalog) -> Target:
    """Parse a cursor: a forged one is refused, and a real one leads back to its place."""
    flow_set = FlowSet.named({"org": "acme"}, catalog, lambda _org, _flow: False)
    states = frozenset(State)
    start = parse_filter(flow_set, {}, among=states)

    def parse(data: bytes) -> None:
        # The index has a moment and an id, in printable ASCII.
        position = f"{len(data):013}#{data.hex()[:100] or '-'}"
        assert parse_filter(flow_set, {"cursor": start.cursor(position)}, among=states).position == position
        forged = data.decode("utf-8", "surrogateescape")
        try:
            found = parse_filter(flow_set, {"cursor": forged}, among=states)
        except Refusal as refused:
            _assert_can_be_answered(refused)
        else:
            assert found.position is not None
            assert start.cursor(found.position) == forged.rstrip("=")

    return parse


def idempotency_key(data: bytes) -> None:
    """Parse an idempotency key: printable ASCII, and short enough that its id is unique."""
    text = data.decode("utf-8", "surrogateescape")
    try:
        assert check_idempotency_key(text) == text
    except Refusal:
        assert not re.fullmatch(r"[ -~]{1,255}", text)
    else:
        assert re.fullmatch(r"[ -~]{1,255}", text)


def cron(data: bytes) -> None:
    """Parse a cron expression: a valid one comes within nine years, in the zone that the text may name."""
    text = data.decode("utf-8", "replace")
    try:
        place = zone(text)
    except InvalidZone:
        place = zone("America/Sao_Paulo")
    try:
        found = Cron.parse(text)
    except InvalidCron:
        return
    after = datetime(2026, 3, 1, tzinfo=UTC)
    due = next_instant(found, place, after)
    assert due is not None
    assert after < due < after + timedelta(days=9 * 366)
    assert latest_instant(found, place, after, due) == due
    assert Cron.parse(str(found)) == found


def targets(asset: Path) -> Mapping[str, Target]:
    """Return every parser by name; `asset` holds the catalog of the flows in `tests/fuzz/flows`."""
    catalog = Catalog.load(asset / "catalog")
    bodies: dict[str, Any] = {
        f"submission of {flow}": submission(catalog, flow) for flow in sorted(catalog.flows)
    }
    fixed: dict[str, Target] = {
        "event": event,
        "message": message,
        "idempotency key": idempotency_key,
        "cron": cron,
    }
    return {**fixed, "cursor": cursor(catalog), **bodies}
