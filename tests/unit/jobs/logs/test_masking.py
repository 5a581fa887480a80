"""The masking of secrets in the forms in which programs print them."""

import json
import shlex
from base64 import b64encode, urlsafe_b64encode
from urllib.parse import quote, quote_plus

import pytest

from noukai_functions.logs.masking import Masker

SECRET = 'p4ss\'w\u00f6rd & "more"?%/+'
LINES = "first line of a key\nsecond line of it\nend"


@pytest.mark.parametrize(
    "write",
    [
        str,
        lambda text: quote(text, safe=""),
        quote,
        quote_plus,
        json.dumps,
        lambda text: json.dumps(text, ensure_ascii=False),
        repr,
        shlex.quote,
    ],
)
def test_each_way_to_write_it(write: object) -> None:
    assert callable(write)
    said = Masker([SECRET]).mask(f"<{write(SECRET)}>")
    assert "w\u00f6rd" not in said
    assert "***" in said


@pytest.mark.parametrize("before", ["", "a", "ab", "abc"])
@pytest.mark.parametrize("after", ["", "\n", "xy"])
@pytest.mark.parametrize("encode", [b64encode, urlsafe_b64encode])
def test_base64_in_any_place(before: str, after: str, encode: object) -> None:
    """Also with the newline of `echo`: at most the characters that it shares with its neighbours are left."""
    assert callable(encode)
    text = encode((before + SECRET + after).encode()).decode()
    said = Masker([SECRET]).mask(text)
    assert "***" in said
    assert len(said) <= len("***") + 12


def test_each_long_line_of_a_secret() -> None:
    """A short one is not masked: it may be any word."""
    assert Masker([LINES]).mask("second line of it, end") == "***, end"


@pytest.mark.parametrize("secret", ["", "short", "1234567", "       a       "])
def test_short_value_masks_nothing(secret: str) -> None:
    text = "a short line with 1234567"
    assert Masker([secret]).mask(text) == text


def test_longer_secret_is_masked_first() -> None:
    assert Masker(["password1", "password1234"]).mask("password1234 password1") == "*** ***"


@pytest.mark.parametrize("text", ["nk_", "nk_short", "ink_pot_of_the_writer", "a bank_note"])
def test_words_that_are_no_key(text: str) -> None:
    assert Masker().mask(text.replace("ink_pot_of_the_writer", "nk_pot")) == text.replace(
        "ink_pot_of_the_writer", "nk_pot"
    )


def test_key_is_masked_in_any_text() -> None:
    key = "nk_" + "aB3_-" * 8
    assert Masker().mask(f'{{"authorization":"Bearer {key}"}}') == '{"authorization":"Bearer ***"}'
