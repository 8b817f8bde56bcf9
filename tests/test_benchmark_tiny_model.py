"""A small real language model takes a benchmark before and after it was taught, as a training loop asks for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from arena.benchmarking import measure, questions_of
from arena.demonstrations import Demonstration
from arena.games.questions import State
from arena.player import Request, close
from arena.players.prompt import Style, conversation
from arena.question_file import Question, write
from arena.registry import load_player
from arena.store import Store
from arena.trainers.tiny_model import make
from tests.language import taught

WORDS = ["one", "two", "three", "four", "five", "six", "seven", "eight"]
QUESTIONS = [Question(f"How many days have {word} weeks, divided by {word}?", "7") for word in WORDS]
"""All with one answer: a model this small learns it in seconds."""


def asked(request: Request) -> tuple[object, ...]:
    return conversation(request, Style())


def tagged(action: str) -> str:
    return f"<answer>{action}</answer>"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    write(tmp_path / "digits.jsonl", QUESTIONS)
    return tmp_path / "digits.jsonl"


def test_a_taught_model_answers_what_it_could_not_answer_before(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("arena.grading.grader.find_spec", lambda name: None)  # exact rules are there at once
    game = questions_of(file)
    shown = [Demonstration(Request(game, State(i), 0), answer) for i, (_, answer) in enumerate(QUESTIONS)]
    texts = [message.content for request, _ in shown for message in conversation(request, Style())]
    size = {"width": 64, "layers": 1, "heads": 2}
    make(tmp_path / "raw", [*texts, *(tagged(answer) for _, answer in QUESTIONS)], **size)
    taught(tmp_path / "taught", shown, asked, tagged, epochs=30, **size)

    scores = []
    for step, folder in enumerate(["raw", "taught"]):
        player = load_player(f"chat(model={str(tmp_path / folder)!r}, max_tokens=12)", game, "learner")
        score = measure(player, file, samples=4, folder=tmp_path / "run" / "benchmark", step=step)
        with Store.open(tmp_path / "run") as store, store.transaction():
            store.put_measures(step, player.name, score.measures())
        close([player])
        scores.append(score)

    before, after = scores
    assert (before.pass_at_1.value, before.unanswered) == (0, 1)
    assert after.pass_at_1.value > 0.8
    assert after.maj_at_k.value == 1
    with Store.read(tmp_path / "run") as store:
        assert store.measures("pass_at_1") == [(0, "learner", 0.0), (1, "learner", after.pass_at_1.value)]
