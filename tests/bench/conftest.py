"""The fixtures of the bill's tests."""

from collections.abc import Iterator

import pytest

from tests.bench.account.lives import Account, fresh_account


@pytest.fixture(scope="module")
def account() -> Iterator[Account]:
    with fresh_account() as account:
        yield account
