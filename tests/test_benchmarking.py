"""Benchmarks from the file to the score: real referees, stores, children and a real small model."""

import sys
from collections import Counter

import numpy as np
import pytest

import arena
from arena.benchmarking import KIND, fixtures, measure, questions_of
from arena.errors import ConfigError, RatingError, StoppedError
from arena.match import play_fixtures
from arena.player import Fault, Move
from arena.question_file import Question, write
from arena.seeds import derive
from arena.store import Store
from tests.chat_server import chat_server, good
from tests.test_child import needs_math_verify

QUESTIONS = [Question(f"What is {a} / {a + 1}?", f"{a}/{a + 1}") for a in range(1, 13)]


class Solver:
    """Knows all answers, gives `wrong` to the share of questions that its seeds choose, and counts what it is asked."""

    def __init__(self, name="solver", wrong=(), share=0.5):
        self.name, self.wrong, self.share = name, wrong, share
        self.asked = []

    def act(self, batch):
        return [self._move(request) for request in batch]

    def _move(self, request):
        self.asked.append(request.text)
        if self.wrong and request.sample([self.share, 1 - self.share]) == 0:
            return self.wrong[derive(request.seed, "which") % len(self.wrong)]
        return Move(dict(QUESTIONS)[request.text])


@pytest.fixture
def terms(tmp_path):
    """A file of questions whose answers are graded with all the mathematics there is."""
    write(tmp_path / "questions.jsonl", QUESTIONS)
    return tmp_path / "questions.jsonl"


@pytest.fixture
def file(terms, monkeypatch):
    """The same file, graded by exact rules: their child is there at once."""
    monkeypatch.setattr("arena.grading.grader.find_spec", lambda name: None)
    return terms


def test_who_knows_all_answers_has_all_points(file):
    score = arena.benchmark(file, Solver(), samples=3)
    assert score.pass_at_1.value == score.maj_at_k.value == 1
    assert score.pass_at_1.high == 1
    assert 0.65 < score.pass_at_1.low == score.maj_at_k.low < 0.75, "twelve questions are few, however often asked"
    assert (score.questions, score.samples, score.unanswered, score.hung, score.crashed) == (12, 3, 0, 0, 0)


def test_every_question_is_asked_as_often_as_every_other_and_by_chance_as_in_any_game(file):
    player = Solver()
    measure(player, file, samples=5)
    assert set(Counter(player.asked).values()) == {5}
    game = questions_of(file)
    planned = fixtures(game, len(QUESTIONS), "solver", 5, seed=0)
    assert len({fixture.key for fixture in planned}) == len({fixture.seed for fixture in planned}) == 60
    records = list(play_fixtures(game, planned, {"solver": player}))
    assert all(record.turns[0].action == record.pair for record in records)
    assert all(list(record.replay(game)) for record in records)
    more = fixtures(game, len(QUESTIONS), "solver", 7, seed=0)
    assert more[:60] == planned
    assert not {f.key for f in planned} & {f.key for f in fixtures(game, 12, "solver", 5, seed=0, step=10)}
    assert not {f.seed for f in planned} & {f.seed for f in fixtures(game, 12, "solver", 5, seed=1)}


def test_a_majority_is_right_more_often_than_a_sample_where_errors_differ(file):
    wrong = [Move(str(i)) for i in range(100, 200)]
    score = measure(Solver(wrong=wrong), file, samples=8)
    assert 0.35 < score.pass_at_1.value < 0.65
    assert score.maj_at_k.value > 0.9
    same = measure(Solver(wrong=[Move("7")], share=0.8), file, samples=8)
    assert same.maj_at_k.value < same.pass_at_1.value < 0.4


def test_a_reply_without_an_answer_is_wrong_and_not_asked_again(file):
    faults = [Move(None, "hmm", fault=Fault.UNPARSABLE), Move(None, fault=Fault.EMPTY), Move("x" * 20_000)]
    player = Solver(wrong=faults, share=0.25)
    score = measure(player, file, samples=4)
    assert len(player.asked) == 48
    assert score.unanswered == pytest.approx(1 - score.pass_at_1.value)
    assert 0.05 < score.unanswered < 0.5


# What is kept.


def test_what_is_kept_is_not_asked_again_and_samples_may_be_added(file, tmp_path):
    run = tmp_path / "run"
    first = Solver(wrong=[Move("0")])
    two = measure(first, file, samples=2, folder=run)
    again = Solver(wrong=[Move("0")])
    assert measure(again, file, samples=2, folder=run) == two
    assert again.asked == []
    four = measure(again, file, samples=4, folder=run)
    assert len(again.asked) == 24
    assert four == measure(Solver(wrong=[Move("0")]), file, samples=4), "as if it had been asked all at once"
    with Store.read(run) as store:
        assert store.count() == 48
        assert {record.kind for record in store.records()} == {KIND}
        assert store.measures("pass_at_1") == [(0, "solver", four.pass_at_1.value)]
        assert not store.results(questions_of(file)).names, "nobody is rated by it"


def test_a_learner_is_measured_at_every_step(file, tmp_path):
    run = tmp_path / "run" / "benchmark"
    before = measure(Solver("main", [Move("0")]), file, folder=run, step=0, seed=3)
    after = measure(Solver("main"), file, folder=run, step=50, seed=3)
    assert before.pass_at_1.value < after.pass_at_1.value == 1
    assert set(after.measures()) == {
        *("pass_at_1", "pass_at_1_low", "pass_at_1_high", "maj_at_k", "maj_at_k_low", "maj_at_k_high", "unanswered")
    }
    with Store.read(run) as store:
        assert store.measures("maj_at_k") == [(0, "main", before.maj_at_k.value), (50, "main", 1.0)]


def test_no_traces_are_kept_but_what_it_cost(file, tmp_path):
    class Traced(Solver):
        keeps_traces = True

        def _move(self, request):
            return super()._move(request)._replace(trace={"ids": np.arange(9), "dollars": 0.5})

    measure(Traced(), file, folder=tmp_path / "run")
    with Store.read(tmp_path / "run") as store:
        assert store.costs()["solver"].dollars == 6.0
        assert not any(store.traces(record.key) for record in store.records())


def test_another_file_seed_or_player_in_the_same_folder_is_refused(file, tmp_path):
    run = tmp_path / "run"
    measure(Solver(), file, folder=run, spec="solver.py:Solver")
    with pytest.raises(ConfigError, match="was begun with seed = 0, not 1"):
        measure(Solver(), file, seed=1, folder=run, spec="solver.py:Solver")
    with pytest.raises(ConfigError, match=r"'solver' was 'solver.py:Solver'  in .* and is now 'other.py:Solver'"):
        measure(Solver(), file, folder=run, spec="other.py:Solver")
    measure(Solver("second"), file, folder=run)
    file.write_text(file.read_text().replace("1/2", "2/1"))
    with pytest.raises(ConfigError, match="was begun with fingerprint"):
        measure(Solver(), file, folder=run, spec="solver.py:Solver")
    arena.pit("uniform", "uniform", "tic_tac_toe", pairs=1, min_pairs=1, folder=tmp_path / "pit")
    with pytest.raises(ConfigError, match="holds a pit, not a benchmark"):
        measure(Solver(), file, folder=tmp_path / "pit")


# What fails.


def test_a_player_that_crashes_has_no_score(file, tmp_path):
    class Crash(Solver):
        def _move(self, request):
            raise ValueError("out of paper")

    with pytest.raises(RatingError, match=r"crash crashed at 12 of 12 questions, .*out of paper"):
        measure(Crash("crash"), file, folder=tmp_path / "run")


def test_an_outage_leaves_questions_for_another_day(file, tmp_path):
    class Away(Solver):
        here = False

        def _move(self, request):
            there = self.here or request.text < "What is 5"
            return super()._move(request) if there else Move(None, "no line", fault=Fault.UNAVAILABLE)

    player = Away()
    with pytest.raises(StoppedError, match="could not be played: solver was not available: no line"):
        measure(player, file, folder=tmp_path / "run")
    answered = set(player.asked)
    player.asked.clear()
    player.here = True
    assert measure(player, file, folder=tmp_path / "run").pass_at_1.value == 1
    assert answered
    assert set(player.asked) == {question for question, _ in QUESTIONS} - answered


def test_no_samples_are_none(file):
    with pytest.raises(ConfigError, match="0 samples are none"):
        measure(Solver(), file, samples=0)


# Who is asked.

BOT = """
import json, re, sys
for line in sys.stdin:
    asked = json.loads(line)
    a, b = re.findall(r"\\d+", asked["view"])
    print(json.dumps({"action": f"That is {a} over {b}, so the answer is $\\\\frac{{{a}}}{{{b}}}$."}), flush=True)
"""


@needs_math_verify
def test_a_program_answers_in_its_own_words(terms, tmp_path):
    (tmp_path / "bot.py").write_text(BOT)
    score = arena.benchmark(terms, f'process(command=["{sys.executable}", "{tmp_path / "bot.py"}"])')
    assert score.grader.startswith("math-verify 0.")
    assert score.pass_at_1.value == 1


@needs_math_verify
def test_a_model_behind_a_server_is_asked_in_its_notation(terms):
    with chat_server() as server:
        server.always = good(r"Let me see: 2 over 4. \boxed{\frac{2}{4}}")
        spec = (
            f'chat(model="tiny-chat-1b", engine="openai", base_url="{server.base_url}", thinking=True, answer="boxed")'
        )
        score = arena.benchmark(terms, spec, samples=2)
        asked = server.bodies[0]["messages"]
    assert score.pass_at_1.value == score.maj_at_k.value == pytest.approx(1 / 12)
    assert len(server.bodies) == 24
    assert asked[-1]["content"].startswith("What is ")
    assert "Think first. Then end your reply with your text" in asked[0]["content"]
    assert not any("/" in message["content"].replace("such as 3/4", "").replace("/ ", "") for message in asked)
