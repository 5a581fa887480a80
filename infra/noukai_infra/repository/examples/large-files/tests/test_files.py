"""Tests of the example's flow."""

import base64
import gzip

from files import compress

from noukai.testing import rehearse


def test_content_is_compressed() -> None:
    content = 1000 * b"12.5,13.1\n"
    output = rehearse(compress, {"content": base64.b64encode(content).decode()}).output
    assert gzip.decompress(base64.b64decode(str(output))) == content
