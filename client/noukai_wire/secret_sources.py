"""The sources of secrets: parameters of SSM, and secrets of Secrets Manager, or one key of such a secret."""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, cast

PARAMETER, SECRET = "ssm", "secretsmanager"

MOST_PARAMETERS = 10
"""https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParameters.html"""

_PLACE = r"[\w-]+:[0-9]{12}"
_NAMES = {
    PARAMETER: re.compile(rf"/?[\w.-]+(/[\w.-]+)*|arn:aws[\w-]*:ssm:{_PLACE}:parameter(/[\w.-]+)+", re.ASCII),
    SECRET: re.compile(
        rf"[\w/+=.@-]+|arn:aws[\w-]*:secretsmanager:{_PLACE}:secret:[\w/+=.@-]+-[A-Za-z0-9]{{6}}", re.ASCII
    ),
}
_ARN_START = "arn:"
_RANDOM_END = re.compile(r"-[A-Za-z0-9]{6}\Z")


class UnreadableError(Exception):
    """The refusal of a read; the message is AWS's code, and never quotes a value."""


@dataclass(frozen=True, slots=True)
class Source:
    """The place of a secret: a service, and the name or ARN in it; a key of the JSON object that it holds."""

    service: str
    name: str
    key: str | None = None

    def __str__(self) -> str:
        key = "" if self.key is None else f"#{self.key}"
        return f"{self.service}:{self.name}{key}"

    @classmethod
    def parse(cls, text: str) -> "Source":
        """Parse `ssm:/path`, `secretsmanager:name` or `secretsmanager:name#key`, with ARNs as names too.

        Raises:
            ValueError: the text is none of these.
        """
        service, _, name = text.partition(":")
        name, has_key, key = name.partition("#")
        if service not in _NAMES or not _NAMES[service].fullmatch(name):
            raise ValueError(
                'be "ssm:/path" for a parameter, or "secretsmanager:name" or "secretsmanager:name#key" for a '
                "secret; an ARN may stand for the name"
            )
        if has_key and (service == PARAMETER or not key):
            raise ValueError(
                'have a "#key" only behind the name of a secret of Secrets Manager, and not empty'
            )
        return cls(service, name, key if has_key else None)

    @property
    def is_arn(self) -> bool:
        """Return whether the name is an ARN."""
        return self.name.startswith(_ARN_START)

    @property
    def without_account(self) -> "Source":
        """Return the source by its name alone, for another account."""
        if not self.is_arn:
            return self
        resource = self.name.split(":", 5)[5]
        if self.service == PARAMETER:
            return replace(self, name=resource.removeprefix("parameter"))
        return replace(self, name=_RANDOM_END.sub("", resource.removeprefix("secret:")))


def parsed_sources(text: str) -> dict[str, Source]:
    """Parse the variable that tells workers their secrets."""
    return {name: Source.parse(each) for name, each in json.loads(text).items()}


@dataclass(frozen=True)
class Values:
    """The values that were read, and what is wrong with each secret that has none; no value is shown."""

    values: Mapping[str, str]
    problems: Mapping[str, str]

    def __repr__(self) -> str:
        return f"Values({[*self.values]}, {dict(self.problems)})"


def read_sources(
    sources: Mapping[str, Source],
    get_parameters: Callable[[list[str]], Mapping[str, Any]],
    get_secret: Callable[[str], Mapping[str, Any]],
) -> Values:
    """Read all secrets: parameters by ten, each secret of Secrets Manager once.

    The callables return AWS's answers to `GetParameters` and `GetSecretValue`, or raise `UnreadableError`.
    """
    found: dict[tuple[str, str], str | UnreadableError] = {}
    for names in _by_ten(sorted({each.name for each in sources.values() if each.service == PARAMETER})):
        found.update(((PARAMETER, name), value) for name, value in _parameters(names, get_parameters))
    for name in sorted({each.name for each in sources.values() if each.service == SECRET}):
        found[SECRET, name] = _secret(name, get_secret)
    values: dict[str, str] = {}
    problems: dict[str, str] = {}
    for name, source in sources.items():
        try:
            values[name] = _value(source, found[source.service, source.name])
        except UnreadableError as error:
            problems[name] = f"{name} ({source}): {error}"
    return Values(values, problems)


def _by_ten(names: list[str]) -> Iterator[list[str]]:
    return (names[start : start + MOST_PARAMETERS] for start in range(0, len(names), MOST_PARAMETERS))


def _parameters(
    names: Iterable[str], get: Callable[[list[str]], Mapping[str, Any]]
) -> Iterator[tuple[str, str | UnreadableError]]:
    wanted = [*names]
    try:
        parameters = get(wanted)["Parameters"]
    except UnreadableError as error:
        yield from ((name, error) for name in wanted)
        return
    values = {each[by]: each["Value"] for each in parameters for by in ("Name", "ARN") if by in each}
    missing = UnreadableError("there is no such parameter in this account and region")
    yield from ((name, values.get(name, missing)) for name in wanted)


def _secret(name: str, get: Callable[[str], Mapping[str, Any]]) -> str | UnreadableError:
    try:
        answer = get(name)
    except UnreadableError as error:
        return error
    value = answer.get("SecretString")
    return value if isinstance(value, str) else UnreadableError("its value is binary, and must be text")


def _value(source: Source, found: str | UnreadableError) -> str:
    if isinstance(found, UnreadableError):
        raise found
    value = found if source.key is None else _value_of_key(found, source.key)
    if not value or "\0" in value:
        raise UnreadableError("its value is empty, or has a zero byte, which no variable can hold")
    return value


def _value_of_key(text: str, key: str) -> str:
    try:
        content = json.loads(text)
    except ValueError:
        content = None
    if not isinstance(content, dict):
        raise UnreadableError(f"it has no key {key}, since its value is not a JSON object")
    fields = cast("dict[str, Any]", content)
    if key not in fields:
        raise UnreadableError(f"it has no key {key}")
    value = fields[key]
    if isinstance(value, dict | list) or value is None:
        raise UnreadableError(f"the value of its key {key} is not text")
    return value if isinstance(value, str) else json.dumps(value)
