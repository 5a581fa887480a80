"""Requests by a name of several APIs, and those that did not come through CloudFront."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from noukai_functions.api import endpoint
from noukai_functions.api.endpoint import Request, Response, answer_anyone, prefix_of
from noukai_functions.handlers.describe import answer, methods_of
from noukai_functions.names import ORIGIN_HEADER
from noukai_functions.refusals import FlowNotFoundError

OWN, DEFAULT = "jobs.acme.com", "abc123.execute-api.eu-central-1.amazonaws.com"


def event(path: str, host: str = OWN, method: str = "GET", **headers: str) -> dict[str, Any]:
    """Return an event as the gateway sends it.

    A mapping's key stays in `rawPath`, unlike the route key; `Mangum` and others strip it for that reason:
    https://mangum.fastapiexpert.com/http/ (`api_gateway_base_path`).
    """
    return {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "headers": headers,
        "requestContext": {
            "apiId": "abc123",
            "domainName": host,
            "requestId": "request-1",
            "timeEpoch": 0,
            "http": {"method": method, "path": path},
        },
    }


@pytest.mark.parametrize(
    ("path", "host", "prefix"),
    [
        ("/api/v1/jobs/job_a", DEFAULT, ""),
        ("/api/v1/jobs/job_a", OWN, ""),
        ("/team-a/api/v1/jobs/job_a", OWN, "/team-a"),
        ("/eu/team-a/api/v1/jobs/job_a", OWN, "/eu/team-a"),
        ("/api-team/api/v1/jobs/job_a", OWN, "/api-team"),
        # The default endpoint maps nothing: this is an unknown path.
        ("/team-a/api/v1/jobs/job_a", DEFAULT, ""),
        ("/team-a/nowhere", OWN, ""),
    ],
)
def test_prefix_of_a_mapped_path(path: str, host: str, prefix: str) -> None:
    """It is what stands before our paths on a name of several APIs."""
    assert prefix_of(event(path, host)) == prefix


@pytest.mark.parametrize("prefix", ["", "/team-a"])
def test_location_has_the_prefix(prefix: str) -> None:
    """A caller resolves it against the host alone."""

    def accept(_request: Request) -> Response:
        return Response({}, 202, {"Location": "/api/v1/seq/a/b/c/jobs/job_a"})

    answered = answer_anyone(event(f"{prefix}/api/v1/seq/a/b/c/jobs"), accept)
    assert answered["headers"]["Location"] == f"{prefix}/api/v1/seq/a/b/c/jobs/job_a"


@pytest.mark.parametrize("prefix", ["", "/team-a"])
def test_messages_name_paths_with_the_prefix(prefix: str) -> None:
    """Also that of an `execute` that takes too long, and those about parts of an input."""
    where = "/api/v1/seq/a/b/c/jobs/job_a"
    errors = [{"path": "x", "message": "GET /api/v1/flows shows them"}]
    body = {"detail": {"code": "EXECUTE_TIMEOUT", "message": f"GET {where} shows it.", "errors": errors}}

    def too_slow(_request: Request) -> Response:
        return Response(body, 504, {"Location": where})

    def unknown(_request: Request) -> Response:
        raise FlowNotFoundError("b/c")

    path = f"{prefix}/api/v1/seq/a/b/c/execute"
    answered = answer_anyone(event(path), too_slow)
    detail = json.loads(answered["body"])["detail"]
    assert answered["headers"]["Location"] == f"{prefix}{where}"
    assert detail["message"] == f"GET {prefix}{where} shows it."
    assert detail["errors"] == [{"path": "x", "message": f"GET {prefix}/api/v1/flows shows them"}]
    assert f"GET {prefix}/api/v1/flows lists" in answer_anyone(event(path), unknown)["body"]


def test_methods_of_a_mapped_path() -> None:
    """`OPTIONS` without a page behind it is answered by the function."""
    assert methods_of(event("/team-a/api/v1/flows", method="OPTIONS")) == ["GET", "HEAD", "OPTIONS"]
    assert methods_of(event("/team-a/api/v1/flows", DEFAULT, method="OPTIONS")) == []


@pytest.mark.parametrize("prefix", ["", "/team-a"])
def test_openapi_names_the_mapped_path(prefix: str, tmp_path: Path) -> None:
    """Tools resolve `servers` against the document's own address."""
    (tmp_path / "openapi.json").write_text(json.dumps({"servers": [{"url": "/api/v1"}], "paths": {}}))

    class Catalog:
        def openapi(self, *, of_flows: bool) -> Any:
            assert not of_flows
            return json.loads((tmp_path / "openapi.json").read_text())

    class Deployment:
        catalog = Catalog()

    asked = {**event(f"{prefix}/api/v1/openapi.json"), "routeKey": "GET /api/v1/openapi.json"}
    deployment: Any = Deployment()
    assert json.loads(answer(asked, deployment)["body"])["servers"] == [{"url": f"{prefix}/api/v1"}]


def digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


@pytest.mark.parametrize(
    ("shown", "status"), [(None, 403), ("", 403), ("other", 403), ("new", 200), ("old", 200)]
)
def test_only_requests_through_cloudfront_are_answered(
    monkeypatch: pytest.MonkeyPatch, shown: str | None, status: int
) -> None:
    """During a rotation either secret is right; others get our 403, before anything is read."""
    monkeypatch.setattr(endpoint, "_ORIGIN_DIGESTS", [digest("old"), digest("new")])
    headers = {} if shown is None else {ORIGIN_HEADER: shown}
    handled: list[Request] = []

    def handle(request: Request) -> Response:
        handled.append(request)
        return Response({"status": "ok"})

    answered = answer_anyone(event("/api/v1/health", DEFAULT, **headers), handle)
    assert answered["statusCode"] == status
    assert len(handled) == (status == 200)
    if status == 403:
        assert json.loads(answered["body"])["detail"]["code"] == "FORBIDDEN"


CLOUDFRONT, CALLER, FORGED = "130.176.0.1", "192.0.2.7", "10.0.0.1"


@pytest.mark.parametrize(
    ("forwarded", "address"),
    [
        (f"{CALLER}, {CLOUDFRONT}", CALLER),
        (f"{FORGED}, {CALLER}, {CLOUDFRONT}", CALLER),
        (f"{FORGED},{FORGED},{CALLER},{CLOUDFRONT}", CALLER),
        # CloudFront's own address, which the caller claims as well.
        (f"{FORGED}, {CLOUDFRONT}, {CALLER}, {CLOUDFRONT}", CALLER),
        # A gateway that appends nothing: the last one is CloudFront's word, still.
        (f"{FORGED}, {CALLER}", CALLER),
        (CALLER, CALLER),
        (f"{FORGED}, , {CLOUDFRONT}", CLOUDFRONT),
        (CLOUDFRONT, CLOUDFRONT),
        ("", CLOUDFRONT),
        (None, CLOUDFRONT),
    ],
)
def test_behind_cloudfront_the_address_is_what_it_has_appended(
    monkeypatch: pytest.MonkeyPatch, forwarded: str | None, address: str
) -> None:
    """Nothing that the caller sends changes it; a direct call's address is the gateway's word alone."""
    forged = {"cloudfront-viewer-address": f"{FORGED}:1", "x-real-ip": FORGED, "forwarded": f"for={FORGED}"}
    headers = forged if forwarded is None else {**forged, "x-forwarded-for": forwarded}
    asked = event("/api/v1/flows", DEFAULT, **headers)
    asked["requestContext"]["http"]["sourceIp"] = CLOUDFRONT
    assert Request.of(asked).address == CLOUDFRONT
    monkeypatch.setattr(endpoint, "_ORIGIN_DIGESTS", [digest("secret")])
    assert Request.of(asked).address == address
