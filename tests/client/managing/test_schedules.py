"""The schedules of an org, in both colours."""

import json
import pickle
from datetime import UTC, datetime
from typing import Any

import pytest

from noukai import AsyncNoukai, InvalidArgumentError, NotFoundError, Noukai
from tests.client.conftest import Colour
from tests.client.script import ACCEPTED, JOB, Answer, job, refused
from tests.client.servers.automation import DIGEST as SCHEDULE
from tests.client.servers.automation import INSTANTS
from tests.client.servers.fake_api import KEY, FakeApi
from tests.client.test_client import Api


def test_schedule_is_put(colour: Colour) -> None:
    """The flow's address is completed; only what is stated is sent; what the API answers can be read."""
    api = Api(Answer(201, SCHEDULE))
    client = colour.client(api, org="acme", project="mail")
    made = colour.run(
        client.schedules.put(
            "digest-u7",
            flow="digest",
            cron="0 9 * * mon-fri",
            zone="Europe/Berlin",
            message="grüße",
            parameters={"user": 7},
            overlap="skip",
            max_attempts=2,
        )
    )
    assert api.lines == ["PUT /api/v1/schedules/digest-u7"]
    assert json.loads(api.requests[0].content) == {
        "flow": "acme/mail/digest",
        "cron": "0 9 * * mon-fri",
        "zone": "Europe/Berlin",
        "overlap": "skip",
        "message": "grüße",
        "parameters": {"user": 7},
        "options": {"maxAttempts": 2},
    }
    assert api.requests[0].headers["Content-Type"] == "application/json"
    assert (made.name, made.flow, made.state, made.source) == (
        "digest-u7",
        "acme/mail/digest",
        "active",
        "api",
    )
    assert made.problem is made.jobs is None
    assert "0 9 * * mon-fri" in repr(made)


def test_schedules_are_listed(colour: Colour) -> None:
    api = Api(Answer(body={"schedules": [SCHEDULE, {**SCHEDULE, "name": "other", "state": "paused"}]}))
    found = colour.run(colour.client(api).schedules.list())
    assert [(each.name, each.state) for each in found] == [("digest-u7", "active"), ("other", "paused")]
    assert api.lines == ["GET /api/v1/schedules"]


def test_schedule_is_read_with_its_jobs(colour: Colour) -> None:
    """A job that has expired has no status; a field of a later version is left out."""
    jobs = [
        {"id": JOB, "instant": INSTANTS[0], "job": job("completed")},
        {"id": "job_2", "instant": INSTANTS[1]},
    ]
    history = [{"outcome": "skipped", "instant": INSTANTS[0], "count": 3}]
    api = Api(Answer(body={**SCHEDULE, "jobs": jobs, "history": history, "colour": "blue"}))
    found = colour.run(colour.client(api).schedules.get("digest-u7"))
    assert found.jobs[0].job.result.output == 42
    assert found.jobs[1].job is None
    assert (found.history[0].outcome, found.history[0].count) == ("skipped", 3)


@pytest.mark.parametrize(("verb", "state"), [("pause", "paused"), ("resume", "active")])
def test_schedule_is_paused_and_resumed(colour: Colour, verb: str, state: str) -> None:
    api = Api(refused(503), Answer(body={**SCHEDULE, "state": state}))
    assert colour.run(getattr(colour.client(api).schedules, verb)("digest-u7")).state == state
    assert api.lines == [f"POST /api/v1/schedules/digest-u7/{verb}"] * 2


def test_schedule_in_code_is_managed_by_its_name(colour: Colour) -> None:
    """Its name is `project.flow`, which no other schedule has: `put` refuses it."""
    api = Api(*(Answer(body={**SCHEDULE, "name": "mail.digest"}) for _ in range(3)), Answer(202, ACCEPTED))
    schedules = colour.client(api, org="acme", project="mail").schedules
    for act in (schedules.get, schedules.pause, schedules.resume, schedules.trigger):
        colour.run(act("mail.digest"))
    assert api.lines == [
        "GET /api/v1/schedules/mail.digest",
        "POST /api/v1/schedules/mail.digest/pause",
        "POST /api/v1/schedules/mail.digest/resume",
        "POST /api/v1/schedules/mail.digest/trigger",
    ]
    with pytest.raises(InvalidArgumentError, match="not a slug"):
        colour.run(schedules.put("mail.digest", flow="digest", cron="0 9 * * *"))


@pytest.mark.parametrize("name", ["..", ".digest", "mail.", "mail.digest.x", "mail./x", "Mail.digest", 7])
def test_name_of_no_schedule_sends_nothing(colour: Colour, name: Any) -> None:
    api = Api()
    with pytest.raises(InvalidArgumentError, match="the name of a schedule"):
        colour.run(colour.client(api).schedules.pause(name))
    assert api.lines == []


def test_trigger_is_retried_with_one_key(colour: Colour) -> None:
    """It makes one job, whatever happened to the first answer."""
    api = Api(refused(503), Answer(202, ACCEPTED), Answer(body=job("running")))
    submitted = colour.run(colour.client(api).schedules.trigger("digest-u7"))
    assert (submitted.id, submitted.accepted.flow) == (JOB, ACCEPTED["flow"])
    assert api.lines == ["POST /api/v1/schedules/digest-u7/trigger"] * 2
    first, second = (request.headers["Idempotency-Key"] for request in api.requests)
    assert first == second
    assert colour.run(submitted.status()).state == "running"


def test_schedule_is_deleted(colour: Colour) -> None:
    api = Api(Answer(204, b""))
    assert colour.run(colour.client(api).schedules.delete("digest-u7")) is None
    assert api.lines == ["DELETE /api/v1/schedules/digest-u7"]


def test_next_instants_are_aware_datetimes(colour: Colour) -> None:
    api = Api(Answer(body=SCHEDULE), Answer(body=SCHEDULE), refused(404, "NOT_FOUND"))
    schedule = colour.run(colour.client(api).schedules.get("digest-u7"))
    first = datetime(2026, 12, 1, 8, tzinfo=UTC)
    assert colour.run(schedule.next(2))[0] == first
    assert api.lines[1] == "GET /api/v1/schedules/digest-u7?next=2"
    with pytest.raises(NotFoundError):
        colour.run(schedule.next())


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"name": "Not A Slug"}, "the name of a schedule"),
        ({"name": "../x"}, "the name of a schedule"),
        ({"name": 7}, "the name of a schedule"),
        ({"flow": "x"}, "needs an org and a project"),
        ({"message": 7}, "message must be a str"),
        ({"cron": {1}}, "cron, zone, overlap and missed must be text"),
        ({"message": "x" * 300_000}, "the input of a schedule may have at most"),
    ],
)
def test_wrong_arguments_send_nothing(colour: Colour, wrong: dict[str, Any], said: str) -> None:
    api = Api()
    arguments = {"name": "digest", "flow": "acme/mail/digest", "cron": "* * * * *", **wrong}
    with pytest.raises(InvalidArgumentError, match=said):
        colour.run(colour.client(api).schedules.put(arguments.pop("name"), **arguments))
    assert api.lines == []


def test_schedule_is_known_by_its_name(colour: Colour) -> None:
    """Equal ones have the same name; one of a client with an `http_client` cannot be pickled."""
    api = Api(Answer(body=SCHEDULE), Answer(body={**SCHEDULE, "state": "paused"}))
    schedules = colour.client(api).schedules
    first, second = (colour.run(schedules.get("digest-u7")) for _ in range(2))
    assert (first, hash(first)) == (second, hash(second))
    assert first != SCHEDULE
    with pytest.raises(TypeError, match="pass on 'digest-u7'"):
        pickle.dumps(first)
    assert repr(schedules).endswith("Schedules('https://api.test/api/v1')")


def test_pickled_schedule_can_be_asked(colour: Colour, api: FakeApi) -> None:
    """Another process has what was read, and can ask for more."""
    client = (AsyncNoukai if colour.is_awaiting else Noukai)(KEY, base_url=api.base_url)
    pickled = pickle.dumps(colour.run(client.schedules.get("digest-u7")))
    if isinstance(client, AsyncNoukai):
        colour.run(client.aclose())
    else:
        client.close()
    found = pickle.loads(pickled)
    assert (found.cron, found.facts.next) == ("0 9 * * mon-fri", INSTANTS[:1])
    assert len(colour.run(found.next(3))) == 3
