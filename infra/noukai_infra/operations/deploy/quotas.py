"""The check of quotas before a deploy.

Sources: "Lambda quotas", https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html, and
"CloudFormation quotas",
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html.
"""

import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from noukai_infra.bundle.image import MAX_UNZIPPED_BYTES
from noukai_infra.operations.account import Account, OperatorError, resources
from noukai_infra.operations.deploy.releases.warm_environments import most_warm
from noukai_infra.planning.limits import INVOCATIONS_OF_A_POLLER, KEPT_UNRESERVED

MAX_RESOURCES = 500
MAX_ENVIRONMENT_BYTES = 4096
MAX_MEMORY, NEW_ACCOUNT_MEMORY = 10_240, 3008
USUAL_CONCURRENCY = 1000
_REFERENCE_BYTES = 128
"""The assumed length of a name, an ARN or a URL that only AWS knows; none of the stack's is longer."""

_NO_SNAPSHOTS = ("python3.11",)

_NAMED_PACKAGES = 5
_MB = 1024 * 1024

Template = Mapping[str, Any]


@dataclass(frozen=True)
class Quotas:
    """The account's concurrency, in all and not reserved by other functions."""

    concurrency: int
    unreserved: int
    unzipped_bytes: int = MAX_UNZIPPED_BYTES
    memory: int = MAX_MEMORY
    """The largest memory of a function in MB."""

    @classmethod
    def of(cls, account: Account, stack: str, *, any_memory: bool = False) -> "Quotas":
        """Read the account's quotas; the stack's own reservations count as free.

        AWS does not report the memory limit. An account with less than the usual concurrency is assumed to be
        new, with a low limit, unless `any_memory`.
        """
        client = account.session.client("lambda")
        limits = client.get_account_settings()["AccountLimit"]
        deployed = (
            resources(account.session, stack, "AWS::Lambda::Function") if account.outputs(stack) else []
        )
        own = (client.get_function_concurrency(FunctionName=name) for name in deployed)
        reserved = sum(each.get("ReservedConcurrentExecutions", 0) for each in own)
        warm = sum(most_warm(account.template(stack)).values()) if deployed else 0
        unreserved = limits["UnreservedConcurrentExecutions"] + reserved
        unreserved = min(limits["ConcurrentExecutions"], unreserved + warm)
        is_new = limits["ConcurrentExecutions"] < USUAL_CONCURRENCY
        memory = NEW_ACCOUNT_MEMORY if is_new and not any_memory else MAX_MEMORY
        return cls(limits["ConcurrentExecutions"], unreserved, limits["CodeSizeUnzipped"], memory)


def check_quotas(assembly: Path, stack: str, quotas: Quotas) -> list[str]:
    """Check an assembly against the account's quotas; return warnings about throttling.

    Raises:
        OperatorError: AWS would refuse it; the message names each excess and what to do.
    """
    template = json.loads((assembly / f"{stack}.template.json").read_text())
    refused = [*_too_much(template, quotas), *_large_assets(assembly, stack, quotas.unzipped_bytes)]
    if refused:
        raise OperatorError("AWS would refuse this deploy:\n" + "\n".join(f"- {each}" for each in refused))
    return list(_throttled(template, quotas))


def _too_much(template: Template, quotas: Quotas) -> Iterator[str]:
    functions = dict(_properties(template, "AWS::Lambda::Function"))
    if (count := len(template["Resources"])) > MAX_RESOURCES:
        yield f"The stack has {count} resources; a stack may have {MAX_RESOURCES}: {_fewer(template)}."
    for name, function in functions.items():
        memory = function["MemorySize"]
        if memory > quotas.memory:
            yield (
                f"{name} has {memory} MB; a new account allows {quotas.memory}: use less, or ask AWS Support "
                "for more and then deploy with --any-memory, since AWS does not report the limit."
            )
        if (size := environment_bytes(function)) > MAX_ENVIRONMENT_BYTES:
            yield (
                f"{name} has an environment of {size} bytes; a function may have {MAX_ENVIRONMENT_BYTES}: "
                "move values of the setting `environment` to the flows' folder or to Parameter Store."
            )
    yield from _too_old_for_snapshots(functions)
    reserved = sum(each.get("ReservedConcurrentExecutions", 0) for each in functions.values())
    kept = min(KEPT_UNRESERVED, quotas.concurrency)
    warm = sum(most_warm(template).values())
    if (reserved or warm) and quotas.unreserved - reserved - warm < kept:
        what = " and ".join(
            [
                *([f"reserve {reserved} executions"] if reserved else []),
                *([f"keep {warm} warm"] if warm else []),
            ]
        )
        lower = "wait_reserved_concurrency and execute_reserved_concurrency" if reserved else "`warm`"
        yield (
            f"The settings {what} of {quotas.unreserved}, and {kept} must stay "
            f"unreserved: lower {lower}, or raise 'Concurrent executions'."
        )


def _too_old_for_snapshots(functions: Template) -> Iterator[str]:
    """Refuse SnapStart with a Python before 3.12.

    https://docs.aws.amazon.com/lambda/latest/dg/snapstart.html#snapstart-runtimes
    """
    old = [
        name for name, each in functions.items() if "SnapStart" in each and each["Runtime"] in _NO_SNAPSHOTS
    ]
    if old:
        yield (
            f"{' and '.join(old)} would start from a snapshot, which AWS takes with Python 3.12 or later, "
            f"and this is {sys.version_info.major}.{sys.version_info.minor}: deploy with a later one, or "
            "switch `snap_start` and `api_snap_start` off."
        )


def _fewer(template: Template) -> str:
    """Return what would make a template smaller."""
    kinds = {each["Type"] for each in template["Resources"].values()}
    off = ", or switch `api_canary` off" if "AWS::CodeDeploy::Application" in kinds else ""
    return f"use fewer worker kinds{off}"


def environment_bytes(function: Mapping[str, Any]) -> int:
    """Return the size of a function's environment as JSON, as Lambda measures it.

    References count with their full length. Lambda's refusal shows the JSON:
    https://github.com/github-aws-runners/terraform-aws-github-runner/issues/3594.
    """
    variables = function.get("Environment", {}).get("Variables", {})
    written = {name: _longest(value) for name, value in variables.items()}
    return len(json.dumps(written, separators=(",", ":"), ensure_ascii=False).encode())


def _longest(value: Any) -> str:
    if isinstance(value, str):
        return value
    parts = value["Fn::Join"][1] if "Fn::Join" in value else [None]
    return "".join(part if isinstance(part, str) else "x" * _REFERENCE_BYTES for part in parts)


def _large_assets(assembly: Path, stack: str, most: int) -> Iterator[str]:
    files = json.loads((assembly / f"{stack}.assets.json").read_text())["files"].values()
    for source in (each["source"] for each in files if each["source"]["packaging"] == "zip"):
        parts = {part.name: _size(part) for part in (assembly / source["path"]).iterdir()}
        if (size := sum(parts.values())) > most:
            largest = sorted(parts.items(), key=lambda part: part[1], reverse=True)[:_NAMED_PACKAGES]
            named = ", ".join(f"{name} ({bytes_ / _MB:.0f} MB)" for name, bytes_ in largest)
            yield (
                f"An asset has {size / _MB:.0f} MB unzipped; Lambda takes {most // _MB} MB: require less in "
                f"requirements.txt. Its largest parts: {named}."
            )


def _size(path: Path) -> int:
    files = path.rglob("*") if path.is_dir() else [path]
    return sum(file.stat().st_size for file in files if file.is_file())


def _throttled(template: Template, quotas: Quotas) -> Iterator[str]:
    mappings = dict(_properties(template, "AWS::Lambda::EventSourceMapping")).values()
    workers = sum(most_at_once(each) for each in mappings if each.get("Enabled", True))
    if workers >= quotas.unreserved:
        yield (
            f"The readers of queues and streams may run {workers} executions at once, of {quotas.unreserved} "
            "in all: under load the API is throttled. Lower `concurrency` of flows and "
            "worker.max_concurrency, or raise the quota 'Concurrent executions'."
        )


def most_at_once(mapping: Mapping[str, Any]) -> int:
    """Return how many executions an event source mapping may have at once."""
    if pollers := mapping.get("ProvisionedPollerConfig"):
        return int(pollers["MaximumPollers"]) * INVOCATIONS_OF_A_POLLER
    return int(mapping.get("ScalingConfig", {}).get("MaximumConcurrency", 1))


def _properties(template: Template, kind: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for name, each in template["Resources"].items():
        if each["Type"] == kind:
            yield name, each["Properties"]
