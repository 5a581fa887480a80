"""The secrets of flows in the template."""

import fnmatch
import json
from collections.abc import Callable
from typing import Any

import pytest

from noukai_infra.settings import Settings, SettingsError
from tests.infra.stack.template import ENTRIES, Template

ARN = "arn:aws:secretsmanager:us-east-1:123456789012:secret:shop-AbCdEf"
KEY = "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab"
SECRETS = {
    "DB_URL": "ssm:/shop/db",
    "PLAIN": "ssm:plain",
    "TOKEN": "secretsmanager:shop#token",
    "OTHER": "secretsmanager:shop#other",
    "WHOLE": f"secretsmanager:{ARN}",
}
PLACES = {"AWS::Partition": "aws", "AWS::Region": "us-east-1", "AWS::AccountId": "123456789012"}
PLACES["AWS::URLSuffix"] = "amazonaws.com"


def resolved(value: Any) -> Any:
    """Return a text of the template as CloudFormation fills it in."""
    if isinstance(value, dict) and "Fn::Join" in value:
        return "".join(map(resolved, value["Fn::Join"][1]))
    return PLACES[value["Ref"]] if isinstance(value, dict) else value


def statements(template: Template) -> dict[str, Any]:
    """Return the worker's statements about secrets, by their action."""
    role = template.functions()["worker"]["Role"]["Fn::GetAtt"][0]
    found = [
        statement
        for policy in template.resources("IAM::Policy").values()
        if {"Ref": role} in policy["Properties"]["Roles"]
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]
    ]
    wanted = ("ssm:", "secretsmanager:", "kms:")
    return {each["Action"]: each for each in found if str(each["Action"]).startswith(wanted)}


def arns(statement: Any) -> list[str]:
    resources = statement["Resource"]
    return [resolved(each) for each in (resources if isinstance(resources, list) else [resources])]


def test_template_without_secrets_is_unchanged(
    template: Template, template_for: Callable[..., Template]
) -> None:
    assert template_for(secrets={}, secrets_keys=[]).text == template.text
    assert template_for(secrets_keys=[KEY]).text == template.text


def test_workers_alone_know_their_secrets(template_for: Callable[..., Template]) -> None:
    """By their sources, and no value."""
    functions = template_for(secrets=SECRETS).functions()
    knowing = {entry for entry in ENTRIES if "SECRETS" in functions[entry]["Environment"]["Variables"]}
    assert knowing == {"worker"}
    assert json.loads(functions["worker"]["Environment"]["Variables"]["SECRETS"]) == SECRETS


def test_worker_may_read_exactly_its_secrets(template_for: Callable[..., Template]) -> None:
    """A secret's ARN ends with six random characters; a name that only begins the same is another secret.

    Source: https://docs.aws.amazon.com/secretsmanager/latest/userguide/auth-and-access_iam-policies.html.
    """
    found = statements(template_for(secrets=SECRETS))
    assert found.keys() == {"ssm:GetParameters", "secretsmanager:GetSecretValue"}
    place = "us-east-1:123456789012"
    assert arns(found["ssm:GetParameters"]) == [
        f"arn:aws:ssm:{place}:parameter/plain",
        f"arn:aws:ssm:{place}:parameter/shop/db",
    ]
    named, whole = sorted(arns(found["secretsmanager:GetSecretValue"]))
    assert (whole, named) == (ARN, f"arn:aws:secretsmanager:{place}:secret:shop-??????")
    assert fnmatch.fnmatchcase(ARN, named)
    assert not fnmatch.fnmatchcase(ARN.replace("shop-", "shop-two-"), named)


def test_key_of_ones_own_decrypts_for_these_services_alone(template_for: Callable[..., Template]) -> None:
    """Source: https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html."""
    decrypts = statements(template_for(secrets=SECRETS, secrets_keys=[KEY]))["kms:Decrypt"]
    assert arns(decrypts) == [KEY]
    (through,) = decrypts["Condition"].values()
    assert [*map(resolved, through["kms:ViaService"])] == [
        "secretsmanager.us-east-1.amazonaws.com",
        "ssm.us-east-1.amazonaws.com",
    ]


@pytest.mark.parametrize(
    ("secrets", "said"),
    [
        ({"A": "ssm:/x"}, "be a variable's name"),
        ({"AWS_REGION": "ssm:/x"}, "be another variable"),
        *[
            (
                {"DB_URL": text},
                'secrets.DB_URL: its value is invalid: it should be "ssm:/path" for a parameter',
            )
            for text in (
                "/shop/db",
                "ssm:",
                "ssm:a b",
                "vault:x",
                "secretsmanager:",
                "secretsmanager:a*",
                "ssm:/*",
            )
        ],
        ({"DB_URL": "ssm:/x#key"}, 'have a "#key" only behind the name of a secret'),
        ({"DB_URL": "secretsmanager:x#"}, 'have a "#key" only behind'),
    ],
)
def test_invalid_secrets_are_refused(secrets: dict[str, str], said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        Settings.from_context({"secrets": secrets})


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"environment": {"DB_URL": "x"}}, "secrets: DB_URL is also in environment"),
        ({"secrets": {"QUEUE_URL": "ssm:/x"}}, "secrets: must not set QUEUE_URL"),
        ({"environment": {"SECRETS": "x"}}, "environment: must not set SECRETS"),
    ],
)
def test_variable_has_one_value(
    template_for: Callable[..., Template], settings: dict[str, Any], said: str
) -> None:
    with pytest.raises(SettingsError, match=said):
        template_for(**{"secrets": SECRETS, **settings})
