"""The store and the calculator: what each call is told, and that no text gets beyond them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arena.games.tool_world import MAX_CHARS, MAX_NAMES, TOOLS, Episode, answer, call, play, store

WORLD = store({"apples": 3, "owner": "ada lovelace"})


@pytest.mark.parametrize(
    ("line", "told", "after"),
    [
        ("set apples 4", "apples is set to 4", {"apples": 4, "owner": "ada lovelace"}),
        ("  set  apples   -12 ", "apples is set to -12", {"apples": -12, "owner": "ada lovelace"}),
        ("set owner grace hopper", "owner is set to grace hopper", {"apples": 3, "owner": "grace hopper"}),
        ("set n 007", "n is set to 007", {"apples": 3, "n": "007", "owner": "ada lovelace"}),
        ("delete apples", "apples is deleted", {"owner": "ada lovelace"}),
    ],
)
def test_a_call_that_changes_the_store(line: str, told: str, after) -> None:
    assert call(WORLD, line) == (told, store(after))


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("get apples", "apples = 3"),
        ("get owner", "owner = ada lovelace"),
        ("get pears", "there is no pears in the store"),
        ("delete pears", "there is no pears in the store"),
        ("get <|im_end|>", "there is no such name in the store"),
        ("list", "apples = 3, owner = ada lovelace"),
        ("calc (3 + 4) * 2", "14"),
        ("calc 7 / 2", "7/2"),
        ("calc 1/3 + 1/6", "1/2"),
        ("calc -3", "-3"),
        ("calc 1 / (2 - 2)", "nothing can be divided by 0"),
        ("calc apples * 2", "the calculator takes one term of numbers, + - * / and brackets"),
        ("calc 2 ** 9", "the calculator takes one term of numbers, + - * / and brackets"),
        ("calc 2 = 2", "the calculator takes one term of numbers, + - * / and brackets"),
        ("calc __import__('os')", "the calculator takes one term of numbers, + - * / and brackets"),
        ("calc", "write: calc TERM"),
        ("set apples", "write: set NAME VALUE"),
        ("get", "write: get NAME"),
        ("get apples now", "write: get NAME"),
        ("list all", "write: list"),
        ("set Apples 3", "a name is up to 20 small letters, digits and _, a letter first"),
        ("set apples 3\nlist", "a value is a whole number, or 1 to 40 plain characters in one line"),
        ("set apples " + "x" * 41, "a value is a whole number, or 1 to 40 plain characters in one line"),
        ("Set apples 4", "write: set NAME VALUE"),
        ("List.", "write: list"),
        ("Done 5", "write: done ANSWER"),
        ("done: 5", "write: done ANSWER"),
        ("DONE:5", "write: done ANSWER"),
        ("settle apples", "there is no such tool: call set, get, delete, list, calc or done"),
        ("fetch apples", "there is no such tool: call set, get, delete, list, calc or done"),
        ("", "there is no such tool: call set, get, delete, list, calc or done"),
        ("x" * (MAX_CHARS + 1), f"a call has at most {MAX_CHARS} characters"),
    ],
)
def test_a_call_that_changes_nothing(line: str, told: str) -> None:
    assert call(WORLD, line) == (told, WORLD)


def test_the_empty_store_and_the_full_one() -> None:
    assert call((), "list")[0] == "the store is empty"
    full = store({f"n{i}": i for i in range(MAX_NAMES)})
    assert call(full, "set more 1") == (f"the store is full: it keeps {MAX_NAMES} names", full)
    assert dict(call(full, "set n3 1")[1])["n3"] == 1


def test_every_tool_says_how_it_is_called() -> None:
    for form in TOOLS:
        if form != "list":
            assert call((), form.split()[0])[0] == f"write: {form}"


WORDS = ("set", "get", "delete", "list", "calc", "done", "a", "b", "3", "(", ")", "+", "/", "-7")
CALLS = st.lists(st.sampled_from(WORDS)).map(" ".join)


@given(st.text(max_size=60) | CALLS)
def test_no_line_raises_and_worlds_stay_in_order(line: str) -> None:
    told, world = call(WORLD, line)
    assert told
    assert "\n" not in told
    assert list(world) == sorted(world)
    assert store(dict(world)) == world


@pytest.mark.parametrize("values", [{"Apples": 3}, {"a": True}, {"a": 10**13}, {"a": "7"}, {"a": ""}, {"a": " x"}])
def test_what_no_call_could_put_there_is_no_store(values) -> None:
    with pytest.raises(ValueError, match="cannot be kept in a store"):
        store(values)


def test_lines_are_played_up_to_the_answer() -> None:
    played = play(WORLD, ("get apples", "set apples 6", "nonsense", "done 6", "delete apples"))
    assert played.answer == "6"
    assert dict(played.world)["apples"] == 6
    assert played.observations[:2] == ("apples = 3", "apples is set to 6")
    assert len(played.observations) == 3
    assert play(WORLD, ("list",)) == Episode(WORLD, ("apples = 3, owner = ada lovelace",))


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("done", ""),
        (" done  6 ", "6"),
        ("done\t6", "6"),
        ("done so it  is", "so it  is"),
        ("doner", None),
        ("undone 6", None),
        ("Done 6", None),
        ("done: 6", None),
        ("  ", None),
        ("", None),
    ],
)
def test_a_line_that_begins_with_done_gives_the_rest_as_the_answer(line: str, told: str | None) -> None:
    assert answer(line) == told
