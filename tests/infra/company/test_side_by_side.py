"""Two stacks in one account: stages of a repository, or repositories of two teams."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

NAMED = """
    AlarmName DashboardName LogGroupName Name Namespace QueueName RoleName TableName
""".split()  # noqa: SIM905
SHARED = {"live", "$default"}
"""The names of aliases and stages of an API, which belong to a function or an API."""


def named(value: Any) -> Iterator[str]:
    """Yield each fixed name in a template's resources."""
    if isinstance(value, dict):
        for key, each in value.items():
            if key in NAMED and isinstance(each, str):
                yield each
            yield from named(each)
    elif isinstance(value, list):
        for each in value:
            yield from named(each)


def own_names(folder: Path, stack: str) -> set[str]:
    """Return what a stack names itself: resources, parameters and namespaces of metrics."""
    body = json.loads((folder / f"{stack}.template.json").read_text())
    assert not [each for each in body["Outputs"].values() if "Export" in each]
    variables = {
        text
        for each in body["Resources"].values()
        if each["Type"] == "AWS::Lambda::Function"
        for name, text in each["Properties"]["Environment"]["Variables"].items()
        if name in ("METRICS_NAMESPACE", "WEBHOOKS_SECRET")
    }
    of_dimensions = {"FunctionName", "QueueName", "TableName", "ApiId", "WorkerKind", "Stage"}
    return {*named(body["Resources"]), *variables} - SHARED - of_dimensions


def test_no_name_is_shared(assembly_for: Callable[..., Path]) -> None:
    """All that is not named by CloudFormation after the stack is named after it by us."""
    rules = {"role_prefix": "acme-"}
    first, second = (
        own_names(assembly_for(stack=stack, dashboard=True, company=rules), stack)
        for stack in ("texts-dev", "texts-staging")
    )
    assert len(first) > 10
    assert {name for name in first if "texts-dev" in name}
    assert {name for name in first & second if not name.startswith("AWS/")} == set()
