"""The schedules that flows declare in their code, at the build."""

from pathlib import Path
from typing import Any

import pytest

from noukai.flow.runtime import FlowSchedule
from noukai_functions.build.flow_schedules import schedule_complaints
from noukai_functions.catalog.entries import Catalog
from tests.functions.build.catalog_builds import HEAD, assert_refused, build

NIGHTLY = "0 3 * * *"


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"cron": "0 0 30 2 *"}, "cron '0 0 30 2 *': the day of month '30' never comes"),
        ({"cron": "@daily"}, "write '0 0 * * *'"),
        ({"cron": 5}, "cron must be text, not 5"),
        ({"cron": NIGHTLY, "zone": "Berlin"}, "did you mean 'Europe/Berlin'?"),
        ({"cron": NIGHTLY, "zone": None}, "zone must be text, not None"),
        ({"cron": NIGHTLY, "overlap": "queue"}, "overlap must be one of allow, skip, cancel, not 'queue'"),
        ({"cron": NIGHTLY, "missed": "all"}, "missed must be one of latest, none, not 'all'"),
        ({"zone": "Europe/Berlin"}, "zone, overlap and missed need a cron"),
        ({"overlap": "skip"}, "zone, overlap and missed need a cron"),
    ],
)
def test_invalid_schedule(settings: dict[str, Any], said: str) -> None:
    (complaint,) = schedule_complaints(FlowSchedule(**settings))
    assert said in complaint


def test_all_errors_of_a_schedule_are_reported_at_its_flow(tmp_path: Path) -> None:
    """With the file and the line, as for other options."""
    source = "@flow(cron='0 9 * * 1#2', zone='UTC+1', overlap='queue')\ndef f1() -> None: ...\n"
    assert_refused(tmp_path, source, 4, "overlap must be one of")
    said = build(tmp_path).stderr
    assert "cron '0 9 * * 1#2': " in said
    assert "zone: 'UTC+1' is an offset" in said


def test_schedule_is_in_the_catalog(tmp_path: Path) -> None:
    """A flow without a schedule has none there; one whose message may be null needs no default."""
    options = "cron='0 9 * * mon-fri', zone='Europe/Berlin', overlap='skip', missed='none'"
    (tmp_path / "mail.py").write_text(
        f"{HEAD}@flow({options})\ndef digest(message: str | None, days: int = 1) -> None: ...\n"
        "@flow\ndef other(a: int) -> None: ...\n"
    )
    built = build(tmp_path)
    assert built.returncode == 0, built.stderr
    flows = Catalog.load(tmp_path / "out").flows
    digest = flows["mail/digest"]
    assert (digest.cron, digest.zone) == ("0 9 * * mon-fri", "Europe/Berlin")
    assert (digest.overlap, digest.missed) == ("skip", "none")
    assert flows["mail/other"].cron is None


@pytest.mark.parametrize(
    ("parameters", "named"), [("message: str", "message"), ("a: int, b: str, c: int = 1", "a, b")]
)
def test_scheduled_flow_that_requires_input(tmp_path: Path, parameters: str, named: str) -> None:
    """Each of its jobs would be refused, at night."""
    source = f"@flow(cron='0 3 * * *')\ndef f1({parameters}) -> None: ...\n"
    assert_refused(tmp_path, source, 4, f"submits no input, so give a default to {named}, or")
