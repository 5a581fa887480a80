"""The client's settings, from its arguments and the environment."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypedDict
from urllib.parse import urlsplit

import httpx

from noukai._errors import InvalidArgumentError

from .address import is_host, slug
from .variables import warn_of_unknown_variables

DEFAULT_BASE_URL = "http://localhost:8080/api/v1"
DEFAULT_TIMEOUT = 30.0
DEFAULT_MAX_RETRIES = 3

_PRINTABLE = re.compile(r"[!-~]+")


class ClientOptions(TypedDict, total=False):
    """The options of a client."""

    base_url: str | None
    """`https://…/api/v1`; else `NOUKAI_BASE_URL`, else the API that `make local` starts."""
    org: str | None
    """The org of flows that are named without one; else `NOUKAI_ORG`."""
    project: str | None
    """The project of flows that are named without one; else `NOUKAI_PROJECT`."""
    timeout: float | None
    """How many seconds one request may take; a held one may also take as long as it is held.

    Without it those are 30, or each step of a request has the time that an `http_client` of the caller's gives it.
    An upload or a download may take longer, but not be without progress for longer.
    """
    max_retries: int
    """How often a request that fails for a moment is repeated (3); 0 for never."""


@dataclass(frozen=True)
class Settings:
    """The API's address, its key, and the patience of the client."""

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
        """Return the settings; an argument that is None and a variable that is empty count as absent.

        Warns of variables that are named like ours and are none.
        """
        warn_of_unknown_variables(environment)
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


def _setting(environment: Mapping[str, str], variable: str, name: str, given: str | None) -> tuple[str, str | None]:
    """Return what a setting is called in an error, and its value: as given, or as the environment says."""
    if given is not None:
        return name, given
    return f"{name} (from {variable})", environment.get(variable) or None


def _api_key(name: str, text: str | None) -> str:
    if not text:
        raise InvalidArgumentError("there is no API key: give api_key to the client, or set NOUKAI_API_KEY")
    if not _PRINTABLE.fullmatch(text):
        raise InvalidArgumentError(f"{name} has a space, a line break or a character that is not ASCII in it")
    return text


def _base_url(name: str, text: str) -> str:
    address = text.strip()
    try:
        url = httpx.URL(address)
        host = url.raw_host.decode() if url.host else ""  # httpx decodes and refuses a name only when asked for it
        port = urlsplit(address).port  # it also knows what brackets are for, and how large a port may be
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
