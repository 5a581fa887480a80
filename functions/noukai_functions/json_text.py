"""The parsing of a request's body into a JSON object."""

import json
import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NoReturn

from noukai_functions.refusals import InvalidInputError, InvalidJsonError, TooLargeError
from noukai_wire import limits

if TYPE_CHECKING:
    import zlib

TOO_DEEP = f"is nested deeper than {limits.MAX_JSON_DEPTH} levels"
TOO_LARGE = "holds a number that is too large"


def read_object(body: bytes) -> dict[str, Any]:
    """Parse a request body, limited in size, into a JSON object."""
    check_size("body", len(body), limits.MAX_BODY_BYTES)
    return parse_object(body)


def inflated(body: bytes, encoding: str) -> bytes:
    """Decode a body by its `Content-Encoding`.

    Stops soon after the size limit, so that a small body cannot inflate to fill memory.
    """
    if not encoding or encoding.lower() == "identity":
        return body
    if encoding.lower() not in {"gzip", "x-gzip"}:
        raise InvalidInputError([("Content-Encoding", "must be gzip or identity")])
    # Limit the compressed size too: a million empty gzip members would take minutes to inflate.
    check_size("compressed body", len(body), limits.MAX_BODY_BYTES)
    import zlib  # noqa: PLC0415 - few callers compress

    try:
        return _inflated(body, lambda: zlib.decompressobj(wbits=zlib.MAX_WBITS | 16))
    except (zlib.error, EOFError) as error:
        # The gateway passes on bodies declared as JSON as text, which corrupts gzip bytes.
        advice = "Send all of it, with the Content-Type application/gzip."
        raise InvalidJsonError(f"The body is not gzip: {error}. {advice}") from None


def _inflated(body: bytes, member: "Callable[[], zlib._Decompress]") -> bytes:
    content = b""
    while body:
        inflating = member()
        content += inflating.decompress(body, limits.MAX_BODY_BYTES + 1 - len(content))
        if len(content) > limits.MAX_BODY_BYTES:
            message = f"The body inflates to more than {limits.MAX_BODY_BYTES} bytes: send less."
            raise TooLargeError(message)
        if not inflating.eof:
            raise EOFError("it ends too early")
        body = inflating.unused_data
    return content


def check_size(what: str, size: int, most: int) -> None:
    """Raise if the size exceeds the limit."""
    if size > most:
        message = f"The {what} is {size} bytes; at most {most} are accepted: send less."
        raise TooLargeError(message)


def parse_object(body: bytes) -> dict[str, Any]:
    """Parse content of any size into a JSON object."""
    fields = _parse(body)
    if not isinstance(fields, dict):
        raise InvalidInputError([("", "must be an object")])
    return fields


def read_list(fields: Mapping[str, Any], name: str) -> list[Any]:
    """Return a field that must hold a list with one entry per job."""
    entries = fields.get(name)
    if not isinstance(entries, list) or not 1 <= len(entries) <= limits.MAX_BATCH_SIZE:
        raise InvalidInputError([(name, f"must be a list of 1 to {limits.MAX_BATCH_SIZE} entries")])
    return entries


def _parse(body: bytes) -> object:
    try:
        return json.loads(body.decode("utf-8-sig"), parse_constant=_refuse_constant, parse_int=_integer)
    except RecursionError:
        raise InvalidInputError([("", TOO_DEEP)]) from None
    except ValueError as error:
        raise InvalidJsonError(f"The body is {_problem(body, error)}. Send a JSON object.") from None


def _problem(body: bytes, error: ValueError) -> str:
    if not body.strip():
        return "empty"
    if isinstance(error, UnicodeDecodeError):
        return "not UTF-8"
    if isinstance(error, json.JSONDecodeError):
        return f"not JSON: {error}"
    return "not valid JSON: it holds NaN, Infinity or a number of thousands of digits"


def _integer(digits: str) -> int:
    """Parse an integer; refuse one that is too large for a double."""
    number = int(digits)
    if math.isinf(float(digits)):
        raise InvalidInputError([("", TOO_LARGE)])
    return number


def _refuse_constant(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not a JSON value")
