"""The rules of a company, in the template."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER  # type: ignore[import-untyped]

from noukai_infra.company.key_use import key_lines, most_requests
from noukai_infra.settings import Settings, SettingsError
from tests.infra.company.variants import KEY, RULES, TAGS
from tests.infra.stack.template import Template

MANAGED_FIELDS = ("Type", "DeletionPolicy", "UpdateReplacePolicy")


def statements(template: Template, resource: str) -> list[dict[str, Any]]:
    """Return the statements that use the key, of one policy."""
    document = template.properties(resource)["PolicyDocument"]["Statement"]
    return [each for each in document if each["Resource"] == KEY]


def test_no_rule_changes_nothing(
    assembly: Path, assembly_for: Callable[..., Path], template: Template
) -> None:
    """An empty group gives the template and the manifest of no group, to the byte."""
    empty = assembly_for(company={}, protect=False)
    assert Template.of(empty).text == template.text
    assert (empty / "manifest.json").read_text() == (assembly / "manifest.json").read_text()


def test_every_role_is_bounded_and_named(ruled: Template) -> None:
    """The names differ, and are no longer than IAM allows with the longest name of a region."""
    names = []
    for role in ruled.resources("IAM::Role").values():
        properties = role["Properties"]
        assert ":policy/bounded" in json.dumps(properties["PermissionsBoundary"])
        assert properties["Path"] == "/teams/"
        begin, region = properties["RoleName"]["Fn::Join"][1]
        assert begin.startswith("acme-")
        assert region == {"Ref": "AWS::Region"}
        names.append(begin)
    assert len(set(names)) == len(names) > 20
    longest = max(map(len, names)) - len("acme-") + 20 + len("ap-southeast-2")
    assert longest <= 64


def test_boundary_by_its_arn(template_for: Callable[..., Template]) -> None:
    boundary = "arn:aws:iam::aws:policy/PowerUserAccess"
    template = template_for(company={"permissions_boundary": boundary})
    assert {
        each["Properties"]["PermissionsBoundary"] for each in template.resources("IAM::Role").values()
    } == {boundary}


def test_everything_that_takes_tags_has_them(ruled: Template) -> None:
    """What takes tags is asked of CloudFormation's own schemas, so that a new type is no exception."""
    taggable = 0
    for name, each in ruled.body["Resources"].items():
        schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", each["Type"]).schema
        place = schema.get("tagging", {}).get("tagProperty", "/properties/Tags").rpartition("/")[2]
        if place not in schema["properties"]:
            continue
        taggable += 1
        tags = each["Properties"][place]
        as_pairs = tags if isinstance(tags, dict) else {tag["Key"]: tag["Value"] for tag in tags}
        assert as_pairs == TAGS, name
    assert taggable > 90


def test_functions_make_the_secret_with_the_rules(ruled: Template) -> None:
    """CloudFormation makes no encrypted parameter; a function that does has the key, tags and right."""
    made_with = json.loads(
        ruled.functions()["webhook_secrets"]["Environment"]["Variables"]["WEBHOOKS_SECRET_WITH"]
    )
    assert made_with == {
        "KeyId": KEY,
        "Tags": [{"Key": name, "Value": value} for name, value in TAGS.items()],
    }
    assert "ssm:AddTagsToResource" in {action for action, _ in ruled.rights("webhook_secrets")}
    assert "WEBHOOKS_SECRET_WITH" not in ruled.functions()["deliver"]["Environment"]["Variables"]


def test_everything_stored_is_under_the_key(ruled: Template) -> None:
    """Buckets use a key of their own, so that one request serves many objects."""
    for each in ruled.resources("DynamoDB::Table").values():
        assert each["Properties"]["SSESpecification"]["KMSMasterKeyId"] == KEY
    for each in ruled.resources("SQS::Queue").values():
        assert each["Properties"]["KmsMasterKeyId"] == KEY
        assert "SqsManagedSseEnabled" not in each["Properties"]
    for each in ruled.resources("S3::Bucket").values():
        [rule] = each["Properties"]["BucketEncryption"]["ServerSideEncryptionConfiguration"]
        assert rule["BucketKeyEnabled"] is True
        assert rule["ServerSideEncryptionByDefault"] == {"KMSMasterKeyID": KEY, "SSEAlgorithm": "aws:kms"}
    for each in ruled.resources("Logs::LogGroup").values():
        assert each["Properties"]["KmsKeyId"] == KEY
    for each in ruled.resources("SNS::Topic").values():
        assert each["Properties"]["KmsMasterKeyId"] == KEY
    workers = [
        each["Properties"]
        for each in ruled.resources("Lambda::Function").values()
        if each["Properties"]["Handler"].endswith("worker.handler")
    ]
    assert [each["KmsKeyArn"] for each in workers] == [KEY, KEY]


def test_roles_use_the_key_through_services_alone(ruled: Template) -> None:
    """And with the actions that their other rights need; none may use it without a service."""
    wanted = {
        "sqs:SendMessage": ("sqs", {"kms:Decrypt", "kms:GenerateDataKey"}),
        "sqs:ReceiveMessage": ("sqs", {"kms:Decrypt"}),
        "s3:GetObject": ("s3", {"kms:Decrypt"}),
        "s3:PutObject": ("s3", {"kms:GenerateDataKey"}),
        "ssm:GetParameter": ("ssm", {"kms:Decrypt"}),
        "ssm:PutParameter": ("ssm", {"kms:Encrypt"}),
        "dynamodb:GetItem": ("dynamodb", {"kms:Decrypt"}),
        "dynamodb:PutItem": ("dynamodb", {"kms:Decrypt"}),
    }
    for name in ruled.resources("IAM::Policy"):
        policy = ruled.properties(name)
        document = policy["PolicyDocument"]["Statement"]
        given = {_service(each): set(_listed(each["Action"])) for each in statements(ruled, name)}
        needed: dict[str, set[str]] = {}
        actions = {action for each in document for action in _listed(each["Action"])}
        for action in actions & wanted.keys():
            service, uses = wanted[action]
            needed.setdefault(service, set()).update(uses)
        assert needed.items() <= given.items(), name
        extra = given.keys() - needed.keys()
        assert extra <= {"lambda", "dynamodb"}, name


def _service(statement: dict[str, Any]) -> str:
    [condition] = statement["Condition"].values()
    service: str = condition["kms:ViaService"]["Fn::Join"][1][0]
    return service.rstrip(".")


def _listed(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value]


def test_rules_change_nothing_else(ruled: Template, unruled: Template) -> None:
    """The same resources by the same logical names: a rule that is set later replaces no table."""
    names = {name for name, each in ruled.body["Resources"].items() if each["Type"] != "AWS::Lambda::Version"}
    before = {
        name for name, each in unruled.body["Resources"].items() if each["Type"] != "AWS::Lambda::Version"
    }
    assert names == before
    for kind in ("DynamoDB::Table", "SQS::Queue", "S3::Bucket"):
        for name, each in unruled.resources(kind).items():
            then = ruled.body["Resources"][name]
            assert [then.get(field) for field in MANAGED_FIELDS] == [
                each.get(field) for field in MANAGED_FIELDS
            ]


def test_no_iam_user(ruled: Template) -> None:
    """Nor a group or an access key: callers have keys of the API, functions have roles."""
    kinds = {each["Type"] for each in ruled.body["Resources"].values()}
    assert {kind for kind in kinds if kind.startswith("AWS::IAM::")} == {"AWS::IAM::Role", "AWS::IAM::Policy"}


def test_bootstrap_of_the_company(ruled_assembly: Path, assembly_for: Callable[..., Path]) -> None:
    """The CDK's roles and bucket are those of the qualifier, or have the names that the settings give."""
    manifest = (ruled_assembly / "manifest.json").read_text()
    assert "cdk-acme-deploy-role" in manifest
    assert "/cdk-bootstrap/acme/version" in manifest
    assert "hnb659fds" not in manifest
    role = "arn:aws:iam::123456789012:role/platform/{}"
    named = {
        "deploy_role": role.format("deployer"),
        "cloudformation_execution_role": role.format("changer"),
        "publishing_role": role.format("publisher"),
        "assets_bucket": "acme-assets",
    }
    folder = assembly_for(company=named)
    said = (folder / "manifest.json").read_text() + (folder / "noukai.assets.json").read_text()
    assert [name for name in named.values() if name not in said] == []


def test_protection_is_of_the_stack(assembly_for: Callable[..., Path], template: Template) -> None:
    """It is no part of the template."""
    folder = assembly_for(protect=True)
    assert '"terminationProtection": true' in (folder / "manifest.json").read_text()
    assert Template.of(folder).text == template.text


def test_key_has_its_price(ruled: Template, template: Template) -> None:
    """A deploy names the fee, and the requests that there are at most."""
    assert list(key_lines(template.body)) == []
    [line] = key_lines(ruled.body)
    assert "1.00 USD a month" in line
    assert f"{most_requests(ruled.body):,} requests" in line


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        ({"kms": KEY}, "company.kms: there is no such name"),
        ({"kms_key": "alias/mine"}, 'company.kms_key: "alias/mine" is invalid'),
        ({"role_path": "teams"}, 'company.role_path: "teams" is invalid'),
        ({"role_prefix": "p" * 21}, "company.role_prefix: "),
        ({"tags": {"aws:owner": "me"}}, "company.tags.aws:owner: "),
        ({"tags": {str(number): "x" for number in range(41)}}, "have at most 40 tags, and has 41"),
        ({"qualifier": "A-b"}, 'company.qualifier: "A-b" is invalid'),
        ({"deploy_role": "deployer"}, "company.deploy_role: "),
    ],
)
def test_rule_that_makes_no_sense(rules: dict[str, object], said: str) -> None:
    with pytest.raises(SettingsError) as raised:
        Settings.from_context({"company": rules})
    assert said in str(raised.value)


def test_all_rules_are_tested() -> None:
    """A new rule belongs into the template above, or into a test of its own."""
    others = {"deploy_role", "cloudformation_execution_role", "publishing_role", "assets_bucket"}
    others |= {"image_publishing_role", "images_repository"}
    assert {*Settings().company.__dataclass_fields__} == RULES.keys() | others
