"""The game in which a problem is solved step by step: what a step is, what ends a solution, and what it pays."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import arena
from arena.errors import ConfigError
from arena.game import CHANCE, OVER, IllegalAction
from arena.games.step_by_step import STEP_CHARS, State, StepByStep
from arena.games.worked_problems import Source
from arena.question_file import Question
from tests.noisy_solver import NoisySolver, problems, write_problems

GAME = StepByStep(seed=3, most=5)
DRAWN = GAME.step(GAME.start(), "7")
WORKED = GAME.problems[7]


def after(s: State, *actions: str) -> State:
    for action in actions:
        s = GAME.step(s, action)
    return s


def test_a_problem_is_drawn_and_solved_step_by_step() -> None:
    assert GAME.turn(GAME.start()) == CHANCE
    assert Source(("arithmetic", "equation", "probability"), "training", 3)[7] == WORKED
    s = DRAWN
    for place, step in enumerate(WORKED.steps):
        assert GAME.turn(s) == 0
        assert GAME.solution(s) == (WORKED.question, WORKED.steps[:place])
        assert f"You may write {5 - place} more" in GAME.view(s, 0)
        s = GAME.step(s, step)
    assert GAME.turn(s) == OVER
    assert GAME.answer(s) is not None
    assert GAME.returns(s) == (1.0,)


def test_several_lines_are_several_steps() -> None:
    assert after(DRAWN, "\n".join(WORKED.steps)) == after(DRAWN, *WORKED.steps)
    assert after(DRAWN, "a\n\n  b \r\nc").steps == ("a", "b", "c")


@given(st.lists(st.text(min_size=1, max_size=12).filter(str.strip), min_size=1, max_size=4))
def test_lines_at_once_are_the_lines_one_after_the_other(lines: list[str]) -> None:
    s = DRAWN
    for line in lines:
        if GAME.turn(s) != OVER:
            s = GAME.step(s, line)
    assert GAME.step(DRAWN, "\n".join(lines)) == s


@pytest.mark.parametrize(
    ("written", "paid"),
    [
        (f"The answer is {WORKED.answer}.", 1.0),
        (f"#### {WORKED.answer}", 1.0),
        (f"The answer is {WORKED.answer}.\nThe answer is 0.", 1.0),
        (f"The answer is 1000.\nThe answer is {WORKED.answer}.", 0.0),
        (f"{WORKED.answer}\n2\n3\n4\n5", 0.0),
    ],
)
def test_the_first_answer_ends_it_and_so_does_the_last_step(written: str, paid: float) -> None:
    s = after(DRAWN, written)
    assert GAME.turn(s) == OVER
    assert GAME.returns(s) == (paid,)
    with pytest.raises(IllegalAction, match="the solution has ended"):
        GAME.step(s, "more")


@pytest.mark.parametrize(
    ("step", "sentence"), [(" \n ", "at least one word"), ("x" * 1001, "at most 1,000 characters, not 1,001")]
)
def test_what_is_no_step_is_refused(step: str, sentence: str) -> None:
    with pytest.raises(IllegalAction, match=sentence):
        GAME.step(DRAWN, step)
    with pytest.raises(IllegalAction, match="'x' is no problem: there are 1,000,000,000"):
        GAME.step(GAME.start(), "x")


def test_whole_solutions_of_the_longest_steps_may_be_written_at_once() -> None:
    longest = "\n".join(["x" * STEP_CHARS] * 5)
    assert longest in GAME.legal(DRAWN, 0)
    assert len(GAME.step(DRAWN, longest).steps) == 5


def test_nobody_is_told_what_is_expected() -> None:
    s = State(Question("How many?", "4711"), ("It is a prime.",))
    assert "4711" not in GAME.view(s, 0) + GAME.draw(s, 0)
    assert "expected: 4711" in GAME.draw(s)


# Recorded problems.


def write(file: Path, *rows) -> str:
    file.write_text("\n".join(map(json.dumps, rows)))
    return str(file)


def test_the_problems_of_a_file_are_those_whose_answer_is_known(tmp_path: Path) -> None:
    known = {"problem": "1 + 1?", "steps": ["So", r"it is \boxed{2}."], "label": -1, "final_answer_correct": True}
    unknown = {"problem": "1 + 2?", "steps": ["It is 4."], "label": 0, "final_answer_correct": False}
    game = StepByStep(write(tmp_path / "a.jsonl", known, unknown, {**known, "label": 0}))
    assert [one.question for one in game.problems] == ["1 + 1?"]
    assert game.returns(game.step(game.step(game.start(), "0"), "The answer is 2.")) == (1.0,)
    with pytest.raises(ConfigError, match="no problem whose answer is known"):
        StepByStep(write(tmp_path / "b.jsonl", unknown))
    with pytest.raises(ConfigError, match=r"answers '1\?' by '1' and by '2'"):
        StepByStep(write(tmp_path / "c.jsonl", *({"question": "1?", "answer": f"So\n#### {n}"} for n in "12")))


def test_the_file_is_a_part_of_the_rules(tmp_path: Path) -> None:
    file = tmp_path / "p.jsonl"
    before = StepByStep(write(file, {"question": "1?", "answer": "So\n#### 1"})).fingerprint
    assert StepByStep(write(file, {"question": "2?", "answer": "So\n#### 2"})).fingerprint != before


def test_matches_are_paid_for_right_answers(tmp_path: Path) -> None:
    known = problems(20)
    game = arena.load_game(write_problems(tmp_path / "p.jsonl", known))
    for rate, paid in ((0.0, {1.0}), (1.0, {0.0})):
        records = arena.play(game, [NoisySolver(known, rate)], matches=20)
        assert {record.returns[0] for record in records} == paid
        assert all(list(record.replay(game)) for record in records)


def test_what_is_no_game_is_said() -> None:
    with pytest.raises(ConfigError, match="most = 0 steps solve nothing"):
        StepByStep(most=0)
    with pytest.raises(ConfigError, match="are no kinds of problems"):
        StepByStep(kinds=["poetry"])
