"""The URLs that endpoints may have, as callers put them."""

import json

import pytest

from noukai_functions.webhooks.posting.poster import Poster
from noukai_functions.webhooks.posting.resolution import Resolver
from noukai_infra.settings import ROOT
from tests.functions.webhooks.hooks import Hooks
from tests.unit.webhooks.dns_server import addressed, name_server

HOSTILE = json.loads((ROOT / "tests" / "unit" / "webhooks" / "hostile_urls.json").read_text())
FIRST_OF_ITS_KIND = {each["why"]: each["url"] for each in reversed(HOSTILE) if each["url"]}
URL = "https://hooks.example.com/"


@pytest.mark.parametrize("why", FIRST_OF_ITS_KIND)
def test_hostile_url(hooks: Hooks, why: str) -> None:
    """The answer names the field and says what is allowed; no endpoint is made."""
    hooks.deployment.environment = {
        name: value for name, value in hooks.deployment.environment.items() if name != "WEBHOOKS_TO_LOCALHOST"
    }
    answer = hooks.put(FIRST_OF_ITS_KIND[why])
    assert (answer.status, answer.body["detail"]["code"]) == (422, "INVALID_INPUT")
    assert [each["path"] for each in answer.body["detail"]["errors"]] == ["url"]


@pytest.mark.parametrize(
    ("v4", "v6", "status"),
    [([], [], 201), (["8.8.8.8"], [], 201), (["10.0.0.1"], [], 422), (["8.8.8.8"], ["fd00::1"], 422)],
)
def test_name_is_looked_up(hooks: Hooks, v4: list[str], v6: list[str], status: int) -> None:
    """One that leads to an internal address is refused; one that is not found yet is taken."""
    with name_server(addressed(v4, v6)) as names:
        hooks.deployment.__dict__["poster"] = Poster(hooks.deployment.url_rules, Resolver([names.address]))
        assert hooks.put(URL).status == status
