"""The check of e-mail addresses as pydantic's `EmailStr` does, without its library."""

import re
from itertools import chain
from unicodedata import bidirectional, category, normalize

_MOST_CHARACTERS = 2048
"""Of an address with a name."""
_MOST_BYTES = 254
_MOST_LABEL = 63
_NO_MAIL = ("arpa", "invalid", "local", "localhost", "onion", "test")
"""Top-level domains that no mail reaches; `example` is taken."""
_ATOM = re.compile(r"[a-zA-Z0-9_!#$%&'*+\-/=?^`{|}~\u0080-\U0010ffff]+")
_NAME = re.compile(r"""[\w!#$%&'*+\-/=?^`{|}~\s]*|"[^"]+\"""")
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?", re.ASCII)
_PUNYCODE = "xn--"
_IN_LOCAL = ("L", "N", "P", "S", "M")
_IN_LABEL = ("Ll", "Lo", "Lm", "Mn", "Mc")
_FROM_RIGHT = ("R", "AL")
_IN_NO_LABEL = frozenset(
    chain(
        *(range(0x1100, 0x1200), range(0xA960, 0xA980), range(0xD7B0, 0xD800)),  # parts of Korean syllables
        *(range(0x0640, 0x0641), range(0x07FA, 0x07FB)),  # signs that lengthen a word
        *(range(0x20D0, 0x2100), range(0x1D000, 0x1D300)),  # marks of symbols and of music
        *(range(0x302E, 0x3036), range(0x303B, 0x303C)),  # tones and repetitions
    )
)
"""Letters and marks that IDNA excludes."""


def is_email(text: str) -> bool:
    """Return whether a text is an address, as `a@b.org` or `A <a@b.org>`.

    Which domains there are, nobody asks.

    Of domains in other scripts those are refused that mix directions of writing within a label.
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
        plain.isascii() or (all(category(each)[0] in _IN_LOCAL for each in plain) and category(plain[0])[0] != "M")
    )


def _is_domain(text: str, most_bytes: int) -> bool:
    if "." not in text:
        return False
    last, left = "", most_bytes + 1
    for label in normalize("NFC", text).split("."):
        last = _ascii_label(label) or ""
        left -= len(last) + 1
        # The next labels are not looked at: each takes a while, and a body may hold a hundred thousand.
        if not last or left < 0:
            return False
    return last[-1].isalpha() and last not in _NO_MAIL


def _ascii_label(label: str) -> str | None:
    """Return a domain label in its ASCII form; None if it is invalid."""
    if label.startswith(_PUNYCODE):
        try:
            shown = label[len(_PUNYCODE) :].encode().decode("punycode")
        except UnicodeError:
            return None
        return label if not shown.isascii() and _ascii_label(shown) == label else None
    if not label.isascii():
        if not _is_international(label):
            return None
        encoded = _PUNYCODE + label.encode("punycode").decode()
        return encoded if len(encoded) <= _MOST_LABEL else None
    is_label = _LABEL.fullmatch(label) and len(label) <= _MOST_LABEL and label[2:4] != "--"
    return label if is_label else None


def _is_international(label: str) -> bool:
    directions = {bidirectional(each) for each in label} - {"NSM"}
    others = [each for each in label if not (each.isascii() and each.isalnum())]
    return (
        (directions <= {"L", "EN"} or directions <= {*_FROM_RIGHT})
        and category(label[0])[0] != "M"
        and all(map(_is_in_label, others))
    )


def _is_in_label(character: str) -> bool:
    return (
        category(character) in _IN_LABEL
        and normalize("NFKC", character.casefold()) == character
        and ord(character) not in _IN_NO_LABEL
    )
