"""The network settings, from the environment variables that other HTTP clients use too."""

import os
import re
import ssl
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit
from urllib.request import getproxies

import httpx

from noukai._core.address import is_host
from noukai._errors import InvalidArgumentError

HttpClient = TypeVar("HttpClient", httpx.Client, httpx.AsyncClient)

_LIMITS = httpx.Limits(max_connections=None, max_keepalive_connections=20)
"""No request, however many are held, fails for lack of a connection."""

_AUTHORITIES_FILE = "SSL_CERT_FILE"
_AUTHORITIES_FOLDER = "SSL_CERT_DIR"
_KEY_LOG = "SSLKEYLOGFILE"
_USER = re.compile(r"//[^/]*@")


class Network:
    """A factory of httpx clients that share the trusted certificates, which are slow to load.

    Raises `InvalidArgumentError` for an invalid environment variable.
    """

    def __init__(self) -> None:
        self._context = _context()

    def client(self, kind: type[HttpClient]) -> HttpClient:
        """Return a new httpx client."""
        _check_proxies()
        try:
            return kind(
                verify=self._context,
                limits=_LIMITS,
                cookies=_NoCookies(),
                trust_env=False,
                mounts=self._mounts(kind),
            )
        except (ImportError, ValueError, httpx.InvalidURL) as error:
            named = ", ".join(f"{_variable(scheme)}={_shown(text)}" for scheme, text in getproxies().items())
            raise InvalidArgumentError(
                f"the proxies in the environment ({named}) are invalid: {error}"
            ) from None

    def _mounts(self, kind: type[HttpClient]) -> Any:
        proxies = getproxies()
        if not proxies:
            return None
        from .proxies import async_mounts, mounts  # noqa: PLC0415 - where there is a proxy

        return (mounts if issubclass(kind, httpx.Client) else async_mounts)(proxies, self._context, _LIMITS)


class _NoCookies(CookieJar):
    """A cookie jar that stores none, since looking for cookies costs CPU."""

    def extract_cookies(self, response: object, request: object) -> None:
        """Ignore the cookies of an answer."""


def _context() -> ssl.SSLContext:
    file, folder = os.environ.get(_AUTHORITIES_FILE), os.environ.get(_AUTHORITIES_FOLDER)
    if not file and folder and not any(Path(each).is_dir() for each in folder.split(os.pathsep)):
        # `ssl` would silently trust no authority.
        raise InvalidArgumentError(
            f"{_AUTHORITIES_FOLDER} is {folder!r}, which is not a folder: correct or unset it"
        )
    try:
        return httpx.create_ssl_context()
    except OSError as error:  # includes `ssl.SSLError`
        keys = os.environ.get(_KEY_LOG)
        if keys and error.filename == keys:
            problem = f"which cannot be written ({error.strerror}): correct or unset it"
            raise InvalidArgumentError(f"{_KEY_LOG} is {keys!r}, {problem}") from None
        what = (
            f"{_AUTHORITIES_FILE} is {file!r}, which"
            if file
            else "the certificates of the authorities to trust"
        )
        raise InvalidArgumentError(
            f"{what} cannot be read ({error}): correct or unset {_AUTHORITIES_FILE}"
        ) from None


def _check_proxies() -> None:
    for scheme, text in getproxies().items():
        if scheme in {"http", "https", "all"} and text and not _is_proxy(text):
            raise InvalidArgumentError(
                f"{_variable(scheme)} is {_shown(text)}, which is not a proxy URL: it must look like http://host:port"
            )


def _is_proxy(text: str) -> bool:
    try:
        url = urlsplit(text if "://" in text else f"http://{text}")
        port = url.port
    except ValueError:
        return False
    return url.scheme in {"http", "https", "socks5", "socks5h"} and is_host(url.hostname) and port != 0


def _variable(scheme: str) -> str:
    name = f"{scheme}_proxy"
    return name if os.environ.get(name) else name.upper()


def _shown(text: str) -> str:
    return repr(_USER.sub("//…@", text))  # a proxy URL may contain a password
