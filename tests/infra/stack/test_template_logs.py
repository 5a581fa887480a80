"""The settings of jobs' logs in the template."""

from collections.abc import Callable

import pytest

from noukai_infra.settings import SettingsError
from tests.infra.stack.template import ENTRIES, Template

SECRET = "correct horse"


def told(template: Template, name: str) -> dict[str, str]:
    """Return the functions that have a variable, with its value."""
    functions = template.functions()
    variables = {entry: functions[entry]["Environment"]["Variables"] for entry in ENTRIES}
    return {entry: each[name] for entry, each in variables.items() if name in each}


def test_logs_are_not_copied_unless_asked(template: Template, template_for: Callable[..., Template]) -> None:
    assert told(template, "COPY_LOGS") == {}
    assert told(template_for(copy_logs=True), "COPY_LOGS") == {"worker": "true"}


def test_what_flows_print_does_not_wait_in_c_libraries(template_for: Callable[..., Template]) -> None:
    """The variable of the deployment wins."""
    assert told(template_for(), "PYTHONUNBUFFERED") == {"worker": "1"}
    assert told(template_for(environment={"PYTHONUNBUFFERED": ""}), "PYTHONUNBUFFERED") == {"worker": ""}


def test_worker_knows_which_of_its_variables_are_secret(template_for: Callable[..., Template]) -> None:
    environment = {"PASSWORD": SECRET, "TOKEN": SECRET, "MODEL": "large"}
    template = template_for(environment=environment, secret_environment=["PASSWORD", "TOKEN"])
    assert told(template, "SECRET_ENVIRONMENT") == {"worker": "PASSWORD,TOKEN"}


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({}, "PASSWORD is not in environment"),
        ({"PASSWORD": "horse"}, "the value of PASSWORD has 5 characters: masking fewer than 8"),
    ],
)
def test_secret_that_cannot_be_masked_is_refused(
    template_for: Callable[..., Template], environment: dict[str, str], said: str
) -> None:
    with pytest.raises(SettingsError, match=f"secret_environment: .*{said}"):
        template_for(environment=environment, secret_environment=["PASSWORD"])


@pytest.mark.parametrize("name", ["COPY_LOGS", "SECRET_ENVIRONMENT"])
def test_variables_of_logs_are_the_workers_own(template_for: Callable[..., Template], name: str) -> None:
    with pytest.raises(SettingsError, match=f"must not set {name}"):
        template_for(environment={name: "true"})
