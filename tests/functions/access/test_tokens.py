"""Tests of browser tokens: what their text says, and that no changed text says anything."""

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from noukai_functions.access.tokens import MAX_LENGTH, Token, read_token, write_token
from noukai_wire.limits import MAX_SLUG_LENGTH, MAX_TOKEN_ORIGIN_LENGTH
from noukai_wire.signing_keys import CACHE_MS, SigningKey, new_key, read_keys, rotated, write_keys

AUDIENCE = "/noukai/test/tokens"
NOW = 1_700_000_000_000
KEY = SigningKey("00ff", b"k" * 32, 0)
TOKEN = Token(
    org="acme",
    scopes=frozenset({"read", "submit"}),
    target="demo/word-count",
    origin="https://app.example.com",
    expires=NOW // 1000 + 600,
    digest="ab" * 32,
    rate=25,
)
TEXT = write_token(TOKEN, KEY, AUDIENCE)


def found(text: str, key: SigningKey = KEY, audience: str = AUDIENCE, now: int = NOW) -> Token | None:
    return read_token(text, lambda name: key if name == key.id else None, audience, now)


def test_a_token_says_what_was_written() -> None:
    assert found(TEXT) == TOKEN
    assert re.fullmatch(r"nt_1[0-9a-f]{4}\.[\w-]+\.[\w-]{22}", TEXT)


def test_a_token_is_bound_to_a_flow_or_a_job() -> None:
    of_a_job = replace(TOKEN, target="job_" + "a" * 26)
    assert (TOKEN.flow, TOKEN.job) == ("demo/word-count", None)
    assert (of_a_job.flow, of_a_job.job) == (None, "job_" + "a" * 26)


def test_the_longest_token_keeps_to_the_limit() -> None:
    slug = "x" * MAX_SLUG_LENGTH
    longest = Token(
        org=slug,
        scopes=frozenset({"read", "submit", "cancel"}),
        target=f"{slug}/{slug}",
        origin="https://" + "x" * (MAX_TOKEN_ORIGIN_LENGTH - len("https://")),
        expires=9_999_999_999,
        digest="ff" * 32,
        rate=999_999,
    )
    text = write_token(longest, KEY, AUDIENCE)
    assert len(text) <= MAX_LENGTH
    assert found(text) == longest


@pytest.mark.parametrize("place", range(len(TEXT)))
def test_a_token_with_any_character_changed_is_invalid(place: int) -> None:
    for other in "AQgw_-.~1é":
        if other != TEXT[place]:
            assert found(TEXT[:place] + other + TEXT[place + 1 :]) is None


def test_a_cut_or_longer_token_is_invalid() -> None:
    assert not [n for n in range(len(TEXT)) if found(TEXT[:n]) is not None]
    assert all(found(each) is None for each in (TEXT + "=", TEXT + "A", " " + TEXT, TEXT + "\n", TEXT * 9))


def test_a_token_of_another_deployment_or_key_is_invalid() -> None:
    assert found(TEXT, audience="/noukai/other/tokens") is None
    assert found(TEXT, key=SigningKey("00ff", b"j" * 32, 0)) is None
    assert found(TEXT, key=SigningKey("00fe", KEY.secret, 0)) is None


def test_a_token_expires() -> None:
    assert found(TEXT, now=NOW + 599_999) == TOKEN
    assert found(TEXT, now=NOW + 600_000) is None


@given(st.text() | st.from_regex(r"nt_100ff\.[\w-]{1,480}\.[\w-]{22}", fullmatch=True))
def test_no_text_made_up_is_a_token(text: str) -> None:
    assert found(text) is None


@given(
    st.builds(
        Token,
        org=st.from_regex(r"[a-z0-9]{2,50}", fullmatch=True),
        scopes=st.frozensets(st.sampled_from(["read", "submit", "cancel"]), min_size=1),
        target=st.from_regex(r"[a-z]{2,50}/[a-z]{2,50}", fullmatch=True),
        origin=st.from_regex(r"https://[a-z.]{1,60}(:[0-9]{1,5})?", fullmatch=True),
        expires=st.integers(NOW // 1000 + 1, NOW // 1000 + 3600),
        digest=st.binary(min_size=32, max_size=32).map(bytes.hex),
        rate=st.none() | st.integers(1, 100_000),
    )
)
def test_every_token_reads_as_written(token: Token) -> None:
    assert found(write_token(token, KEY, AUDIENCE)) == token


def test_keys_read_as_written() -> None:
    keys = [new_key(2), new_key(1)]
    assert read_keys(write_keys(keys)) == keys
    assert keys[0].secret not in repr(keys).encode()


def test_a_rotation_keeps_the_signing_key_until_the_next_one() -> None:
    first = [new_key(0)]
    second = rotated(first, NOW, revoke=False)
    assert second[1:] == first
    assert second[0].since >= NOW + CACHE_MS
    later = NOW + 3 * CACHE_MS
    assert rotated(second, later, revoke=False)[1:] == second[:1]


def test_a_rotation_soon_after_another_keeps_the_key_that_signs() -> None:
    first = [new_key(0)]
    third = rotated(rotated(first, NOW, revoke=False), NOW + 1, revoke=False)
    assert third[1:] == first


def test_a_revoking_rotation_leaves_no_old_key() -> None:
    first = [new_key(0)]
    (only,) = rotated(first, NOW, revoke=True)
    assert only.id != first[0].id
    assert only.since == NOW
