"""Tests of browser tokens at the API: who may make which, and what each route answers one."""

import hashlib
import json
from typing import Any

import pytest

from noukai_functions.access.token_keys import TokenKeys
from noukai_functions.aws import AwsError
from noukai_wire.errors import ErrorCode
from noukai_wire.operations import OPERATIONS
from noukai_wire.routes import Route
from noukai_wire.scopes import Scope
from noukai_wire.signing_keys import CACHE_MS, SigningKey, read_keys, rotated, write_keys
from tests.functions.api.test_unknown_queries import BODIES, PLACE, SUBMISSION
from tests.functions.harness import Answer, System

ORIGIN = "https://app.example.com"
MAKER = "nk_maker"
ADD = {"org": "acme", "project": "trial", "flow": "add"}


@pytest.fixture
def site(system: System) -> System:
    """Return the system with a key that may do everything, shown by the next requests."""
    system.add_key(MAKER, "acme", tuple(Scope))
    system.key = MAKER
    return system


def make(site: System, **body: Any) -> Answer:
    site.key = MAKER
    return site.send(Route.MAKE_TOKEN, body={"origin": ORIGIN, "flow": "trial/add", **body})


def token(site: System, **body: Any) -> str:
    made = make(site, **body)
    assert made.status == 201, made.body
    return str(made.body["token"])


def show(
    site: System, text: str, route: Route = Route.LIST_JOBS, origin: str = ORIGIN, **more: Any
) -> Answer:
    site.key = text
    path = {**PLACE, **ADD, "id": "job_" + "a" * 26, **more.pop("path", {})}
    return site.send(
        route, headers={"origin": origin}, **{name: path[name] for name in route.variables}, **more
    )


def new_job(site: System, flow: str = "trial/add", **body: Any) -> str:
    site.key = MAKER
    return str(site.submit(flow, **(body or SUBMISSION)).body["id"])


def test_a_token_submits_and_reads_the_jobs_of_its_flow(site: System) -> None:
    text = token(site, scopes=["submit", "read"])
    submitted = show(site, text, Route.SUBMIT, body=SUBMISSION)
    assert submitted.status == 202
    job = {"id": submitted.body["id"]}
    for route in (Route.STATUS, Route.STATUS_BY_ID, Route.EVENTS_BY_ID, Route.LOGS, Route.LIST_JOBS):
        assert show(site, text, route, path=job).status == 200
    assert show(site, text, Route.CANCEL, path=job).code == ErrorCode.FORBIDDEN


def test_a_token_of_a_flow_sees_no_job_of_another(site: System) -> None:
    other, text = new_job(site, "trial/greet", message="you"), token(site)
    assert show(site, text, Route.STATUS_BY_ID, path={"id": other}).code == ErrorCode.JOB_NOT_FOUND
    assert show(site, text, Route.LIST_JOBS, path={"flow": "greet"}).code == ErrorCode.FORBIDDEN


def test_a_token_of_a_job_watches_exactly_that_job(site: System) -> None:
    mine, other = new_job(site), new_job(site)
    text = token(site, flow=None, job=mine, scopes=["read", "cancel"])
    allowed = {
        route
        for route in Route
        if not OPERATIONS[route].is_public
        and show(site, text, route, path={"id": mine}, body=_body(route)).status < 400
    }
    assert allowed >= {Route.STATUS, Route.WAIT_BY_ID, Route.EVENTS, Route.LOGS_BY_ID, Route.CANCEL_BY_ID}
    assert all("{id}" in route.template for route in allowed)
    for route in allowed:
        assert show(site, text, route, path={"id": other}).code == ErrorCode.FORBIDDEN


@pytest.mark.parametrize("route", [each for each in Route if not OPERATIONS[each].is_public])
def test_no_route_answers_a_token_beyond_its_flow(site: System, route: Route) -> None:
    """A route that is new here is refused, or shows only jobs of the flow."""
    other = new_job(site, "trial/greet", message="you")
    text = token(site, scopes=["submit", "read", "cancel"])
    del site.calls[:]
    answer = show(site, text, route, path={"flow": "greet", "id": other}, body=_body(route))
    assert other not in json.dumps(answer.body.get("jobs", [])) or route is Route.STATUSES
    if route is Route.STATUSES:
        assert "error" in answer.body["jobs"][0]
    elif route is not Route.FLOWS:
        assert answer.code in (ErrorCode.FORBIDDEN, ErrorCode.JOB_NOT_FOUND)


def _body(route: Route) -> Any:
    return BODIES.get(route, SUBMISSION) if OPERATIONS[route].request else None


def test_a_token_is_for_pages_of_its_origin(site: System) -> None:
    text = token(site)
    assert show(site, text).status == 200
    assert show(site, text, origin="https://evil.example.com").code == ErrorCode.FORBIDDEN
    site.key = text
    same = {"sec-fetch-site": "same-origin", "host": "app.example.com"}
    assert site.send(Route.LIST_JOBS, headers=same, **ADD).status == 200
    for headers in ({}, {**same, "host": "evil.example.com"}, {**same, "sec-fetch-site": "cross-site"}):
        assert site.send(Route.LIST_JOBS, headers=headers, **ADD).code == ErrorCode.FORBIDDEN


def test_invalid_tokens_all_get_the_same_answer(site: System) -> None:
    text = token(site, seconds=60)
    last = "A" if text[-1] != "A" else "B"
    answers = [show(site, each) for each in (text[:-1] + last, "nt_", "nt_1", text + ".x", "nt_" + "a" * 600)]
    site.clock.time += 61_000
    answers.append(show(site, text))
    assert {(each.status, each.code, json.dumps(each.body)) for each in answers} == {
        (401, ErrorCode.UNAUTHENTICATED, json.dumps(answers[0].body))
    }


def test_a_token_is_verified_without_a_read_of_its_key(site: System) -> None:
    text = token(site)
    site.deployment.table.client.delete_item(
        TableName="keys", Key={"hash": {"S": hashlib.sha256(MAKER.encode()).hexdigest()}}
    )
    del site.calls[:]
    assert show(site, text).status == 200
    assert "keys" not in {parameters.get("TableName") for _, parameters in site.calls}


def test_calls_with_a_key_read_no_signing_keys(site: System) -> None:
    assert new_job(site)
    assert "browser_tokens" not in vars(site.deployment)


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ({"job": "job_" + "a" * 26}, "flow"),
        ({"flow": None}, "flow"),
        ({"flow": 1}, "flow"),
        ({"scopes": []}, "scopes"),
        ({"scopes": ["keys"]}, "scopes"),
        ({"scopes": "read"}, "scopes"),
        ({"flow": None, "job": "job_" + "a" * 26, "scopes": ["submit"]}, "scopes"),
        ({"seconds": 3601}, "seconds"),
        ({"seconds": True}, "seconds"),
        ({"seconds": 9}, "seconds"),
        ({"colour": "red"}, "colour"),
        *(
            ({"origin": each}, "origin")
            for each in (
                None,
                "*",
                "null",
                "app.example.com",
                "https://App.example.com",
                "https://app.example.com/",
                "https://app.example.com:443",
                "https://user@app.example.com",
                "http://app.example.com",
                "http://localhost.example.com",
                "https://" + "x" * 89,
                "https://app.example.com\n",
            )
        ),
    ],
)
def test_a_wrong_request_is_refused(site: System, body: Any, place: str) -> None:
    answer = make(site, **body)
    assert (answer.status, answer.code) == (422, ErrorCode.INVALID_INPUT)
    assert place in {each["path"] for each in answer.body["detail"]["errors"]}


@pytest.mark.parametrize(
    "origin", ["http://localhost:5173", "http://127.0.0.1:3000", "https://[2001:db8::1]:8443"]
)
def test_origins_that_browsers_send(site: System, origin: str) -> None:
    assert show(site, token(site, origin=origin), origin=origin).status == 200


def test_unknown_flows_and_jobs_are_not_found(site: System) -> None:
    assert make(site, flow="trial/nothing").code == ErrorCode.FLOW_NOT_FOUND
    assert make(site, flow=None, job="job_" + "a" * 26).code == ErrorCode.JOB_NOT_FOUND


def test_a_token_is_only_narrower_than_its_key(site: System) -> None:
    system, job_id = site, new_job(site)
    system.add_key("nk_reader", "acme", ("keys", "read"))
    system.key = "nk_reader"
    wanted = {"origin": ORIGIN, "flow": "trial/add", "scopes": ["submit"]}
    assert system.send(Route.MAKE_TOKEN, body=wanted).code == ErrorCode.FORBIDDEN
    system.add_key("nk_elsewhere", "globex", tuple(Scope))
    system.key = "nk_elsewhere"
    wanted = {"origin": ORIGIN, "job": job_id}
    assert system.send(Route.MAKE_TOKEN, body=wanted).code == ErrorCode.JOB_NOT_FOUND


def test_a_token_ends_with_its_key_at_the_latest(site: System) -> None:
    site.add_key(MAKER, "acme", tuple(Scope), expires=site.clock.time // 1000 + 30)
    text = token(site, seconds=3600)
    site.clock.time += 29_000
    assert show(site, text).status == 200
    site.clock.time += 1_000
    assert show(site, text).status == 401


def test_a_token_makes_no_token(site: System) -> None:
    text = token(site, scopes=["submit", "read", "cancel"])
    body = {"origin": ORIGIN, "flow": "trial/add"}
    assert show(site, text, Route.MAKE_TOKEN, body=body).code == ErrorCode.FORBIDDEN


def test_the_limit_of_a_key_counts_the_calls_of_its_tokens(site: System) -> None:
    site.add_key(MAKER, "acme", tuple(Scope), rate=2)
    text = token(site)
    assert [show(site, text).status for _ in range(2)] == [200, 429]


def keys_of(site: System) -> TokenKeys:
    return site.deployment.browser_tokens.keys


def put_keys(site: System, keys: list[SigningKey]) -> None:
    found = keys_of(site)
    found.client.put_parameter(Name=found.name, Value=write_keys(keys), Type="SecureString", Overwrite=True)


def stored(site: System) -> list[SigningKey]:
    found = keys_of(site)
    return read_keys(found.client.get_parameter(Name=found.name, WithDecryption=True)["Parameter"]["Value"])


def test_rotation_breaks_no_token(site: System) -> None:
    """Tokens of the old key stay valid, and new ones are known to processes that cached the old keys."""
    before = token(site, seconds=3600)
    put_keys(site, rotated(stored(site), site.clock.time, revoke=False))
    assert show(site, token(site)).status == 200
    site.clock.time += 2 * CACHE_MS
    after = token(site, seconds=3600)
    assert after[4:8] == stored(site)[0].id != before[4:8]
    assert [show(site, each).status for each in (before, after)] == [200, 200]


def test_revocation_ends_every_token_within_five_minutes(site: System) -> None:
    before = token(site, seconds=3600)
    put_keys(site, rotated(stored(site), site.clock.time, revoke=True))
    site.clock.time += CACHE_MS
    assert show(site, before).status == 401
    assert show(site, token(site)).status == 200


def test_two_processes_that_make_the_first_keys_agree(site: System) -> None:
    clock: Any = site.clock
    first, second = (TokenKeys(keys_of(site).client, "/noukai/test/tokens", clock) for _ in range(2))
    assert second.find("0000") is None
    assert first.signing() == second.signing()


def test_made_up_key_ids_cause_few_reads(site: System) -> None:
    token(site)
    site.clock.time += 10_000
    del site.calls[:]
    for number in range(50):
        show(site, f"nt_1{number:04x}.AAAA.{'A' * 22}")
    assert [operation for operation, _ in site.calls].count("GetParameter") <= 1


def test_known_keys_serve_while_aws_is_unavailable(site: System, monkeypatch: pytest.MonkeyPatch) -> None:
    text = token(site, seconds=3600)
    keys = keys_of(site)

    class Away:
        def get_parameter(self, **_: object) -> None:
            raise AwsError("GetParameter", "ThrottlingException", "too many", {}, is_transient=True)

    monkeypatch.setattr(keys, "client", Away())
    site.clock.time += CACHE_MS
    assert show(site, text).status == 200
    monkeypatch.setattr(keys, "_known", [])
    site.clock.time += CACHE_MS
    assert (show(site, text).status, show(site, text).code) == (503, ErrorCode.UNAVAILABLE)
