"""Settings come from the context of `cdk.json`, and a wrong one is named."""

import json
from pathlib import Path

import pytest

from noukai_infra.cdk_json import read_context
from noukai_infra.settings import ROOT, Settings, SettingsError, WorkerKind, file_context
from noukai_infra.settings.workers.warmth import Warmth
from noukai_wire.limits import MAX_TIMEOUT_SECONDS


def test_cdk_json_says_what_the_defaults_say() -> None:
    """Leaving a setting out changes nothing."""
    assert Settings.from_context(file_context()) == Settings()


def test_value_given_on_the_command_line_is_text() -> None:
    """`-c memory=512` is a number all the same."""
    assert Settings.from_context({"memory": "512"}).memory == 512


def test_flows_may_be_any_folder() -> None:
    """A relative one is relative to the repository."""
    assert Settings.from_context({"flows": "/somebody/flows"}).flows_folder == Path("/somebody/flows")
    assert Settings().flows_folder == ROOT / "functions" / "flows"


def test_worker_has_time_for_the_longest_flow_by_default() -> None:
    """No flow that is accepted at all is refused for the default worker."""
    assert Settings().worker.flow_seconds >= MAX_TIMEOUT_SECONDS


def test_time_for_a_flow_is_what_the_worker_does_not_need_itself() -> None:
    """Its grace, and the time that it takes to start and to settle."""
    assert WorkerKind(timeout=100, grace_seconds=30).flow_seconds == 60


def test_named_worker_kind_has_what_the_default_worker_has() -> None:
    """Only what it leaves out, and not the warmth, which costs money."""
    given = {"worker": {"timeout": 300, "grace_seconds": 5, "warm": 1}, "workers": {"ml": {"timeout": 600}}}
    settings = Settings.from_context(given)
    assert settings.workers == {"ml": WorkerKind(timeout=600, grace_seconds=5)}
    assert settings.worker == WorkerKind(timeout=300, grace_seconds=5, warm=Warmth(1))


def test_error_of_the_default_worker_is_not_repeated_for_the_named_ones() -> None:
    with pytest.raises(SettingsError) as caught:
        Settings.from_context({"worker": {"memory": 1}, "workers": {"ml": {}}})
    assert str(caught.value).count("memory") == 1


@pytest.mark.parametrize(
    ("context", "name"),
    [
        ({"tables": "keep"}, "tables"),
        ({"memory": 64}, "memory"),
        ({"log_retention": "FOR_EVER"}, "log_retention"),
        ({"worker": {"timeout": 901}}, "worker.timeout"),
        ({"worker": {"time_out": 900}}, "worker.time_out"),
        ({"worker": {"batch_size": 100}}, "worker.batch_size"),
        ({"worker": {"max_concurrency": 1}}, "worker.max_concurrency"),
        ({"workers": {"ml": {"memory": 64}}}, r"workers\.ml\.memory"),
        ({"workers": {"ml": {"memroy": 64}}}, r"workers\.ml\.memroy: .* did you mean memory"),
        ({"workers": {"ml": 5}}, r"workers\.ml"),
        ({"workers": {"m512": {}}}, r"workers\.m512"),
        ({"workers": {"default": {}}}, r"workers\.default"),
        ({"workers": {"ML": {}}}, r"workers\.ML"),
        ({"workers": {"ml-2": {}}}, r"workers\.ml-2"),
        ({"workers": {"m": {}}}, r"workers\.m"),
        ({"workers": {"m" * 29: {}}}, r"workers\.m"),
        ({"environment": {"MODEL": ["large"]}}, "environment.MODEL"),
        ({"environment": {"MODEL": 3}}, "environment.MODEL"),
        ({"environment": {"MY-MODEL": "x"}}, "environment.MY-MODEL"),
        ({"environment": {"AWS_REGION": "x"}}, "environment.AWS_REGION"),
        ({"environment": []}, "environment"),
        ({"policies": {"Effect": "Allow"}}, "policies"),
        ({"policies": [{"Effect": "Allow", "Actions": "s3:GetObject", "Resource": "*"}]}, r"policies\.0"),
        ({"policies": [{"Effect": "allow", "Action": "s3:GetObject", "Resource": "*"}]}, r"policies\.0"),
        ({"policies": [{"Effect": "Allow", "Action": "s3:GetObject"}]}, r"policies\.0"),
        ({"wait_reserved_concurrency": True}, "wait_reserved_concurrency"),
        ({"worker": 1024}, "worker"),
        ({"worker": {"memory": "large"}}, r"worker\.memory"),
        ({"stack": "my_stack"}, "stack"),
        ({"flows": ""}, "flows"),
        ({"price_job": float("inf")}, "price_job"),
    ],
)
def test_value_that_a_setting_cannot_have_is_refused_by_its_name(
    context: dict[str, object], name: str
) -> None:
    """Before anything is made of it."""
    with pytest.raises(SettingsError, match=rf"^{name}"):
        Settings.from_context(context)


@pytest.mark.parametrize(
    ("context", "said"),
    [
        ({"memroy": 512}, "memroy: there is no such name in the context of cdk.json: did you mean memory?"),
        ({"Worker": {}}, "Worker: there is no such name in the context of cdk.json: did you mean worker?"),
        (
            {"worker": {"batchsize": 1}},
            "worker.batchsize: there is no such name in the worker of cdk.json: did you mean",
        ),
        ({"enviroment": {}}, "did you mean environment?"),
        ({"flows": 5}, "flows: 5 is invalid: it should be the name of a folder."),
        ({"stack": "1x"}, 'stack: "1x" is invalid: it should begin with a letter'),
        ({"company": {"role_path": "/of-us"}}, 'company.role_path: "/of-us" is invalid: it should be / or '),
        (
            {"company": {"kms_key": "alias/jobs"}},
            'company.kms_key: "alias/jobs" is invalid: it should be a key',
        ),
        (
            {"domain": {"name": "a.de", "zone": "a.de"}},
            'domain.zone: "a.de" is invalid: it should be the id of',
        ),
        ({"worker": {"warm": {"zone": "a b"}}}, "it should be a time zone such as Europe/Berlin."),
        ({"alarm_email": "me"}, 'alarm_email: "me" is invalid: it should match pattern '),
        ({"stack": 1}, "stack: 1 is invalid: it should be a text in quotes."),
        ({"worker": 1024}, "worker: 1024 is invalid: it should be an object."),
        ({"policies": 1}, "policies: 1 is invalid: it should be a list."),
        ({"paint": "red"}, "paint: there is no such name in the context of cdk.json: use one of "),
        (
            {"policies": [{"Effect": "Allow", "Actions": "*", "Resource": "*"}]},
            "Actions: there is no such name in a ",
        ),
        ({"memory": 64}, "memory: 64 is invalid: it should be greater than or equal to 128."),
        ({"memory": "big"}, 'memory: "big" is invalid: it should be a valid integer.'),
        ({"tables": "keep"}, "tables: \"keep\" is invalid: it should be 'retain' or 'destroy'."),
    ],
)
def test_wrong_setting_is_told_in_one_sentence(context: dict[str, object], said: str) -> None:
    """With its value, and what it may be; a name that is wrong with the nearest right one."""
    with pytest.raises(SettingsError) as raised:
        Settings.from_context(context)
    assert said in str(raised.value)
    assert "\n" not in str(raised.value)


def test_context_of_the_cdks_own_is_none_of_ours() -> None:
    """Its flags, and what it has looked up."""
    flags = {"@aws-cdk/core:enablePartitionLiterals": True, "aws:cdk:bundling-stacks": []}
    looked_up = {"availability-zones:account=1:region=us-east-1": [], "acknowledged-issue-numbers": [1]}
    assert Settings.from_context({**flags, **looked_up}) == Settings()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('{"contxt": {}}', "contxt: there is no such name in cdk.json: did you mean context?"),
        ('{"context": []}', "context: [] is not an object of settings"),
        ('{"context": {"memory": 256, "memory": 512}}', "memory: given twice"),
        ('{"context": {}', "cdk.json is not JSON: "),
        ("[]", "cdk.json is not a JSON object"),
    ],
)
def test_file_that_makes_no_sense(tmp_path: Path, content: str, said: str) -> None:
    """Is refused with what is wrong in it."""
    path = tmp_path / "cdk.json"
    path.write_text(content)
    with pytest.raises(ValueError, match=r"cdk.json|context|memory") as raised:
        read_context(path)
    assert said in str(raised.value)


def test_file_may_have_what_the_cdk_command_reads(tmp_path: Path) -> None:
    """And begin with a byte-order mark."""
    path = tmp_path / "cdk.json"
    content = {"app": "x", "watch": {}, "requireApproval": "never", "output": "o", "context": {"memory": 512}}
    path.write_text(json.dumps(content), encoding="utf-8-sig")
    assert read_context(path) == {"memory": 512}
