"""The user's comments to awaitify."""

import pytest

from codemods.facts.markers import Markers


@pytest.mark.parametrize(
    "comment",
    ["# awaitify: ignore", "#awaitify:ignore", "#  awaitify:  ignore", "# awaitify: ignore, for the demo"],
)
def test_a_bare_ignore_silences_every_rule_of_its_line(comment):
    markers = Markers(f"x\ncall()  {comment}\ny\n")
    assert markers.ignores(2, "AW101")
    assert markers.ignores(2, None)
    assert not markers.ignores(1, "AW101")
    assert not markers.ignores(3, None)


@pytest.mark.parametrize("ids", ["AW101,AW102", "AW101, AW102", " AW102  AW101 ", "AW101,,AW102"])
def test_an_ignore_with_ids_silences_those_rules_only(ids):
    markers = Markers(f"call()  # awaitify: ignore[{ids}]\n")
    assert markers.ignores(1, "AW101")
    assert markers.ignores(1, "AW102")
    assert not markers.ignores(1, "AW103")
    assert not markers.ignores(1, None), "the line as a whole is not silenced"


def test_keep_sync_is_about_the_function_and_silences_nothing():
    markers = Markers("def f():  # awaitify: keep-sync\n    pass\n")
    assert markers.keeps_sync(1)
    assert not markers.keeps_sync(2)
    assert not markers.ignores(1, None)
    assert not Markers("def f():  # awaitify: ignore\n").keeps_sync(1)


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_lines_are_counted_as_python_counts_them(newline):
    text = newline.join(["a", "b = '\u2028\x0b\x1c'", "\x0c", "c  # awaitify: ignore", "d"])
    markers = Markers(text)
    assert [line for line in range(7) if markers.ignores(line, None)] == [4]


@pytest.mark.parametrize(
    "text", ["", "x = 1  # ignore\n", "awaitify: ignore\n", "# awaitify ignore\n", "# awaitify: nothing\n"]
)
def test_other_comments_mean_nothing(text):
    markers = Markers(text)
    assert not markers.ignores(1, None)
    assert not markers.ignores(1, "AW101")
    assert not markers.keeps_sync(1)


def test_a_marker_may_follow_another_comment():
    assert Markers("call()  # noqa: E501  # awaitify: ignore[AW101]\n").ignores(1, "AW101")
