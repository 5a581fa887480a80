"""The deploy of the stack, and its deletion."""

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from noukai_infra.bundle.error import BundleError
from noukai_infra.bundle.image_builder import builder_environment, has_images
from noukai_infra.company.key_use import key_lines
from noukai_infra.operations.account import Account, OperatorError
from noukai_infra.operations.addresses.edge import EdgeDeploy, delete_edge
from noukai_infra.operations.deploy.cdk import Cdk
from noukai_infra.operations.deploy.checks.secrets import check_secrets, price_line, sources_in
from noukai_infra.operations.deploy.draining import kinds_to_keep, queues_to_keep
from noukai_infra.operations.deploy.first_job import FirstJob
from noukai_infra.operations.deploy.former_flows import DeployedFlows
from noukai_infra.operations.deploy.inventory import Inventory
from noukai_infra.operations.deploy.quotas import Quotas, check_quotas
from noukai_infra.operations.deploy.releases.canary import Canary, stable_flows, worker_functions
from noukai_infra.operations.deploy.releases.rollback import Versions, conclude, live_versions
from noukai_infra.settings.addresses.edge import ORIGIN_HOST, edge_stack
from noukai_infra.settings.company import DEFAULT_QUALIFIER
from noukai_infra.terminal import tell

_TABLES = ("JobsTable", "KeysTable", "UsageTable", "SchedulesTable", "WebhooksTable")
_BUCKETS = ("PayloadsBucket", "UncountedBucket", "UntoldBucket")
_SECRET = "WebhooksSecret"  # noqa: S105 - the name of an output
_TOKENS = "TokensSecret"


@dataclass(frozen=True)
class Plan:
    """The plan of a deploy: `context` overrides settings, `options` go to `cdk deploy`.

    If `confirm` is given, the operator is asked; otherwise nobody is. `has_diff` shows the differences before
    that; without them, the CDK command asks as well before it widens the permissions of an existing stack.
    `qualifier` is that of the bootstrap. `show` gets the messages for the operator before the question.
    """

    context: Sequence[str] = ()
    options: Sequence[str] = ()
    confirm: Callable[[], bool] | None = None
    has_diff: bool = False
    any_memory: bool = False
    qualifier: str = DEFAULT_QUALIFIER
    canary: int | None = None
    """The share of new jobs in per cent that a new version of the workers gets at first."""
    edge: EdgeDeploy | None = None
    """The stack of CloudFront, if the settings have one."""
    reads_secrets: bool = True
    """Whether the secrets of flows are read, to find those that are missing."""
    notes: Sequence[str] = ()
    """Further lines for the operator before the question."""
    show: Callable[[str], None] = tell


@dataclass(frozen=True)
class Outcome:
    """The outcome of a deploy: warnings, and an example job of its flows, if there is one."""

    warnings: Sequence[str] = ()
    first_job: FirstJob | None = None
    has_canary: bool = False
    """Whether a canary is under way now."""


def deploy(account: Account, cdk: Cdk, stack: str, plan: Plan) -> Outcome:
    """Deploy the stack, after bootstrapping the account if necessary.

    Workers that no flow asks for continue until they are idle; a later deploy removes them.

    Raises:
        OperatorError: AWS would refuse it, the operator declined, or the CDK command has failed.
    """
    is_bootstrapped = _is_bootstrapped(account, plan.qualifier)
    before = live_versions(account, stack)
    canary = Canary(account, stack)
    canary.check_may_deploy(stays=plan.canary is not None)
    stable = _stable(account, stack, plan, before)
    had_edge = ORIGIN_HOST in (account.outputs(stack) or ())
    flows = DeployedFlows.of(account, stack)
    with TemporaryDirectory() as folder:
        assembly = Path(folder)
        found = _found(account, stack, plan, flows, stable)
        _run(cdk, "synth", stack, "--quiet", "--output", folder, *found, *plan.context)
        if has_images(assembly, stack):
            cdk = _building(cdk)
        warnings = check_quotas(assembly, stack, Quotas.of(account, stack, any_memory=plan.any_memory))
        if plan.reads_secrets:
            check_secrets(account.session, sources_in(assembly, stack))
        _show_inventory(account, stack, assembly, plan, is_new=flows is None)
        for farewell in flows.farewells(assembly, stack) if flows else ():
            plan.show(farewell)
        _ask(cdk, stack, assembly, plan)
        if not is_bootstrapped:
            _run(cdk, "bootstrap", f"aws://{account.number}/{account.region}")
        is_approved = plan.confirm is None or plan.has_diff or flows is None
        approval = ("--require-approval", "never") if is_approved else ()
        _run(cdk, "deploy", stack, *approval, *plan.options, assembly=assembly)
        _finish_edge(account, stack, assembly, plan, had_edge=had_edge)
        first_job = FirstJob.of(assembly, stack)
    workers = worker_functions(account, stack) if stable else {}
    stayed = [name for kind, name in workers.items() if kind in stable]
    conclude(account, stack, before, now=int(time.time()), stable=stayed)
    return Outcome(warnings, first_job, bool(stable) and canary.begin(plan.canary or 0))


def _ask(cdk: Cdk, stack: str, assembly: Path, plan: Plan) -> None:
    """Show the differences if the plan wants them, and ask; a no deploys nothing."""
    if plan.has_diff:
        _run(cdk, "diff", stack, assembly=assembly)
    if plan.confirm is not None and not plan.confirm():
        raise OperatorError("Nothing was deployed.")


def _finish_edge(account: Account, stack: str, assembly: Path, plan: Plan, *, had_edge: bool) -> None:
    """Deploy the stack of CloudFront, or delete it if the settings have it no more."""
    if plan.edge:
        plan.show(plan.edge.run(assembly))
    elif had_edge:
        delete_edge(account, stack)


def _stable(account: Account, stack: str, plan: Plan, before: Versions) -> dict[str, str]:
    """Return the live version of each deployed worker, by worker kind; empty without a canary or a stack."""
    if plan.canary is None or not before:
        return {}
    return {kind: before[name] for kind, name in worker_functions(account, stack).items() if name in before}


def _found(
    account: Account, stack: str, plan: Plan, flows: DeployedFlows | None, stable: Mapping[str, str]
) -> tuple[str, ...]:
    """Return the settings that only the deployed stack tells."""
    former = _setting("former", flows.to_remember() if flows else ())
    return (*former, *_kept(account, stack, stable), *(plan.edge.context if plan.edge else ()))


def _kept(account: Account, stack: str, stable: Mapping[str, str]) -> tuple[str, ...]:
    """Return the settings that let workers, queues and the workers' live versions stay."""
    kept = (
        *_setting("draining", kinds_to_keep(account, stack)),
        *_setting("kept_queues", queues_to_keep(account, stack)),
    )
    if not stable:
        return kept
    flows = stable_flows(account.template(stack))
    return (
        *kept,
        *_setting("stable", [f"{kind}={version}" for kind, version in stable.items()]),
        *_setting("stable_flows", [f"{flow}={fingerprint}" for flow, fingerprint in flows.items()]),
    )


def _building(cdk: Cdk) -> Cdk:
    """Return the CDK command with a program that builds images."""
    try:
        return replace(cdk, environ={**cdk.environ, **builder_environment(cdk.environ)})
    except BundleError as error:
        raise OperatorError(str(error)) from error


def compare(account: Account, cdk: Cdk, stack: str, plan: Plan) -> None:
    """Show the parts and the differences that a deploy would make; change nothing.

    Raises:
        OperatorError: the CDK command has failed.
    """
    flows = DeployedFlows.of(account, stack)
    found = _found(account, stack, plan, flows, _stable(account, stack, plan, live_versions(account, stack)))
    with TemporaryDirectory() as folder:
        assembly = Path(folder)
        _run(cdk, "synth", stack, "--quiet", "--output", folder, *found, *plan.context)
        _show_inventory(account, stack, assembly, plan, is_new=flows is None)
        _run(cdk, "diff", stack, assembly=assembly)


def _show_inventory(account: Account, stack: str, assembly: Path, plan: Plan, *, is_new: bool) -> None:
    inventory = Inventory.of(assembly, stack)
    deployed = Inventory({} if is_new else account.template(stack))
    verb = "makes" if is_new else "updates"
    plan.show(f"\nThis {verb} the stack {stack} in {account.number}/{account.region}:\n")
    for line in inventory.lines(deployed):
        plan.show(line)
    plan.show(
        f"\nAt rest it costs {inventory.usd:.2f} USD a month, and what tables, buckets and logs store\n"
        "(list prices of us-east-1, without the free tier)."
    )
    for line in key_lines(inventory.template):
        plan.show(line)
    if plan.edge:
        edge = Inventory.of(assembly, edge_stack(stack))
        plan.show(
            f"CloudFront and WAF cost {edge.usd:.2f} USD more, and 1.60 per million "
            "requests, and their traffic."
        )
    if inventory.unpriced:
        plan.show(f"The price of {', '.join(inventory.unpriced)} is not included.")
    if price := price_line(sources_in(assembly, stack)):
        plan.show(price)
    for note in plan.notes:
        plan.show(note)


def _is_bootstrapped(account: Account, qualifier: str) -> bool:
    """Return whether the account is bootstrapped; a company's own bootstrap must be there already."""
    if account.is_bootstrapped(qualifier):
        return True
    if qualifier == DEFAULT_QUALIFIER:
        return False
    raise OperatorError(
        f"{account.number}/{account.region} has no bootstrap of the CDK with the qualifier {qualifier} of "
        "the setting company.qualifier: correct it, or ask those who bootstrap your accounts. "
        f"They can run `cdk bootstrap --qualifier {qualifier} --toolkit-stack-name CDKToolkit-{qualifier}`."
    )


def destroy(account: Account, cdk: Cdk, stack: str, options: Sequence[str]) -> list[str]:
    """Delete the stack; return the names of the retained tables and buckets.

    `options` are further options of `cdk destroy`.

    Raises:
        OperatorError: the stack does not exist, or the CDK command has failed.
    """
    outputs = account.deployed(stack)
    if account.takes_along(stack, "AWS::S3::Bucket"):
        # CloudFormation deletes only empty buckets.
        for name in outputs.keys() & {*_BUCKETS}:
            _empty(account, outputs[name])
    if ORIGIN_HOST in outputs:
        delete_edge(account, stack)
    _run(cdk, "destroy", stack, "--force", *options)
    tables = account.session.client("dynamodb").get_paginator("list_tables").paginate()
    left = {name for page in tables for name in page["TableNames"]}
    left |= {bucket["Name"] for bucket in account.session.client("s3").list_buckets()["Buckets"]}
    if _SECRET in outputs and outputs["WebhooksTable"] not in left:
        _forget_secret(account, outputs[_SECRET])
    if _TOKENS in outputs:
        _forget_secret(account, outputs[_TOKENS])
    return sorted(left & {outputs[name] for name in outputs.keys() & {*_TABLES, *_BUCKETS}})


def _forget_secret(account: Account, name: str) -> None:
    """Delete a secret that the functions have made: that of webhooks, which retained endpoints need."""
    ssm = account.session.client("ssm")
    with suppress(ssm.exceptions.ParameterNotFound):
        ssm.delete_parameter(Name=name)


def _setting(name: str, values: Sequence[str]) -> tuple[str, ...]:
    return ("--context", f"{name}={','.join(values)}") if values else ()


def _empty(account: Account, bucket: str) -> None:
    s3 = account.session.client("s3")
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket):
        objects: Any = [{"Key": each["Key"]} for each in page.get("Contents", ())]
        if objects:
            s3.delete_objects(Bucket=bucket, Delete={"Objects": objects, "Quiet": True})


def _run(cdk: Cdk, *arguments: str, assembly: Path | None = None) -> None:
    if cdk.run(*arguments, assembly=assembly):
        raise OperatorError(f"`cdk {arguments[0]}` has failed: see above.")
