"""Tests of the example's flow."""

from pictures import caption

from noukai.testing import rehearse


def test_picture_gets_a_caption() -> None:
    assert rehearse(caption, {"message": "picture 999"}).output == "Picture 999"
