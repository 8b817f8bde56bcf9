"""Questions that only running a program can answer, and what is made of how it ended."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arena.errors import PlayerError
from arena.sandbox.ending import Ending, Kind
from arena.verification import OUTCOMES, Call, outcome, program, question, read

JSON = st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner, max_size=3))


@given(st.text(), st.lists(JSON, max_size=3), st.lists(JSON, max_size=3))
def test_the_last_call_is_asked_about(text: str, before: list, now: list) -> None:
    calls = [Call(text, "verify", tuple(before)), Call(text, "verify", tuple(now))]
    assert read(question(calls, ["true"])) == calls[1]
    assert read(question(calls[:1], [])) == calls[0]
    assert [one.get("outcome") for one in json.loads(question(calls, ["true"]))["calls"]] == ["true", None]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "What is 2 + 3?",
        "[]",
        "{}",
        '{"program": "x", "function": "f", "calls": []}',
        question([Call("x", "f", ())], ["true"]),
        "[" * 100_000,
    ],
)
def test_what_asks_for_no_program_is_said(text: str) -> None:
    with pytest.raises(PlayerError, match="asks for no program to be run"):
        read(text)


def test_the_program_is_data_in_a_harness_that_it_cannot_end() -> None:
    hostile = "verify = \"\"\"\n'''\n#"
    lines = program(Call(hostile, "verify", ({"a": 1}, "…"))).splitlines()
    assert len(lines) == 6
    begin = ["import", "program,", "names", "exec(compile(program,", "said", "result"]
    assert [line.split()[0] for line in lines] == begin


def test_the_outcomes_are_closed() -> None:
    assert len(set(OUTCOMES)) == len(OUTCOMES)
    for kind in Kind:
        assert outcome(Ending(kind, "", True)) in OUTCOMES
    said = [outcome(Ending(Kind.DONE, "", value)) for value in (True, False, None, 1, "true", [True])]
    assert said == ["true", "false", "neither", "neither", "neither", "neither"]
