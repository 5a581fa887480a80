"""The base of jobs and flows: known by name and client, comparable and picklable."""

import asyncio
import atexit
import random
import time
from collections.abc import Hashable
from functools import cache
from typing import Any, Generic, Self, TypeVar

from ._core.api import Api
from ._core.settings import Settings
from ._io.awaiting import AwaitingDriver
from ._io.blocking import BlockingDriver
from ._io.connections import awaiting_connections, blocking_connections

Driver = TypeVar("Driver")


class Picklable(Generic[Driver]):
    """An object known by its name; two with the same name and API are equal.

    Its pickle contains the client's settings, including the API key, so that another process can use it.
    """

    def __init__(self, name: Hashable, api: Api, driver: Driver) -> None:
        self._name = name
        self._api = api
        self._driver = driver

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, type(self)):
            return NotImplemented
        return (self._name, self._api.settings.base_url) == (other._name, other._api.settings.base_url)

    def __hash__(self) -> int:
        return hash(self._name)

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, _: object) -> Self:
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        if not self._api.is_picklable:
            raise TypeError(
                f"{self!r} cannot be pickled, because its client has an http_client: "
                f"pass on {str(self._name)!r}, and make a client in the other process"
            )
        return _arrived, (type(self), type(self._driver), self._api.settings, self._name, self._known())

    def _known(self) -> tuple[Any, ...]:
        """Return the further arguments of the constructor."""
        return ()


def _arrived(kind: Any, driver: type, settings: Settings, name: Hashable, known: tuple[Any, ...]) -> Any:
    return kind(name, *_shared(driver, settings), *known)


@cache
def _shared(driver: type, settings: Settings) -> tuple[Api, BlockingDriver | AwaitingDriver]:
    """Return the shared client for these settings, kept until the process ends."""
    api = Api(settings, clock=time.monotonic, jitter=random.random)
    if issubclass(driver, AwaitingDriver):
        return api, AwaitingDriver(awaiting_connections(None), sleep=asyncio.sleep)
    connections = blocking_connections(None)
    atexit.register(connections.close)
    return api, BlockingDriver(connections, sleep=time.sleep)
