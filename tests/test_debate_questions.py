"""Questions for debates: what is made up has one right answer, and a file is read or refused with the line."""

import json
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arena.errors import ConfigError
from arena.games.debate_questions import KINDS, MADE_UP, Dispute, made_up, read
from arena.games.problems import part_of
from arena.games.terms import names, value
from arena.games.terms import read as statement
from arena.json_lines import digest

GOOD = {"question": "What is 2 + 3?", "answers": ["5", "6"], "right": "6"}


def file(tmp_path, *lines):
    path = tmp_path / "questions.jsonl"
    path.write_text("\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines))
    return path


@pytest.mark.parametrize("part", ["training", "test"])
@pytest.mark.parametrize("kind", KINDS)
def test_what_is_made_up_is_of_its_part_and_has_a_right_answer_and_a_wrong_one(kind, part):
    disputes = made_up(kind, part)
    assert len({dispute.question for dispute in disputes}) == MADE_UP
    for question, (right, wrong), which in disputes:
        assert part_of(question) == part
        assert which == 0
        assert Fraction(right) != Fraction(wrong)


def test_the_right_answer_to_a_term_is_what_it_comes_to():
    for question, (right, _), _ in made_up("arithmetic", "training"):
        term = statement(question.removeprefix("What is ").partition("?")[0] + " = 0")
        assert not names(term)
        assert value(term[0], {}) == Fraction(right)


def test_a_file_may_leave_open_what_is_right(tmp_path):
    open_one = {"question": "Is it so?", "answers": ["Yes", "No"]}
    read_back = read(file(tmp_path, GOOD, "", open_one))
    assert read_back == (Dispute("What is 2 + 3?", ("5", "6"), 1), Dispute("Is it so?", ("Yes", "No"), None))
    assert digest(read_back) != digest(read_back[::-1])


def test_numbers_may_be_written_as_such(tmp_path):
    assert read(file(tmp_path, {"question": "2 + 3", "answers": [5, 6], "right": 5}))[0] == ("2 + 3", ("5", "6"), 0)


WRONG = {
    "no JSON": ("{", "is no JSON"),
    "no object": ([1], "lacks a question"),
    "no answers": ({"question": "Is it so?"}, "lacks a question or its answers"),
    "three answers": ({**GOOD, "answers": ["1", "2", "3"]}, "give a list of two"),
    "one answer twice": ({**GOOD, "answers": ["0.5", "1/2"], "right": "0.5"}, "the same answer twice"),
    "an unknown right one": ({**GOOD, "right": "7"}, "'7' is right, which is none of its answers"),
    "no text": ({**GOOD, "question": ["?"]}, "as its question: give text"),
    "a long answer": ({**GOOD, "answers": ["5", "6" * 501], "right": "5"}, "501 characters in its answer"),
    "half a character": ('{"question": "\\ud800", "answers": ["1", "2"]}', "half of a surrogate pair"),
    "twice": (GOOD, "asks what line 1 asks"),
}


@pytest.mark.parametrize(("line", "why"), WRONG.values(), ids=WRONG)
def test_what_is_no_question_is_refused_with_its_line(line, why, tmp_path):
    with pytest.raises(ConfigError, match=f"line 2.*{why}"):
        read(file(tmp_path, GOOD, line))


def test_an_empty_file_and_none_are_refused(tmp_path):
    with pytest.raises(ConfigError, match="holds no questions"):
        read(file(tmp_path, ""))
    with pytest.raises(ConfigError, match="cannot be read"):
        read(tmp_path / "nowhere.jsonl")
    with pytest.raises(ConfigError, match="no kind of problem"):
        made_up("riddles", "training")
    with pytest.raises(ConfigError, match="part = 'all' is none"):
        made_up("arithmetic", "all")


@given(st.recursive(st.none() | st.booleans() | st.floats() | st.text(), st.lists, max_leaves=5))
def test_any_other_json_is_refused_as_clearly(anything):
    with TemporaryDirectory() as folder, pytest.raises(ConfigError, match="line 1"):
        read(file(Path(folder), {**GOOD, "answers": anything}))
