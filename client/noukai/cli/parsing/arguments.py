"""The parsing of the command's arguments for the client."""

import json
from collections.abc import Sequence
from typing import Any, NoReturn

import typer


def message_of(content: bytes) -> str:
    """Return a file's content as the message, which must be UTF-8."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise typer.BadParameter(
            f"the file is not UTF-8 text, and the flow does not accept bytes: {error}", param_hint="'-f'"
        ) from None


def unreadable(error: OSError) -> typer.BadParameter:
    """Return the error for a file that cannot be read to its end."""
    return typer.BadParameter(f"the file cannot be read: {error.strerror}", param_hint="'-f'")


def parameters_of(entries: Sequence[str]) -> dict[str, Any]:
    """Return the parameters from entries `name=json`."""
    parameters: dict[str, Any] = {}
    for name, text in _pairs(entries, "'-p'", "name=json, for instance -p top=3"):
        try:
            parameters[name] = json.loads(text, parse_constant=_refuse)
        except (ValueError, RecursionError):
            raise typer.BadParameter(
                f"{text!r} is not JSON; text is written in double quotes: -p '{name}={json.dumps(text)}'",
                param_hint="'-p'",
            ) from None
    return parameters


def metadata_of(entries: Sequence[str]) -> dict[str, str]:
    """Return the metadata from entries `name=text`."""
    return dict(_pairs(entries, "'--metadata'", "name=text"))


def _pairs(entries: Sequence[str], hint: str, form: str) -> list[tuple[str, str]]:
    pairs: list[tuple[str, str]] = []
    for entry in entries:
        name, equals, text = entry.partition("=")
        if not name or not equals:
            raise typer.BadParameter(f"{entry!r} is not {form}", param_hint=hint)
        pairs.append((name, text))
    if len(dict(pairs)) < len(pairs):
        raise typer.BadParameter("the same name is given twice", param_hint=hint)
    return pairs


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)  # only Python accepts NaN and the infinities as JSON
