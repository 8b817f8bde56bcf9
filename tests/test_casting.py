"""Who sits where nobody competes: all seats are filled, no judge judges itself, and a league has a cast too."""

import pytest

import arena
from arena.casting import check_cast, check_judges, kin
from arena.config import LeagueConfig, TournamentConfig
from arena.errors import ConfigError
from arena.games.debate import Debate
from arena.games.kuhn_poker import KuhnPoker
from arena.registry import find, load_game
from arena.store import Store
from arena.tournaments.run import Run

DEBATE, PANEL = Debate(), Debate(panel=3)
QWEN, ADAPTED = "chat(model='Qwen/Qwen3-4B')", "language_model(model='Qwen/Qwen3-4B', rank=8)"

GAME = '''
"""A race for a cast that a table could play, were it a player: whoever is told a higher number wins."""

from arena.game import CHANCE, OVER, Game


class Race(Game):
    """Each runner is slow or fast, and the umpire says who has won, or nobody."""

    name = "race"
    roles = ("first", "second", "umpire")
    sides = (0, 1, -1)
    actions = ("slow", "fast")

    def start(self):
        return ()

    def turn(self, s):
        return len(s) if len(s) < 3 else OVER

    def step(self, s, action):
        return (*s, action)

    def returns(self, s):
        won = (s[0] == "fast") - (s[1] == "fast") if s[2] == "fast" else 0
        return (float(won), float(-won), None)

    def view(self, s, seat):
        return " ".join(s)
'''


def test_every_cast_seat_has_a_player_and_nobody_sits_elsewhere():
    check_cast(DEBATE, {"judge": "debater"})
    check_cast(KuhnPoker(), {})
    with pytest.raises(ConfigError, match=r"debate has a cast seat 'judge': name its player under \[cast\]"):
        check_cast(DEBATE, {})
    with pytest.raises(ConfigError, match="debate has no cast seat 'umpire': its cast seats are judge"):
        check_cast(DEBATE, {"judge": "debater", "umpire": "debater"})
    with pytest.raises(ConfigError, match="kuhn_poker has no cast seat 'judge': it has none"):
        check_cast(KuhnPoker(), {"judge": "debater"})


def test_a_judge_of_one_mind_with_an_entrant_is_refused_in_one_sentence():
    said = r"cast\.judge would judge itself: it shares the model qwen/qwen3-4b with 'mine', and judges prefer"
    with pytest.raises(ConfigError, match=f"{said} their own words; name another judge, or set judges_itself = true"):
        check_judges(DEBATE, {"judge": QWEN}, {"other": "debater", "mine": ADAPTED})
    check_judges(DEBATE, {"judge": "chat(model='microsoft/phi-4')"}, {"mine": ADAPTED})
    assert kin(QWEN, {"other": "debater", "mine": ADAPTED}) == {"mine": "the model qwen/qwen3-4b"}


def test_each_of_a_panel_is_looked_at():
    cast = {"judge_1": "debater", "judge_2": "debater", "judge_3": QWEN}
    with pytest.raises(ConfigError, match=r"cast\.judge_3 would judge itself"):
        check_judges(PANEL, cast, {"mine": QWEN})


def test_completers_are_no_judges():
    game = load_game("sneaky_critic(completers=1)")
    check_judges(game, {"completer": QWEN}, {"mine": QWEN})


def tournament(**changes):
    return TournamentConfig.model_validate(
        {"game": "debate", "entrants": {"a": "debater", "b": "debater(slip=0.5)"}, "pairs": 1, **changes}
    )


def test_a_tournament_refuses_it_unless_told(tmp_path):
    judged = {"cast": {"judge": f"{__file__}:Says"}, "entrants": {"a": "debater", "b": f"{__file__}:Says"}}
    with pytest.raises(ConfigError, match=r"shares the program .*:Says with 'b'"):
        arena.tournament(tournament(**judged), tmp_path / "run")
    arena.tournament(tournament(**judged, judges_itself=True), tmp_path / "run")
    with pytest.raises(ConfigError, match="would judge itself"):
        arena.tournament(tournament(**judged), tmp_path / "run")


class Says:
    """Says A."""

    name = "says"

    def act(self, batch):
        return [arena.Move("A") for _ in batch]


def league(game, **changes):
    return LeagueConfig.model_validate(
        {
            "game": game,
            "training": {"updates": 2, "matches": 8},
            "learners": {"main": {"player": "net(hidden=[4])"}},
            "schedule": {"checkpoint_every": 1, "snapshot_every": 2},
            "rating": {"pairs": 2},
            "cast": {"umpire": "script(prefer='fast')"},
            **changes,
        }
    )


@pytest.fixture
def race(tmp_path):
    (tmp_path / "race.py").write_text(GAME)
    return f"{tmp_path / 'race.py'}:Race"


@pytest.mark.parametrize("policies", ["shared", "per_role"])
def test_a_league_has_a_cast_that_never_changes_and_never_learns(race, policies, tmp_path):
    learners = {"main": {"player": "net(hidden=[4])", "policies": policies}}
    arena.train(league(race, learners=learners), tmp_path / "run")
    with Store.read(tmp_path / "run") as store:
        records = list(store.records())
        assert store.meta("digest")
    assert {record.entrants[2] for record in records} == {"cast:umpire"}
    assert "cast:umpire" not in {row.name for row in Run.of(tmp_path / "run").ladder.rows}
    assert all(record.turns[2].action == "fast" for record in records)
    parts = {path.name for path in (tmp_path / "run/checkpoints/main-2").iterdir()}
    assert policies == "shared" or ({"first", "second"} <= parts and "umpire" not in parts)


CRASHING = """
import arena


class Crashing:
    name = "crashing"
    made = crashed = 0

    def __init__(self):
        Crashing.made += 1

    def act(self, batch):
        Crashing.crashed += 1
        if Crashing.crashed % 3 == 0:
            raise RuntimeError("the umpire has a cold")
        return [arena.Move("fast") for _ in batch]
"""


def test_a_cast_is_made_once_and_its_crashes_count_against_nobody(race, tmp_path):
    (tmp_path / "crashing.py").write_text(CRASHING)
    umpire = f"{tmp_path / 'crashing.py'}:Crashing"
    often = {"checkpoint_every": 1, "snapshot_every": 1}
    arena.train(league(race, cast={"umpire": umpire}, rating={"pairs": 50}, schedule=often), tmp_path / "run")
    assert find("players", umpire).made == 1
    run = Run.of(tmp_path / "run")
    assert run.crashes["cast:umpire"][0] > 0
    assert "cast:umpire" not in {row.name for row in run.ladder.rows}
    assert {point.name for point in run.history} <= {row.name for row in run.ladder.rows}


def test_what_a_cast_does_not_go_with_is_said(race, tmp_path):
    for changes, why in (
        ({"cast": {}}, "has a cast seat 'umpire'"),
        ({"cast": {"umpire": "script(prefer='never')"}}, r"cast\.umpire: race has no action 'never'"),
        ({"training": {"updates": 2, "rollouts": "tables"}}, "which plays on no tables"),
    ):
        with pytest.raises(ConfigError, match=why):
            arena.train(league(race, **changes), tmp_path / "run")
    for changes, why in (
        ({"training": {"updates": 2, "algorithm": "deep_cfr"}}, "leave .cast. out"),
        ({"anchors": {"cast:umpire": "uniform"}}, "take another name"),
    ):
        with pytest.raises(ValueError, match=why):
            league(race, **changes)
