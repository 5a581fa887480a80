"""The agreement of our e-mail check with pydantic's library."""

import pytest
from hypothesis import given
from hypothesis import strategies as some
from pydantic import validate_email
from pydantic_core import PydanticCustomError

from noukai_functions.catalog.email_text import is_email

CHARACTERS = some.characters(exclude_categories=["Cs"])
PARTS = some.text(CHARACTERS | some.sampled_from('ab-.\u05d0\u093e1<>"@ '), min_size=1, max_size=6)


def is_taken(text: str) -> bool:
    """Whether the library takes an address."""
    try:
        validate_email(text)
    except PydanticCustomError:
        return False
    return True


@given(text=some.builds("{}@{}.co".format, PARTS, PARTS) | some.builds("{} <a@b.{}>".format, PARTS, PARTS))
def test_addresses_of_any_characters(text: str) -> None:
    """Nothing is accepted that the flow would refuse."""
    assert is_taken(text) or not is_email(text)


@pytest.mark.parametrize("place", ["a@b{}b.co", "a@{}.co", "{}@b.co"])
def test_each_character(place: str) -> None:
    """None of the letters and marks of the scripts in use makes an address that the flow would refuse."""
    texts = [place.format(chr(code)) for code in range(0x20, 0x3100)]
    assert [text for text in texts if is_email(text) and not is_taken(text)] == []


@pytest.mark.parametrize(
    "text",
    [
        *("a@b.co", " A.b+c@d-e.example ", "A B <a@b.co>", '"A, B" <a@b.co>', "\u00e9@b.co", "a@xn--caf-dma.co"),
        *(
            "a@caf\u00e9.co",
            "a@CAF\u00c9.Co",
            "a@\u05d0\u05d1.co",
            "a@\u0939\u093f\u0928\u094d\u0926\u0940.co",
            "a@\u4e2d\u6587.\u4e2d\u56fd",
        ),
    ],
)
def test_address_that_is_taken(text: str) -> None:
    """Addresses in many scripts are."""
    assert is_email(text)
    assert is_taken(text)


@pytest.mark.parametrize("part", ["a" * 21, "\u4e2d" * 7, "\u0958" * 7, "e\u0301" * 7])
@pytest.mark.parametrize("count", range(1, 13))
def test_long_address(part: str, count: int) -> None:
    """Its lengths are counted as the library counts them, or more strictly."""
    for text in (f"{part}@{'.'.join([part] * count)}.co", f"{part * count}@b.co"):
        assert is_taken(text) or not is_email(text)
