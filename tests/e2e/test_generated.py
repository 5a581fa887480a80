"""Clients generated from the API's document, with the flows' own types.

Each is generated without a warning, compiles, and submits, waits and cancels.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import httpx
import pytest

from noukai_infra.nodejs import NODE, NPM, node_environment
from noukai_infra.settings import ROOT

SOURCES = Path(__file__).parent / "generated"
FOLDER = ROOT / ".build" / "generators"
PYTHON = FOLDER / "bin" / "python"
NODE_MODULES = FOLDER / "node_modules"
DOCUMENT = "openapi.json"
DONE = ["completed", {"words": 6, "distinct": 4, "top": {"to": 2}}, "cancelled"]

PYTHON_GENERATORS = {
    "openapi_python_client": (
        "openapi-python-client generate --path {} --meta none --output-path made_client --fail-on-warning"
    ),
    "datamodel_code_generator": (
        "datamodel-codegen --input {} --input-file-type openapi --output made_models.py "
        "--output-model-type pydantic_v2.BaseModel --use-annotated --formatters builtin"
    ),
    "openapi_generator": "openapi-generator-cli generate -i {} -g python -o .",
}
ENDINGS = ("--additional-properties=importFileExtension=.js",)
"""What modules of Node are imported with."""
OF_ANY_DOCUMENT = re.compile(
    r"OpenAPI 3\.1 support is still in beta|Failed to get the schema name: null"
    # A query parameter of usage; no operation makes a class of that name.
    r"|From \(reserved word\) cannot be used as model name"
    # For Java: about any example of a body.
    r"|Ignoring complex example on request body"
)
"""openapi-generator's warnings about any document, and about a word that Python reserves."""

JAVAC = shutil.which("javac")
AS_JAVA = ("-g", "java", "--library", "native", "--additional-properties=openApiNullable=false")
NOT_IN_THE_JAR = """package javax.annotation;

public @interface Generated {
    String[] value();

    String date();

    String comments();
}
"""
"""The only annotation in the generated Java that the generator's jar, with Jackson and others, lacks."""


@pytest.fixture
def folder(base_url: str, api_key: str, tmp_path: Path) -> Path:
    """Return a folder with the document for a key."""
    answer = httpx.get(f"{base_url}/openapi.json", headers={"Authorization": f"Bearer {api_key}"})
    (tmp_path / DOCUMENT).write_text(answer.raise_for_status().text)
    return tmp_path


@pytest.fixture(scope="session")
def node_modules() -> Path:
    """Install the locked generators from npm with the Node of the Python package; return their folder."""
    installed = FOLDER / "package-lock.json"
    if not installed.exists() or installed.read_bytes() != (SOURCES / installed.name).read_bytes():
        shutil.copy(SOURCES / "package.json", FOLDER)
        staged = shutil.copy(SOURCES / installed.name, FOLDER)
        try:
            quiet = ("--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error")
            ran(*NPM, "ci", *quiet, cwd=FOLDER)
        except AssertionError:
            Path(staged).unlink()
            raise
    return NODE_MODULES


@pytest.mark.parametrize("name", PYTHON_GENERATORS)
def test_python(name: str, folder: Path, base_url: str, api_key: str) -> None:
    """The program is type-checked with the generated types."""
    command, *arguments = PYTHON_GENERATORS[name].format(DOCUMENT).split()
    assert warnings(ran(str(PYTHON.parent / command), *arguments, cwd=folder)) == []
    program = str(shutil.copy(SOURCES / f"with_{name}.py", folder))
    ran(str(PYTHON), "-W", "error", "-m", "compileall", "-q", ".", cwd=folder)
    checked = (
        "--follow-imports=silent",
        "--no-incremental",
        "--config-file=",
        f"--python-executable={PYTHON}",
    )
    ran(sys.executable, "-m", "mypy", *checked, program, cwd=folder)
    assert json.loads(ran(str(PYTHON), program, base_url, api_key, org(), cwd=folder)) == DONE


@pytest.mark.parametrize("name", ["openapi_typescript", "orval", "openapi_generator"])
def test_typescript(name: str, folder: Path, node_modules: Path, base_url: str, api_key: str) -> None:
    """All generated code is compiled with the program, strictly."""
    (folder / "node_modules").symlink_to(node_modules)
    for file in ("package.json", "tsconfig.json", f"with_{name}.ts"):
        shutil.copy(SOURCES / file, folder)
    output = {"target": "client.ts", "client": "fetch", "baseUrl": base_url}
    (folder / "orval.config.mjs").write_text(
        f"export default {json.dumps({'jobs': {'input': DOCUMENT, 'output': output}})};"
    )
    optional = ("--default-non-nullable", "false")  # members with a default may be omitted
    cli, openapi_typescript, orval = (
        str(path)
        for path in (
            PYTHON.parent / "openapi-generator-cli",
            node_modules / "openapi-typescript" / "bin" / "cli.js",
            node_modules / ".bin" / "orval",
        )
    )
    generators = {
        "openapi_typescript": (str(NODE), openapi_typescript, DOCUMENT, "-o", "schema.d.ts", *optional),
        "orval": (str(NODE), orval, "--config", "orval.config.mjs"),
        # It merges alternative bodies into one interface, so only the general submission is usable.
        "openapi_generator": (cli, "generate", "-i", DOCUMENT, "-g", "typescript-fetch", "-o", ".", *ENDINGS),
    }
    assert warnings(ran(*generators[name], cwd=folder)) == []
    ran(str(NODE), str(node_modules / "typescript" / "bin" / "tsc"), "-p", ".", cwd=folder)
    done = ran(str(NODE), f"compiled/with_{name}.js", base_url, api_key, org(), cwd=folder)
    assert json.loads(done) == DONE


@pytest.mark.skipif(
    JAVAC is None, reason="this machine has no compiler of Java, and no package index has one"
)
def test_java(folder: Path, base_url: str, api_key: str) -> None:
    """All generated code is compiled with the program, and no warning is about the document."""
    cli = str(PYTHON.parent / "openapi-generator-cli")
    assert warnings(ran(cli, "generate", "-i", DOCUMENT, *AS_JAVA, "-o", ".", cwd=folder)) == []
    made = folder / "src" / "main" / "java"
    (made / "javax" / "annotation").mkdir(parents=True)
    (made / "javax" / "annotation" / "Generated.java").write_text(NOT_IN_THE_JAR)
    program = shutil.copy(SOURCES / "WithOpenapiGenerator.java", made)
    (jar,) = FOLDER.glob("lib/python*/site-packages/openapi_generator_cli/openapi-generator.jar")
    sources = map(str, made.rglob("*.java"))
    # Generated serializers are never serialized; all generated code calls what Jackson has deprecated.
    lints = ("-Xlint:all,-serial,-deprecation", "-Werror", "-proc:none")
    ran(str(JAVAC), *lints, "-cp", str(jar), "-d", "compiled", *sources, cwd=folder)
    java = str(Path(str(JAVAC)).with_name("java"))
    classes = os.pathsep.join([str(jar), "compiled"])
    done = ran(java, "-cp", classes, Path(program).stem, base_url, api_key, org(), cwd=folder)
    assert json.loads(done) == DONE


def org() -> str:
    return os.environ.get("E2E_ORG", "acme")


def warnings(said: str) -> list[str]:
    """Return the lines in which a generator complains."""
    complaints = [line for line in said.splitlines() if re.search(r"\bwarn|\berror\b", line, re.IGNORECASE)]
    told = [line for line in complaints if " INFO " not in line]  # about files whose names have such a word
    return [line for line in told if not OF_ANY_DOCUMENT.search(line)]


def ran(*command: str, cwd: Path, environ: Mapping[str, str] = os.environ) -> str:
    """Run a program, which must succeed, and return its output."""
    path = {"PATH": f"{PYTHON.parent}{os.pathsep}{environ['PATH']}"}
    done = subprocess.run(
        command,
        cwd=cwd,
        env=node_environment({**environ, **path}),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout
