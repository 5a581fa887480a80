"""Variables that are given to `make`: each has to be of use to a target."""

import os
import shutil
import subprocess

import pytest

from noukai_infra.settings import ROOT


def make(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run make as at a terminal, with nothing else in the environment but a home and a path."""
    program = shutil.which("make")
    assert program is not None
    whole = {"PATH": os.environ["PATH"], "HOME": os.environ["HOME"], **environ}
    return subprocess.run(
        [program, *arguments], cwd=ROOT, env=whole, capture_output=True, text=True, check=False
    )


def test_help_fits_into_eighty_columns() -> None:
    """It names every target that a person calls, and a terminal breaks no word of it."""
    rules = (ROOT / "Makefile").read_text().splitlines()
    (phony,) = (line.removeprefix(".PHONY:").split() for line in rules if line.startswith(".PHONY:"))
    shown = make("help").stdout.splitlines()
    assert {line.split()[1] for line in shown if line.startswith("  make ")} == set(phony)
    assert max(map(len, shown)) < 80


@pytest.mark.parametrize(
    "arguments",
    [
        ("local", "PORT=0", "FLOWS=functions/flows", "DATA=x", "FRESH=1"),
        ("test", "ARGS=tests/unit", "WORKERS=0"),
        ("test-client", "PYTHONS=3.13"),
        ("setup", "PYTHON=python3"),
        ("keys", "ARGS=list", "AWS_PROFILE=mine"),
    ],
)
def test_variable_of_use(arguments: tuple[str, ...]) -> None:
    """It goes to the target that reads it; a name of another program's goes to that."""
    assert make("-n", *arguments).returncode == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("local", "FLOW=x"), "There is no variable FLOW: use ARGS DATA FLOWS"),
        (("local", "ARGS=--port"), "make local does not read ARGS: it is for "),
        (("check", "ARGS=infra"), "make check does not read ARGS"),
        (("demo", "PORT=1"), "make demo does not read PORT: it is for local"),
        (("destroy", "FRESH=1"), "make destroy does not read FRESH: it is for local"),
        (("test", "PYTHONS=3.13"), "make test does not read PYTHONS: it is for test-client"),
    ],
)
def test_variable_of_no_use(arguments: tuple[str, ...], said: str) -> None:
    """It is refused before anything is done."""
    done = make("-n", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr


def test_deployment_says_what_it_reads_in_place_of_flows() -> None:
    """FLOWS= is refused, since it would deploy other flows than expected."""
    done = make("deploy", FLOWS="mine")
    assert done.returncode == 2
    assert (
        'FLOWS=mine is for `make local`: for a deployment, set flows in cdk.json, or ARGS="-c flows=mine"'
        in done.stderr
    )


def test_variable_without_effect_is_refused() -> None:
    """Its name is similar to one of the client's."""
    done = make("keys", "ARGS=--help", NOUKAI_URL="x")
    assert done.returncode == 2
    assert "NOUKAI_URL is unknown to this client" in done.stderr
