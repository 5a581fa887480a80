"""Checks of the values of settings."""

import re
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field

from noukai_functions.names import DEFAULT_KIND
from noukai_infra.suggestions import unknown_name

STRICT = ConfigDict(extra="forbid")
"""The configuration of every group of settings: an unknown name is refused."""


def pairs(value: object) -> object:
    """Parse `name=value` pairs, separated by commas, of the command line."""
    if not isinstance(value, str):
        return value
    return dict(pair.partition("=")[::2] for pair in value.split(",") if pair)


class SettingsError(ValueError):
    """An error that names each setting with an invalid value.

    Control characters of a file are shown as escapes: a terminal or the log of a CI would obey them.
    """

    def __init__(self, text: str) -> None:
        super().__init__("".join(map(_shown, text)))


def _shown(character: str) -> str:
    if character == "\n" or character.isprintable():
        return character
    return character.encode("unicode_escape").decode()


def split(value: object) -> object:
    """Split a comma-separated text of the command line."""
    return [part for part in value.split(",") if part] if isinstance(value, str) else value


def _number(value: object) -> object:
    """Refuse `true` as a number, since Python takes it for 1."""
    if isinstance(value, bool):
        raise ValueError("be a number")  # noqa: TRY004 - pydantic reports it beside its own
    return value


A_NUMBER = BeforeValidator(_number)


def folder(value: object) -> object:
    """Refuse an empty text, which would mean the repository's own folder."""
    if not isinstance(value, str | Path) or not str(value).strip():
        raise ValueError("be the name of a folder")
    return value


KeptQueues = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]*:([2-9]|10)$")]
"""A worker kind's name and its number of queues: `default:5`."""

GENERATED_KIND = re.compile(r"[a-z]\d+(-[a-z]\d+)*")
"""The names of worker kinds that flows ask for by their settings, such as `m2048-t300`."""

_KIND = re.compile(r"(?=.{2,28}$)[a-z][a-z0-9]*(-[a-z][a-z0-9]*)*")


def _kind_name(name: str) -> str:
    if not _KIND.fullmatch(name) or GENERATED_KIND.fullmatch(name) or name == DEFAULT_KIND:
        raise ValueError(
            "be a name such as ml or ml-large: 2 to 28 lower-case letters, digits and hyphens, with a letter "
            f"first and after each hyphen, and not {DEFAULT_KIND} or like m2048-t300, which are taken"
        )
    return name


KindName = Annotated[str, AfterValidator(_kind_name)]

FlowName = Annotated[str, Field(pattern=r"^[^/,]+/[^/,]+$")]

_RESERVED = re.compile(
    r"_HANDLER|_X_AMZN_TRACE_ID|AWS_(DEFAULT_)?REGION|AWS_EXECUTION_ENV|AWS_LAMBDA_\w+|LAMBDA_(TASK_ROOT|RUNTIME_DIR)"
    r"|AWS_(ACCESS_KEY(_ID)?|SECRET_ACCESS_KEY|SESSION_TOKEN)"
)
"""https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html"""


def variable(name: str) -> str:
    if not re.fullmatch(r"[a-zA-Z][a-zA-Z0-9_]+", name):
        raise ValueError(
            "be a variable's name: a letter, then letters, digits and underscores, two characters at least"
        )
    if _RESERVED.fullmatch(name):
        raise ValueError("be another variable: Lambda sets this one itself")
    return name


_STATEMENT = ("Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Condition")
"""The keys of an IAM statement about a role's own permissions."""


def statement(value: dict[str, Any]) -> dict[str, Any]:
    unknown = [
        unknown_name(name, _STATEMENT, "a statement of IAM") for name in value if name not in _STATEMENT
    ]
    if unknown:
        raise ValueError(f"have no {unknown[0]}")
    if value.get("Effect") not in ("Allow", "Deny"):
        raise ValueError('have an "Effect" of "Allow" or "Deny"')
    for one in ("Action", "Resource"):
        if (one in value) == (f"Not{one}" in value):
            raise ValueError(f'have either "{one}" or "Not{one}"')
    return value
