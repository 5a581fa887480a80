"""The conversion of answers to models and errors, from the API, a gateway or a proxy."""

import httpx
import pytest

import noukai
from noukai import ApiError, InvalidInputError, NoukaiError, UnexpectedAnswerError
from noukai.cli.terminal import complain
from noukai_wire.errors import ErrorCode
from tests.client.script import JOB, Answer, Player, job, refused

KINDS = {
    ErrorCode.INVALID_JSON: noukai.InvalidInputError,
    ErrorCode.MISSING_MESSAGE: noukai.InvalidInputError,
    ErrorCode.UNAUTHENTICATED: noukai.AuthenticationError,
    ErrorCode.INSUFFICIENT_CREDITS: noukai.InsufficientCreditsError,
    ErrorCode.FORBIDDEN: noukai.PermissionDeniedError,
    ErrorCode.FLOW_NOT_FOUND: noukai.FlowNotFoundError,
    ErrorCode.JOB_NOT_FOUND: noukai.JobNotFoundError,
    ErrorCode.NOT_FOUND: noukai.NotFoundError,
    ErrorCode.IDEMPOTENCY_CONFLICT: noukai.ConflictError,
    ErrorCode.PAYLOAD_TOO_LARGE: noukai.PayloadTooLargeError,
    ErrorCode.INVALID_INPUT: noukai.InvalidInputError,
    ErrorCode.RATE_LIMITED: noukai.RateLimitedError,
    ErrorCode.INTERNAL_ERROR: noukai.ServerError,
    ErrorCode.UNAVAILABLE: noukai.ServerError,
    ErrorCode.EXECUTE_TIMEOUT: noukai.ServerError,
}


def error_of(answer: Answer) -> NoukaiError:
    player = Player(max_retries=0)
    with pytest.raises(NoukaiError) as raised:
        player.play(player.api.status(JOB), answer)
    return raised.value


@pytest.mark.parametrize("code", ErrorCode)
def test_every_error_of_the_contract_has_its_kind(code: ErrorCode) -> None:
    """Each code becomes one kind of error with its status, code, message and request id."""
    error = error_of(refused(code.status, code, {"X-Request-ID": "req_7"}))
    assert type(error) is KINDS[code]
    assert (error.status_code, error.code, error.request_id) == (code.status, code, "req_7")
    assert str(error) == f"refused with {code.status}"


def test_the_errors_of_an_invalid_input_are_listed() -> None:
    """The error lists each wrong place; entries that are no objects are left out."""
    errors = [{"path": "parameters.top", "message": "must be integer"}, "?"]
    detail = {"code": "INVALID_INPUT", "message": "the input is wrong", "errors": errors}
    error = error_of(Answer(422, {"detail": detail}))
    assert isinstance(error, InvalidInputError)
    assert error.errors == errors[:1]


@pytest.mark.parametrize(
    "detail", [{"code": "INVALID_INPUT"}, {"errors": "all of it"}, "wrong", ["wrong"], None]
)
def test_an_invalid_input_without_a_list_has_no_errors(detail: object) -> None:
    """The list is empty."""
    error = error_of(Answer(422, {"detail": detail}))
    assert isinstance(error, InvalidInputError)
    assert error.errors == []


@pytest.mark.parametrize(
    ("header", "seconds"), [("2.5", 2.5), ("-3", 0.0), ("1e99", 86_400.0), ("soon", None)]
)
def test_a_pause_is_told_with_the_error(header: str, seconds: float | None) -> None:
    """`retry_after` is the requested pause: from 0 to a day, or None if it cannot be read."""
    error = error_of(refused(503, "UNAVAILABLE", {"Retry-After": header}))
    assert isinstance(error, ApiError)
    assert error.retry_after == seconds


@pytest.mark.parametrize("body", [{"message": "Unauthorized"}, {"message": None}, "", "<html>"])
def test_a_gateways_own_401_says_where_to_look(body: object) -> None:
    """A gateway with an authorizer gives it to a request whose header Authorization a proxy has removed."""
    error = error_of(Answer(401, body, {"Apigw-Requestid": "gw_7"}))
    assert type(error) is noukai.AuthenticationError
    assert "no proxy removes or replaces the header Authorization" in str(error)
    assert (error.code, error.request_id) == (None, "gw_7")
    assert "proxy" not in str(error_of(refused(401, "UNAUTHENTICATED")))


def test_an_answer_of_the_gateway_is_understood() -> None:
    """An error of the gateway has the kind of its status, and the gateway's request id."""
    error = error_of(refused(429, headers={"Apigw-Requestid": "gw_1", "Retry-After": "3"}))
    assert isinstance(error, noukai.RateLimitedError)
    assert (str(error), error.code, error.request_id) == ("refused with 429", None, "gw_1")
    assert error.retry_after == 3


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>Bad Gateway</html>",
        b"\xff\xfe",
        b"[1]",
        b"null",
        b'"down"',
        b'{"detail": 7}',
        b"[" * 100_000,
    ],
    ids=["empty", "html", "bytes", "list", "null", "text", "number", "deep"],
)
def test_an_error_that_explains_nothing_is_named_by_its_request(body: bytes) -> None:
    """An error answer that is not our JSON names the request and the status."""
    error = error_of(Answer(502, body))
    assert isinstance(error, noukai.ServerError)
    assert str(error) == "GET https://api.test/api/v1/jobs/job_1 was answered with HTTP 502 Bad Gateway"


def test_an_unknown_error_status_is_an_api_error() -> None:
    """A status that is not in the contract is a plain `ApiError`."""
    assert type(error_of(refused(418, "TEAPOT"))) is ApiError


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"\xff",
        b"[]",
        b"null",
        b"{}",
        b'{"id": "job_1", "state": 3, "createdAt": "x"}',
        b"[" * 100_000,
    ],
    ids=["empty", "html", "bytes", "list", "null", "object", "type", "deep"],
)
@pytest.mark.parametrize("status", [200, 204])
def test_a_success_of_another_shape_is_an_error_of_its_own(status: int, body: bytes) -> None:
    """A success without the shape of the contract is an error without a traceback of pydantic."""
    error = error_of(Answer(status, body, {"X-Request-ID": "req_7"}))
    assert isinstance(error, UnexpectedAnswerError)
    assert "is not from this API" in str(error)
    assert (error.status_code, error.request_id) == (status, "req_7")
    assert error.__cause__ is None
    assert error.__suppress_context__ or error.__context__ is None


def test_a_redirection_is_no_answer() -> None:
    """A redirection is refused, so that the key is not sent elsewhere."""
    error = error_of(Answer(302, {}, {"Location": "https://elsewhere.test/"}))
    assert isinstance(error, UnexpectedAnswerError)


@pytest.mark.parametrize("failure", [httpx.DecodingError, httpx.TooManyRedirects])
def test_an_answer_that_cannot_be_read_is_not_asked_for_again(failure: type[httpx.RequestError]) -> None:
    """An answer that cannot be decoded is an unexpected answer, which is not retried."""
    assert isinstance(error_of(Answer(failure=failure)), UnexpectedAnswerError)


def test_fields_of_a_later_version_are_ignored() -> None:
    """An unknown field breaks nothing."""
    player = Player()
    status = player.play(player.api.status(JOB), Answer(body=job("paused", colour="blue")))
    assert status.state == "paused"
    assert not status.is_terminal


def test_request_id_commands_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    """A gateway's request id is shown as text, as its message is."""
    complain(ApiError("refused with 404", status_code=404, request_id="req\x9b2J"))
    assert capsys.readouterr().err == "noukai: refused with 404 (request req 2J)\n"
