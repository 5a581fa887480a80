"""The dialogue of `make restore`."""

from collections.abc import Iterator

import pytest
from typer.testing import CliRunner, Result

from noukai_infra.__main__ import commands
from noukai_infra.operations.account import Account, OperatorError
from noukai_infra.operations.restore import command
from noukai_infra.operations.restore.restoration import Restoration, shown
from tests.infra.operations.restore.restored_stack import MOMENT, NOW, Deployment, deployed, fill


@pytest.fixture
def deployment(monkeypatch: pytest.MonkeyPatch) -> Iterator[Deployment]:
    with deployed() as made:
        fill(made)
        monkeypatch.setattr(Account, "configured", lambda *_: made.account)

        def on_its_clock(
            account: Account, stack: str, _clock: object, _sleep: object, say: object
        ) -> Restoration:
            return Restoration(account, stack, lambda: made.time, made.sleep, say)  # type: ignore[arg-type]

        monkeypatch.setattr(command, "Restoration", on_its_clock)
        yield made


def restore(*arguments: str, answer: str = "") -> Result:
    return CliRunner().invoke(commands, ["restore", *arguments], input=answer)


def test_operator_is_shown_what_will_happen(deployment: Deployment) -> None:
    """A no leaves everything as it is, and a yes says how to undo what was done."""
    before = deployment.shape(), deployment.rows("jobs")
    refused = restore("--to", shown(MOMENT), answer="n\n")
    assert isinstance(refused.exception, OperatorError)
    assert "keys stays as it is" in refused.output
    assert "jobs (4 rows" in refused.output
    assert (deployment.shape(), deployment.rows("jobs")) == before
    done = restore("--to", shown(MOMENT), answer="y\n")
    assert done.exit_code == 0
    assert 'make restore ARGS="--to 2027-01-15T08:' in done.output
    assert f'make recount ARGS="--without {shown(MOMENT)}/2027-01-15T08:' in done.output
    assert "job_new" not in deployment.rows("jobs")


def test_restoration_under_way_goes_on_or_is_called_off(deployment: Deployment) -> None:
    """One to another moment has to wait; without one there is nothing to call off."""
    restoration = deployment.restoration
    restoration.record.write(restoration.plan(MOMENT, ["jobs"]))
    other = restore("--to", "2027-01-01T00:00Z", "--yes")
    assert "goes on with it" in str(other.exception)
    assert "goes on." in restore().output
    assert "job_new" not in deployment.rows("jobs")
    assert "No restoration is under way" in str(restore("--call-off").exception)
    restoration.record.write(restoration.plan(MOMENT, ["jobs"]))
    assert restore("--call-off").exit_code == 0
    assert restoration.record.read() is None


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--to", "yesterday"], "use a time such as"),
        (["--to", "2027-01-01T00:00"], "time zone"),
        (["--to", "2027-01-01T00:00Z", "--tables", "job"], "use some of jobs,usage,keys,schedules,webhooks"),
        ([], "Say the point in time"),
    ],
)
def test_wrong_option_is_named(deployment: Deployment, arguments: list[str], said: str) -> None:
    result = restore(*arguments)
    assert said in result.output + str(result.exception)
    assert deployment.time == NOW
