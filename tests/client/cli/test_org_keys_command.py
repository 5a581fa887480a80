"""The commands `noukai org-keys …`."""

import pytest

from tests.client.cli.running_command import run
from tests.client.servers.automation import CI
from tests.client.servers.fake_api import FakeApi

pytestmark = pytest.mark.usefixtures("api")


def test_key_is_printed_alone_and_once(api: FakeApi) -> None:
    """A script can take it from the output; the hint is for people."""
    given = ("--scope", "read", "--flow", "demo", "--address", "203.0.113.0/24", "--rate", "5")
    assert run("org-keys", "create", "new", *given)[:2] == (0, "nk_made\n")
    assert api.automation.bodies[-1] == {
        "name": "new",
        "scopes": ["read"],
        "flows": ["demo"],
        "addresses": ["203.0.113.0/24"],
        "rate": 5,
    }
    assert "nk_made" not in run("org-keys", "list", "--json")[1]


def test_keys_are_listed_in_lines() -> None:
    assert run("org-keys", "list")[1].split()[:3] == [CI["name"], CI["id"], "read"]


def test_key_is_rotated_and_revoked(api: FakeApi) -> None:
    assert run("org-keys", "rotate", "ci", "--overlap", "7d")[1] == "nk_made\n"
    assert api.automation.bodies[-1] == {"name": "ci", "rotate": True, "overlapSeconds": 604_800}
    assert run("org-keys", "revoke", "ci") == (0, "", "")
    assert run("org-keys", "revoke", "ci")[0] == 5
