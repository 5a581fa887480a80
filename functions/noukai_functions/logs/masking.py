"""The masking of secrets in text: API keys, and values of the deployment's environment."""

import json
import re
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import quote, quote_plus

from noukai_wire.limits import LEAST_SECRET

MASK = "***"
_API_KEY = re.compile(r"nk_[A-Za-z0-9_-]{8,}")
_LONGEST_KEY = 64


class Masker:
    """A masker of API keys and of secrets, also in base64, in URLs, in JSON and in Python's literals."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        forms = {form for secret in secrets for form in _forms(secret)}
        self._forms = sorted(forms, key=len, reverse=True)
        self.longest = max([_LONGEST_KEY, *map(len, self._forms)])
        """The characters of the longest text that is masked as a whole."""

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> "Masker":
        """Make the masker of the variables that `SECRET_ENVIRONMENT` names."""
        names = environment.get("SECRET_ENVIRONMENT", "").split(",")
        return cls(environment[name] for name in names if environment.get(name))

    def finds(self, text: str) -> bool:
        """Return whether the text has something to mask."""
        return "nk_" in text or any(form in text for form in self._forms)

    def mask(self, text: str) -> str:
        """Return the text with each secret replaced."""
        if "nk_" in text:
            text = _API_KEY.sub(MASK, text)
        for form in self._forms:
            if form in text:
                text = text.replace(form, MASK)
        return text


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
    yield text.replace("'", "'\"'\"'")  # as `shlex.quote` writes it


def _encoded(content: bytes) -> Iterator[str]:
    """Yield what base64 makes of a text in any place of a longer one."""
    for before, first in ((0, 0), (1, 2), (2, 3)):
        usable = (before + len(content)) * 8 // 6
        for encode in (b64encode, urlsafe_b64encode):
            yield encode(b"\0" * before + content)[first:usable].decode()
