"""Settings come from the context of `cdk.json`, and a wrong one is named."""

from pathlib import Path

import pytest

from infra.settings import ROOT, Settings, SettingsError, WorkerProfile, file_context
from noukai_wire.limits import MAX_TIMEOUT_SECONDS


def test_cdk_json_says_what_the_defaults_say() -> None:
    """Leaving a setting out changes nothing."""
    assert Settings.from_context(file_context().get) == Settings()


def test_value_given_on_the_command_line_is_text() -> None:
    """`-c memory=512` is a number all the same."""
    assert Settings.from_context({"memory": "512"}.get).memory == 512


def test_flows_may_be_any_folder() -> None:
    """A relative one is relative to the repository."""
    assert Settings.from_context({"flows": "/somebody/flows"}.get).flows_folder == Path("/somebody/flows")
    assert Settings().flows_folder == ROOT / "functions" / "flows"


def test_worker_has_time_for_the_longest_flow_by_default() -> None:
    """No flow that is accepted at all is refused for the default profile."""
    assert Settings().worker.flow_seconds >= MAX_TIMEOUT_SECONDS


def test_time_for_a_flow_is_what_the_worker_does_not_need_itself() -> None:
    """Its grace, and the time that it takes to start and to settle."""
    assert WorkerProfile(timeout=100, grace_seconds=30).flow_seconds == 60


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
        ({"environment": {"MODEL": ["large"]}}, "environment.MODEL"),
    ],
)
def test_value_that_a_setting_cannot_have_is_refused_by_its_name(context: dict[str, object], name: str) -> None:
    """Before anything is made of it."""
    with pytest.raises(SettingsError, match=rf"^{name}"):
        Settings.from_context(context.get)
