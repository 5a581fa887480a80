"""The masking of secrets in text: API keys, and values of the deployment's environment."""

import json
import re
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import quote, quote_plus

from noukai_wire.limits import LEAST_SECRET, MAX_ERROR_BYTES

MASK = "***"
_API_KEY = re.compile(r"nk_(?=[a-z0-9_-]*[A-Z])[A-Za-z0-9_-]{32,}")
"""A key has 43 random characters. Without a capital letter it is a name, such as a part of another."""
_BEGUN_KEY = re.compile(r"nk_[A-Za-z0-9_-]+\Z")
_LONGEST_KEY = 64
_PLACE = re.compile(r" \([^()]+:\d+ in [^()]+\)\Z")
"""Where an exception was raised, behind its message, which may be cut."""
_BASE64_WIDTHS = (64, 76)
"""Where `openssl`, and `base64` and mail, break the lines of a long text."""
_LEAST_PART = 4
"""The fewest characters that are masked of a secret whose end is cut off."""


class Masker:
    """A masker of API keys and of secrets, also in base64, in URLs, in JSON and in Python's literals."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._forms: list[str] = []
        self.longest = _LONGEST_KEY
        """The characters of the longest text that is masked as a whole."""
        self.learn(secrets)

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> "Masker":
        """Make the masker of the variables that `SECRET_ENVIRONMENT` names."""
        names = environment.get("SECRET_ENVIRONMENT", "").split(",")
        return cls(environment[name] for name in names if environment.get(name))

    def learn(self, secrets: Iterable[str]) -> None:
        """Add secrets to mask; earlier ones stay masked, since flows may still print them."""
        forms = {form for secret in secrets for form in _forms(secret)}
        self._forms = sorted({*self._forms, *forms}, key=len, reverse=True)
        self.longest = max([_LONGEST_KEY, *map(len, self._forms)])

    def finds(self, text: str) -> bool:
        """Return whether the text may have something to mask."""
        return "nk_" in text or any(form in text for form in self._forms)

    def mask(self, text: str, *, is_cut: bool = False) -> str:
        """Return the text with each secret replaced; of a text whose end is cut off, also a begun one.

        Secrets may overlap: all are found in the original text.
        """
        spans = [found.span() for found in _API_KEY.finditer(text)] if "nk_" in text else []
        for form in self._forms:
            place = text.find(form)
            while place >= 0:
                spans.append((place, place + len(form)))
                place = text.find(form, place + 1)
        if is_cut and (begun := self._begun(text)) < len(text):
            spans.append((begun, len(text)))
        return _replaced(text, spans) if spans else text

    def mask_error(self, error: str) -> str:
        """Return an error without secrets; the lines of a long one may have been cut in the flow."""
        masked = self.mask(error)
        if len(error.encode("utf-8", "replace")) < MAX_ERROR_BYTES // 2:
            return masked
        return "\n".join(map(self._mask_end, masked.split("\n")))

    def _mask_end(self, line: str) -> str:
        place = _PLACE.search(line)
        message = line[: place.start()] if place else line
        return self.mask(message, is_cut=True) + line[len(message) :]

    def _begun(self, text: str) -> int:
        """Return where the secret begins whose end is cut off; the text's length if there is none."""
        key = _BEGUN_KEY.search(text, max(0, len(text) - _LONGEST_KEY))
        first = key.start() if key else len(text)
        for form in self._forms:
            start = form[:_LEAST_PART]
            place = text.find(start, max(0, len(text) - len(form)))
            while 0 <= place < first and not form.startswith(text[place:]):
                place = text.find(start, place + 1)
            if 0 <= place < first:
                first = place
        return first


def _replaced(text: str, spans: list[tuple[int, int]]) -> str:
    """Return the text with each region that the spans cover replaced by one mask."""
    parts: list[str] = []
    end = 0
    for first, last in sorted(spans):
        if first > end or not parts:
            parts += [text[end:first], MASK]
        end = max(end, last)
    return "".join([*parts, text[end:]])


def _forms(secret: str) -> Iterator[str]:
    """Yield the forms in which a secret may be printed: as a whole, and each of its long lines."""
    for part in {secret, *secret.splitlines()}:
        text = part.strip()
        if len(text) >= LEAST_SECRET:
            yield from _written(text)
            yield from _encoded(text.encode())


def _written(text: str) -> Iterator[str]:
    yield text
    yield quote(text, safe="")
    yield quote(text)
    yield quote_plus(text)
    yield json.dumps(text)[1:-1]
    yield json.dumps(text, ensure_ascii=False)[1:-1]
    yield repr(text)[1:-1]
    yield ascii(text)[1:-1]
    yield repr(text.encode())[2:-1]
    yield (in_html := text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"))
    yield in_html.replace('"', "&quot;").replace("'", "&#x27;")
    yield text.replace("'", "'\"'\"'")  # as `shlex.quote` writes it


def _encoded(content: bytes) -> Iterator[str]:
    """Yield what base64 makes of a text in any place of a longer one."""
    for before, first in ((0, 0), (1, 2), (2, 3)):
        usable = (before + len(content)) * 8 // 6
        for encode in (b64encode, urlsafe_b64encode):
            yield encode(b"\0" * before + content)[first:usable].decode()
    whole = b64encode(content)[: len(content) * 8 // 6].decode()
    for width in _BASE64_WIDTHS:
        pieces = [whole[place : place + width] for place in range(0, len(whole), width)]
        yield from (piece for piece in pieces if LEAST_SECRET <= len(piece) < len(whole))
