"""Tests of the example's flow."""

from demo import word_count

from noukai.testing import rehearse


def test_words_are_counted() -> None:
    done = rehearse(word_count, {"message": "to be or not to be", "top": 1})
    assert done.output == {"words": 6, "distinct": 4, "top": {"to": 2}}
