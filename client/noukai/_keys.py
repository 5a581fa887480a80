"""The keys that an org makes for itself, blocking and async."""

import builtins
from typing import Generic, Unpack

from noukai_wire.keys import Key

from ._core.api import Api
from ._core.managing import keys
from ._core.managing.keys import KeyOptions
from ._io.awaiting import AwaitingDriver
from ._io.blocking import BlockingDriver
from ._picklable import Driver


class _Keys(Generic[Driver]):
    def __init__(self, api: Api, driver: Driver) -> None:
        self._api = api
        self._driver = driver

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._api.settings.base_url!r})"


class Keys(_Keys[BlockingDriver]):
    """The keys that the org has made for itself: `client.keys`, for a key with the scope `keys`."""

    def create(self, name: str, **options: Unpack[KeyOptions]) -> Key:
        """Create a key that is no wider than the client's own; the answer's `key` is its text, shown once.

        What is left out is as for the client's own key, but for the scope `keys`.

        Raises `InvalidArgumentError` for invalid arguments, before anything is sent; `PermissionDeniedError`
        for a wider key; `InvalidInputError` if the name is taken or the org has fifty keys; and `ApiError` or
        `ConnectionFailedError`, like every request.
        """
        return self._driver.run(keys.create(self._api, name, options))

    def list(self) -> builtins.list[Key]:
        """Fetch the keys that are no wider than the client's own, by name.

        Raises `ApiError` or `ConnectionFailedError`, like every request.
        """
        return self._driver.run(keys.every(self._api))

    def rotate(self, name: str, *, overlap_seconds: int = 0) -> Key:
        """Replace a key by one of the same limits; the old one works for `overlap_seconds` more.

        Raises `NotFoundError` for a name that no key has, or a wider key; and what `Keys.create` raises.
        """
        return self._driver.run(keys.rotate(self._api, name, overlap_seconds))

    def revoke(self, name: str) -> None:
        """Revoke a key for good, also one that it has replaced; it takes effect within a minute.

        Raises what `Keys.rotate` raises.
        """
        self._driver.run(keys.revoke(self._api, name))


class AsyncKeys(_Keys[AwaitingDriver]):
    """The async form of `Keys`."""

    async def create(self, name: str, **options: Unpack[KeyOptions]) -> Key:
        """Create a key as `Keys.create` does."""
        return await self._driver.run(keys.create(self._api, name, options))

    async def list(self) -> builtins.list[Key]:
        """Fetch the keys as `Keys.list` does."""
        return await self._driver.run(keys.every(self._api))

    async def rotate(self, name: str, *, overlap_seconds: int = 0) -> Key:
        """Replace a key as `Keys.rotate` does."""
        return await self._driver.run(keys.rotate(self._api, name, overlap_seconds))

    async def revoke(self, name: str) -> None:
        """Revoke a key as `Keys.revoke` does."""
        await self._driver.run(keys.revoke(self._api, name))
