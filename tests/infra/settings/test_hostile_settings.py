"""Settings of any shape: they are used, or refused by sentences that a person can act on."""

import dataclasses
import json
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import boto3
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from noukai_infra.settings import Settings, SettingsError
from noukai_infra.settings.reading import settings_in

NAMES = [field.name for field in dataclasses.fields(Settings)]
INNER = """
    memory timeout batch_size max_concurrency warm snap_start image layers network queues provisioned_pollers
    minimum maximum subnets security_groups vpc endpoints count from until zone begin name zone certificate
    path existing origins max_age issuer audience scopes tags kms_key role_path deploy_role qualifier
    table_writes
    ml default api submit stages inherit stack protect placements KEY AWS_REGION Effect Action Resource
""".split()  # noqa: SIM905 - a list would fill the screen
TEXTS = st.one_of(
    st.sampled_from(
        [
            *(
                "",
                " ",
                "1",
                "true",
                "../..",
                "tag:=",
                "a=b,c",
                "ssm:/x",
                "https://[::1",
                "https://a:b",
                "a/b",
            ),
            *("0 7 * * 1-5", "Mars/Phobos", "default:5", "\x1b[31m", "\ud800", "arn:aws:kms:x:1:key/y\n"),
            *(
                "eu-central-1",
                "123456789012",
                "acme.com",
                "subnet-0a1b2c3d",
                "tag:Tier=private",
                "\uff11\uff12",
            ),
        ]
    ),
    st.text(max_size=20),
)
LEAVES = st.one_of(
    st.none(), st.booleans(), st.integers(-5, 2000), st.integers(), st.floats(allow_nan=True), TEXTS
)
KEYS = st.one_of(st.sampled_from(INNER), st.sampled_from(NAMES), TEXTS)
VALUES = st.recursive(
    LEAVES,
    lambda each: st.one_of(st.lists(each, max_size=3), st.dictionaries(KEYS, each, max_size=4)),
    max_leaves=8,
)
CONTEXTS = st.dictionaries(st.one_of(st.sampled_from(NAMES), TEXTS), VALUES, min_size=1, max_size=4)
LONGEST = 1_600
"""A sentence may list all settings."""


def check(read: Callable[[], object]) -> None:
    """Check that settings are read, or that each line of the complaint is fit for a terminal."""
    try:
        read()
    except SettingsError as error:
        for line in str(error).splitlines():
            assert line.isprintable(), repr(line)
            assert len(line) <= LONGEST, line
            assert line.endswith((".", "?")), line
            assert ": " in line, line


def read_text(name: str, content: bytes, stage: str | None = None) -> Settings:
    """Return the settings of a file with a content."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(content)
        return Settings.from_context(settings_in(path, stage))


@settings(max_examples=400, deadline=None, derandomize=True, database=None)
@given(CONTEXTS)
def test_any_values(context: dict[str, Any]) -> None:
    check(lambda: Settings.from_context(context))


@settings(max_examples=200, deadline=None, derandomize=True, database=None)
@given(CONTEXTS, st.dictionaries(st.sampled_from(["a", "b", "\x1b"]), CONTEXTS | VALUES, max_size=3), VALUES)
def test_any_stages(context: dict[str, Any], stages: Any, parent: Any) -> None:
    """In a file of JSON; the one of TOML is merged by the same code."""
    for stage in stages.values():
        if isinstance(stage, dict):
            stage["inherit"] = parent
    content = json.dumps({"context": {**context, "stages": stages}}).encode()
    for name in (None, "a", "nothing\x07"):
        check(partial(read_text, "cdk.json", content, name))


@settings(max_examples=300, deadline=None, derandomize=True, database=None)
@given(
    st.lists(
        st.sampled_from(
            [
                *NAMES[:12],
                *INNER,
                "[",
                "]",
                "[[",
                "{",
                "}",
                "=",
                ".",
                '"',
                "'",
                "\n",
                "1",
                "1e999",
                "stages",
                "\\u",
            ]
        ),
        max_size=25,
    )
)
def test_any_toml(parts: list[str]) -> None:
    check(lambda: read_text("noukai.toml", "".join(parts).encode(), "a"))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("[stages.a]\ninherit = ['a']", "stages.a.inherit: noukai.toml has no stage ['a']: name one of a."),
        ("[stages.a]\ninherit = {}", "stages.a.inherit: noukai.toml has no stage {}: name one of a."),
        (f"a = {'[' * 5000}{']' * 5000}", "noukai.toml is not TOML: maximum recursion depth exceeded."),
        (f"memory = {'9' * 5000}", "noukai.toml is not TOML: Exceeds the limit"),
        ("\xff", "noukai.toml is not TOML: 'utf-8' codec can't decode"),
        ('[stages."\\u001b[31m"]\nmemroy = 1', "[stages.\\x1b[31m] of noukai.toml: did you mean memory?"),
        ("region = 'eu-central-1.evil.org/'\n[stages.a]", 'region: "eu-central-1.evil.org/" is invalid'),
        (
            "throttle_rate = 10000000\n[stages.a]",
            "throttle_rate: 10000000 is invalid: it should be less than",
        ),
        ("warm = {submit = {zone = 'Europe/Berlni'}}\n[stages.a]", "be a time zone such as Europe/Berlin."),
        (f"environment = {{KEY = '{'x' * 5000}'}}\n[stages.a]", "environment: it has 5003 bytes, and Lambda"),
        ("identity = {issuer = 'https://a:b/', audience = 'a'}\n[stages.a]", "be the HTTPS URL that"),
        ("cors = {origins = ['https://[::1']}\n[stages.a]", "be an exact origin as a browser sends it"),
        (f"alarm_email = '{'x' * 5000}'\n[stages.a]", f'alarm_email: "{"x" * 199}… is invalid'),
    ],
)
def test_complaint(content: str, said: str) -> None:
    with pytest.raises(SettingsError) as raised:
        read_text("noukai.toml", content.encode("latin-1"), "a")
    assert said in str(raised.value)
    assert len(str(raised.value)) < LONGEST


@pytest.mark.parametrize(
    "content",
    [
        "secrets = {KEY = 'sk_live_0123'}",
        "environment = {KEY = ['sk_live_0123']}",
        "environment = 'KEY=sk_live_0123'",
        f"environment = {{KEY = 'sk_live_0123', OTHER = '{'x' * 5000}'}}",
    ],
)
def test_complaint_quotes_no_secret(content: str) -> None:
    """CI keeps its logs, and people put a secret where its source or a text belongs."""
    with pytest.raises(SettingsError) as raised:
        read_text("noukai.toml", content.encode())
    assert "sk_live" not in str(raised.value)


@pytest.mark.parametrize("name", ["noukai.toml", "cdk.json"])
def test_file_that_is_none(tmp_path: Path, name: str) -> None:
    """A folder, or a link to itself."""
    path = tmp_path / name
    path.mkdir()
    with pytest.raises(SettingsError, match=f"{name} cannot be read: Is a directory"):
        settings_in(path, None)
    path.rmdir()
    path.symlink_to(path)
    with pytest.raises(SettingsError, match=f"{name} cannot be read: Too many levels of symbolic links"):
        settings_in(path, None)


def test_deep_json_beside_the_settings(tmp_path: Path) -> None:
    (tmp_path / "cdk.json").write_text("[" * 100_000)
    for name in ("noukai.toml", "cdk.json"):
        (tmp_path / "noukai.toml").write_text("")
        with pytest.raises(SettingsError, match=r"cdk.json is not JSON: maximum recursion depth"):
            settings_in(tmp_path / name, None)


def test_every_region_is_taken() -> None:
    """Of all partitions, as botocore knows them."""
    session = boto3.Session()
    regions = {
        region
        for partition in session.get_available_partitions()
        for region in session.get_available_regions("lambda", partition)
    }
    assert {"eusc-de-east-1", "us-gov-west-1", "cn-north-1"} <= regions
    for region in regions:
        assert Settings.from_context({"region": region}).region == region
