"""Questions as a game: drawn by chance, answered in free text, and paid for exact answers."""

import pytest

import arena
from arena.errors import ConfigError, IllegalAction, ReplayError
from arena.game import CHANCE, OVER, Text
from arena.games.problems import SAMPLE
from arena.games.questions import MAX_CHARS, Questions, State
from arena.player import Move
from arena.question_file import Question, write


class Says:
    name = "says"

    def __init__(self, answer):
        self.answer = answer

    def act(self, batch):
        return [Move(self.answer) for _ in batch]


@pytest.fixture
def file(tmp_path):
    write(tmp_path / "two.jsonl", [Question("What is 1/2 + 1/4?", "3/4"), Question("The capital of France?", "Paris")])
    return tmp_path / "two.jsonl"


def test_a_question_is_drawn_asked_and_answered(file):
    game = arena.load_game(f"questions(file={str(file)!r})")
    s = game.start()
    assert game.turn(s) == CHANCE
    assert list(game.chance(s)) == [("0", 0.5), ("1", 0.5)]
    s = game.step(s, "1")
    assert (game.turn(s), game.view(s, 0), game.legal(s, 0)) == (0, "The capital of France?", Text(MAX_CHARS))
    s = game.step(s, "paris.")
    assert (game.turn(s), game.returns(s)) == (OVER, (1.0,))
    assert game.view(s, 0) == "The capital of France?\n\nYour answer: paris."
    assert game.draw(s) == "The capital of France?\nanswer: paris.\nexpected: Paris"
    assert "expected" not in game.draw(s, 0)


def test_only_an_exact_answer_is_paid(file):
    game = Questions(str(file))
    assert game.returns(State(0, "0.75")) == (1.0,)
    assert game.returns(State(0, "0.7500001")) == (0.0,)
    assert game.returns(State(1, "London")) == (0.0,)


def test_nobody_is_told_what_is_expected(file):
    game = Questions(str(file))
    for number, expected in enumerate(["3/4", "Paris"]):
        s = game.step(game.start(), str(number))
        assert expected not in game.view(s, 0) + game.draw(s, 0) + game.rules("solver").replace("such as 3/4", "")


def test_what_cannot_be(file):
    game = Questions(str(file))
    for outcome in ("2", "-1", "00", "x"):
        with pytest.raises(IllegalAction):
            game.step(game.start(), outcome)
    with pytest.raises(IllegalAction, match="at most 10,000 characters"):
        game.step(State(0), "x" * (MAX_CHARS + 1))
    with pytest.raises(IllegalAction, match="answered already"):
        game.step(State(0, "1"), "2")
    with pytest.raises(ConfigError, match="cannot be read"):
        Questions("no.jsonl")
    with pytest.raises(ConfigError, match="file = 3 is no file"):
        Questions(3)


def test_other_questions_are_another_game(file, tmp_path):
    before = Questions(str(file)).fingerprint
    assert Questions(str(file)).fingerprint == before
    text = file.read_text()
    file.write_text(text.replace("Paris", "Rome"))
    changed = Questions(str(file)).fingerprint
    file.write_text(text.replace('"answer"', '"level": 3, "answer"'))
    assert changed != before == Questions(str(file)).fingerprint


def test_a_record_replays_and_notices_when_the_file_has_changed(file):
    game = Questions(str(file))
    (record,) = arena.play(game, [Says("Paris")], seed=1)
    states = list(record.replay(arena.load_game(record.game)))
    assert states[-1][0].answer == "Paris"
    file.write_text(file.read_text().replace("France", "Italy"))
    with pytest.raises(ReplayError, match="the rules have changed"):
        list(record.replay(arena.load_game(record.game)))


def test_without_a_file_it_asks_a_few_problems():
    game = arena.load_game("questions")
    assert game.questions == SAMPLE
    assert len({q.question for q in SAMPLE}) == len(SAMPLE) == 8
