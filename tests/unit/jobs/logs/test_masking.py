"""The masking of secrets in the forms in which programs print them."""

import html
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
        ascii,
        lambda text: repr(text.encode()),
        html.escape,
        lambda text: html.escape(text, quote=False),
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


@pytest.mark.parametrize("width", [64, 76])
@pytest.mark.parametrize("after", ["", "\n"])
def test_base64_of_several_lines(width: int, after: str) -> None:
    """`openssl base64` and `base64` break its lines; of the last one a few characters stay."""
    secret = "".join(map(chr, range(33, 126))) * 2
    text = b64encode((secret + after).encode()).decode()
    lines = [text[place : place + width] for place in range(0, len(text), width)]
    *whole, last = (Masker([secret]).mask(line) for line in lines)
    assert whole == ["***"] * (len(lines) - 1)
    assert len(last) <= len("***") + 4


def test_each_long_line_of_a_secret() -> None:
    """A short one is not masked: it may be any word."""
    assert Masker([LINES]).mask("second line of it, end") == "***, end"


@pytest.mark.parametrize("secret", ["", "short", "1234567", "       a       "])
def test_short_value_masks_nothing(secret: str) -> None:
    text = "a short line with 1234567"
    assert Masker([secret]).mask(text) == text


def test_longer_secret_is_masked_first() -> None:
    assert Masker(["password1", "password1234"]).mask("password1234 password1") == "*** ***"


@pytest.mark.parametrize(
    "text",
    [
        "nk_",
        "nk_short",
        "a bank_note",
        "bank_transfer_id",
        "chunk_iterator",
        "rank_features_of_the_words_in_a_long_document",
    ],
)
def test_words_that_are_no_key(text: str) -> None:
    assert Masker().mask(text) == text


def test_overlapping_secrets_are_masked_whole() -> None:
    """Also a secret that holds what looks like a key."""
    assert Masker(["abcdefgh", "efghijkl"]).mask("<abcdefghijkl>") == "<***>"
    holds_a_key = f"user-nk_{'aB3' * 12}.password"
    assert Masker([holds_a_key]).mask(f"as {holds_a_key}!") == "as ***!"


def test_secret_whose_end_is_cut_off() -> None:
    """Only the end of a text that is cut is searched: elsewhere the same letters may be a word."""
    for length in range(4, len("correct horse")):
        text = f"a correct word, {'correct horse'[:length]}"
        assert Masker(["correct horse"]).mask(text, is_cut=True) == "a correct word, ***"
        assert Masker(["correct horse"]).mask(text) == text
    assert Masker().mask("Bearer nk_aB3", is_cut=True) == "Bearer ***"


def test_secret_at_the_cut_of_an_error() -> None:
    """Each line of a long error may be cut, and its place follows the cut."""
    error = f"ValueError: {'x' * 1100}\nwhile handling KeyError: correct ho (shop.py:3 in buy)\ncorrect h"
    shown = Masker(["correct horse"]).mask_error(error)
    assert shown.endswith("x\nwhile handling KeyError: *** (shop.py:3 in buy)\n***")
    assert Masker(["correct horse"]).mask_error("correct h") == "correct h"


def test_key_is_masked_in_any_text() -> None:
    key = "nk_" + "aB3_-" * 8
    assert Masker().mask(f'{{"authorization":"Bearer {key}"}}') == '{"authorization":"Bearer ***"}'
