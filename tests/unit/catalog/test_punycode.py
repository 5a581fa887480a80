"""Our Punycode agrees with the standard library's codec."""

from hypothesis import given, settings
from hypothesis import strategies as some

from noukai_functions.catalog import punycode

CHARACTERS = some.characters() | some.sampled_from("az09-\u0080\u00e9\u4e2d\u7d0e\U0010ffff")


@settings(deadline=None)
@given(text=some.text(CHARACTERS, max_size=80))
def test_text_is_encoded_as_by_the_codec(text: str) -> None:
    """That includes text that no domain may have."""
    assert punycode.encode(text) == text.encode("punycode").decode()
