"""The settings of the local system, and variables that are without effect."""

import json
from pathlib import Path

import pytest

from noukai_infra.local.errors import LocalError
from noukai_infra.local.settings import Settings
from noukai_infra.settings import ROOT


def test_the_settings_have_defaults() -> None:
    """Without settings, or with empty ones, it is port 8080 and the flows of the repository."""
    assert Settings.from_environ({}) == Settings.from_environ({"PORT": "", "FLOWS": ""})
    folders = (ROOT / "functions" / "flows", ROOT / ".build" / "local" / "8080")
    assert Settings.from_environ({}) == Settings(8080, *folders)


@pytest.mark.parametrize(
    ("environ", "message"),
    [
        ({"PORT": "http"}, "PORT=http is not a port"),
        ({"PORT": "65536"}, "PORT=65536 is not a port"),
        ({"FLOWS": "/no/such/folder"}, "FLOWS=/no/such/folder: this folder does not exist"),
        ({"FRESH": "yes"}, "FRESH=yes: give 1"),
        ({"LOG_ERROR_TEXTS": "0"}, "LOG_ERROR_TEXTS=0: give false"),
        ({"CDK_CONTEXT_JSON": "lease: 5"}, "CDK_CONTEXT_JSON=lease: 5 is not a JSON object"),
        ({"CDK_CONTEXT_JSON": '{"memory": 256, "memory": 512}'}, "CDK_CONTEXT_JSON: memory: given twice"),
        ({"CDK_CONTEXT_JSON": '{"platform": "manylinux"}'}, "CDK_CONTEXT_JSON: leave out platform"),
        ({"CDK_CONTEXT_JSON": '{"memory": 64}'}, "memory: 64 is invalid"),
        (
            {"CDK_CONTEXT_JSON": '{"flows": "/no/such/folder"}'},
            "flows: /no/such/folder: this folder does not exist",
        ),
    ],
)
def test_a_wrong_setting_is_named(environ: dict[str, str], message: str) -> None:
    """A setting that cannot be used is refused with its name and value."""
    with pytest.raises(LocalError, match=message):
        Settings.from_environ(environ)


def test_flows_are_those_of_a_deployment_by_default(tmp_path: Path) -> None:
    """`FLOWS` is for others, of this run."""
    environ = {"CDK_CONTEXT_JSON": json.dumps({"flows": str(tmp_path)})}
    assert Settings.from_environ(environ).flows == tmp_path
    assert Settings.from_environ({**environ, "FLOWS": str(ROOT / "functions" / "flows")}).flows != tmp_path


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("NOUKAI_BASEURL", "did you mean NOUKAI_BASE_URL?"),
        ("LOG_ERROR_TEXT", "did you mean LOG_ERROR_TEXTS?"),
        ("cdk_context_json", "did you mean CDK_CONTEXT_JSON?"),
        ("LOG_LEVEL", "set log_level in "),
    ],
)
def test_a_variable_without_effect_is_told(name: str, said: str) -> None:
    """It may be another program's: the system starts all the same."""
    (notice,) = Settings.from_environ({name: "true", "PATH": "/bin", "LOG_ERROR_TEXTS": "false"}).notices
    assert notice.startswith(f"the environment variable {name}")
    assert said in notice


def test_dockerfile_that_is_not_run_is_told(tmp_path: Path) -> None:
    """Its programs are missing until they are installed here; an image of libraries alone lacks nothing."""
    workers = {"tools": {"image": str(tmp_path)}, "same": {"image": str(tmp_path)}}
    environ = {"CDK_CONTEXT_JSON": json.dumps({"workers": workers}), "PATH": "/bin"}
    assert Settings.from_environ(environ).notices == ()
    (tmp_path / "Dockerfile").write_text("RUN true")
    (notice,) = Settings.from_environ(environ).notices
    assert notice.startswith(f"{tmp_path / 'Dockerfile'} is not run here: install what it installs")


def test_canary_without_effect_is_told() -> None:
    """There is one version of the flows: all jobs run on it, and the system starts all the same."""
    (notice,) = Settings.from_environ({"CDK_CONTEXT_JSON": '{"canary": 5}', "PATH": "/bin"}).notices
    assert notice == (
        "the setting canary = 5 has no effect: the local system runs all jobs on the flows as they are now"
    )
