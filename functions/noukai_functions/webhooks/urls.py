"""The URLs that webhooks may have: checked when they are registered and again at each posting."""

import re
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from noukai_functions.refusals import InvalidInputError
from noukai_functions.webhooks.addresses import Address, address_of, is_public
from noukai_wire.limits import MAX_WEBHOOK_URL_LENGTH

_HTTPS_PORT = 443
_URL = re.compile(r"([a-z][a-z0-9+.-]*)://([^/?#]*)(/[^?#]*)?(\?[^#]*)?", re.IGNORECASE)
_VISIBLE_ASCII = re.compile(r"[!-~]+")
_AUTHORITY = re.compile(r"(\[[^\]]*\]|[^\[\]:]*)(?::(\d{1,5}))?")
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_MAX_NAME, _MAX_SHOWN = 253, 64
_MAX_PORT = 65_535
_INTERNAL = ("localhost", "localdomain", "local", "internal", "home.arpa", "intranet", "lan", "onion")
"""The ends of names that the public internet does not have."""


@dataclass(frozen=True, slots=True)
class Receiver:
    """The receiver of a URL: its host as a name or an address, its port, and its path with the query."""

    host: str
    port: int
    path: str
    is_local: bool = False
    """Whether it is a program on this machine, by plain HTTP."""

    @property
    def address(self) -> Address | None:
        """Return the address that the URL names instead of a host, if it does."""
        return address_of(self.host)


@dataclass(frozen=True, slots=True)
class UrlRules:
    """The rules of a deployment: the allowed ports, and whether `http://localhost:PORT` is allowed too."""

    ports: AbstractSet[int] = frozenset({_HTTPS_PORT})
    allows_local: bool = False

    def receiver(self, url: str) -> Receiver:
        """Return the receiver that a URL names.

        A name is not looked up: it may point elsewhere at the next posting, which checks what it points to.

        Raises:
            InvalidInputError: the URL is not allowed.
        """
        scheme, authority, path = _parts(url)
        host, port = _host_and_port(authority)
        if self.allows_local and (scheme, host) == ("http", "localhost") and port:
            return Receiver(host, port, path, is_local=True)
        if scheme != "https":
            raise _refused(f"the URL begins with {scheme}://: only https:// is allowed")
        port = _HTTPS_PORT if port is None else port
        if port not in self.ports:
            raise _refused(f"the port {port} is not allowed: use {', '.join(map(str, sorted(self.ports)))}")
        return Receiver(_checked_host(host), port, path)


def _parts(url: str) -> tuple[str, str, str]:
    """Return the scheme, the authority and the path with its query."""
    if len(url) > MAX_WEBHOOK_URL_LENGTH:
        raise _refused(f"the URL is longer than {MAX_WEBHOOK_URL_LENGTH} characters")
    if not _VISIBLE_ASCII.fullmatch(url) or "\\" in url:
        raise _refused(
            "a URL has ASCII characters without spaces and backslashes: write others as %xx or xn--"
        )
    if "#" in url:
        raise _refused("the part after # is never sent: leave it out")
    found = _URL.fullmatch(url)
    if found is None:
        raise _refused("this is no URL: write it as https://hooks.example.com/path")
    scheme, authority, path, query = found.groups()
    if "@" in authority:
        raise _refused("the URL has a user name before @: leave it out, and check the signature instead")
    return scheme.lower(), authority, (path or "/") + (query or "")


def _host_and_port(authority: str) -> tuple[str, int | None]:
    found = _AUTHORITY.fullmatch(authority)
    if found is None:
        raise _refused(
            f"{_shown(authority)} is no host: write a name, an IPv4 address or an IPv6 address in brackets"
        )
    host, port = found[1].lower(), found[2]
    if port is not None and not 0 < int(port) <= _MAX_PORT:
        raise _refused(f"the port {port} does not exist")
    return host, None if port is None else int(port)


def _checked_host(host: str) -> str:
    """Return the host without brackets; refuse what is not on the public internet."""
    if host.startswith("["):
        return _checked_address(host[1:-1], is_v6=True)
    labels = host.split(".")
    if host.endswith("."):
        raise _refused("the host ends with a dot: leave it out")
    if len(host) > _MAX_NAME or not all(_LABEL.fullmatch(label) for label in labels):
        raise _refused(f"{_shown(host)} is no host name: its parts have letters, digits and hyphens")
    if labels[-1][0].isdigit():  # as in 127.1 and 0x7f.1: parsers disagree about which are numbers
        return _checked_address(host, is_v6=False)
    if len(labels) == 1 or any(f".{host}".endswith(f".{end}") for end in _INTERNAL):
        raise _refused(f"{_shown(host)} is an internal name: only names of the public internet are allowed")
    return host


def _checked_address(text: str, *, is_v6: bool) -> str:
    address = address_of(text)
    if address is None or (address.version == 6) != is_v6:  # noqa: PLR2004 - of the protocol
        raise _refused(
            f"{_shown(text)} is no address: write four decimal numbers, or an IPv6 address in brackets"
        )
    if not is_public(address):
        raise _refused(f"the address {text} is not public: only public addresses are allowed")
    return text


def _shown(text: str) -> str:
    return repr(text if len(text) <= _MAX_SHOWN else text[:_MAX_SHOWN] + "…")


def _refused(sentence: str) -> InvalidInputError:
    return InvalidInputError([("url", sentence)])
