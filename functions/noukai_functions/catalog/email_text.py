"""The check of e-mail addresses, equal to pydantic's `EmailStr` but without its library."""

import re
from bisect import bisect
from itertools import chain
from unicodedata import bidirectional, category, normalize

from noukai_functions.catalog import punycode

_MOST_CHARACTERS = 2048
"""The longest address with a display name."""
_MOST_BYTES = 254
_MOST_LABEL = 63
_NO_MAIL = ("arpa", "invalid", "local", "localhost", "onion", "test")
"""Top-level domains that cannot receive mail. `example` is accepted."""
_ATOM = re.compile(r"[a-zA-Z0-9_!#$%&'*+\-/=?^`{|}~\u0080-\U0010ffff]+")
_NAME = re.compile(r"""[\w!#$%&'*+\-/=?^`{|}~\s]*|"[^"]+\"""")
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?", re.ASCII)
_PUNYCODE = "xn--"
_OTHERS = re.compile(r"[^\x00-\x7f]")
_FIRST_OF_LENGTH = ("\x80", "\x81", "\xa4", "\u7d0e", "\U00055932")
"""The first characters that take one, two, three, four and five of Punycode."""
_IN_LOCAL = ("L", "N", "P", "S", "M")
_IN_LABEL = frozenset(("Ll", "Lo", "Lm", "Mn", "Mc"))
_FROM_LEFT = frozenset(("L", "EN"))
_FROM_RIGHT = frozenset(("R", "AL"))
_IN_NO_LABEL = frozenset(
    map(
        chr,
        chain(
            *(
                range(0x1100, 0x1200),
                range(0xA960, 0xA980),
                range(0xD7B0, 0xD800),
            ),  # parts of Korean syllables
            *(range(0x0640, 0x0641), range(0x07FA, 0x07FB)),  # signs that lengthen a word
            *(range(0x20D0, 0x2100), range(0x1D000, 0x1D300)),  # marks of symbols and of music
            *(range(0x302E, 0x3036), range(0x303B, 0x303C)),  # tones and repetitions
        ),
    )
)
"""Letters and marks that IDNA excludes."""


def is_email(text: str) -> bool:
    """Return whether a text is an e-mail address: `a@b.org` or `A <a@b.org>`.

    Does not look the domain up. Refuses labels of other scripts that mix writing directions.
    """
    if len(text) > _MOST_CHARACTERS or not text.isprintable():
        return False
    address = _without_name(text.strip()) or ""
    if any(len(form.encode()) > _MOST_BYTES for form in (address, normalize("NFC", address))):
        return False
    local, _, domain = address.partition("@")
    return _is_local(local) and _is_domain(domain.lower(), _MOST_BYTES - len(local.encode()) - 1)


def _without_name(text: str) -> str | None:
    if not text.endswith(">"):
        return text
    name, _, address = text[:-1].rpartition("<")
    name = name.strip()
    return address.strip() if _NAME.fullmatch(name) else None


def _is_local(text: str) -> bool:
    plain = normalize("NFC", text)
    return all(map(_ATOM.fullmatch, plain.split("."))) and (
        plain.isascii()
        or (all(category(each)[0] in _IN_LOCAL for each in plain) and category(plain[0])[0] != "M")
    )


def _is_domain(text: str, most_bytes: int) -> bool:
    domain = normalize("NFC", text)
    *labels, last = domain.split(".")
    if not labels or not _is_of_letters(domain):
        return False
    top = _ascii_label(last)
    if not top or not top[-1].isalpha() or top in _NO_MAIL:
        return False
    left = most_bytes - len(top)
    for label in labels:
        length = _ascii_length(label)
        left -= length + 1
        # Stop here: each label takes a while, and a body may hold a hundred thousand.
        if not length or left < 0:
            return False
    return True


def _ascii_length(label: str) -> int:
    """Return the length of a domain label in its ASCII form; 0 if it is invalid."""
    if len(label) == 1 and not label.isascii():
        return len(_PUNYCODE) + bisect(_FIRST_OF_LENGTH, label) if _is_international(label) else 0
    return len(_ascii_label(label) or "")


def _ascii_label(label: str) -> str | None:
    """Return a domain label in its ASCII form; None if it is invalid."""
    if not label.isascii():
        encoded = _PUNYCODE + punycode.encode(label) if _is_international(label) else ""
        return encoded if 0 < len(encoded) <= _MOST_LABEL else None
    if len(label) > _MOST_LABEL:
        return None
    if label.startswith(_PUNYCODE):
        return label if _is_encoded(label[len(_PUNYCODE) :]) else None
    return label if _LABEL.fullmatch(label) and label[2:4] != "--" else None


def _is_encoded(text: str) -> bool:
    """Return whether a text is what an international label becomes in Punycode."""
    # Every other text that can be decoded is also what its label is encoded to.
    if text.startswith("-"):
        return False
    try:
        label = text.encode().decode("punycode")
    except UnicodeError:
        return False
    return not label.isascii() and _is_of_letters(label) and _is_international(label)


def _is_of_letters(text: str) -> bool:
    """Return whether IDNA takes all characters of a text that are not ASCII."""
    if text.isascii():
        return True
    others = _OTHERS.findall(text)
    return (
        _IN_LABEL.issuperset(map(category, others))
        and _IN_NO_LABEL.isdisjoint(others)
        and normalize("NFKC", text.casefold()) == text
    )


def _is_international(label: str) -> bool:
    """Return whether a label begins with no mark and has one direction, as no sign of ASCII has."""
    directions = {*map(bidirectional, label)} - {"NSM"}
    return (directions <= _FROM_LEFT or directions <= _FROM_RIGHT) and category(label[0])[0] != "M"
