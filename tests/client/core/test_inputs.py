"""The input of a job, as the client reads it back."""

import hashlib
import json

import httpx
import pytest

from noukai import NotFoundError, UnexpectedAnswerError
from tests.client.conftest import Colour
from tests.client.core.test_large import LargeApi


def test_uploaded_input_is_downloaded(colour: Colour) -> None:
    """Without the API key, and with its SHA-256 verified."""
    api = LargeApi()
    content = json.dumps({"parameters": {"big": 3544790567247868102}}).encode()
    sha256 = hashlib.sha256(content).hexdigest()
    url = f"https://bucket.test/{sha256}?signature=secret"
    located = {"inputUrl": url, "inputBytes": len(content), "inputSha256": sha256}

    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json=located) if request.url.path.endswith("/input") else api(request)

    job = colour.client(answer).job("job_1")
    api.objects[sha256] = content
    found = colour.run(job.input())
    assert (found.message, found.parameters, found.input_url) == (None, {"big": 3544790567247868102}, None)
    api.objects[sha256] = b"[]"
    with pytest.raises(UnexpectedAnswerError, match="downloaded input does not match the job's checksum"):
        colour.run(job.input())
    located["inputSha256"] = hashlib.sha256(b"[]").hexdigest()
    with pytest.raises(UnexpectedAnswerError, match="not an object with parameters"):
        colour.run(job.input())


def test_input_that_is_not_kept_is_an_error(colour: Colour) -> None:
    """Its message is the API's, which says why."""
    answer = {"detail": {"code": "NOT_FOUND", "message": "The input cannot be shown: it is completed."}}
    client = colour.client(lambda _: httpx.Response(404, json=answer))
    with pytest.raises(NotFoundError, match="it is completed"):
        colour.run(client.job("job_1").input())


def test_input_is_read_in_one_request(colour: Colour) -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        return httpx.Response(200, json={"message": "to be", "parameters": {"top": 3}})

    found = colour.run(colour.client(answer).job("job_1").input())
    assert (found.message, found.parameters) == ("to be", {"top": 3})
    assert asked == ["/api/v1/jobs/job_1/input"]
