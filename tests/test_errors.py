"""The tree of errors: as it is drawn, so it is."""

from __future__ import annotations

import builtins
import pickle
import re

import pytest

from arena import errors
from arena.errors import ArenaError, reason

ERRORS = [value for value in vars(errors).values() if isinstance(value, type)]


def drawn() -> dict[str, tuple[str, str]]:
    """Read the docstring's tree: error → (the error it hangs from, the standard error beside it)."""
    tree: dict[str, tuple[str, str]] = {}
    above: dict[int, str] = {}
    for line in (errors.__doc__ or "").splitlines():
        if found := re.match(r"([ │├└─]{4,})([A-Z]\w+) *(?:\((\w+)\))?", line):
            column = len(found[1])
            above[column] = found[2]
            tree[found[2]] = (above.get(column - 4, ""), found[3] or "")
    return tree


def test_the_drawing_names_exactly_the_classes() -> None:
    assert sorted(drawn()) == sorted(error.__name__ for error in ERRORS)


@pytest.mark.parametrize("error", ERRORS)
def test_each_error_hangs_where_it_is_drawn(error: type[Exception]) -> None:
    parent, standard = drawn()[error.__name__]
    expected = [getattr(errors, parent) if parent else Exception]
    if standard:
        expected.append(getattr(builtins, standard))
    assert list(error.__bases__) == expected


@pytest.mark.parametrize("error", ERRORS)
def test_each_error_is_an_arena_error_that_survives_pickling(error: type[Exception]) -> None:
    assert issubclass(error, ArenaError)
    copy = pickle.loads(pickle.dumps(error("no column 9: say 0 to 6")))
    assert type(copy) is error
    assert str(copy) == "no column 9: say 0 to 6"
    assert copy.args == ("no column 9: say 0 to 6",)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (FileNotFoundError(2, "No such file or directory", "x"), "no such file or directory"),
        (ValueError("Expecting value: line 1"), "expecting value: line 1"),
        (OSError("gone"), "gone"),
    ],
)
def test_a_reason_is_words_without_the_number_of_a_system_error(error: Exception, said: str) -> None:
    assert reason(error) == said
