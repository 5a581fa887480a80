"""The package as a whole: its names, what importing it loads, and its errors as values."""

import inspect
import pickle
import subprocess
import sys
from typing import Any

import pytest

import noukai
import noukai._faces as noukai_faces
from noukai import ApiError, JobFailedError, JobStatus, NoukaiError

ERRORS = [
    value for value in vars(noukai).values() if isinstance(value, type) and issubclass(value, NoukaiError)
]


def loaded_by(program: str) -> set[str]:
    """Return the packages that a fresh process has loaded after a program."""
    report = f"{program}; import sys; print(*{{name.partition('.')[0] for name in sys.modules}})"
    done = subprocess.run([sys.executable, "-c", report], check=True, capture_output=True, text=True)
    return set(done.stdout.split())


def test_the_public_names_are_exact_and_sorted() -> None:
    """`__all__` is sorted and lists every public name of the package, and nothing else."""
    public = {
        name
        for name, value in vars(noukai).items()
        if not name.startswith("_") and not inspect.ismodule(value)
    }
    assert noukai.__all__ == sorted(public)


@pytest.mark.parametrize("name", noukai.__all__)
def test_every_public_name_is_explained(name: str) -> None:
    """Every public name, and every public method below it, has a docstring."""
    value = getattr(noukai, name)
    assert inspect.getdoc(value)
    members = {key: member for key, member in vars(value).items() if not key.startswith("_")}
    assert [key for key, member in members.items() if callable(member) and not inspect.getdoc(member)] == []


def test_the_client_does_not_load_its_command() -> None:
    """Importing the client loads neither typer nor rich, nor anything of the functions or of AWS."""
    loaded = loaded_by("from noukai import Noukai")
    assert "httpx" in loaded
    assert (
        not {"typer", "rich", "click", "boto3", "botocore", "noukai_functions", "noukai_infra", "aws_cdk"}
        & loaded
    )


def test_the_package_alone_loads_nothing() -> None:
    """Its public names are loaded when the first is used."""
    assert not {"httpx", "pydantic", "typer", "rich", "botocore"} & loaded_by("import noukai")


def test_flows_load_no_library_and_nothing_that_windows_lacks() -> None:
    """A module of flows and its tests can be imported without the libraries of the client."""
    lacking = "import sys, signal; sys.modules.update(fcntl=None, pwd=None, resource=None, termios=None)"
    on_windows = f"{lacking}; del signal.pthread_sigmask, signal.setitimer"
    loaded = loaded_by(f"{on_windows}; import noukai.flow.runtime, noukai.testing")
    assert (
        not {"httpx", "pydantic", "pydantic_core", "typer", "rich", "botocore", "aws_lambda_powertools"}
        & loaded
    )
    rehearsed = (
        "from functions.flows.demo import word_count as w; "
        "assert noukai.testing.rehearse(w, {'message': 'a'}).output"
    )
    assert not {"httpx", "botocore", "aws_lambda_powertools"} & loaded_by(
        f"{on_windows}; import noukai.testing; {rehearsed}"
    )


def test_the_package_knows_its_names_before_they_are_loaded() -> None:
    """`dir` lists the public names, and another name is an ordinary error."""
    program = "import noukai; print(set(noukai.__all__) <= set(dir(noukai)), hasattr(noukai, 'Nothing'))"
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert done.stdout == "True False\n"
    assert noukai.__all__ == noukai_faces.__all__


def test_the_command_of_httpx_can_still_be_imported() -> None:
    """The client does not load it."""
    program = "from noukai import Noukai; from httpx._main import main; main.name"
    subprocess.run([sys.executable, "-c", program], check=True)


def test_nothing_is_read_at_import() -> None:
    """Importing the client needs no key and no home: settings are read when a client is made."""
    program = "import os; os.environ.clear(); import noukai; noukai.Noukai('nk_test')"
    subprocess.run([sys.executable, "-c", program], check=True, env={})


def test_the_tree_of_errors_is_as_drawn() -> None:
    """The tree in the docstring of the errors' module shows every public error below its parent."""
    drawing = sys.modules[noukai.ApiError.__module__].__doc__ or ""
    parents: list[str] = []
    for line in drawing.splitlines()[2:]:
        name = line.lstrip(" │├└─").split(" ")[0]
        depth = (len(line) - len(line.lstrip(" │├└─"))) // 4 - 1
        parents[depth:] = [name]
        bases = {base.__name__ for base in getattr(noukai, name).__mro__}
        assert set(parents) <= bases
    drawn = {line.lstrip(" │├└─").split(" ")[0] for line in drawing.splitlines()[2:]}
    assert drawn == {error.__name__ for error in ERRORS}


def test_errors_survive_the_way_to_another_process() -> None:
    """An error from a process pool has all its attributes."""

    def duplicate(error: NoukaiError) -> Any:
        return pickle.loads(pickle.dumps(error))

    status = JobStatus(id="job_1", state="failed", created_at="2026-01-01T00:00:00.000Z", error="no words")
    failed = duplicate(JobFailedError("job job_1 failed", status))
    assert (str(failed), failed.status) == ("job job_1 failed", status)
    refused = duplicate(ApiError("no", status_code=418, code="TEAPOT", request_id="req_1", retry_after=2.0))
    assert (str(refused), refused.status_code, refused.code) == ("no", 418, "TEAPOT")
    assert (refused.request_id, refused.retry_after) == ("req_1", 2.0)
