"""Container images and layers of worker kinds in the template."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from noukai_infra.app import synthesize
from noukai_infra.bundle import asset
from noukai_infra.bundle.image_builder import has_images
from noukai_infra.operations.deploy.inventory import Inventory
from noukai_infra.settings import Settings, SettingsError, file_context
from tests.infra.bundle.wheels import make_wheel
from tests.infra.stack.template import Template

FLOWS = """
from noukai.flow import flow

@flow(worker="ml")
def embed(message: str) -> str:
    return message

@flow(worker="ml-large")
def embed_much(message: str) -> str:
    return message

@flow
def plain(message: str) -> str:
    return message
"""
LAYER = "arn:aws:lambda:eu-central-1:123456789012:layer:fonts:3"


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    """Return the settings of flows of which two run in the same image."""
    folder = tmp_path_factory.mktemp("repository")
    for name in ("flows", "images"):
        (folder / name).mkdir()
    (folder / "flows" / "texts.py").write_text(FLOWS)
    make_wheel(folder, "heavy_model", "x = 1\n")
    (folder / "images" / "requirements.txt").write_text("--no-index\n--find-links ..\nheavy_model\n")
    image = str(folder / "images")
    kinds = {
        "ml": {"image": image},
        "ml-large": {"image": image, "memory": 10_240, "ephemeral_storage": 10_240},
    }
    return {**file_context(), "flows": str(folder / "flows"), "workers": kinds}


def synthesized(outdir: Path, context: dict[str, object]) -> Path:
    synthesize(outdir, context)
    return outdir


@pytest.fixture(scope="module")
def assembly(settings: dict[str, object], tmp_path_factory: pytest.TempPathFactory) -> Path:
    return synthesized(tmp_path_factory.mktemp("cdk.out"), {**settings, "architecture": "x86_64"})


def function_of(assembly: Path, name: str) -> Any:
    return Template.of(assembly).named_resource("Lambda::Function", f"Worker{name}")[1]["Properties"]


def test_worker_kinds_run_in_the_image(assembly: Path) -> None:
    """One image for both, with alias and version like any function, and without what Lambda takes from it."""
    template = Template.of(assembly)
    for name in ("Ml", "MlLarge"):
        function = function_of(assembly, f"{name}Function")
        assert function["PackageType"] == "Image"
        assert {"Handler", "Runtime", "Layers"} & function.keys() == set()
        template.named_resource("Lambda::Version", f"Worker{name}Function")
        template.named_resource("Lambda::Alias", f"Worker{name}Function")
    large = function_of(assembly, "MlLargeFunction")
    assert (large["MemorySize"], large["EphemeralStorage"]) == (10_240, {"Size": 10_240})
    assert function_of(assembly, "Function")["Handler"] == "noukai_functions.handlers.worker.handler"


def test_image_is_built_once_for_the_architecture(assembly: Path) -> None:
    files = json.loads((assembly / "noukai.assets.json").read_text())
    (image,) = files["dockerImages"].values()
    assert image["source"]["platform"] == "linux/amd64"
    assert (assembly / image["source"]["directory"] / "Dockerfile").is_file()
    assert has_images(assembly, "noukai")


def test_price_of_an_image_is_said_before_the_question(assembly: Path) -> None:
    """By the size of what the deploy puts into it; it is part of the price at rest."""
    (context,) = json.loads((assembly / "noukai.assets.json").read_text())["dockerImages"].values()
    with (assembly / context["source"]["directory"] / "large").open("wb") as large:
        large.truncate(2 * 1024**3)  # a sparse file takes no room
    made = Inventory.of(assembly, "noukai")
    assert made.usd - Inventory(made.template).usd == pytest.approx(0.20, abs=0.01)
    (line,) = [each for each in made.lines(Inventory({})) if " image " in each]
    assert line.startswith("    1 image             0.20 USD a month  2.0")
    assert line.endswith(" GB, and 0.10 per GB of its base and of what its Dockerfile installs")


def test_nothing_is_an_image_by_default(template_for: Callable[..., Template]) -> None:
    """Without the settings the template is the same to the byte."""
    plain = template_for()
    assert '"Image"' not in plain.text
    off: dict[str, object] = {"image": None, "layers": [], "ephemeral_storage": 512}
    assert template_for(worker=off, image_base=None).text == plain.text


def test_image_goes_where_the_bootstrap_says(settings: dict[str, object], tmp_path: Path) -> None:
    """A company's bootstrap may name the repository and the role for it differently."""
    role = "arn:aws:iam::123456789012:role/platform/images"
    company = {"image_publishing_role": role, "images_repository": "acme/images"}
    outdir = synthesized(tmp_path, {**settings, "company": company})
    (image,) = json.loads((outdir / "noukai.assets.json").read_text())["dockerImages"].values()
    (destination,) = image["destinations"].values()
    assert (destination["assumeRoleArn"], destination["repositoryName"]) == (role, "acme/images")
    assert "acme/images" in json.dumps(function_of(outdir, "MlFunction")["Code"])


def test_local_system_runs_the_same_flows_from_zip_files(settings: dict[str, object], tmp_path: Path) -> None:
    """With the image's libraries, which the others do not get."""
    outdir = synthesized(tmp_path, {**settings, "platform": "host"})
    assert not has_images(outdir, "noukai")
    for name, has_library in (("Ml", True), ("MlLarge", True), ("", False)):
        key = function_of(outdir, f"{name}Function")["Code"]["S3Key"].removesuffix(".zip")
        assert (outdir / f"asset.{key}" / "heavy_model.py").exists() is has_library


def test_worker_beyond_the_limit_of_zip_files_becomes_an_image(
    settings: dict[str, object],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """By itself, with a message; the API stays as it is."""
    flows = tmp_path / "flows"
    flows.mkdir()
    (flows / "texts.py").write_text("from noukai.flow import flow\n\n@flow\ndef one() -> None: ...\n")
    make_wheel(tmp_path, "heavy_model", "x = 1\n")
    (flows / "requirements.txt").write_text("--no-index\n--find-links ..\nheavy_model\n")
    monkeypatch.setattr(asset, "MAX_UNZIPPED_BYTES", 1000)
    outdir = synthesized(tmp_path / "out", {**settings, "flows": str(flows), "workers": {}})
    assert "more than 250 MB" in capfd.readouterr().err
    assert function_of(outdir, "Function")["PackageType"] == "Image"
    packages = [
        each["Properties"].get("PackageType")
        for each in Template.of(outdir).resources("Lambda::Function").values()
    ]
    assert packages.count("Image") == 1


def test_layers_are_those_of_the_worker_kind(template_for: Callable[..., Template]) -> None:
    """The default worker has none of them."""
    template = template_for(workers={"scans": {"layers": [LAYER]}}, draining="scans")
    functions = template.resources("Lambda::Function")
    layers = {
        name: each["Properties"]["Layers"]
        for name, each in functions.items()
        if "Layers" in each["Properties"]
    }
    assert list(layers.values()) == [[LAYER]]
    assert next(iter(layers)).startswith("WorkerScans")


@pytest.mark.parametrize(
    ("worker", "said"),
    [
        ({"layers": ["fonts"]}, r"worker\.layers\.0: .* it should be the ARN of a layer with its version"),
        ({"layers": [LAYER] * 6}, r"worker\.layers: "),
        ({"layers": [LAYER], "image": "images/ml"}, "an image or layers, not both"),
        (
            {"layers": [LAYER.replace("eu-central-1", "eu-west-1")]},
            "is in eu-west-1, and the stack in eu-central-1",
        ),
        ({"layers": [LAYER.replace("fonts", "Fonts-x86_64")]}, "is for x86_64, and the functions are arm64"),
        (
            {"layers": [LAYER.replace("fonts", "tools-python36-arm64")]},
            r"is for Python 3\.6, and the functions run",
        ),
        ({"image": ""}, r"worker\.image"),
    ],
)
def test_layers_and_images_that_cannot_be(worker: dict[str, object], said: str) -> None:
    """As far as the settings tell."""
    with pytest.raises(SettingsError, match=said):
        Settings.from_context({"worker": worker, "region": "eu-central-1"})


def test_layer_that_does_not_fit_is_named_with_its_setting() -> None:
    """Each in a sentence of its own, of named worker kinds, too."""
    arn = LAYER.replace("fonts", "fonts-x86_64")
    with pytest.raises(SettingsError) as refused:
        Settings.from_context(
            {"worker": {"layers": [LAYER]}, "workers": {"ml": {"layers": [arn]}}, "region": "eu-west-1"}
        )
    where = "is in eu-central-1, and the stack in eu-west-1: use the layer of that region."
    assert str(refused.value).splitlines() == [
        f"worker.layers: {LAYER} {where}",
        f"workers.ml.layers: {arn} {where}",
        f"workers.ml.layers: {arn} is for x86_64, and the functions are arm64: use the layer for that.",
    ]


def test_layer_that_fits_is_taken() -> None:
    arn = LAYER.replace("fonts", "LambdaInsightsExtension-Arm64")
    assert Settings.from_context({"worker": {"layers": [arn]}, "region": "eu-central-1"}).worker.layers == (
        arn,
    )
