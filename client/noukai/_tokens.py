"""The making of browser tokens, blocking and async."""

from collections.abc import Sequence
from typing import Generic

from noukai_wire.limits import DEFAULT_TOKEN_SECONDS
from noukai_wire.tokens import BrowserToken

from ._core.api import Api
from ._core.managing import tokens
from ._io.awaiting import AwaitingDriver
from ._io.blocking import BlockingDriver
from ._picklable import Driver


class _Tokens(Generic[Driver]):
    def __init__(self, api: Api, driver: Driver) -> None:
        self._api = api
        self._driver = driver

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._api.settings.base_url!r})"


class Tokens(_Tokens[BlockingDriver]):
    """The browser tokens that the key can make: `client.tokens`."""

    def create(
        self,
        *,
        origin: str,
        flow: str | None = None,
        job: str | None = None,
        scopes: Sequence[str] = ("read",),
        seconds: int = DEFAULT_TOKEN_SECONDS,
    ) -> BrowserToken:
        """Make a token for pages of an origin, for one flow or one job; a page uses it like an API key.

        `scopes` are `submit`, `read` and `cancel`, as far as the key has them; one for a job has no `submit`.
        It is valid for `seconds`, an hour at most, and never longer than its key. Revoking the key does not
        end it sooner.

        Raises `InvalidArgumentError` for invalid arguments, before anything is sent; `InvalidInputError` for
        an invalid origin or scope; `PermissionDeniedError` for more than the key allows; `FlowNotFoundError`
        or `JobNotFoundError`; and `ApiError` or `ConnectionFailedError`, like every request.
        """
        return self._driver.run(tokens.create(self._api, origin, flow, job, scopes, seconds=seconds))


class AsyncTokens(_Tokens[AwaitingDriver]):
    """The async form of `Tokens`."""

    async def create(
        self,
        *,
        origin: str,
        flow: str | None = None,
        job: str | None = None,
        scopes: Sequence[str] = ("read",),
        seconds: int = DEFAULT_TOKEN_SECONDS,
    ) -> BrowserToken:
        """Make a token as `Tokens.create` does."""
        return await self._driver.run(tokens.create(self._api, origin, flow, job, scopes, seconds=seconds))
