"""Two repositories of `noukai init`, each of a team, deployed into one account."""

from collections.abc import Iterator

import pytest

from noukai_infra.bundle.libraries.dependencies import Dependencies
from tests.infra.company.repositories import Team
from tests.infra.emulator import running_emulator

OF_TEXTS = """
from noukai.flow import flow

@flow
def shout(message: str) -> str:
    return message.upper()
"""


@pytest.fixture(scope="module")
def teams(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Team, Team]]:
    """Yield two teams, whose stacks are named after the folders of their repositories."""
    base = tmp_path_factory.mktemp("teams")
    with running_emulator(tmp_path_factory.mktemp("emulator"), Dependencies("host").of_runtime()) as emulator:
        texts = Team.begin(base / "texts", emulator.endpoint, flow=OF_TEXTS).deploy()
        pictures = Team.begin(base / "pictures", emulator.endpoint).deploy()
        yield texts, pictures


def flows_of(team: Team) -> set[str]:
    return {each["flow"] for each in team.send("GET", "/flows").json()["flows"]}


def test_each_team_has_its_own_stack(teams: tuple[Team, Team]) -> None:
    """With its own flows, keys and resources."""
    texts, pictures = teams
    assert (texts.stack, pictures.stack) == ("texts", "pictures")
    assert (flows_of(texts), flows_of(pictures)) == (
        {"acme/hello/hello", "acme/more/shout"},
        {"acme/hello/hello"},
    )
    assert {kind for kind, _ in texts.resources() & pictures.resources()} <= {"AWS::ApiGatewayV2::Stage"}
    assert texts.send("GET", "/flows", key=pictures.key).status_code == 401
    assert texts.run("more/shout", message="loud")["result"]["output"] == "LOUD"


def test_deploy_of_one_team_changes_nothing_of_the_other(teams: tuple[Team, Team]) -> None:
    """Neither a flow that it adds, nor one that it removes."""
    texts, pictures = teams
    job = texts.run("more/shout", message="kept")
    before = (texts.resources(), flows_of(texts), texts.account.template(texts.stack))
    (pictures.folder / "flows" / "more.py").write_text(OF_TEXTS.replace("shout", "paint"))
    (pictures.folder / "flows" / "hello.py").unlink()
    pictures.deploy()
    assert "acme/more/paint" in flows_of(pictures)
    assert "acme/hello/hello" not in flows_of(pictures)
    assert (texts.resources(), flows_of(texts), texts.account.template(texts.stack)) == before
    assert texts.send("GET", f"/jobs/{job['id']}").json() == job
    assert texts.run("hello/hello", message="you")["state"] == "completed"


def test_destroyed_team_takes_nothing_of_the_other(teams: tuple[Team, Team]) -> None:
    """Tables of the stack that is gone stay by default; those of the other serve its jobs and keys."""
    texts, pictures = teams
    job = texts.run("more/shout", message="before")
    keys = texts.noukai("keys", "list")
    kept = pictures.destroy()
    assert pictures.account.outputs("pictures") is None
    assert all(name.startswith("pictures-") for name in kept)
    assert any("Jobs" in name for name in kept)
    assert texts.send("GET", f"/jobs/{job['id']}").json() == job
    assert texts.run("more/shout", message="after")["result"]["output"] == "AFTER"
    assert texts.noukai("keys", "list") == keys
    assert " ci " in keys
