from collections.abc import Iterator

import pytest

from tests.functions.harness import System
from tests.functions.webhooks.hooks import Hooks
from tests.functions.webhooks.receiver import Receiver, receiving


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Return a receiver that takes everything."""
    with receiving() as receiver:
        yield receiver


@pytest.fixture
def hooks(system: System) -> Hooks:
    """Return a system whose caller may do everything."""
    return Hooks(system)
