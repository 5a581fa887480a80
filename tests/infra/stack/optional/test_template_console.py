"""The setting `console`: what is in the template and in the asset with it, and nothing without."""

from collections.abc import Callable
from pathlib import Path

from noukai_infra.console.files import write_console
from noukai_infra.settings import Settings
from tests.infra.stack.template import Template

BUCKET = "PAYLOADS_BUCKET"


def test_without_the_console_no_page_may_use_the_bucket(
    template: Template, template_for: Callable[..., Template]
) -> None:
    """And its function does not know the bucket; beside these two and its version, nothing differs."""
    made = template_for(console=False)
    assert template_for(console=True).text == template.text
    assert "CorsConfiguration" not in made.text
    assert "CorsConfiguration" in template.text
    whole, without = template.body["Resources"], made.body["Resources"]
    assert len(whole) == len(without)
    different = [each for name, each in whole.items() if each != without.get(name)]
    kinds = sorted(each["Type"].removeprefix("AWS::") for each in different)
    assert kinds == ["Lambda::Alias", "Lambda::Function", "Lambda::Version", "S3::Bucket"]
    (function,) = (each for each in different if each["Type"] == "AWS::Lambda::Function")
    assert BUCKET in function["Properties"]["Environment"]["Variables"]


def test_without_the_console_the_asset_has_no_file_of_it(write: Callable[..., Path], tmp_path: Path) -> None:
    """So that its function answers 404, as for any unknown route."""
    assert Settings().console
    assert not (write("api", "host", console=False) / "console").exists()
    write_console(tmp_path / "console")
    made = write("api", "host") / "console"
    names = {path.name for path in made.iterdir()}
    assert names == {path.name for path in (tmp_path / "console").iterdir()}
