"""The file `cdk.json`: the CDK command's settings and our context."""

import json
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from noukai_infra.suggestions import unknown_name

CDK_OPTIONS = frozenset(
    """
    $schema acknowledged-issue-numbers acknowledged-issues app assetMetadata assetParallelism assetPrebuild
    assets bootstrap browser build bundlingStacks caBundlePath changeSetName ci cliTelemetry color concurrency
    context customPermissionsBoundary debug deploy exclusively execute fallback force hotswap ignoreErrors
    import json language list-languages lookups method migrate noColor notices notificationArns output
    outputsFile parameters pathMetadata plugin profile progress proxy quiet requireApproval role-arn roleArn
    rollback staging strict synth tags telemetryFile toolkitBucket toolkitBucketName toolkitStackName trace
    traceCode unstable validation verbose versionReporting watch
    """.split()  # noqa: SIM905 - a list of 70 strings would fill the screen
)
"""The top-level keys of `cdk.json` that the CDK command reads, or used to read."""

_CDKS_CONTEXT = frozenset({"acknowledged-issue-numbers", "cli-telemetry"})
_CDKS_MARKS = ("@", ":", "/")
"""The CDK's flags are named `@aws-cdk/core:name` or `aws:cdk:name`, its lookups `vpc-provider:…`."""


def read_context(path: Path) -> dict[str, Any]:
    """Return the context of a `cdk.json`; `ValueError` names what is invalid."""
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"), object_pairs_hook=once)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path.name} is not JSON: {error}.") from error
    if not isinstance(content, dict):
        raise ValueError(f"{path.name} is not a JSON object: begin it with a brace.")  # noqa: TRY004 - of a file
    if unknown := [unknown_name(name, CDK_OPTIONS, path.name) for name in content if name not in CDK_OPTIONS]:
        raise ValueError("\n".join(unknown))
    context = content.get("context", {})
    if not isinstance(context, dict):
        raise ValueError(f"context: {context!r} is not an object of settings: give names and values.")  # noqa: TRY004
    return context


def own_settings(context: Mapping[str, object], known: Collection[str], where: str) -> dict[str, object]:
    """Return our part of the context, without the CDK's; `where` names the context in errors.

    `ValueError` names each unknown setting.
    """
    ours = {name: value for name, value in context.items() if not _is_cdks(name)}
    if unknown := [unknown_name(name, known, where) for name in ours if name not in known]:
        raise ValueError("\n".join(unknown))
    return ours


def _is_cdks(name: str) -> bool:
    return name in _CDKS_CONTEXT or any(mark in name for mark in _CDKS_MARKS)


def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return the members of a JSON object; `ValueError` names duplicate keys."""
    named = dict(pairs)
    if len(named) < len(pairs):
        names = [name for name, _ in pairs]
        twice = sorted({name for name in names if names.count(name) > 1})
        raise ValueError(f"{', '.join(twice)}: given twice in one object: remove one.")
    return named
