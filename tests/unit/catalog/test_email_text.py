"""Our e-mail check agrees with pydantic's library."""

from unicodedata import normalize

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as some
from pydantic import validate_email
from pydantic_core import PydanticCustomError

from noukai_functions.catalog.email_text import is_email

CHARACTERS = some.characters(exclude_categories=["Cs"])
LETTERS = some.characters(categories=["Ll", "Lo", "Lm"])
LABELS = some.text(CHARACTERS | some.sampled_from("\u00e9\u4e2d\u0301az09-"), min_size=1, max_size=60)
DIGITS = some.text(some.sampled_from("abcdefghijklmnopqrstuvwxyz0123456789-"), min_size=1, max_size=20)
PARTS = some.text(CHARACTERS | some.sampled_from('ab-.\u05d0\u093e1<>"@ '), min_size=1, max_size=6)


def is_taken(text: str) -> bool:
    """Return whether the library accepts an address."""
    try:
        validate_email(text)
    except PydanticCustomError:
        return False
    return True


@given(text=some.builds("{}@{}.co".format, PARTS, PARTS) | some.builds("{} <a@b.{}>".format, PARTS, PARTS))
def test_addresses_of_any_characters(text: str) -> None:
    """No address is accepted that the flow would refuse."""
    assert is_taken(text) or not is_email(text)


@pytest.mark.parametrize("place", ["a@b{}b.co", "a@{}.co", "{}@b.co"])
def test_each_character(place: str) -> None:
    """No letter or mark of the scripts in use makes an address that the flow would refuse."""
    texts = [place.format(chr(code)) for code in range(0x20, 0x3100)]
    assert [text for text in texts if is_email(text) and not is_taken(text)] == []


@pytest.mark.parametrize(
    "text",
    [
        *(
            "a@b.co",
            " A.b+c@d-e.example ",
            "A B <a@b.co>",
            '"A, B" <a@b.co>',
            "\u00e9@b.co",
            "a@xn--caf-dma.co",
        ),
        *(
            "a@caf\u00e9.co",
            "a@CAF\u00c9.Co",
            "a@\u05d0\u05d1.co",
            "a@\u0939\u093f\u0928\u094d\u0926\u0940.co",
            "a@\u4e2d\u6587.\u4e2d\u56fd",
        ),
    ],
)
def test_accepted_address(text: str) -> None:
    """Addresses in many scripts are accepted."""
    assert is_email(text)
    assert is_taken(text)


@pytest.mark.parametrize("part", ["a" * 21, "\u4e2d" * 7, "\u0958" * 7, "e\u0301" * 7])
@pytest.mark.parametrize("count", range(1, 13))
def test_long_address(part: str, count: int) -> None:
    """Lengths are counted as by the library, or more strictly."""
    for text in (f"{part}@{'.'.join([part] * count)}.co", f"{part * count}@b.co"):
        assert is_taken(text) or not is_email(text)


@settings(deadline=None)
@given(label=LABELS)
def test_label_counts_as_encoded(label: str) -> None:
    """An address may have it in its own script or in ASCII."""
    label = normalize("NFC", label.lower())
    assume(not label.isascii())
    encoded = label.encode("punycode").decode()
    assert is_email(f"a@{label}.co") == is_email(f"a@xn--{encoded}.co")


@settings(deadline=None)
@given(letter=LETTERS)
@example(letter="\u7d0d")
@example(letter="\u7d0e")
@example(letter="\U0002b820")
@example(letter="\U0002f800")
def test_labels_of_one_letter_are_as_long_as_encoded(letter: str) -> None:
    """An address is accepted up to its last byte, and not beyond."""
    letter = normalize("NFC", letter.lower())  # in the form that is encoded
    assume(not letter.isascii() and is_email(f"a@{letter}.co"))
    most = (254 - len("a@co")) // len(f"xn--{letter.encode('punycode').decode()}.")
    assert is_email(f"a@{'.'.join([letter] * most)}.co")
    assert not is_email(f"a@{'.'.join([letter] * (most + 1))}.co")


@settings(deadline=None)
@given(digits=DIGITS)
def test_label_in_ascii_is_what_its_text_is_encoded_to(digits: str) -> None:
    """No other label that can be decoded is accepted."""
    if is_email(f"a@xn--{digits}.co"):
        assert digits.encode().decode("punycode").encode("punycode").decode() == digits


@pytest.mark.parametrize("digits", ["-9ca", "caf-", "9c", "9ca-", "ex-8tb", "y3b"])
def test_label_that_no_text_is_encoded_to(digits: str) -> None:
    """A label that decodes to text with another encoding is refused, as by the library."""
    assert not is_taken(f"a@xn--{digits}.co")
    assert not is_email(f"a@xn--{digits}.co")
