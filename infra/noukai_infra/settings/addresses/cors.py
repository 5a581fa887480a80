"""The settings of web pages that may call the API."""

import re
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic.dataclasses import dataclass

from noukai_infra.settings.checks import A_NUMBER, STRICT, split

_HOST = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*")
_LOCAL = ("localhost", "127.0.0.1")
_DEFAULT_PORTS = {"https": 443, "http": 80}
_FORM = "be an exact origin as a browser sends it, such as https://app.acme.com or http://localhost:5173"


def _origin(text: str) -> str:
    """Return an origin: scheme, host, and a port that is not the scheme's own.

    The gateway knows no wildcard but whole schemes, which would let in every page.
    """
    if "*" in text or text == "null":
        raise ValueError(
            f"{_FORM}: {text} would let every page call the API with what your callers' browsers hold"
        )
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise ValueError(f"{_FORM}, with a port from 1 to 65535") from None
    host = parts.hostname or ""
    if text != f"{parts.scheme}://{host}{'' if port is None else f':{port}'}" or not _HOST.fullmatch(host):
        raise ValueError(f"{_FORM}: in lower case, without a path, a query or a name")
    if parts.scheme != "https" and not (parts.scheme == "http" and host in _LOCAL):
        raise ValueError(f"{_FORM}: http is for a page on your own machine only")
    if port is not None and port in (0, _DEFAULT_PORTS[parts.scheme]):
        raise ValueError(f"{_FORM}: browsers leave out the scheme's own port")
    return text


@dataclass(frozen=True, config=STRICT)
class Cors:
    """The origins whose pages may call the API, upload inputs and load results.

    `max_age` is the time in seconds for which a browser remembers the answer to a preflight.
    """

    origins: Annotated[
        tuple[Annotated[str, AfterValidator(_origin)], ...],
        BeforeValidator(split),
        Field(min_length=1, max_length=100),
    ]
    max_age: Annotated[int, A_NUMBER, Field(ge=0, le=86_400)] = 3600
