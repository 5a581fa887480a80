"""The rollback of functions to their previous versions, and back, by swapping aliases."""

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from noukai_infra.command_line import command
from noukai_infra.operations.account import Account, OperatorError, resources
from noukai_infra.stack.base.aliases import LIVE, PREVIOUS, flows_version

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

LONGEST_SECONDS = 15 * 60
"""Lambda's longest invocation."""

_MOVED = "moved at "

Versions = Mapping[str, str]
"""The version that an alias refers to, by function."""


def live_versions(account: Account, stack: str) -> Versions:
    """Return the live version of each function; empty if the stack does not exist."""
    return _versions(account, stack, LIVE) if account.outputs(stack) is not None else {}


def behind(account: Account, stack: str) -> list[str]:
    """Return the functions whose live version is not the deployed one, as after a rollback."""
    live, deployed = live_versions(account, stack), _deployed_versions(account, stack)
    return sorted(name for name in deployed.keys() & live.keys() if live[name] != deployed[name])


def live_flows(account: Account, stack: str) -> str | None:
    """Return the live version of the flows; None if unknown."""
    client = account.session.client("lambda")
    for name in live_versions(account, stack):
        described = client.get_function_configuration(FunctionName=name, Qualifier=LIVE).get(
            "Description", ""
        )
        if version := flows_version(described):
            return version
    return None


def conclude(
    account: Account, stack: str, before: Versions, *, now: int, stable: Collection[str] = ()
) -> None:
    """Conclude a deploy: the versions that were live `before` become the previous ones.

    CloudFormation changes only the aliases of changed functions; after a rollback, the others would stay
    rolled back. Versions without an alias are deleted, because they count as stored code, but only after all
    their invocations have ended. `now` is in seconds since the epoch. The functions `stable` stay at their
    live version, and so at their previous one: a canary has the deployed version.
    """
    client = account.session.client("lambda")
    live = live_versions(account, stack)
    deployed = _deployed_versions(account, stack)
    for name in (deployed.keys() & live.keys()) - {*stable}:
        if live[name] != deployed[name]:
            client.update_alias(FunctionName=name, Name=LIVE, FunctionVersion=deployed[name])
    if all(deployed.get(name) == version for name, version in before.items()):
        return
    known = _versions(account, stack, PREVIOUS)
    for name in (before.keys() & deployed.keys()) - {*stable}:
        is_idle = name not in known or now - _moved_at(client, name) > LONGEST_SECONDS
        note_previous(client, name, before[name], now=now)
        if is_idle:
            _delete_but(client, name, {"$LATEST", deployed[name], before[name]})


def note_previous(client: "LambdaClient", name: str, version: str, *, now: int) -> None:
    """Let the alias `previous` of a function refer to a version, to which a rollback goes."""
    listed = client.list_aliases(FunctionName=name)["Aliases"]
    is_there = any(each["Name"] == PREVIOUS for each in listed)
    write = client.update_alias if is_there else client.create_alias
    write(FunctionName=name, Name=PREVIOUS, FunctionVersion=version, Description=_moved(now))


def rollback(account: Account, stack: str, *, now: int, stable: Collection[str] = ()) -> int:
    """Swap the live versions with those before the last deploy; return the number of changed functions.

    A function that the last deploy has added is unchanged, and so are the functions `stable`, whose live
    version is still the one before. Running invocations end with the version that
    they began with.

    Raises:
        OperatorError: there is no previous version.
    """
    account.deployed(stack)
    live, previous = _versions(account, stack, LIVE), _versions(account, stack, PREVIOUS)
    changed = {
        name: version
        for name, version in previous.items()
        if live.get(name) != version and name not in stable
    }
    if not changed:
        raise OperatorError(
            f"There is no previous version: {stack} was deployed only once, or not by `{command('deploy')}`."
        )
    client = account.session.client("lambda")
    for name, version in changed.items():
        client.update_alias(
            FunctionName=name, Name=PREVIOUS, FunctionVersion=live[name], Description=_moved(now)
        )
        client.update_alias(FunctionName=name, Name=LIVE, FunctionVersion=version)
    return len(changed)


def _deployed_versions(account: Account, stack: str) -> Versions:
    return dict(_published(arn) for arn in resources(account.session, stack, "AWS::Lambda::Version"))


def _versions(account: Account, stack: str, alias: str) -> Versions:
    client = account.session.client("lambda")
    found: dict[str, str] = {}
    for name in resources(account.session, stack, "AWS::Lambda::Function"):
        listed = client.list_aliases(FunctionName=name)["Aliases"]
        if any(each.get("RoutingConfig", {}).get("AdditionalVersionWeights") for each in listed):
            raise OperatorError(
                f"A deploy shifts the requests of {name} to a new version: wait until it has ended, or stop "
                "it with `aws deploy stop-deployment`."
            )
        aliases = {each["Name"]: each["FunctionVersion"] for each in listed}
        if alias in aliases:
            found[name] = aliases[alias]
    return found


def _moved(now: int) -> str:
    return f"{_MOVED}{now}"


def _moved_at(client: "LambdaClient", name: str) -> int:
    """Return when the function's alias was last moved; until then, the former version may have run."""
    said = client.get_alias(FunctionName=name, Name=PREVIOUS).get("Description", "").removeprefix(_MOVED)
    return int(said) if said.isdecimal() else 0


def _published(arn: str) -> tuple[str, str]:
    """Parse a version's ARN, `arn:aws:lambda:region:account:function:name:version`."""
    _, name, version = arn.rsplit(":", 2)
    return name, version


def _delete_but(client: "LambdaClient", name: str, kept: set[str]) -> None:
    for page in client.get_paginator("list_versions_by_function").paginate(FunctionName=name):
        for version in {each["Version"] for each in page["Versions"]} - kept:
            client.delete_function(FunctionName=name, Qualifier=version)
