"""The rights of the deploying role, as the doctor asks IAM for them."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from noukai_infra.operations.account import Account
from noukai_infra.repository.doctor.finding import checked
from noukai_infra.repository.doctor.permissions import permissions, resources_of
from noukai_infra.repository.doctor.rights import RIGHTS
from noukai_infra.settings import Settings
from noukai_infra.settings.company import Company
from noukai_infra.settings.worker_kind import WorkerKind
from tests.documents import BLOCKS


def test_rights_are_those_of_the_policy() -> None:
    """The one that the README gives a deploying role."""
    [block] = [each for each in BLOCKS if each.file == "policy.json"]
    listed = {}
    for each in json.loads(block.code)["Statement"]:
        actions = [each["Action"]] if isinstance(each["Action"], str) else each["Action"]
        resource = each["Resource"].replace("hnb659fds", "QUALIFIER").replace("noukai", "STACK")
        listed[resource] = tuple(actions)
    assert listed == RIGHTS


def role_session(account: Account, *, allowed: set[str] | None) -> Account:
    """Return the account as a role sees it that may do this, everywhere."""
    iam = account.session.client("iam")
    may = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
    trust = {"Version": "2012-10-17", "Statement": [may]}
    arn = iam.create_role(RoleName="ci", AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
    statement = {
        "Effect": "Allow",
        "Action": sorted({*(allowed or ()), "iam:SimulatePrincipalPolicy", "iam:GetRole"}),
        "Resource": "*",
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_role_policy(RoleName="ci", PolicyName="own", PolicyDocument=policy)
    taken = account.session.client("sts").assume_role(RoleArn=arn, RoleSessionName="doctor")["Credentials"]
    session = boto3.Session(
        taken["AccessKeyId"], taken["SecretAccessKey"], taken["SessionToken"], region_name=account.region
    )
    return replace(account, session=session)


@pytest.fixture
def _no_role(account_with_kinds: Account) -> Iterator[None]:
    yield
    iam = account_with_kinds.session.client("iam")
    iam.delete_role_policy(RoleName="ci", PolicyName="own")
    iam.delete_role(RoleName="ci")


@pytest.mark.usefixtures("_no_role")
@pytest.mark.parametrize("missing", [set(), {"lambda:UpdateAlias", "scheduler:ListSchedules"}])
def test_missing_rights_are_named(account_with_kinds: Account, missing: set[str]) -> None:
    """IAM simulates them for the role of a session."""
    every = {action for actions in RIGHTS.values() for action in actions}
    account = role_session(account_with_kinds, allowed=every - missing)
    (found,) = checked("permissions", lambda: permissions(account, Settings()), is_needed=False)
    assert found.is_good is not bool(missing), found.said
    assert all(f"{each} on " in found.said for each in missing)


@pytest.mark.usefixtures("_no_role")
def test_missing_right_of_a_setting_is_named(account_with_kinds: Account) -> None:
    """A role that deploys without secrets lacks the right to look whether they are there."""
    every = {action for actions in RIGHTS.values() for action in actions}
    account = role_session(account_with_kinds, allowed=every)
    settings = Settings(secrets={"DB_URL": "ssm:/shop/db"})
    (found,) = checked("permissions", lambda: permissions(account, settings), is_needed=False)
    assert re.search(r"lacks ssm:GetParameters on arn:aws:ssm:\S+:parameter/shop/db:", found.said)


def test_roles_for_images_are_asked_with_images_alone(account_with_kinds: Account) -> None:
    """That of the company, where its bootstrap names it differently."""
    own = f"arn:aws:iam::{account_with_kinds.number}:role/images"
    company = Company(image_publishing_role=own)
    kinds = {"ml": WorkerKind(image=Path("images"))}
    for workers, is_asked in ((kinds, True), ({}, False)):
        asked = dict(resources_of(account_with_kinds, Settings(company=company, workers=workers)))
        assert (own in asked) is is_asked


def seen_by(account: Account, **of_iam: Any) -> Account:
    """Return the account as a session of the role `ci` sees it, for whom IAM answers as given."""
    caller = {"Arn": f"arn:aws:sts::{account.number}:assumed-role/ci/doctor"}
    clients = {
        "sts": SimpleNamespace(get_caller_identity=lambda: caller),
        "iam": SimpleNamespace(**of_iam),
    }
    session: Any = SimpleNamespace(
        client=clients.__getitem__, get_partition_for_region=account.session.get_partition_for_region
    )
    return replace(account, session=session)


def test_role_with_a_path_is_found(account_with_kinds: Account) -> None:
    """The caller's ARN, that of a session, lacks the path, without which IAM knows no such role."""
    arn = f"arn:aws:iam::{account_with_kinds.number}:role/teams/billing/ci"

    def simulate(PolicySourceArn: str, ActionNames: list[str], **_: Any) -> Any:  # noqa: N803 - of AWS
        assert PolicySourceArn == arn
        return {
            "EvaluationResults": [{"EvalActionName": each, "EvalDecision": "allowed"} for each in ActionNames]
        }

    def get_role(RoleName: str) -> Any:  # noqa: N803 - of AWS
        assert RoleName == "ci"
        return {"Role": {"Arn": arn}}

    account = seen_by(account_with_kinds, get_role=get_role, simulate_principal_policy=simulate)
    (found,) = checked("permissions", lambda: permissions(account, Settings()), is_needed=False)
    assert found.is_good, found.said
    assert found.said.startswith(f"{arn} has all ")


@pytest.mark.parametrize("code", ["AccessDenied", "NoSuchEntity"])
def test_role_that_may_not_ask_iam_is_told_what_to_do(account_with_kinds: Account, code: str) -> None:
    """A denial is a note and no fault; so is a role with a path that it may not look up."""

    def refuse(**_: Any) -> Any:
        raise ClientError({"Error": {"Code": code, "Message": "no"}}, "SimulatePrincipalPolicy")

    account = seen_by(account_with_kinds, get_role=refuse, simulate_principal_policy=refuse)
    (found,) = checked("permissions", lambda: permissions(account, Settings()), is_needed=False)
    assert (found.is_good, found.is_needed) == (False, False)
    assert found.said == (
        f"not checked: arn:aws:iam::{account.number}:role/ci may not ask IAM ({code}): allow it "
        "iam:SimulatePrincipalPolicy, or compare it with policy.json in infra/README.md#deploy-from-ci"
    )
