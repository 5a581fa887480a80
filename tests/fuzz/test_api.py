"""Requests that the document allows or forbids, to the real functions."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from noukai_wire.routes import Route
from tests.fuzz.api import fuzz_api
from tests.fuzz.moto_api import api_on_moto
from tests.silence import silent_functions

KEY = "nk_fuzz"


@pytest.fixture
def url(asset: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with silent_functions(), api_on_moto(asset, KEY) as url:
        yield url


@pytest.mark.parametrize(("mode", "phases"), [("positive", "fuzzing,stateful"), ("negative", "fuzzing")])
def test_every_answer_is_documented(url: str, mode: str, phases: str) -> None:
    """No 5xx, no undescribed status, header or body, nothing valid refused and nothing invalid accepted."""
    found = fuzz_api(url, KEY, examples=4, phases=phases, mode=mode, seed=1)
    assert found.failures == 0, found.said
    assert found.operations >= len(Route)
    assert found.requests >= 50
