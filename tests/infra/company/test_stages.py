"""Two stages of one repository, deployed side by side into one account."""

import json
from collections.abc import Iterator
from dataclasses import replace

import httpx
import pytest

from noukai_infra.bundle.libraries.dependencies import Dependencies
from tests.infra.company.repositories import Team
from tests.infra.emulator import running_emulator

SETTINGS = """
stack = "texts"
flows = "flows"

[stages.dev]
tables = "destroy"

[stages.staging]
inherit = "dev"
worker = { memory = 512 }

[stages.abroad]
inherit = "staging"
account = "123456789012"

[stages.elsewhere]
region = "eu-central-1"

[stages.prod]

[stages.kept]
inherit = "dev"
protect = true
"""
FAILING = """
from noukai.flow import flow

@flow(max_attempts=1)
def fail(message: str) -> None:
    raise ValueError(message)

@flow
def repeat(message: str) -> str:
    return 3_000 * message
"""


@pytest.fixture(scope="module")
def stages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Team, Team]]:
    """Yield the stages `dev` and `staging`."""
    folder = tmp_path_factory.mktemp("texts")
    with running_emulator(tmp_path_factory.mktemp("emulator"), Dependencies("host").of_runtime()) as emulator:
        repository = Team.begin(folder, emulator.endpoint, SETTINGS, FAILING)
        dev, staging = (replace(repository, stage=stage).deploy() for stage in ("dev", "staging"))
        yield dev, staging


def test_no_resource_is_shared(stages: tuple[Team, Team]) -> None:
    """Both stacks have the same kinds of resources, and each has its own."""
    dev, staging = (stage.resources() for stage in stages)
    assert [stage.stack for stage in stages] == ["texts-dev", "texts-staging"]
    assert sorted(kind for kind, _ in dev) == sorted(kind for kind, _ in staging)
    # The stage of an API is named within it.
    assert {kind for kind, _ in dev & staging} <= {"AWS::ApiGatewayV2::Stage"}


def test_key_and_job_of_one_are_unknown_in_the_other(stages: tuple[Team, Team]) -> None:
    for one, other in (stages, stages[::-1]):
        job = one.run("hello/hello", message="you")
        assert job["state"] == "completed"
        assert other.send("GET", f"/jobs/{job['id']}").status_code == httpx.codes.NOT_FOUND
        assert one.send("GET", f"/jobs/{job['id']}").status_code == httpx.codes.OK
        assert other.send("GET", "/flows", key=one.key).status_code == httpx.codes.UNAUTHORIZED


def test_jobs_are_moved_from_one_to_the_other(stages: tuple[Team, Team]) -> None:
    """By the operator's commands; `job.status()` is the same there, and a failed job is retried."""
    dev, staging = stages
    ended = [
        dev.run("more/fail", message="no luck"),
        dev.run("more/repeat", message="abcd"),
        dev.run("hello/hello", message="you"),
    ]
    file = dev.folder / "jobs.jsonl"
    dev.noukai("export", "--file", str(file), "--org", "acme")
    staging.noukai("import", "--file", str(file))
    for job in ended:
        assert staging.send("GET", f"/jobs/{job['id']}").json() == job
    failed, large, _ = ended
    assert len(large["result"]["output"]) == 12_000
    assert {json.loads(line)["id"] for line in file.read_text().splitlines()} >= {job["id"] for job in ended}
    again = staging.send("POST", f"/jobs/{failed['id']}/retry")
    assert again.status_code == httpx.codes.ACCEPTED, again.text


def test_drift_of_a_stage(stages: tuple[Team, Team]) -> None:
    """Of one that nobody has changed; the exit code is 0."""
    assert stages[0].noukai("drift", "staging") == "The stack texts-staging is as its template says.\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("deploy", "abroad", "--yes"), "The setting account is 123456789012, and these credentials are for"),
        (("diff", "abroad"), "The setting account is 123456789012, and these credentials are for 0"),
        (("import", "abroad", "--file", "none"), "The setting account is 123456789012, and these cred"),
        (("destroy", "elsewhere"), "The setting region is eu-central-1, and the environment's is us-east-1"),
        (("deploy", "prod", "--yes"), "The stage prod names no account"),
        (("destroy", "kept"), "The stack texts-kept is protected, and nothing was deleted"),
        (("drift", "abroad-2"), "noukai.toml has no stage abroad-2, only dev, staging, abroad, elsewhere"),
        (("drift", "kept"), "There is no stack texts-kept in 000000000000/us-east-1"),
    ],
)
def test_guarded_stage_goes_nowhere(stages: tuple[Team, Team], arguments: tuple[str, ...], said: str) -> None:
    """Whatever the command; nothing is made, and nothing is deleted."""
    client = stages[0].endpoint.client("cloudformation")
    before = [(each["StackName"], each["StackStatus"]) for each in client.describe_stacks()["Stacks"]]
    assert said in stages[0].refusal(*arguments)
    after = [(each["StackName"], each["StackStatus"]) for each in client.describe_stacks()["Stacks"]]
    assert after == before


def test_destroyed_stage_takes_nothing_of_the_other(stages: tuple[Team, Team]) -> None:
    """Its tables go with it, as its settings say; keys and jobs of the other stay."""
    dev, staging = stages
    kept = staging.run("hello/hello", message="before")
    assert dev.destroy() == []
    assert dev.account.outputs(dev.stack) is None
    tables = dev.endpoint.client("dynamodb").list_tables()["TableNames"]
    assert tables
    assert all(name.startswith("texts-staging-") for name in tables)
    assert staging.send("GET", f"/jobs/{kept['id']}").json() == kept
    assert staging.run("hello/hello", message="after")["state"] == "completed"
    assert " ci " in staging.noukai("keys", "list")
