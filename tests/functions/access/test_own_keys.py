"""The keys that an org makes for itself: never wider than the key that makes them."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from noukai_functions.access.api_keys import ApiKey
from noukai_functions.access.key_limits import KeyLimits, WantedLimits, limits_of, narrowed, wider_parts
from noukai_functions.refusals import ForbiddenError
from noukai_wire.limits import MAX_KEYS
from noukai_wire.routes import Route
from noukai_wire.scopes import Scope
from tests.functions.harness import Answer, System

ADD = {"org": "acme", "project": "trial", "flow": "add"}
BODY = {"parameters": {"a": 1}}


@pytest.fixture
def making(system: System) -> System:
    """Return the system with a key that may make keys."""
    system.add_key("nk_admin", "acme", tuple(Scope), name="admin")
    system.key = "nk_admin"
    return system


def make(system: System, name: str = "ci", **body: Any) -> Answer:
    return system.send(Route.CREATE_KEY, body={"name": name, **body})


def names(system: System) -> list[str]:
    return [each["name"] for each in system.send(Route.LIST_KEYS).body["keys"]]


def test_a_made_key_works_within_its_limits(making: System) -> None:
    """It is shown once, belongs to the caller's org, and makes no further keys unless asked for."""
    made = make(making, scopes=["submit"], flows=["trial/add"], rate=5, addresses=["192.0.2.0/24"])
    assert made.status == 201
    making.key = made.body["key"]
    assert making.send(Route.SUBMIT, body=BODY, **ADD).status == 202
    assert making.send(Route.SUBMIT, body=BODY, **ADD, address="198.51.100.1").status == 403
    assert making.send(Route.LIST_JOBS, **ADD).status == 403
    assert making.send(Route.LIST_KEYS).status == 403
    making.key = "nk_admin"
    [shown] = making.send(Route.LIST_KEYS).body["keys"]
    assert "key" not in shown
    assert (shown["flows"], shown["rate"], shown["madeBy"]) == (["trial/add"], 5, "admin")
    assert made.body["key"] not in str(making.calls)


@pytest.mark.parametrize(
    ("own", "wanted"),
    [
        ({"scopes": ("keys", "read")}, {"scopes": ["submit"]}),
        ({"flows": ["trial/add"]}, {"flows": ["trial"]}),
        ({"flows": ["trial/add"]}, {"flows": ["trial/greet"]}),
        ({"addresses": ["10.0.0.0/8"]}, {"addresses": ["192.0.2.0/24"]}),
        ({"expires": 4_000_000_000}, {"expiresAt": "2100-01-01T00:00:00Z"}),
        ({"rate": 5}, {"rate": 6}),
    ],
)
def test_a_key_cannot_make_a_wider_one(making: System, own: dict[str, Any], wanted: dict[str, Any]) -> None:
    """Each part is refused with its name, and nothing is made."""
    making.add_key("nk_own", "acme", **{"scopes": tuple(Scope), **own})
    making.key = "nk_own"
    answer = making.send(Route.CREATE_KEY, body={"name": "wider", **wanted}, address="10.1.1.1")
    assert (answer.status, answer.code) == (403, "FORBIDDEN")
    making.key = "nk_admin"
    assert names(making) == []


def test_what_is_left_out_is_as_for_the_maker(making: System) -> None:
    """An unstated limit never means none."""
    limits: dict[str, Any] = {"flows": ["trial/add"], "rate": 5, "expires": 4_000_000_000}
    making.add_key("nk_own", "acme", tuple(Scope), **limits)
    making.key = "nk_own"
    made = make(making).body
    assert (made["flows"], made["rate"], made["expiresAt"]) == (["trial/add"], 5, "2096-10-02T07:06:40.000Z")
    assert "keys" not in made["scopes"]


def test_keys_of_one_maker_share_its_rate(making: System) -> None:
    """Ten keys of a key with one call a second make one call a second together."""
    making.add_key("nk_own", "acme", tuple(Scope), rate=1)
    making.key = "nk_own"
    made = make(making).body["key"]
    making.clock.time += 1000
    assert making.send(Route.FLOWS).status == 200
    making.key = made
    assert making.send(Route.FLOWS).status == 429


def test_a_name_is_taken_once(making: System) -> None:
    """A repeated request must not make a second secret that nobody knows of."""
    assert make(making).status == 201
    again = make(making)
    assert (again.status, again.body["detail"]["errors"][0]["path"]) == (422, "name")
    assert names(making) == ["ci"]


def test_two_requests_at_once_make_one_key(making: System, monkeypatch: pytest.MonkeyPatch) -> None:
    """The directory is written with the key, and only as it was read: the slower request makes nothing."""
    own = making.deployment.own_keys
    read = type(own)._directory
    raced: list[Answer] = []

    def raced_read(self: Any, org: str) -> Any:
        seen = read(self, org)
        if not raced:
            raced.append(Answer(0, {}, {}))
            raced[0] = make(making, scopes=["read"])
        return seen

    monkeypatch.setattr(type(own), "_directory", raced_read)
    assert make(making).status == 503
    assert raced[0].status == 201
    monkeypatch.undo()
    assert [each["scopes"] for each in making.send(Route.LIST_KEYS).body["keys"]] == [["read"]]


def test_an_org_has_at_most_so_many(making: System) -> None:
    """The limit is held by the write, too."""
    for number in range(MAX_KEYS):
        assert make(making, f"key-{number}").status == 201
    assert make(making, "one-more").status == 422
    making.send(Route.REVOKE_KEY, name="key-0")
    assert make(making, "one-more").status == 201


def test_a_revoked_key_ends_within_a_minute_and_frees_its_name(making: System) -> None:
    """A second revocation finds nothing."""
    key = make(making).body["key"]
    assert making.send(Route.REVOKE_KEY, name="ci").status == 204
    assert making.send(Route.REVOKE_KEY, name="ci").status == 404
    assert names(making) == []
    making.key = key
    assert making.send(Route.FLOWS).status == 401
    making.key = "nk_admin"
    assert make(making).status == 201


def test_rotation_keeps_the_limits_and_the_old_key_for_a_while(making: System) -> None:
    """A repeated rotation ends none; only the fourth one ends the oldest."""
    first = make(making, flows=["trial/add"]).body["key"]
    second = make(making, rotate=True, overlapSeconds=3600).body
    assert second["flows"] == ["trial/add"]
    assert second["key"] != first

    def works(key: str) -> bool:
        making.key = key
        return making.send(Route.FLOWS).status == 200

    assert (works(first), works(second["key"])) == (True, True)
    making.key = "nk_admin"
    third = make(making, rotate=True, overlapSeconds=3600).body["key"]
    making.clock.time += 61_000
    assert (works(first), works(second["key"]), works(third)) == (True, True, True)
    making.key = "nk_admin"
    for _ in range(2):
        last = make(making, rotate=True, overlapSeconds=3600).body["key"]
    making.clock.time += 61_000
    assert (works(first), works(second["key"]), works(last)) == (False, True, True)
    making.clock.time += 3_600_000
    assert (works(second["key"]), works(third), works(last)) == (False, False, True)


def test_revoking_a_rotated_key_ends_both(making: System) -> None:
    """What leaked may be the old one."""
    keys = [make(making).body["key"], make(making, rotate=True, overlapSeconds=3600).body["key"]]
    making.send(Route.REVOKE_KEY, name="ci")
    for key in keys:
        making.key = key
        assert making.send(Route.FLOWS).status == 401


@pytest.mark.parametrize("body", [{"rotate": True}, {}])
def test_a_narrow_key_neither_sees_nor_changes_wider_ones(making: System, body: dict[str, Any]) -> None:
    """Rotating a wider key would hand it over."""
    make(making)
    making.add_key("nk_own", "acme", tuple(Scope), flows=["trial/add"])
    making.key = "nk_own"
    assert names(making) == []
    answer = make(making, **body) if body else making.send(Route.REVOKE_KEY, name="ci")
    assert answer.status == 404


def test_another_org_has_other_keys(making: System) -> None:
    """The org is that of the caller's key, whatever the body says."""
    make(making)
    making.add_key("nk_globex", "globex", tuple(Scope))
    making.key = "nk_globex"
    assert names(making) == []
    assert make(making, org="acme").status == 422
    assert making.send(Route.REVOKE_KEY, name="ci").status == 404


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"name": "Not a slug"}, "name"),
        ({"name": "ci", "scopes": ["admin"]}, "scopes"),
        ({"name": "ci", "scopes": []}, "scopes"),
        ({"name": "ci", "flows": ["a/b/c"]}, "flows"),
        ({"name": "ci", "addresses": ["10.0.0.1/8"]}, "addresses"),
        ({"name": "ci", "addresses": "10.0.0.0/8"}, "addresses"),
        ({"name": "ci", "expiresAt": "tomorrow"}, "expiresAt"),
        ({"name": "ci", "expiresAt": 5}, "expiresAt"),
        ({"name": "ci", "expiresAt": "2001-01-01T00:00:00Z"}, "expiresAt"),
        ({"name": "ci", "rate": True}, "rate"),
        ({"name": "ci", "rate": 0}, "rate"),
        ({"name": "ci", "rotate": True, "rate": 5}, "rate"),
        ({"name": "ci", "rotate": "yes"}, "rotate"),
        ({"name": "ci", "overlapSeconds": 5}, "overlapSeconds"),
    ],
)
def test_an_invalid_body_is_refused_with_the_place(making: System, body: dict[str, Any], path: str) -> None:
    """Nothing is made."""
    answer = making.send(Route.CREATE_KEY, body=body)
    assert answer.status == 422
    assert path in [each["path"] for each in answer.body["detail"]["errors"]]


SCOPES = st.frozensets(st.sampled_from(list(Scope)), min_size=1)
FLOWS = st.frozensets(st.sampled_from(["a1", "a1/x1", "a1/y1", "b1", "b1/x1"]), max_size=3)
RANGES = st.frozensets(st.sampled_from(["10.0.0.0/8", "10.1.0.0/16", "::/0", "2001:db8::/32"]), max_size=2)
LIMIT = st.none() | st.integers(1, 5)


@given(
    own=st.builds(KeyLimits, SCOPES, FLOWS, RANGES, LIMIT, LIMIT),
    wanted=st.builds(WantedLimits, st.none() | SCOPES, st.none() | FLOWS, st.none() | RANGES, LIMIT, LIMIT),
    flow=st.sampled_from(["a1/x1", "a1/y1", "b1/x1", "c1/x1"]),
)
def test_whatever_is_asked_for_the_new_key_allows_no_more(
    own: KeyLimits, wanted: WantedLimits, flow: str
) -> None:
    """A new key covers no flow that its maker does not cover, and no part of it is wider."""
    maker = ApiKey("acme", own.scopes, flows=own.flows, addresses=own.addresses)
    try:
        new = narrowed(own, wanted)
    except ForbiddenError:
        return
    assert not wider_parts(new, own)
    assert maker.covers(flow) or not ApiKey("acme", new.scopes, flows=new.flows).covers(flow)
    assert limits_of(maker).scopes >= new.scopes
