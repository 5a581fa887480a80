"""The validation of arguments before anything is sent."""

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from noukai import InvalidArgumentError, JobOptions
from noukai._core.address import FlowAddress, job_id
from noukai._core.sending.submission import submission
from noukai._core.settings import Settings

DEFAULTS = {"org": "acme", "project": "demo"}


@pytest.mark.parametrize("text", ["acme/demo/word-count", "word-count"])
def test_a_flow_is_named_in_full_or_by_its_client(text: str) -> None:
    """A flow's org and project come from its address, or from the client."""
    assert str(FlowAddress.parse(text, org="acme", project="demo")) == "acme/demo/word-count"


def test_a_full_address_does_not_use_the_defaults() -> None:
    """The client's org and project do not matter then."""
    assert FlowAddress.parse("other/things/go", org="acme", project="demo") == ("other", "things", "go")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a",
        "Word",
        "word_count",
        "-word",
        "word-",
        "a" * 51,
        "wörd",
        "word\n",
        "demo/word",
        "a/b/c/d",
        "aa//cc",
        "//",
    ],
)
def test_a_bad_address_is_refused(text: str) -> None:
    """An address that is not org/project/flow in slugs is refused, with the reason."""
    with pytest.raises(InvalidArgumentError, match=r"slug|org/project/flow"):
        FlowAddress.parse(text, **DEFAULTS)


@pytest.mark.parametrize("defaults", [{"org": None, "project": "demo"}, {"org": "acme", "project": None}])
def test_a_short_address_needs_defaults(defaults: dict[str, str | None]) -> None:
    """Without an org and a project, the error says where to set them."""
    with pytest.raises(InvalidArgumentError, match="NOUKAI_ORG and NOUKAI_PROJECT"):
        FlowAddress.parse("word-count", org=defaults["org"], project=defaults["project"])


@pytest.mark.parametrize("text", ["", "job 1", "../flows", "..", "job/1", "job_1\n", "job_1?x", None])
def test_a_job_id_cannot_change_the_path(text: object) -> None:
    """A text that would lead to another path is refused as an id."""
    with pytest.raises(InvalidArgumentError, match="not a job's id"):
        job_id(text)


def test_settings_come_from_the_environment() -> None:
    """Every setting that is not given is read from its variable."""
    environment = {
        "NOUKAI_API_KEY": "nk_env",
        "NOUKAI_BASE_URL": "https://env.test/api/v1/",
        "NOUKAI_ORG": "acme",
        "NOUKAI_PROJECT": "demo",
    }
    settings = Settings.resolve(environment)
    assert (settings.api_key, settings.base_url) == ("nk_env", "https://env.test/api/v1")
    assert (settings.org, settings.project) == ("acme", "demo")


def test_arguments_win_over_the_environment() -> None:
    """What is given is taken, whatever the environment says."""
    environment = dict.fromkeys(["NOUKAI_API_KEY", "NOUKAI_BASE_URL", "NOUKAI_ORG", "NOUKAI_PROJECT"], "?")
    settings = Settings.resolve(environment, "nk_arg", base_url="http://arg.test", org="acme", project="demo")
    assert (settings.api_key, settings.base_url) == ("nk_arg", "http://arg.test")
    assert (settings.org, settings.project) == ("acme", "demo")


def test_empty_variables_are_absent() -> None:
    """An empty variable counts as unset; the default base URL is then this machine."""
    empty = {"NOUKAI_BASE_URL": "", "NOUKAI_ORG": "", "NOUKAI_PROJECT": ""}
    settings = Settings.resolve(empty, "nk_arg")
    assert settings.base_url == "http://localhost:8080/api/v1"
    assert (settings.org, settings.project) == (None, None)


@pytest.mark.parametrize("environment", [{}, {"NOUKAI_API_KEY": ""}])
def test_a_missing_key_says_where_to_put_it(environment: dict[str, str]) -> None:
    """The error names the argument and the variable."""
    with pytest.raises(InvalidArgumentError, match="api_key to the client, or set NOUKAI_API_KEY"):
        Settings.resolve(environment)


@pytest.mark.parametrize("key", ["nk_1\n", "nk 1", "nk_ä"])
def test_a_key_that_cannot_be_sent_is_not_shown(key: str) -> None:
    """A key that cannot be a header is refused; the error does not repeat it."""
    with pytest.raises(InvalidArgumentError) as raised:
        Settings.resolve({}, key)
    assert key not in str(raised.value)


def test_the_key_is_not_shown_by_the_settings() -> None:
    """The settings can be logged: the key is not in their text."""
    assert "nk_secret" not in repr(Settings.resolve({}, "nk_secret"))


@pytest.mark.parametrize(
    "options",
    [
        {"base_url": "localhost:8080"},
        {"base_url": "ftp://host/api"},
        {"base_url": "http:///api"},
        {"base_url": "http://user:word@host/api"},
        {"base_url": "http://host/api?x=1"},
        {"base_url": "http://host:port/api"},
        {"base_url": ""},
        {"org": "Acme"},
        {"project": ""},
        {"timeout": 0},
        {"timeout": float("nan")},
        {"timeout": float("inf")},
        {"max_retries": -1},
    ],
)
def test_a_bad_setting_is_refused(options: dict[str, Any]) -> None:
    """A setting that cannot work is refused when the client is made."""
    with pytest.raises(InvalidArgumentError, match=next(iter(options)).replace("_url", " URL")):
        Settings.resolve({}, "nk_arg", **options)


def test_only_what_is_given_is_submitted() -> None:
    """Without message, parameters and options the body is an empty object: absent is not null."""
    assert submission().content == b"{}"


def test_everything_that_is_given_is_submitted() -> None:
    """Message, parameters and every option stand in the body under the contract's names."""
    options: JobOptions = {
        "idempotency_key": "order 7",
        "delay_seconds": 0,
        "run_at": "2026-01-01T00:00:00Z",
        "timeout_seconds": 5,
        "max_attempts": 2,
        "backoff_seconds": 0.5,
        "backoff_cap_seconds": 0,
        "metadata": {"a": "b"},
        "keep_seconds": 3600,
    }
    made = submission("", {"top": None}, **options)
    assert made.idempotency_key == "order 7"
    assert json.loads(made.content) == {
        "message": "",
        "parameters": {"top": None},
        "options": {
            "delaySeconds": 0,
            "runAt": "2026-01-01T00:00:00Z",
            "timeoutSeconds": 5,
            "maxAttempts": 2,
            "backoffSeconds": 0.5,
            "backoffCapSeconds": 0,
            "metadata": {"a": "b"},
            "keepSeconds": 3600,
        },
    }


def test_a_moment_is_sent_in_utc() -> None:
    """An aware datetime becomes ISO 8601 in UTC with milliseconds."""
    noon = datetime(2026, 1, 1, 12, 0, 0, 5_000, tzinfo=timezone(timedelta(hours=2)))
    assert json.loads(submission(run_at=noon).content)["options"]["runAt"] == "2026-01-01T10:00:00.005Z"


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ({"message": 5}, "message must be a str, not int"),
        ({"message": b"x"}, "message must be a str, not bytes"),
        ({"message": "\ud800"}, "must be JSON"),
        ({"parameters": ["x"]}, "parameters must be a dict, not list"),
        ({"parameters": {"x": object()}}, "must be JSON"),
        ({"parameters": {"x": float("nan")}}, "must be JSON"),
        ({"metadata": "x"}, "metadata must be a dict, not str"),
        ({"run_at": datetime(2026, 1, 1)}, "aware"),  # noqa: DTZ001  (it is what must be refused)
        ({"run_at": datetime.max.replace(tzinfo=UTC)}, "run_at must be a time"),
        ({"idempotency_key": ""}, "idempotency_key"),
        ({"idempotency_key": 7}, "idempotency_key"),
        ({"idempotency_key": "x" * 256}, "idempotency_key"),
        ({"idempotency_key": "a\nb"}, "idempotency_key"),
        ({"idempotency_key": " a"}, "idempotency_key"),
        ({"idempotency_key": "é"}, "idempotency_key"),
    ],
)
def test_invalid_arguments_are_refused(arguments: dict[str, Any], problem: str) -> None:
    """An argument of a wrong type, or that JSON or a header cannot represent, is refused by name."""
    with pytest.raises(InvalidArgumentError, match=problem):
        submission(**arguments)


def test_each_submission_has_a_key_of_its_own() -> None:
    """Two submissions of the same input are two jobs, unless they have the same key."""
    assert submission("x").idempotency_key != submission("x").idempotency_key
