"""The rights of the role that CloudFormation takes."""

import json
from collections.abc import Callable, Collection
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from noukai_infra.settings import Settings
from tests.infra.company.execution_policy import FOLDER, kinds_in, needed, policies, text
from tests.infra.company.rights import OF_ACTIONS, OF_SERVICES, UNUSED
from tests.infra.company.variants import BASE, EVERYTHING, OF_VALUES, PARTS
from tests.infra.stack.template import Template

ANYWHERE = {action for action, resources in OF_ACTIONS.items() if resources == ["*"]}
LONGEST = 6144
MOST_POLICIES = 10
"""https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html: of a policy, and of a role."""

Kinds = dict[str, set[str]]


@pytest.fixture(scope="module")
def kinds(assembly_for: Callable[..., Path]) -> Kinds:
    """Return the types of resources with each setting; those of every stack by an empty name."""
    return {name: kinds_in(assembly_for(**part)) for name, part in {"": BASE, **PARTS}.items()}


def written(names: Collection[str]) -> list[dict[str, Any]]:
    """Return the statements of the files of these names."""
    files = [json.loads((FOLDER / f"{name}.json").read_text()) for name in names]
    return [statement for each in files for statement in each["Statement"]]


def lacking(part: str, kinds: Collection[str], files: Collection[str]) -> set[str]:
    """Return the types of resources whose rights are not all in these files."""
    allowed = {
        (action, on) for each in written(files) for action in each["Action"] for on in each["Resource"]
    }
    return {kind for kind in kinds if not needed([kind], part) <= allowed}


def test_policies_are_what_the_templates_need(kinds: Kinds) -> None:
    """No more and no less than the handlers of their types; a new type changes a file."""
    made = policies(kinds[""], {name: kinds[name] for name in PARTS})
    assert {file.stem for file in FOLDER.iterdir()} == made.keys()
    assert {name: (FOLDER / f"{name}.json").read_text() for name in made} == {
        name: text(found) for name, found in made.items()
    }


@pytest.mark.parametrize("part", PARTS)
def test_every_type_of_a_setting_has_its_rights(kinds: Kinds, part: str) -> None:
    """In the files of every stack and the one of the setting, without which some of its types lack theirs."""
    always = ["functions", "storage"]
    assert lacking(part, kinds[part], [*always, part]) == set()
    assert lacking(part, kinds[part], always)
    for file in always:
        assert lacking("", kinds[""], {*always} - {file})


def test_everything_at_once_has_the_types_of_its_parts(kinds: Kinds, everything: Template) -> None:
    """A combination of settings adds no type that none of them has alone."""
    at_once = {each["Type"] for each in everything.body["Resources"].values()}
    assert at_once <= set[str]().union(*kinds.values())
    missing = set[str]().union(*kinds.values()) - at_once
    assert missing == {"AWS::CloudFront::Distribution", "AWS::WAFv2::WebACL"}


def test_every_setting_is_considered() -> None:
    """A new setting belongs into a template here, or among those that add no type and no property."""
    on = EVERYTHING.keys() | PARTS["edge"].keys()
    assert on | OF_VALUES == {field.name for field in fields(Settings)}
    assert not on & OF_VALUES


def test_type_without_rights_fails() -> None:
    with pytest.raises(KeyError, match="cognito-idp"):
        needed(["AWS::Cognito::UserPool"])
    with pytest.raises(LookupError, match=r"AWS::IAM::AccessKey: AWS publishes no rights"):
        needed(["AWS::IAM::AccessKey"])
    assert needed(["AWS::SQS::Queue"]) < needed(["AWS::SQS::Queue", "AWS::SNS::Topic"])


def test_policies_are_narrow() -> None:
    """A star stands only where IAM knows no resource; no right reads or writes what is stored."""
    allowed = set[str]()
    for each in written([file.stem for file in FOLDER.iterdir()]):
        actions = {*each["Action"]}
        assert not [action for action in actions if "*" in action]
        assert each["Resource"] != ["*"] or actions <= ANYWHERE
        if actions & {"iam:PassRole", "iam:CreateServiceLinkedRole"}:
            assert each["Condition"]["StringEquals"].keys() <= {"iam:PassedToService", "iam:AWSServiceName"}
        allowed |= actions
    assert allowed & UNUSED == {"iam:CreateServiceLinkedRole"}
    assert {action.partition(":")[0] for action in allowed} <= {*OF_SERVICES, "ecr"}
    assert not {action for action in allowed if action.startswith(("iam:CreateUser", "iam:CreateAccessKey"))}


def test_policies_fit_into_a_role() -> None:
    files = [*FOLDER.iterdir()]
    assert len(files) <= MOST_POLICIES
    lengths = {
        file.name: len(json.dumps(json.loads(file.read_text()), separators=(",", ":"))) for file in files
    }
    # The role, account and region that are written in make a policy longer.
    assert max(lengths.values()) < 0.75 * LONGEST, lengths


def test_roles_are_passed_to_the_services_that_take_them(everything: Template) -> None:
    """A role of another service would be refused when CloudFormation passes it on."""
    taken = {
        statement["Principal"]["Service"]
        for role in everything.resources("IAM::Role").values()
        for statement in role["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    }
    passed = {
        service
        for each in written(["functions", "api_canary"])
        for service in each.get("Condition", {}).get("StringEquals", {}).get("iam:PassedToService", ())
    }
    assert taken == passed
