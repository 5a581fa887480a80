"""The recipe of a small model: its libraries, with the model, come from the package index."""

import json
import os
from pathlib import Path

from noukai import Noukai
from noukai_infra.local.running import ready
from tests.documents import BLOCKS

FLOWS = [block.code for block in BLOCKS if block.document.name == "IMAGES.md" and "magika" in block.code]
SOURCE = "import os\n\n\ndef main() -> None:\n    print(os.getcwd())\n" * 5
QUERY = "SELECT id, name FROM users WHERE id = 1 ORDER BY name;\nINSERT INTO users VALUES (1, 'a');\n" * 4


def test_small_model_runs_in_the_local_system(tmp_path: Path) -> None:
    """Nothing is downloaded while a job runs; the default worker lacks the library."""
    requirements, flow = FLOWS
    flows, image = tmp_path / "flows", tmp_path / "images" / "ml"
    for folder in (flows, image):
        folder.mkdir(parents=True)
    (image / "requirements.txt").write_text(requirements)
    (flows / "files.py").write_text(flow)
    settings = {"workers": {"ml": {"image": str(image), "memory": 1024}}}
    with (
        ready({**os.environ, "CDK_CONTEXT_JSON": json.dumps(settings)}, flows=flows) as url,
        Noukai(api_key="nk_local_acme", base_url=url, org="acme", project="files") as client,
    ):
        found = [client.flow("kind").execute(message=text).output for text in (SOURCE, QUERY)]
    assert found == ["python", "sql"]
