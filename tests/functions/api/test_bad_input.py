"""Wrong requests: each gets the contract's error, in the contract's order; nothing is stored or sent."""

from typing import Any

import pytest

from noukai_wire import limits
from noukai_wire.errors import ErrorCode
from noukai_wire.routes import Route
from noukai_wire.unsupported import UNSUPPORTED_FIELDS
from tests.functions.harness import Answer, System, assert_refused

DEEP = "[" * 40 + "]" * 40


def submit_raw(system: System, raw: str, flow: str = "add") -> Answer:
    return system.send(Route.SUBMIT, raw=raw, org="acme", project="trial", flow=flow)


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        ("", ErrorCode.INVALID_JSON),
        (" \n", ErrorCode.INVALID_JSON),
        ("{", ErrorCode.INVALID_JSON),
        ('{"parameters": {"a": NaN}}', ErrorCode.INVALID_JSON),
        ('{"parameters": {"a": Infinity}}', ErrorCode.INVALID_JSON),
        ('{"parameters": {"a": 1' + "0" * 5000 + "}}", ErrorCode.INVALID_JSON),
        ("[]", ErrorCode.INVALID_INPUT),
        ("null", ErrorCode.INVALID_INPUT),
        ('{"parameters": {"a": 1e999}}', ErrorCode.INVALID_INPUT),
        ('{"parameters": {"a": "\\ud800"}}', ErrorCode.INVALID_INPUT),
        ('{"parameters": {"a": ' + DEEP + "}}", ErrorCode.INVALID_INPUT),
        ("[" * 100_000, ErrorCode.INVALID_INPUT),
    ],
    ids=lambda value: value[:30] if isinstance(value, str) else None,
)
def test_unusable_json(system: System, raw: str, code: ErrorCode) -> None:
    """A body that is not JSON is a 400; JSON that cannot be stored or sent on is a 422."""
    assert_refused(system, submit_raw(system, raw), code)


def test_body_of_another_encoding(system: System) -> None:
    """A body that is not UTF-8 is a 400."""
    event_body = '{"message": "\udcff"}'  # the byte 0xff, as the gateway's base64 would bring it
    assert_refused(system, submit_raw(system, event_body), ErrorCode.INVALID_JSON)


@pytest.mark.parametrize(
    ("flow", "body", "path", "message"),
    [
        ("add", {"message": 3, "parameters": {"a": 1}}, "message", "must be string or null"),
        ("add", {"parameters": []}, "parameters", "must be object"),
        ("add", {"parameters": {"a": "1"}}, "parameters.a", "must be integer"),
        ("add", {"parameters": {"a": True}}, "parameters.a", "must be integer"),
        ("add", {"parameters": {}}, "parameters.a", "is required"),
        ("add", {"parameters": {"a": 1, "c": 2}}, "parameters.c", "is not known here"),
        ("add", {"message": "x", "parameters": {"a": 1}}, "message", "is not known here"),
        ("greet", {"message": "x", "parameters": {"message": "y"}}, "parameters.message", "must be given as"),
        ("add", {"parameters": {"a": 1}, "color": "red"}, "color", "is not known here"),
        ("add", {"parameters": {"a": 1}, "color": None}, "color", "is not known here"),
        ("add", {"parameters": {"a": 1}, "trace": {"on": True}}, "trace", "is not supported here"),
        ("add", {"parameters": {"a": 1}, "options": {"runAt": "2030-01-01"}}, "options.runAt", "ISO 8601"),
        ("add", {"parameters": {"a": 1}, "options": {"delaySeconds": 901}}, "options.delaySeconds", "900"),
        ("add", {"parameters": {"a": 1}, "options": {"timeoutSeconds": 0}}, "options.timeoutSeconds", "1"),
        (
            "add",
            {"parameters": {"a": 1}, "options": {"timeoutSeconds": 841}},
            "options.timeoutSeconds",
            "840",
        ),
        ("add", {"parameters": {"a": 1}, "options": {"maxAttempts": 21}}, "options.maxAttempts", "20"),
        ("add", {"parameters": {"a": 1}, "options": {"maxAttempts": 1.5}}, "options.maxAttempts", "integer"),
        ("add", {"parameters": {"a": 1}, "options": {"backoffSeconds": -1}}, "options.backoffSeconds", "0"),
        (
            "add",
            {"parameters": {"a": 1}, "options": {"backoffSeconds": 61}},
            "options.backoffSeconds",
            "at most 60",
        ),
        (
            "add",
            {"parameters": {"a": 1}, "options": {"backoffCapSeconds": 901}},
            "options.backoffCapSeconds",
            "900",
        ),
        (
            "add",
            {"parameters": {"a": 1}, "options": {"backoffCapSeconds": 0.5}},
            "options.backoffCapSeconds",
            "at least 1",
        ),
        ("add", {"parameters": {"a": 1}, "options": {"keepSeconds": 59}}, "options.keepSeconds", "3600"),
        ("add", {"parameters": {"a": 1}, "options": {"metadata": {"k": 1}}}, "options.metadata.k", "string"),
        (
            "add",
            {"parameters": {"a": 1}, "options": {"metadata": {str(n): "" for n in range(17)}}},
            "options.metadata",
            "16",
        ),
    ],
)
def test_wrong_field_is_named(
    system: System, flow: str, body: dict[str, Any], path: str, message: str
) -> None:
    """Each wrong field is a 422 that names its place as the caller wrote it, and the rule."""
    answer = system.submit(f"trial/{flow}", **body)
    assert_refused(system, answer, ErrorCode.INVALID_INPUT)
    assert [error["path"] for error in answer.body["detail"]["errors"]] == [path]
    assert message in answer.body["detail"]["errors"][0]["message"]


@pytest.mark.parametrize("option", ["timeoutSeconds", "maxAttempts"])
@pytest.mark.parametrize(
    ("value", "said"),
    [
        (0, "must be bigger than or equal to 1"),
        (-1, "must be bigger than or equal to 1"),
        (0.0, "must be bigger than or equal to 1"),
        (10**30, "must be smaller than or equal to "),
        (1e300, "must be smaller than or equal to "),
        (1.5, "must be integer or null"),
        ("5", "must be integer or null"),
        (True, "must be integer or null"),
        ([5], "must be integer or null"),
    ],
)
def test_wrong_numbers_of_an_option(system: System, option: str, value: Any, said: str) -> None:
    """Every value but a whole number within the bounds is a 422 that names the bound or the type."""
    answer = system.submit(parameters={"a": 1}, options={option: value})
    assert_refused(system, answer, ErrorCode.INVALID_INPUT)
    ((path, message),) = [(error["path"], error["message"]) for error in answer.body["detail"]["errors"]]
    assert (path, message.startswith(said)) == (f"options.{option}", True)


def test_every_wrong_field_is_named(system: System) -> None:
    """A body that is wrong in several places gets an error entry for each."""
    answer = system.submit(parameters={"a": 1}, options={"maxAttempts": 99, "delaySeconds": -1}, colour="red")
    assert {error["path"] for error in answer.body["detail"]["errors"]} == {
        "options.maxAttempts",
        "options.delaySeconds",
        "colour",
    }


def test_answer_to_a_thousand_errors_is_short(system: System) -> None:
    """The answer names the first places and stays small, however many errors and however long the names."""
    lines: list[Any] = [0] * 20_000
    parameters = {"lines": lines, "colour": "red", "due": "2030-01-01T00:00:00Z", "size": 1}
    answer = system.submit("trial/order", parameters=parameters)
    assert len(answer.body["detail"]["errors"]) == 20
    assert "only the first 20 are listed" in answer.body["detail"]["message"]
    answer = system.submit("trial/add", parameters={"a": 1}, **{"🎈" * 10_000: 1})
    assert len(answer.body["detail"]["message"].encode()) <= limits.MAX_ERROR_BYTES
    assert len(str(answer.body)) < 6000


@pytest.mark.parametrize(
    ("parameters", "path"),
    [
        (
            {
                "lines": [{"article": "a", "pieces": 0}],
                "colour": "red",
                "due": "2030-01-01T00:00:00Z",
                "size": 1,
            },
            "lines.0",
        ),
        (
            {"lines": [{"pieces": 1}], "colour": "red", "due": "2030-01-01T00:00:00Z", "size": 1},
            "lines.0.article",
        ),
        ({"lines": [], "colour": "green", "due": "2030-01-01T00:00:00Z", "size": 1}, "colour"),
        ({"lines": [], "colour": "red", "due": "soon", "size": 1}, "due"),
        ({"lines": [], "colour": "red", "due": "2030-01-01T00:00:00Z", "size": "some"}, "size"),
        ({"lines": [], "colour": "red", "due": "2030-01-01T00:00:00Z", "size": 1, "tags": [1]}, "tags"),
    ],
)
def test_arguments_are_checked_against_the_annotations(
    system: System, parameters: dict[str, Any], path: str
) -> None:
    """Models, enums, dates, unions and constraints of a flow's signature are checked at submission."""
    answer = system.submit("trial/order", parameters=parameters)
    assert_refused(system, answer, ErrorCode.INVALID_INPUT)
    assert answer.body["detail"]["errors"][0]["path"].startswith(f"parameters.{path}")


@pytest.mark.parametrize(
    "body", [{}, {"message": None}, {"message": None, "parameters": {"x": 1}, "colour": 1}]
)
def test_missing_message(system: System, body: dict[str, Any]) -> None:
    """A flow that requires a message answers 400 without one, before any other error of the body."""
    assert_refused(system, system.submit("trial/greet", **body), ErrorCode.MISSING_MESSAGE)


@pytest.mark.parametrize("field", sorted(UNSUPPORTED_FIELDS - {"trace"}))
def test_fields_of_the_published_sdks(system: System, field: str) -> None:
    """The published SDKs' extra fields are accepted while they say nothing, and refused by name otherwise."""
    nothings: list[Any] = [None, [], {}, 0, False, ""]
    for nothing in nothings:
        assert system.submit(parameters={"a": 1}, **{field: nothing}).status == 202
    del system.calls[:]
    something: dict[str, Any] = {field: ["something"]}
    answer = system.submit(parameters={"a": 1}, **something)
    assert_refused(system, answer, ErrorCode.INVALID_INPUT)
    assert answer.body["detail"]["errors"] == [{"path": field, "message": "is not supported here"}]


@pytest.mark.parametrize("trace", [True, False])
def test_trace_is_accepted(system: System, trace: bool) -> None:
    """`trace` is accepted with either value."""
    assert system.submit(parameters={"a": 1}, trace=trace).status == 202


@pytest.mark.parametrize("key", ["", "x" * 256, "schlüssel", "a\x7fb", "a\nb"])
def test_unusable_idempotency_key(system: System, key: str) -> None:
    """A key that is not 1 to 255 printable ASCII characters is a 422 that names the header."""
    answer = system.submit(parameters={"a": 1}, headers={"idempotency-key": key})
    assert_refused(system, answer, ErrorCode.INVALID_INPUT)
    assert answer.body["detail"]["errors"][0]["path"] == "Idempotency-Key"


@pytest.mark.parametrize(
    "seconds", ["21", "-1", "1.5", "x", "", "٣", "9" * 5000, "0" * 9 + "99", "0" * 9 + "9" * 5000]
)
def test_wrong_wait(system: System, seconds: str) -> None:
    """`seconds` is a whole number from 0 to 20."""
    job = system.submit(parameters={"a": 1}).body["id"]
    del system.calls[:]
    answer = system.send(
        Route.WAIT_BY_ID, headers={}, id=job, query=f"seconds={seconds}" if seconds else "seconds=%20"
    )
    assert_refused(system, answer, ErrorCode.INVALID_INPUT)
    assert answer.body["detail"]["errors"][0]["path"] == "seconds"


def test_unknown_job_comes_before_a_wrong_wait(system: System) -> None:
    """An unknown job is reported before an error in the query."""
    answer = system.send(Route.WAIT_BY_ID, id="job_" + "a" * 26, query="seconds=99")
    assert_refused(system, answer, ErrorCode.JOB_NOT_FOUND)


def test_unknown_route(system: System) -> None:
    """An unknown route is answered with the contract's 404, not the gateway's."""
    assert_refused(system, system.send("$default"), ErrorCode.NOT_FOUND)


def test_fault_of_ours_is_not_explained(system: System) -> None:
    """A failure on our side is a 500 or 503 without internals."""
    system.deployment.table.client.delete_table(TableName="jobs")
    answer = system.submit(parameters={"a": 1})
    assert (answer.status, answer.code) == (503, "UNAVAILABLE")
    assert "jobs" not in answer.body["detail"]["message"]


@pytest.mark.parametrize(
    ("route", "query"), [(Route.WAIT_BY_ID, "second=1"), (Route.USAGE, "start=2020-01-01")]
)
def test_misspelt_query(system: System, route: Route, query: str) -> None:
    """An unknown parameter is refused by its name: otherwise it would be ignored."""
    system.add_key("nk_all", "acme", scopes=("submit", "read", "usage"))
    system.key = "nk_all"
    job_id = system.submit(parameters={"a": 1}).body["id"]
    answer = system.send(route, query=query, **({"id": job_id} if route is Route.WAIT_BY_ID else {}))
    assert (answer.status, answer.body["detail"]["errors"][0]["path"]) == (422, query.partition("=")[0])
