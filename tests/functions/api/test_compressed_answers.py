"""Answers are compressed for clients that accept gzip, if that saves more than it costs."""

import gzip
import json
from typing import Any

import pytest

from noukai_wire.routes import BASE_PATH, Route
from tests.functions.entries import ENTRIES
from tests.functions.gateway import content_of, event_of
from tests.functions.harness import System


def answer(system: System, job_id: str, method: str = "GET", **headers: str) -> dict[str, Any]:
    asked = {"authorization": f"Bearer {system.key}", **headers}
    path = BASE_PATH + Route.STATUS_BY_ID.path(id=job_id)
    event = event_of(method, path, asked.items(), b"", now=system.clock.time, request_id="r")
    answered: dict[str, Any] = ENTRIES[Route.STATUS_BY_ID.key](event, system.deployment)
    return answered


@pytest.fixture
def job_id(system: System) -> str:
    """Complete a job with a long result; return its id."""
    return str(system.run("greet", message="x" * 2000)["id"])


@pytest.mark.parametrize("accepted", ["gzip", "br, GZIP", "gzip, deflate"])
def test_long_answer_in_gzip(system: System, job_id: str, accepted: str) -> None:
    """The answer is marked as gzip and inflates to the same text."""
    plain, compressed = answer(system, job_id), answer(system, job_id, **{"accept-encoding": accepted})
    assert compressed["headers"] == {**plain["headers"], "Content-Encoding": "gzip"}
    content = content_of(compressed)
    assert gzip.decompress(content).decode() == plain["body"]
    assert len(content) < len(plain["body"]) / 2


@pytest.mark.parametrize("accepted", ["", "identity", "br", "gzip;q=0", "xgzip"])
def test_client_without_gzip_gets_a_plain_answer(system: System, job_id: str, accepted: str) -> None:
    """So is one that gives gzip a weight, which few do."""
    answered = answer(system, job_id, **{"accept-encoding": accepted})
    assert "Content-Encoding" not in answered["headers"]
    assert json.loads(answered["body"])["id"] == job_id


def test_short_answer_is_not_compressed(system: System) -> None:
    """An answer without a body is not compressed either."""
    waiting = system.submit(parameters={"a": 1}).body["id"]
    for method in ("GET", "HEAD"):
        answered = answer(system, waiting, method, **{"accept-encoding": "gzip"})
        assert "Content-Encoding" not in answered["headers"]
