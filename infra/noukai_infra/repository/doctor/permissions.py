"""The check of what the deploying role may do, as IAM simulates it."""

from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError

from noukai_infra.operations.account import Account, OperatorError
from noukai_infra.repository.doctor.finding import NotCheckedError, denied
from noukai_infra.repository.doctor.rights import ROLES, rights_for
from noukai_infra.settings import Settings

_ROLES = ("deploy-role", "file-publishing-role")
_OF_IMAGES = "image-publishing-role"
"""The bootstrap's roles that a deploy takes: IAM simulates names, not patterns of them."""

_BY_HAND = "compare it with policy.json in infra/README.md#deploy-from-ci"


def permissions(account: Account, settings: Settings) -> str:
    """Return that the role may deploy; raise with the rights that it lacks.

    Raises:
        OperatorError: rights are missing.
        NotCheckedError: these credentials may not ask IAM, or are of no role or user.
    """
    caller = account.session.client("sts").get_caller_identity()["Arn"]
    if caller.endswith(":root"):
        return "the root user may do everything; a role that may do less is safer"
    principal = _principal(account, caller)
    asked = [(action, on) for on, actions in resources_of(account, settings) for action in actions]
    try:
        missing = list(_missing(account, principal, settings))
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if denied(error) is None and code not in ("InvalidInput", "NoSuchEntity"):
            raise
        raise NotCheckedError(
            f"not checked: {principal} may not ask IAM ({code}): allow it iam:SimulatePrincipalPolicy, or "
            f"{_BY_HAND}"
        ) from error
    if missing:
        raise OperatorError(f"{principal} lacks {', '.join(missing)}: add them, or {_BY_HAND}")
    return f"{principal} has all {len(asked)} rights that a deploy needs"


def _principal(account: Account, caller: str) -> str:
    """Return the role or user of a caller, whose rights are simulated."""
    kind, _, name = caller.rpartition(":")[2].partition("/")
    if kind == "user":
        return caller
    if kind != "assumed-role":
        raise NotCheckedError(f"not checked: {caller} is no role and no user: {_BY_HAND}")
    role = name.partition("/")[0]
    try:
        # The session's name lacks the role's path.
        found: str = account.session.client("iam").get_role(RoleName=role)["Role"]["Arn"]
    except ClientError:
        partition = caller.split(":")[1]
        return f"arn:{partition}:iam::{account.number}:role/{role}"
    return found


def resources_of(account: Account, settings: Settings) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield an example of each resource of the rights, with its actions."""
    company = settings.company
    partition = account.session.get_partition_for_region(account.region)
    roles = dict(zip(_ROLES, (company.deploy_role, company.publishing_role), strict=True))
    if any(kind.image for kind in (settings.worker, *settings.workers.values())):
        roles[_OF_IMAGES] = company.image_publishing_role
    for pattern, actions in rights_for(settings):
        resource = (
            pattern.replace("arn:aws:", f"arn:{partition}:")
            .replace("ACCOUNT", account.number)
            .replace("REGION", account.region)
            .replace("QUALIFIER", company.qualifier)
            .replace("STACK", settings.stack)
        )
        if pattern == ROLES:
            for role, own in roles.items():
                yield own or resource.replace("*", role), actions
        else:
            yield resource if resource == "*" else resource.replace("*", "example"), actions


def _missing(account: Account, principal: str, settings: Settings) -> Iterator[str]:
    iam: Any = account.session.client("iam")
    for resource, actions in resources_of(account, settings):
        answer = iam.simulate_principal_policy(
            PolicySourceArn=principal, ActionNames=list(actions), ResourceArns=[resource]
        )
        for each in answer["EvaluationResults"]:
            if each["EvalDecision"] != "allowed":
                by_rule = "" if each["EvalDecision"] == "implicitDeny" else " (a rule denies it)"
                yield f"{each['EvalActionName']} on {resource}{by_rule}"
