"""The client's settings, from its arguments and the environment."""

import math
import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import TypedDict
from urllib.parse import urlsplit

import httpx

from noukai._errors import InvalidArgumentError
from noukai_wire.variables import unknown_variables

from .address import is_host, slug

DEFAULT_BASE_URL = "http://localhost:8080/api/v1"
DEFAULT_TIMEOUT = 30.0
DEFAULT_MAX_RETRIES = 3

_USERS_FRAME = 5
"""The stack level of the frame that makes a client: below it are its `__init__`, `Settings.resolve`, and the
functions that warn."""

_PRINTABLE = re.compile(r"[!-~]+")


class ClientOptions(TypedDict, total=False):
    """The options of a client."""

    base_url: str | None
    """`https://…/api/v1`; by default `NOUKAI_BASE_URL`, or else the API that `make local` starts."""
    org: str | None
    """The org of flows addressed without one; by default `NOUKAI_ORG`."""
    project: str | None
    """The project of flows addressed without one; by default `NOUKAI_PROJECT`."""
    timeout: float | None
    """The time limit of a request in seconds; a held request gets the time of its hold on top.

    The default is 30, or for a caller's `http_client`, its own limits for each step. For an upload or a
    download it limits the time without progress."""
    max_retries: int
    """How often a request with a transient error is retried (3); 0 for never."""


@dataclass(frozen=True)
class Settings:
    """The API's address and key, and the client's timeouts and retries."""

    api_key: str = field(repr=False)
    base_url: str
    org: str | None
    project: str | None
    timeout: float | None
    max_retries: int

    @classmethod
    def resolve(
        cls,
        environment: Mapping[str, str],
        api_key: str | None = None,
        *,
        base_url: str | None = None,
        org: str | None = None,
        project: str | None = None,
        timeout: float | None = None,
        max_retries: int = DEFAULT_MAX_RETRIES,
    ) -> "Settings":
        """Return the settings; arguments that are None and empty variables count as absent.

        Warns about unknown variables with our prefix.
        """
        _warn_of_unknown_variables(environment)
        key_name, key = _setting(environment, "NOUKAI_API_KEY", "the API key", api_key)
        url_name, url = _setting(environment, "NOUKAI_BASE_URL", "base URL", base_url)
        org_name, org = _setting(environment, "NOUKAI_ORG", "org", org)
        project_name, project = _setting(environment, "NOUKAI_PROJECT", "project", project)
        return cls(
            api_key=_api_key(key_name, key),
            base_url=_base_url(url_name, DEFAULT_BASE_URL if url is None else url),
            org=None if org is None else slug(org_name, org),
            project=None if project is None else slug(project_name, project),
            timeout=_timeout(timeout),
            max_retries=_max_retries(max_retries),
        )


def _setting(
    environment: Mapping[str, str], variable: str, name: str, given: str | None
) -> tuple[str, str | None]:
    """Return the name of a setting for errors, and its value: as given, or from the environment."""
    if given is not None:
        return name, given
    return f"{name} (from {variable})", environment.get(variable) or None


def _api_key(name: str, text: str | None) -> str:
    if not text:
        raise InvalidArgumentError(
            "the API key is missing: give api_key to the client, or set NOUKAI_API_KEY"
        )
    if not _PRINTABLE.fullmatch(text):
        raise InvalidArgumentError(f"{name} must not contain spaces, line breaks or non-ASCII characters")
    return text


def _base_url(name: str, text: str) -> str:
    address = text.strip()
    try:
        url = httpx.URL(address)
        host = (
            url.raw_host.decode() if url.host else ""
        )  # httpx decodes and validates a host only when it is read
        port = urlsplit(address).port  # it also validates brackets and the range of the port
    except (httpx.InvalidURL, ValueError) as invalid:
        raise InvalidArgumentError(f"{name} {text!r} is not a URL: {invalid}") from None
    if (
        url.scheme not in {"http", "https"}
        or not is_host(host)
        or port == 0
        or re.search(r"\s", address)
        or url.userinfo
        or url.query
        or url.fragment
    ):
        raise InvalidArgumentError(f"{name} {text!r} must look like {DEFAULT_BASE_URL} or https://…/api/v1")
    return address.rstrip("/")


def _timeout(seconds: float | None) -> float | None:
    if seconds is not None and not 0 < seconds < math.inf:
        raise InvalidArgumentError(f"timeout must be a number of seconds above 0, not {seconds!r}")
    return seconds


def _max_retries(count: int) -> int:
    if count < 0:
        raise InvalidArgumentError(f"max_retries must be 0 or more, not {count!r}")
    return count


def _warn_of_unknown_variables(environment: Mapping[str, str]) -> None:
    """Warn about each unknown variable, once per process."""
    for problem in unknown_variables(environment):
        _warn_once(problem)


@cache
def _warn_once(problem: str) -> None:
    warnings.warn(problem, stacklevel=_USERS_FRAME)
