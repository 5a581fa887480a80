"""Uploads and downloads over a slow link: they go on while there is progress."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from noukai import AsyncNoukai, Noukai, RequestTimeoutError
from tests.client.conftest import Colour
from tests.client.script import JOB
from tests.client.servers.slow_link import INTERVAL_SECONDS, LARGE, PIECES, SlowLink, slow_link

TIMEOUT = 0.3
FLOW = "acme/demo/word-count"
assert PIECES * INTERVAL_SECONDS > TIMEOUT, "a transfer takes longer than a request may"


@pytest.fixture(name="link")
def serving() -> Iterator[SlowLink]:
    with slow_link() as link:
        yield link


@pytest.fixture(name="client")
def connected(colour: Colour, link: SlowLink) -> Iterator[Any]:
    """Yield a client with connections of its own, which waits for no answer for long."""
    options: dict[str, Any] = {"base_url": f"{link.url}/api/v1", "timeout": TIMEOUT, "max_retries": 0}
    if not colour.is_awaiting:
        with Noukai("nk_test", **options) as client:
            yield client
    else:
        awaiting = AsyncNoukai("nk_test", **options)
        yield awaiting
        colour.run(awaiting.aclose())


def test_upload_takes_as_long_as_it_takes(colour: Colour, client: Any, link: SlowLink) -> None:
    """It may take longer than any other request, and arrives whole."""
    colour.run(client.flow(FLOW).job(LARGE))
    assert [json.loads(content) for content in link.objects.values()] == [{"message": LARGE}]


def test_download_takes_as_long_as_it_takes(colour: Colour, client: Any) -> None:
    """Its hash is the output's."""
    assert colour.run(client.job(JOB).wait()).output == LARGE


def test_download_without_progress_fails(colour: Colour, client: Any, link: SlowLink) -> None:
    """It fails after the timeout of a request without a byte."""
    link.stalls = True
    with pytest.raises(RequestTimeoutError):
        colour.run(client.job(JOB).status())


def test_one_upload_at_a_time(colour: Colour, client: Any, link: SlowLink) -> None:
    """Each of many large inputs has the whole link."""
    inputs = [f"{number}{LARGE}" for number in range(3)]
    assert len(colour.collect(client.flow(FLOW).map(inputs))) == 3
    assert (len(link.objects), link.most_putting) == (3, 1)
