"""The errors in docstrings: each error that a call can raise is named there."""

import inspect
import re
from collections.abc import Callable
from http import HTTPStatus
from importlib import resources
from typing import Any

import httpx
import pytest

import noukai
from noukai import (
    ApiError,
    AsyncFlow,
    AsyncJob,
    AsyncNoukai,
    ConflictError,
    FlowNotFoundError,
    InsufficientCreditsError,
    InvalidArgumentError,
    InvalidInputError,
    JobCancelledError,
    JobFailedError,
    JobNotFoundError,
    NotFoundError,
    NoukaiError,
    PayloadTooLargeError,
    RateLimitedError,
    WaitTimeoutError,
    as_completed,
)
from tests.client.conftest import Colour
from tests.client.script import JOB, job

Call = Callable[[Any], Any]

ASKING: dict[str, Call] = {
    "Flow.job": lambda client: client.flow("acme/demo/echo").job("x"),
    "Flow.execute": lambda client: client.flow("acme/demo/echo").execute("x"),
    "Flow.map": lambda client: client.flow("acme/demo/echo").map(["x"]),
    "Flow.jobs": lambda client: client.flow("acme/demo/echo").jobs(),
    "Flow.cancel_jobs": lambda client: client.flow("acme/demo/echo").cancel_jobs(),
    "Job.status": lambda client: client.job(JOB).status(),
    "Job.wait": lambda client: client.job(JOB).wait(),
    "Job.cancel": lambda client: client.job(JOB).cancel(),
    "Job.retry": lambda client: client.job(JOB).retry(),
    "Job.logs": lambda client: client.job(JOB).logs(),
    "Job.events": lambda client: client.job(JOB).events(),
    "Job.input": lambda client: client.job(JOB).input(),
    "Noukai.flows": lambda client: client.flows(),
    "Noukai.usage": lambda client: client.usage(),
    "Noukai.health": lambda client: client.health(),
    "Noukai.jobs": lambda client: client.jobs(org="acme"),
    "Keys.create": lambda client: client.keys.create("ci"),
    "Keys.list": lambda client: client.keys.list(),
    "Keys.rotate": lambda client: client.keys.rotate("ci"),
    "Keys.revoke": lambda client: client.keys.revoke("ci"),
    "Tokens.create": lambda client: client.tokens.create(
        origin="https://app.example.com", flow="acme/demo/echo"
    ),
    "Schedules.put": lambda client: client.schedules.put("digest", flow="acme/demo/echo", cron="* * * * *"),
    "Schedules.list": lambda client: client.schedules.list(),
    "Schedules.get": lambda client: client.schedules.get("digest"),
    "Schedules.pause": lambda client: client.schedules.pause("digest"),
    "Schedules.resume": lambda client: client.schedules.resume("digest"),
    "Schedules.trigger": lambda client: client.schedules.trigger("digest"),
    "Schedules.delete": lambda client: client.schedules.delete("digest"),
    "Webhooks.put": lambda client: client.webhooks.put("billing", url="https://hooks.example.com"),
    "Webhooks.list": lambda client: client.webhooks.list(),
    "Webhooks.get": lambda client: client.webhooks.get("billing"),
    "Webhooks.delete": lambda client: client.webhooks.delete("billing"),
    "Webhooks.rotate": lambda client: client.webhooks.rotate("billing"),
    "Webhooks.test": lambda client: client.webhooks.test("billing"),
    "Webhooks.deliveries": lambda client: client.webhooks.deliveries("billing"),
    "Webhooks.redeliver": lambda client: client.webhooks.redeliver("billing", since="2026-11-30T12:00:00Z"),
    "as_completed": lambda client: as_completed([client.job(JOB)]),
}
"""Every public call that asks the API, by its name in the blocking colour."""

OFFLINE = {
    *("Flow.address", "Job.id", "Job.accepted"),
    *(f"Noukai.{each}" for each in ("base_url", "flow", "job", "close")),
    *(f"Noukai.{each}" for each in ("keys", "schedules", "tokens", "webhooks")),
}
SUBMITTING, OF_A_JOB = (
    ("Flow.job", "Flow.execute", "Flow.map"),
    ("Job.status", "Job.wait", "Job.cancel", "Job.retry", "Job.logs", "Job.events", "Job.input"),
)

OF_A_NAME = tuple(name for name in ASKING if name.startswith(("Schedules.", "Webhooks.")))
OF_A_NAME = tuple(name for name in OF_A_NAME if not name.endswith((".put", ".list")))


def documentation(name: str, seen: frozenset[str] = frozenset()) -> str:
    """Return the docstring of a public name, with those of the names that it refers to."""
    if name in seen:
        return ""
    value: Any = noukai
    for part in name.split("."):
        value = getattr(value, part, None)
    text = (inspect.getdoc(value) or "") if value is not None else ""
    referred = {
        each for each in re.findall(r"`(\w+(?:\.\w+)?)`", text) if each.partition(".")[0] in noukai.__all__
    }
    methods = {each for each in referred if "." in each or each in ("Noukai", "Flow", "Job")}
    return text + "".join(documentation(each, seen | {name}) for each in sorted(methods))


def of_colour(name: str, client: Any) -> str:
    return f"Async{name}" if isinstance(client, AsyncNoukai) and "." in name else name


def ask(colour: Colour, call: Call, client: Any) -> None:
    """Call, and exhaust the outcome if it is an iterator."""
    outcome = call(client)
    if hasattr(outcome, "__aiter__" if colour.is_awaiting else "__iter__"):
        colour.collect(outcome)
    else:
        colour.run(outcome)


def refusal(status: int, code: str) -> tuple[int, Any]:
    return status, {"detail": {"code": code, "message": "no"}}


@pytest.mark.parametrize("name", ASKING)
@pytest.mark.parametrize(
    "status", [302, 400, 401, 402, 403, 404, 409, 413, 418, 422, 429, 500, 503, 504, None]
)
def test_whatever_a_call_raises_is_named(colour: Colour, name: str, status: int | None) -> None:
    """Each docstring names the error itself or one of its parents below the root."""

    def answer(request: httpx.Request) -> httpx.Response:
        if status is None:
            raise httpx.ConnectError("no network", request=request)
        return httpx.Response(status)

    client = colour.client(answer, max_retries=0)
    call = ASKING[name]
    # A rate limit is outlasted otherwise.
    if name == "Job.wait":
        call = lambda client: client.job(JOB).wait(timeout_ms=0)  # noqa: E731
    if name == "as_completed" and status == HTTPStatus.TOO_MANY_REQUESTS:
        call = lambda client: as_completed([client.job(JOB)], timeout_ms=1)  # noqa: E731
    with pytest.raises(NoukaiError) as raised:
        ask(colour, call, client)
    names = {kind.__name__ for kind in type(raised.value).__mro__ if issubclass(kind, NoukaiError)} - {
        "NoukaiError"
    }
    text = documentation(of_colour(name, client))
    assert [kind for kind in names if f"`{kind}`" in text], names


@pytest.mark.parametrize(
    ("names", "answer", "error"),
    [
        (SUBMITTING, refusal(404, "FLOW_NOT_FOUND"), FlowNotFoundError),
        (("Job.retry",), refusal(404, "FLOW_NOT_FOUND"), FlowNotFoundError),
        (SUBMITTING, refusal(422, "INVALID_INPUT"), InvalidInputError),
        (SUBMITTING, refusal(409, "IDEMPOTENCY_CONFLICT"), ConflictError),
        (SUBMITTING, refusal(413, "PAYLOAD_TOO_LARGE"), PayloadTooLargeError),
        (SUBMITTING, refusal(402, "INSUFFICIENT_CREDITS"), InsufficientCreditsError),
        (SUBMITTING, refusal(429, "RATE_LIMITED"), RateLimitedError),
        (("Noukai.usage",), refusal(422, "INVALID_INPUT"), InvalidInputError),
        (OF_A_JOB, refusal(404, "JOB_NOT_FOUND"), JobNotFoundError),
        (OF_A_NAME, refusal(404, "NOT_FOUND"), NotFoundError),
        (("Schedules.put", "Schedules.trigger"), refusal(404, "FLOW_NOT_FOUND"), FlowNotFoundError),
        (("Schedules.put", "Webhooks.put"), refusal(422, "INVALID_INPUT"), InvalidInputError),
        (("Webhooks.redeliver",), refusal(422, "INVALID_INPUT"), InvalidInputError),
        (("Webhooks.rotate",), refusal(409, "CONFLICT"), ConflictError),
        (("Job.retry",), refusal(422, "INVALID_INPUT"), InvalidInputError),
        (("Job.wait",), (200, job("failed")), JobFailedError),
        (("Job.wait",), (200, job("cancelled")), JobCancelledError),
    ],
)
def test_errors_that_belong_to_a_call_are_named_themselves(
    colour: Colour, names: tuple[str, ...], answer: tuple[int, Any], error: type[NoukaiError]
) -> None:
    """The docstring of a method names the errors that it raises."""
    for name in names:
        client = colour.client(lambda _: httpx.Response(answer[0], json=answer[1]), max_retries=0)
        with pytest.raises(error):
            ask(colour, ASKING[name], client)
        assert f"`{error.__name__}`" in documentation(of_colour(name, client)), name


@pytest.mark.parametrize("prefix", ["", "Async"])
def test_mistakes_of_the_caller_are_named(prefix: str) -> None:
    """The docstrings name the error for invalid arguments."""
    kind = getattr(noukai, f"{prefix}Noukai")
    with pytest.raises(InvalidArgumentError):
        kind(None)
    with pytest.raises(InvalidArgumentError):
        kind("nk_x").flow("A")
    with pytest.raises(InvalidArgumentError):
        kind("nk_x").job("../x")
    for name in ("Noukai", "Noukai.flow", "Noukai.job", "Flow.job", "Job.wait", "Job.logs"):
        assert "`InvalidArgumentError`" in documentation(prefix + name), name
    assert f"`{WaitTimeoutError.__name__}`" in documentation(f"{prefix}Job.wait")


def test_no_call_is_forgotten_here() -> None:
    """Every public member of the faces is known to these tests, in both colours."""
    for blocking, awaiting in (
        (noukai.Flow, AsyncFlow),
        (noukai.Job, AsyncJob),
        (noukai.Noukai, AsyncNoukai),
        (noukai.Keys, noukai.AsyncKeys),
        (noukai.Schedules, noukai.AsyncSchedules),
        (noukai.Tokens, noukai.AsyncTokens),
        (noukai.Webhooks, noukai.AsyncWebhooks),
    ):
        members = {f"{blocking.__name__}.{name}" for name in dir(blocking) if not name.startswith("_")}
        assert members == {name for name in (*ASKING, *OFFLINE) if name.startswith(f"{blocking.__name__}.")}
        mirrored = {name.replace("aclose", "close") for name in dir(awaiting) if not name.startswith("_")}
        assert mirrored == {name.partition(".")[2] for name in members}


def test_errors_carry_what_their_docstrings_say() -> None:
    """The root of the answers' errors explains the attributes that all of them have."""
    for name in ("status_code", "code", "request_id"):
        assert name in (inspect.getdoc(NoukaiError) or "")
    for name in ("retry_after", "detail"):
        assert name in (inspect.getdoc(ApiError) or "")


@pytest.mark.parametrize("package", ["noukai", "noukai_wire"])
def test_types_are_published(package: str) -> None:
    """Type checkers of users read the packages' own annotations."""
    assert resources.files(package).joinpath("py.typed").is_file()
