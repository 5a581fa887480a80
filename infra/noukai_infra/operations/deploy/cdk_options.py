"""The options of the CDK command, from its own list."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from noukai_infra.operations.account import OperatorError
from noukai_infra.suggestions import unknown_name

_WITHOUT_VALUE = ("boolean", "count")
_OPTION = re.compile(r"(--[\w-]+|-[a-zA-Z])(=.*)?", re.DOTALL)
_REPEATED = re.compile(r"-([a-zA-Z])\1*")
"""A short option may be repeated, as in `-vv`."""


def check_options(registry: Mapping[str, Any], command: str, arguments: Sequence[str]) -> None:
    """Refuse an unknown option, or a word that is not an option's value, which the CDK command would ignore.

    `registry` is the command's list of commands and options.

    Raises:
        OperatorError: the command would ignore an argument.
    """
    takes_value = dict(_options({**registry["globalOptions"], **registry["commands"][command]["options"]}))
    has_value = False
    for argument in arguments:
        if not argument.startswith("-"):
            if not has_value:
                raise OperatorError(f"{argument}: `cdk {command}` takes options only, and their values.")
            continue
        name = _name(argument)
        if name not in takes_value:
            raise OperatorError(unknown_name(argument, list(takes_value), f"the options of `cdk {command}`"))
        has_value = takes_value[name] and "=" not in argument


def _name(argument: str) -> str:
    if _REPEATED.fullmatch(argument):
        return argument[:2]
    found = _OPTION.fullmatch(argument)
    return found[1] if found else argument


def _options(listed: Mapping[str, Mapping[str, Any]]) -> Iterator[tuple[str, bool]]:
    """Yield each name of each option, and whether it takes a value."""
    for name, option in listed.items():
        takes_value = option["type"] not in _WITHOUT_VALUE
        for each in (name, *_aliases(option)):
            yield (f"--{each}" if len(each) > 1 else f"-{each}"), takes_value
        if not takes_value:
            yield f"--no-{name}", False
        if negative := option.get("negativeAlias"):
            yield f"-{negative}", False


def _aliases(option: Mapping[str, Any]) -> Sequence[str]:
    alias = option.get("alias", ())
    return (alias,) if isinstance(alias, str) else tuple(alias)
