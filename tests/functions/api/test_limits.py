"""Every limit at its edge: the limit is accepted; one beyond it is refused, with the limit in the message."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from noukai_functions.jobs.lifecycle import job_id
from noukai_functions.jobs.queues.queue import Message
from noukai_wire import limits
from noukai_wire.errors import ErrorCode
from noukai_wire.routes import Route
from noukai_wire.text import cut
from tests.functions.api.limit_rows import DEFAULTS, ELSEWHERE, FOR_OPERATORS, ROWS
from tests.functions.harness import Answer, System
from tests.functions.stand_ins.delayed_messages import moment


def option(name: str) -> Callable[[System, Any], Answer]:
    def ask(system: System, value: Any) -> Answer:
        options = {"backoffCapSeconds": limits.MAX_BACKOFF_SECONDS} if name == "backoffSeconds" else {}
        return system.submit(parameters={"a": 1}, options=options | {name: value})

    return ask


def body_of(system: System, size: int) -> Answer:
    raw = json.dumps({"parameters": {"a": 1}}).ljust(size)
    return system.send(Route.SUBMIT, raw=raw, org="acme", project="trial", flow="add")


def message_of(system: System, size: int) -> Answer:
    """Return a submission; its message is limited only by the body around it."""
    raw = json.dumps({"message": "x" * (size - len('{"message": ""}'))})
    return system.send(Route.SUBMIT, raw=raw, org="acme", project="trial", flow="greet")


def upload_of(system: System, size: int) -> Answer:
    """Return an announcement of an upload; no input is made for it."""
    body = {"bytes": size, "sha256": "0" * 64}
    return system.send(Route.UPLOAD, body=body, org="acme", project="trial", flow="add")


def depth_of(system: System, levels: int) -> Answer:
    """Return a submission nested that deeply: the body is one level, `parameters` another."""
    value: Any = 1
    for _ in range(levels - 2):
        value = [value]
    return system.submit("trial/repeat", parameters={"value": value})


def metadata_entries(system: System, count: int) -> Answer:
    return option("metadata")(system, {str(number): "" for number in range(count)})


def metadata_key(system: System, length: int) -> Answer:
    return option("metadata")(system, {"ä" * length: ""})


def metadata_value(system: System, length: int) -> Answer:
    return option("metadata")(system, {"k": "🎈" * length})


def idempotency_key(system: System, length: int) -> Answer:
    return system.submit(parameters={"a": 1}, headers={"idempotency-key": "k" * length})


def list_limit(system: System, limit: int) -> Answer:
    return system.send(Route.LIST_ORG, org="acme", query=f"limit={limit}")


def run_ahead(system: System, seconds: int) -> Answer:
    return option("runAt")(system, moment(system, seconds))


def scheduled_bytes(system: System, size: int) -> Answer:
    """Return a submission whose message has that many bytes and waits in a schedule."""
    version = system.deployment.catalog.version
    empty = Message(
        job_id("", "", "a-key"), system.clock.time, "acme", "trial/greet", {"message": ""}, version=version
    ).body
    options = {"runAt": moment(system, limits.MAX_RUN_AHEAD_SECONDS)}
    return system.submit("trial/greet", message="x" * (size - len(empty)), options=options)


def usage_days(system: System, days: int) -> Answer:
    system.add_key("nk_usage", "acme", scopes=("usage",))
    first, last = date(2023, 11, 14) - timedelta(days - 1), date(2023, 11, 14)
    system.key = "nk_usage"
    return system.send(Route.USAGE, query=f"from={first}&to={last}")


def batch_size(system: System, size: int) -> Answer:
    entries = [{"parameters": {"a": 1}}] * size
    return system.send(Route.SUBMIT_JOBS, body={"jobs": entries}, org="acme", project="trial", flow="add")


def ids_asked_for(system: System, count: int) -> Answer:
    return system.send(Route.STATUSES, body={"ids": ["job_" + "a" * 26] * count})


def wait_seconds(system: System, seconds: int) -> Answer:
    job = system.submit(parameters={"a": 1}).body["id"]
    system.deliver()
    return system.send(Route.WAIT_BY_ID, id=job, query=f"seconds={seconds}")


def log_limit(system: System, limit: int) -> Answer:
    job = system.submit(parameters={"a": 1}).body["id"]
    system.deliver()
    return system.send(Route.LOGS_BY_ID, id=job, query=f"limit={limit}")


@dataclass(frozen=True)
class Limit:
    """A limit, how to request a value of it, and the step beyond it, which is negative for a minimum."""

    name: str
    ask: Callable[[System, Any], Answer]
    code: ErrorCode = ErrorCode.INVALID_INPUT
    step: float = 1

    @property
    def value(self) -> int:
        value: int = getattr(limits, self.name)
        return value


LIMITS = [
    Limit("MAX_BODY_BYTES", body_of, ErrorCode.PAYLOAD_TOO_LARGE),
    Limit("MAX_BODY_BYTES", message_of, ErrorCode.PAYLOAD_TOO_LARGE),
    Limit("MAX_PAYLOAD_BYTES", upload_of, ErrorCode.PAYLOAD_TOO_LARGE),
    Limit("MAX_JSON_DEPTH", depth_of),
    Limit("MAX_BATCH_SIZE", batch_size),
    Limit("MAX_BATCH_SIZE", ids_asked_for),
    Limit("MAX_IDEMPOTENCY_KEY_LENGTH", idempotency_key),
    Limit("MAX_WAIT_SECONDS", wait_seconds),
    Limit("MAX_LIST_LIMIT", list_limit),
    Limit("MAX_LOG_LIMIT", log_limit),
    Limit("MAX_USAGE_DAYS", usage_days),
    Limit("MAX_DELAY_SECONDS", option("delaySeconds")),
    Limit("MAX_RUN_AHEAD_SECONDS", run_ahead),
    Limit("MAX_SCHEDULED_BYTES", scheduled_bytes, ErrorCode.PAYLOAD_TOO_LARGE),
    Limit("MAX_TIMEOUT_SECONDS", option("timeoutSeconds")),
    Limit("MAX_ATTEMPTS", option("maxAttempts")),
    Limit("MAX_BACKOFF_SECONDS", option("backoffSeconds")),
    Limit("MAX_BACKOFF_SECONDS", option("backoffCapSeconds")),
    Limit("MAX_METADATA_ENTRIES", metadata_entries),
    Limit("MAX_METADATA_KEY_LENGTH", metadata_key),
    Limit("MAX_METADATA_VALUE_LENGTH", metadata_value),
    Limit("MIN_KEEP_SECONDS", option("keepSeconds"), step=-1),
    Limit("MAX_KEEP_SECONDS", option("keepSeconds")),
]


def test_every_limit_is_tested() -> None:
    """A new limit must be added here."""
    assert {limit.name for limit in LIMITS} | ELSEWHERE.keys() == {
        name for name in vars(limits) if name.isupper()
    }


def test_every_limit_is_documented() -> None:
    """Each has its own row in the table of the callers' README, with the exact number."""
    readme = (Path(__file__).parents[3] / "client" / "README.md").read_text()
    section = readme.partition("\n## Limits\n")[2].partition("\n## ")[0]
    stated = dict(re.findall(r"^\| (.+) \| (\d+)(?: [^|]*)? \|$", section, re.MULTILINE))
    assert stated == {row: str(getattr(limits, names[0])) for row, names in ROWS.items()}
    for names in ROWS.values():
        assert len({getattr(limits, name) for name in names}) == 1
    documented = {name for names in ROWS.values() for name in names}
    assert documented | FOR_OPERATORS | DEFAULTS == {name for name in vars(limits) if name.isupper()}


@pytest.mark.parametrize(
    "limit", LIMITS, ids=lambda limit: f"{limit.name} {getattr(limit.ask, '__name__', '')}"
)
def test_limit_of_a_request(system: System, limit: Limit) -> None:
    """The limit and one within it are accepted; one beyond it is refused with the limit in its message."""
    assert limit.ask(system, limit.value - limit.step).status in (200, 202)
    assert limit.ask(system, limit.value).status in (200, 202)
    before = system.messages()
    refused = limit.ask(system, limit.value + limit.step)
    assert (refused.status, refused.code) == (limit.code.status, limit.code)
    assert str(limit.value) in refused.body["detail"]["message"]
    assert system.messages() == before or limit.ask in (wait_seconds, log_limit)


@pytest.mark.parametrize("length", [limits.MIN_SLUG_LENGTH - 1, limits.MAX_SLUG_LENGTH + 1])
def test_slugs(system: System, length: int) -> None:
    """A slug of any other length is unknown."""
    answer = system.submit(f"trial/{'a' * length}")
    assert (answer.status, answer.code) == (404, ErrorCode.FLOW_NOT_FOUND)


def test_result(large: System) -> None:
    """A result of exactly the limit is kept whole; a byte more fails the job, with the limit in its error."""
    quotes = len('""')
    largest: dict[str, Any] = {"value": "x", "times": limits.MAX_PAYLOAD_BYTES - quotes}
    completed = large.run("repeat", parameters=largest)
    assert completed["result"]["outputBytes"] == limits.MAX_PAYLOAD_BYTES
    too_large = large.run(
        "repeat", parameters={**largest, "times": largest["times"] + 1}, options={"maxAttempts": 1}
    )
    assert (too_large["state"], str(limits.MAX_PAYLOAD_BYTES) in too_large["error"]) == ("failed", True)


def test_error() -> None:
    """An error is cut at the limit in bytes, between two characters."""
    assert cut("é" * (limits.MAX_ERROR_BYTES // 2)) == "é" * (limits.MAX_ERROR_BYTES // 2)
    assert cut("é" * limits.MAX_ERROR_BYTES) == "é" * (limits.MAX_ERROR_BYTES // 2)
    assert cut("x" + "é" * limits.MAX_ERROR_BYTES) == "x" + "é" * (limits.MAX_ERROR_BYTES // 2 - 1)
