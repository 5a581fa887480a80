"""Environment variables whose names resemble the client's own."""

import os
import subprocess
import sys
import warnings
from pathlib import Path

import pytest

from noukai import AsyncNoukai, Noukai

_COMMAND = Path(sys.executable).with_name("noukai")


@pytest.mark.parametrize(
    ("name", "instead"),
    [
        ("NOUKAI_BASEURL", "did you mean NOUKAI_BASE_URL?"),
        ("noukai_api_key", "did you mean NOUKAI_API_KEY?"),
        ("NOUKAI_STAG", "did you mean NOUKAI_STAGE?"),
        ("NOUKAI_COLOUR", "use one of NOUKAI_API_KEY, NOUKAI_BASE_URL, NOUKAI_ORG, NOUKAI_PROJECT"),
    ],
)
def test_client_warns_of_it_once(name: str, instead: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The warning has the nearest right name, and the line that made the first client."""
    monkeypatch.setenv(name, "http://localhost:9")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        Noukai("nk_a")
        AsyncNoukai("nk_a")
    (warned,) = caught
    assert str(warned.message) == f"the environment variable {name} is unknown to this client: {instead}"
    assert warned.filename == __file__


@pytest.mark.parametrize("name", ["NOUKAI_ENV", "NOUKAI_REPLAY_ENABLED", "NOUKAI_ORG", "_NOUKAI_COMPLETE"])
def test_client_says_nothing_of_right_names(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """There is no warning about variables of the published SDKs either."""
    monkeypatch.setenv(name, "acme")
    monkeypatch.setenv("NOUKAI_NOTHING", "")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Noukai("nk_a")


def test_command_refuses_it() -> None:
    """Nothing is sent, as with any other wrong usage."""
    environment = {**os.environ, "NOUKAI_API_KEY": "nk_a", "NOUKAI_BASEURL": "http://localhost:9"}
    done = subprocess.run([_COMMAND, "list"], env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert "NOUKAI_BASEURL is unknown to this client: did you mean NOUKAI_BASE_URL?" in done.stderr
