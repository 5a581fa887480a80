"""The rights of the role that CloudFormation takes: `python -m tests.infra.company.execution_policy`.

They come from the schemas of the resource types, which AWS publishes with the permissions of each handler.
`functions` and `storage` are for every stack; each other file is for the setting of its name.
"""

import json
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER  # type: ignore[import-untyped]

from noukai_infra.app import synthesize
from noukai_infra.settings import ROOT, file_context
from tests.infra.company.rights import (
    BEYOND_SCHEMAS,
    OF_ACTIONS,
    OF_KINDS,
    OF_OTHER_PROPERTIES,
    OF_PARTS,
    OF_SERVICES,
    PASSED,
    UNUSED,
)
from tests.infra.company.variants import BASE, PARTS
from tests.infra.stack.template import NO_BUNDLING

FOLDER = ROOT / ".github" / "execution-policy"
STORAGE = ("dynamodb", "s3", "sns", "sqs")
"""The services of `storage`: one policy has at most 6,144 characters, which those of every stack exceed."""

Pair = tuple[str, str]
"""An action and one of its resources."""

Statement = dict[str, Any]


def kinds_in(assembly: Path) -> set[str]:
    """Return the types of the resources of all templates in a folder."""
    templates = [json.loads(file.read_text()) for file in assembly.glob("*.template.json")]
    return {each["Type"] for template in templates for each in template["Resources"].values()}


def needed(kinds: Iterable[str], part: str = "") -> set[Pair]:
    """Return what CloudFormation does for these types, where a setting sets their properties."""
    of_others = OF_OTHER_PROPERTIES.union(*OF_PARTS.values()) - OF_PARTS.get(part, set())
    return {
        (action, resource)
        for kind in kinds
        for action in _actions(kind)
        if action not in UNUSED and action.partition(":")[0] not in of_others
        for resource in _resources(kind, action)
    }


def _actions(kind: str) -> set[str]:
    """Return the actions of a type's handlers, but for that of lists, which CloudFormation does not use.

    Raises:
        LookupError: AWS publishes none.
    """
    schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", kind).schema
    handlers: Mapping[str, Any] = schema.get("handlers", {})
    actions = {
        action
        for name, handler in handlers.items()
        if name != "list"
        for action in handler.get("permissions", ())
    }
    if not actions:
        raise LookupError(f"{kind}: AWS publishes no rights of it, so that they must be written by hand")
    return actions


def _resources(kind: str, action: str) -> list[str]:
    """Return the resources of an action; a service that is new here raises a `KeyError`."""
    service = action.partition(":")[0]
    return OF_KINDS.get(kind, {}).get(service) or OF_ACTIONS.get(action) or OF_SERVICES[service]


def statements(pairs: Collection[Pair], part: str = "") -> list[Statement]:
    """Return the statements that allow pairs, with those that no schema has."""
    by_action: dict[str, list[str]] = {}
    for action, resource in sorted(pairs):
        by_action.setdefault(action, []).append(resource)
    by_resources: dict[tuple[str, ...], list[str]] = {}
    for action, resources in by_action.items():
        by_resources.setdefault(tuple(resources), []).append(action)
    made = [each for resources in sorted(by_resources) for each in _allow(by_resources[resources], resources)]
    return [*made, *_passing(part), *BEYOND_SCHEMAS.get(part, ())]


def _allow(actions: list[str], resources: Iterable[str]) -> Iterator[Statement]:
    if others := [action for action in actions if action != "iam:PassRole"]:
        yield {"Effect": "Allow", "Action": others, "Resource": [*resources]}


def _passing(part: str) -> Iterator[Statement]:
    if services := PASSED.get(part):
        condition = {"StringEquals": {"iam:PassedToService": services}}
        yield {
            "Effect": "Allow",
            "Action": ["iam:PassRole"],
            "Resource": OF_SERVICES["iam"],
            "Condition": condition,
        }


def policies(base: set[str], parts: Mapping[str, set[str]]) -> dict[str, list[Statement]]:
    """Return the statements of each file, for the types of every stack and those of each setting."""
    always = needed(base)
    storage = {pair for pair in always if pair[0].partition(":")[0] in STORAGE}
    made = {
        "functions": statements(always - storage, "functions"),
        "storage": statements(storage),
    }
    for part in sorted({*parts, *BEYOND_SCHEMAS}):
        made[part] = statements(needed(parts.get(part, set()), part) - always, part)
    return made


def text(made: list[Statement]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": made}, indent=2) + "\n"


def synthesized(**settings: object) -> set[str]:
    """Return the types of the resources with these settings."""
    with TemporaryDirectory() as folder:
        synthesize(Path(folder), {**file_context(), **NO_BUNDLING, **settings})
        return kinds_in(Path(folder))


def main() -> None:
    made = policies(synthesized(**BASE), {name: synthesized(**part) for name, part in PARTS.items()})
    for name, found in made.items():
        (FOLDER / f"{name}.json").write_text(text(found))
    sys.stdout.write(f"{FOLDER}\n")


if __name__ == "__main__":
    main()
