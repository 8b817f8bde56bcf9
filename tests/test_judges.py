"""The judges of a run, as `arena ratings` shows them."""

import pytest
from rich.console import Console

import arena
from arena.config import TournamentConfig
from arena.games.debate import Debate
from arena.store import Member
from arena.tournaments.judges import judges, judges_table, kin_in, remarks
from arena.tournaments.run import Run
from tests.command_line import succeed


class Loyal:
    """Says who it is, and as a judge believes whoever says that."""

    name = "loyal"

    def act(self, batch):
        return [arena.Move(("A" if "\nA| loyal" in r.text else "B") if r.legal.moves else "loyal") for r in batch]


class Stranger(Loyal):
    """A judge who believes whoever is shown first."""

    def act(self, batch):
        return [arena.Move("A") for _ in batch]


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("judges") / "run"
    here = __file__
    cast = {"judge_1": f"{here}:Loyal", "judge_2": f"{here}:Stranger", "judge_3": "debater"}
    entrants = {"careful": "debater", "loyal": f"{here}:Loyal"}
    config = {"game": "debate(panel=3)", "entrants": entrants, "cast": cast, "pairs": 40, "judges_itself": True}
    arena.tournament(TournamentConfig.model_validate(config), folder)
    return folder


def test_each_judge_is_told_with_what_it_makes_of_its_own(run):
    found = {one.judge: one for one in judges(Run.of(run))}
    assert set(found) == {"cast:judge_1", "cast:judge_2", "cast:judge_3"}
    loyal, stranger, checks = found.values()
    assert (loyal.flips.value, loyal.own.value) == (0.0, 1.0)
    assert 0.4 < loyal.right.value < 0.6
    assert (stranger.flips.value, stranger.first.value, stranger.own) == (1.0, 1.0, None)
    assert (checks.right.value > 0.6, checks.survived_right.value) == (True, 1.0)
    assert loyal.self_bonus["cast:judge_3"].low > 1
    assert [line.startswith("with cast:judge_1 its own words gain +") for line in remarks(list(found.values()))] == [
        True,
        True,
    ]


def test_they_stand_below_the_ladder(run):
    shown = succeed("ratings", str(run), cwd=run.parent)
    for words in ("judges, asked in both orders", "cast:judge_3", "its own words gain"):
        assert words in shown
    console = Console(width=120, record=True)
    console.print(judges_table(judges(Run.of(run))))
    table = console.export_text()
    assert "100% (" in table
    assert "its own" in table
    console.print(judges_table([one._replace(own=None) for one in judges(Run.of(run))]))
    assert "its own" not in console.export_text()


def test_a_game_without_judges_has_none(tmp_path):
    config = {"game": "kuhn_poker", "entrants": {"a": "uniform", "b": "script(prefer='bet')"}, "pairs": 1}
    arena.tournament(TournamentConfig.model_validate(config), tmp_path / "run")
    assert judges(Run.of(tmp_path / "run")) == []


def test_snapshots_are_kin_to_a_judge_that_their_learner_is_kin_to(tmp_path):
    members = [Member("main-2", "checkpoints/main-2", "snapshot", 2, ""), Member("a", "debater", "anchor", 0, "")]
    run = Run(tmp_path, Debate(), [], members, True, "a", 1, {}, [], "")
    config = {"learners": {"main": {"player": "language_model(model='base')"}}, "base": {"model": "Qwen/Qwen3-4B"}}
    for judge, related in (
        ("chat(model='base')", {"main-2"}),
        (f"chat(model='{tmp_path / 'base'}')", {"main-2"}),
        ("chat(model='Qwen/Qwen3-4B')", {"main-2"}),
        ("chat(model='Qwen/Qwen3-8B')", set()),
    ):
        assert kin_in(judge, run, config) == related
