"""The wait for a server."""

import asyncio
import ssl

import httpx

from noukai_infra.local.errors import LocalError

_WITHIN_SECONDS = 30
_POLL_SECONDS = 0.02


async def answered(url: str, trust: ssl.SSLContext | None = None) -> None:
    """Wait until a GET of the URL succeeds; `trust` is for a private authority.

    Raises:
        LocalError: it does not succeed within half a minute.
    """
    # Proxies of the environment are ignored.
    async with httpx.AsyncClient(trust_env=False, verify=trust or True, timeout=_WITHIN_SECONDS) as client:
        try:
            async with asyncio.timeout(_WITHIN_SECONDS):
                while not await _succeeds(client, url):  # noqa: ASYNC110 - another process has no event to wait for
                    await asyncio.sleep(_POLL_SECONDS)
        except (TimeoutError, httpx.TimeoutException):
            raise LocalError(f"GET {url} was not answered within {_WITHIN_SECONDS} s.") from None


async def _succeeds(client: httpx.AsyncClient, url: str) -> bool:
    try:
        response = await client.get(url)
    except httpx.TransportError as error:
        if isinstance(error, httpx.TimeoutException):
            raise
        return False
    return response.is_success
