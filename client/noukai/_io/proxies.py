"""The proxies of the environment, with the exceptions of `NO_PROXY` that curl and Go support.

httpx supports fewer of them: it ignores networks, and fails at IPv6 in brackets.
"""

import re
import ssl
from collections.abc import Callable, Mapping
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import TypeVar

import httpx

_ENTRY = re.compile(r"(?:\[(?P<address>[^]]+)\]|(?P<name>[^:]+))(?::(?P<port>\d+))?")
_PORTS = {"http": 80, "https": 443}

Transport = TypeVar("Transport", httpx.BaseTransport, httpx.AsyncBaseTransport)


class Exceptions:
    """The URLs that are requested without a proxy: by name, address, network or port, or all of them."""

    def __init__(self, text: str) -> None:
        self._networks: list[tuple[IPv4Network | IPv6Network, int | None]] = []
        self._names: list[tuple[str, int | None]] = []
        for entry in re.split(r"[\s,]+", text.lower()):
            self._add(entry.rpartition("://")[2])

    def _add(self, entry: str) -> None:
        if (network := _network(entry)) is not None:
            self._networks.append((network, None))
        elif known := _ENTRY.fullmatch(entry):
            port = None if known["port"] is None else int(known["port"])
            host = known["address"] or known["name"]
            if (network := _network(host)) is not None:
                self._networks.append((network, port))
            else:
                self._names.append((host if host == "*" else host.lstrip("*").rstrip("."), port))

    def __contains__(self, url: httpx.URL) -> bool:
        port = url.port or _PORTS.get(url.scheme)
        hosts = {url.host.rstrip("."), url.raw_host.decode("ascii").rstrip(".")}
        if any(_names(name, host) for name, only in self._names if only in (None, port) for host in hosts):
            return True
        try:
            address = ip_address(url.host)
        except ValueError:
            return False
        return any(address in network for network, only in self._networks if only in (None, port))


def mounts(
    proxies: Mapping[str, str], context: ssl.SSLContext, limits: httpx.Limits
) -> Mapping[str, httpx.BaseTransport]:
    """Return the mounts of an `httpx.Client` for proxies from `urllib.request.getproxies`."""
    return _mounts(
        proxies, _Routed, lambda proxy: httpx.HTTPTransport(verify=context, limits=limits, proxy=proxy)
    )


def async_mounts(
    proxies: Mapping[str, str], context: ssl.SSLContext, limits: httpx.Limits
) -> Mapping[str, httpx.AsyncBaseTransport]:
    """Return the mounts of an `httpx.AsyncClient`, as `mounts` does."""
    return _mounts(
        proxies,
        _AsyncRouted,
        lambda proxy: httpx.AsyncHTTPTransport(verify=context, limits=limits, proxy=proxy),
    )


def _mounts(
    proxies: Mapping[str, str],
    routed: Callable[[Exceptions, Transport, Transport], Transport],
    transport: Callable[[str | None], Transport],
) -> Mapping[str, Transport]:
    exceptions = Exceptions(proxies.get("no", ""))
    return {
        scheme: routed(exceptions, transport(proxy), transport(None))
        for scheme, proxy in _by_scheme(proxies).items()
    }


class _Routed(httpx.BaseTransport):
    """A transport through a proxy, with exceptions."""

    def __init__(
        self, exceptions: Exceptions, proxied: httpx.BaseTransport, direct: httpx.BaseTransport
    ) -> None:
        self._exceptions, self._proxied, self._direct = exceptions, proxied, direct

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return (self._direct if request.url in self._exceptions else self._proxied).handle_request(request)

    def close(self) -> None:
        self._proxied.close()
        self._direct.close()


class _AsyncRouted(httpx.AsyncBaseTransport):
    """A transport through a proxy, with exceptions, for an `httpx.AsyncClient`."""

    def __init__(
        self, exceptions: Exceptions, proxied: httpx.AsyncBaseTransport, direct: httpx.AsyncBaseTransport
    ) -> None:
        self._exceptions, self._proxied, self._direct = exceptions, proxied, direct

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        transport = self._direct if request.url in self._exceptions else self._proxied
        return await transport.handle_async_request(request)

    async def aclose(self) -> None:
        await self._proxied.aclose()
        await self._direct.aclose()


def _by_scheme(proxies: Mapping[str, str]) -> dict[str, str]:
    found = {scheme: proxies.get(scheme) for scheme in ("http", "https", "all")}
    return {
        f"{scheme}://": each if "://" in each else f"http://{each}" for scheme, each in found.items() if each
    }


def _network(text: str) -> IPv4Network | IPv6Network | None:
    try:
        return ip_network(text, strict=False)
    except ValueError:
        return None


def _names(name: str, host: str) -> bool:
    """Return whether an exception matches the host or a domain that it is in.

    With a dot first, it matches only hosts below the domain.
    """
    return name in ("*", host) or host.endswith(name if name.startswith(".") else f".{name}")
