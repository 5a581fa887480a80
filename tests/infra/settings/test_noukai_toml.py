"""The settings of a repository and of its stages, in `noukai.toml`."""

import json
from pathlib import Path

import boto3
import pytest

from noukai_infra.operations.account import Account, OperatorError
from noukai_infra.operations.deploy.checks.stage import check_stage
from noukai_infra.settings import Settings, SettingsError, overrides, settings_in
from tests.documents import BLOCKS, Block

SETTINGS = """
stack = "texts"
flows = "flows"

[worker]
memory = 512
timeout = 60

[environment]
MODEL = "small"

[[policies]]
Effect = "Allow"
Action = "s3:GetObject"
Resource = "arn:aws:s3:::books/*"

[stages.staging]

[stages.production]
stack = "live"
account = "123456789012"
region = "eu-central-1"
worker = { memory = 1024 }
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "noukai.toml"
    path.write_text(SETTINGS)
    return path


def settings(file: Path, stage: str | None) -> Settings:
    return Settings.from_context(settings_in(file, stage))


def test_settings_of_no_stage(file: Path) -> None:
    read = settings(file, None)
    assert (read.stack, read.worker.memory, read.account) == ("texts", 512, None)
    assert [policy["Action"] for policy in read.policies] == ["s3:GetObject"]


def test_settings_of_a_stage_go_before(file: Path) -> None:
    """A table keeps what the stage does not name."""
    read = settings(file, "production")
    assert (read.stack, read.account, read.region) == ("live", "123456789012", "eu-central-1")
    assert (read.worker.memory, read.worker.timeout, read.environment) == (1024, 60, {"MODEL": "small"})


def test_stage_has_a_stack_of_its_own(file: Path) -> None:
    """Else one stage would replace another one in the same account."""
    assert settings(file, "staging").stack == "texts-staging"


@pytest.mark.parametrize(
    ("content", "stage", "said"),
    [
        ("memroy = 512", None, "memroy: there is no such name in noukai.toml: did you mean memory?"),
        (
            "[stages.live]\nmemroy = 512",
            None,
            "memroy: there is no such name in [stages.live] of noukai.toml: did you mean memory?",
        ),
        ("[stages]\nlive = 1", None, "stages.live: 1 is not a table of noukai.toml: write [stages.live]."),
        ("stages = 1", None, "stages: 1 is not a table of noukai.toml: write [stages.NAME]."),
        ("memory = ", None, "noukai.toml is not TOML: "),
        ("memory = 512", "live", "noukai.toml has no stage live, and no other: add [stages.live] to it."),
        ("[stages.test]", "live", "noukai.toml has no stage live, only test: add [stages.live] to it."),
        ("[stages.live]", "lvie", "noukai.toml has no stage lvie, only live: did you mean live?"),
        ('account = "12"', None, 'account: "12" is invalid: it should have twelve digits.'),
    ],
)
def test_file_that_makes_no_sense(file: Path, content: str, stage: str | None, said: str) -> None:
    """Is refused in one sentence, with its name."""
    file.write_text(content)
    with pytest.raises(SettingsError) as raised:
        settings(file, stage)
    assert said in str(raised.value)
    assert "\n" not in str(raised.value)


def cdk_json(tmp_path: Path, **context: object) -> Path:
    path = tmp_path / "cdk.json"
    content = {"app": "python -m noukai_infra.app", "context": {"@aws-cdk/core:flag": True, **context}}
    path.write_text(json.dumps(content))
    return path


def test_stage_of_a_file_that_has_none(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"cdk\.json has no stages, such as live: "):
        settings_in(cdk_json(tmp_path), "live")


def test_stages_of_the_context(tmp_path: Path) -> None:
    """They are as in `noukai.toml`; the CDK's own flags stay."""
    stages = {"live": {"worker": {"memory": 2048}}}
    path = cdk_json(tmp_path, worker={"memory": 512, "timeout": 60}, stages=stages)
    read = settings(path, "live")
    assert (read.stack, read.worker.memory, read.worker.timeout) == ("noukai-live", 2048, 60)
    assert settings(path, None).worker.memory == 512


def test_stage_goes_before_what_the_cdk_command_repeats(tmp_path: Path) -> None:
    """It gives all of `cdk.json` as if it were of the command line; only what differs overrides."""
    path = cdk_json(tmp_path, worker={"memory": 512}, memory=256)
    given = {"worker": {"memory": 512}, "memory": "512", "@aws-cdk/core:flag": True}
    assert overrides(given, path) == {"memory": "512"}
    assert overrides(given, tmp_path / "other" / "noukai.toml") == given


def test_context_of_another_app_overrides_nothing(file: Path) -> None:
    """The CDK command gives it too, where a team has another app beside ours."""
    content = {"app": "node other.js", "context": {"account": "1", "theirs": True}, "theirs": 1}
    file.with_name("cdk.json").write_text(json.dumps(content))
    given = {"account": "1", "theirs": True, "memory": "512"}
    assert overrides(given, file) == {"memory": "512"}


@pytest.mark.parametrize(
    ("content", "is_ours"),
    [
        ({"app": "python -m noukai_infra.app"}, True),
        ({"app": "../.venv/bin/python3 -m noukai_infra.app", "context": None}, True),
        ({"context": {"stages": {"live": {}}}}, True),
        ({"context": {"stack": "texts"}}, True),
        ({"app": "node other.js", "context": {"stages": {"live": {}}, "stack": "theirs"}}, False),
        ({"app": "npx ts-node --prefer-ts-exts bin/app.ts"}, False),
        ({"context": {"theirs": 1}}, False),
        ({}, False),
        ([], False),
    ],
)
def test_file_of_the_cdk_beside_ours(file: Path, content: object, is_ours: bool) -> None:
    """Is refused if it is ours, by its app or, without one, by a setting; another app's is passed over."""
    file.with_name("cdk.json").write_text(json.dumps(content))
    if is_ours:
        with pytest.raises(SettingsError, match=r"Both noukai\.toml and cdk\.json in .* have settings: "):
            settings_in(file, "staging")
    else:
        assert settings(file, "staging").stack == "texts-staging"


def test_file_of_the_cdk_that_nobody_can_read(file: Path) -> None:
    file.with_name("cdk.json").write_text("{")
    with pytest.raises(SettingsError, match=r"cdk\.json is not JSON: "):
        settings_in(file, None)


def test_both_files(file: Path) -> None:
    """Are an error that names both; a file of another app is not ours."""
    cdk_json(file.parent)
    with pytest.raises(SettingsError, match=r"Both noukai\.toml and cdk\.json in .* have settings: "):
        settings_in(file, None)
    file.with_name("cdk.json").write_text('{"app": "node other.js", "context": {"account": "1"}}')
    assert settings(file, None).stack == "texts"


INHERITING = """
[stages.base]
account = "123456789012"
protect = true
stack = "first"
worker = { memory = 512, timeout = 60 }

[stages.middle]
inherit = "base"
worker = { memory = 1024 }

[stages.top]
inherit = "middle"
region = "eu-central-1"
"""


def test_stage_inherits(file: Path) -> None:
    """Not the stack, the protection and the account: those would make one stage replace another."""
    file.write_text(INHERITING)
    read = settings(file, "top")
    assert (read.worker.memory, read.worker.timeout, read.region) == (1024, 60, "eu-central-1")
    assert (read.stack, read.protect, read.account) == ("noukai-top", False, None)


@pytest.mark.parametrize(
    ("parent", "said"),
    [
        ("nobody", "stages.base.inherit: noukai.toml has no stage nobody: name one of base, middle, top."),
        ("top", "stages.base.inherit: top inherits from base already: remove one of the two."),
    ],
)
def test_stage_that_inherits_from_no_other(file: Path, parent: str, said: str) -> None:
    file.write_text(INHERITING.replace("[stages.base]", f'[stages.base]\ninherit = "{parent}"'))
    with pytest.raises(SettingsError) as raised:
        settings(file, "base" if parent == "nobody" else "top")
    assert said in str(raised.value)


@pytest.mark.parametrize("stage", ["prod", "production"])
def test_production_has_an_account(stage: str) -> None:
    """A stage of this name that may go anywhere is refused; others are the team's own business."""
    with pytest.raises(OperatorError, match=f"The stage {stage} names no account"):
        check_stage(stage, Settings())
    check_stage(stage, Settings(account="123456789012"))
    check_stage("staging", Settings())
    check_stage(None, Settings())


def test_no_file(tmp_path: Path) -> None:
    """Says where it was looked for, and how to begin."""
    with pytest.raises(SettingsError, match=rf"no noukai\.toml in {tmp_path} or above: .* `noukai init`"):
        settings_in(tmp_path / "noukai.toml", None)


@pytest.mark.parametrize(
    ("number", "region", "said"),
    [
        (
            "210987654321",
            None,
            "The setting account is 210987654321, and these credentials are for 123456789012: ",
        ),
        (None, "us-east-1", "The setting region is us-east-1, and the environment's is eu-central-1: "),
    ],
)
def test_credentials_for_another_place(number: str | None, region: str | None, said: str) -> None:
    """Nothing is deployed into another account or region than the settings name."""
    account = Account(boto3.Session(region_name="eu-central-1"), "123456789012", "eu-central-1")
    account.check_place("123456789012", "eu-central-1")
    account.check_place(None, None)
    with pytest.raises(OperatorError, match=said):
        account.check_place(number, region)


def test_region_of_the_settings_is_for_want_of_another(monkeypatch: pytest.MonkeyPatch) -> None:
    """It need not be told twice."""
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE", "AWS_ACCESS_KEY_ID"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with pytest.raises(OperatorError, match="No AWS credentials are configured"):
        Account.configured({}, "eu-central-1")
    with pytest.raises(OperatorError, match="No AWS region is configured"):
        Account.configured({})


@pytest.mark.parametrize(
    "block", [each for each in BLOCKS if each.file == "noukai.toml"], ids=lambda each: each.title
)
def test_documented_file(file: Path, block: Block) -> None:
    """It has settings that are there, in every stage."""
    file.write_text(block.code)
    assert settings(file, "production").account
    assert settings(file, None) != settings(file, "staging")
