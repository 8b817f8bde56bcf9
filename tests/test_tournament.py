"""The engine of all formats: begin, resume, extend, and what it refuses."""

import re
from dataclasses import replace

import pytest
from rich.console import Console

import arena
from arena.config import TournamentConfig
from arena.errors import ConfigError, StoppedError
from arena.games.kuhn_poker import KuhnPoker
from arena.rating import Standing
from arena.store import Store
from arena.tournaments.report import tables
from arena.tournaments.round_robin import RoundRobin
from arena.tournaments.run import Run
from arena.tournaments.tournament import standings

EQUILIBRIUM = 'tabular(table="arena.games.kuhn_poker:equilibrium")'
KUHN = TournamentConfig(
    game="kuhn_poker",
    pairs=1000,
    seed=1,
    anchor="uniform",
    entrants={"uniform": "uniform", "always_bet": 'script(prefer="bet")', "equilibrium": EQUILIBRIUM},
)

CRASHING = """
from arena.players.uniform import UniformPlayer

class Crashing(UniformPlayer):
    def act(self, batch):
        if any(int(request.match, 16) % 10 == 0 for request in batch):
            raise RuntimeError("out of memory")
        return super().act(batch)
"""

DEBATE = """
from arena.game import OVER, Game

class Debate(Game):
    \"\"\"Two speak, and a judge says who has won.\"\"\"

    name = "debate"
    roles = ("first", "second", "judge")
    sides = (0, 1, -1)
    actions = ("a", "b")

    def start(self):
        return ""

    def turn(self, s):
        return OVER if len(s) == 3 else len(s)

    def step(self, s, action):
        return s + action

    def returns(self, s):
        return (1.0, -1.0, None) if s[2] == "a" else (-1.0, 1.0, None)

    def view(self, s, seat):
        return f"{seat}: {s}"
"""


def changed(**values):
    return TournamentConfig(**{**KUHN.model_dump(), **values})


def keys_of(config):
    (stage,) = RoundRobin(config, arena.load_game(config.game)).stages(None)
    return {fixture.key for fixture in stage}


def test_the_equilibrium_stands_above_always_bet_and_uniform(tmp_path):
    ladder = arena.tournament(KUHN, tmp_path / "run")
    assert ladder.rows[0].name == "equilibrium"
    for other in ("always_bet", "uniform"):
        difference = ladder.compare("equilibrium", other)
        assert difference.low > 0, (other, difference)
        of = ladder.payoffs.names.index
        row, column = of("equilibrium"), of(other)
        assert ladder.payoffs.mean[row, column] > ladder.payoffs.half_width[row, column]
    # By single hands it would not stand there: always_bet wins more hands of their matches than it loses.
    with Store.read(tmp_path / "run") as store:
        hands = [r for r in store.results(arena.load_game("kuhn_poker")) if "uniform" not in (r.first, r.second)]
    won = sum((r.payoff > 0) == (r.first == "equilibrium") for r in hands)
    assert won / len(hands) < 0.45


def test_every_match_of_the_schedule_is_kept_once_and_a_second_start_plays_nothing(tmp_path):
    config = changed(pairs=30, block_pairs=10)
    seen = []
    first = arena.tournament(config, tmp_path, tell=seen.append)
    assert [progress.played for progress in seen] == list(range(1, 181))
    again = []
    second = arena.tournament(config, tmp_path, tell=again.append)
    assert again == []
    assert second.rows == first.rows
    with Store.read(tmp_path) as store:
        assert {record.key for record in store.records()} == keys_of(config)


def test_new_entrants_and_more_pairs_keep_the_old_results(tmp_path):
    arena.tournament(changed(pairs=20, block_pairs=10), tmp_path)
    with Store.read(tmp_path) as store:
        old = {record.key: record for record in store.records()}
    more = changed(pairs=30, block_pairs=10, entrants={**KUHN.entrants, "always_pass": 'script(prefer="pass")'})
    ladder = arena.tournament(more, tmp_path)
    assert len(ladder.rows) == 4
    with Store.read(tmp_path) as store:
        now = {record.key: record for record in store.records()}
    assert len(now) == 6 * 30 * 2
    assert {key: now[key] for key in old} == old


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"seed": 2}, "was begun with seed = 1, not 2"),
        ({"game": "leduc_poker", "entrants": {"a": "uniform", "b": "uniform"}, "anchor": "a"}, "matches of kuhn_poker"),
        ({"entrants": {**KUHN.entrants, "uniform": EQUILIBRIUM}}, "entrant 'uniform' was 'uniform'"),
        ({"pairs": 10}, "was begun with pairs = 50, so 10 is too few: take 50 or more"),
        ({"entrants": {"uniform": "uniform", "equilibrium": EQUILIBRIUM}}, "'always_bet' is an entrant of"),
        ({"format": "gauntlet", "newcomers": ["uniform"]}, "was begun with format = 'round_robin', not 'gauntlet'"),
        ({"patience": {"retries": 0}}, "was begun with patience = {'retries': 2"),
    ],
)
def test_another_tournament_in_the_same_folder_is_refused(tmp_path, change, sentence):
    arena.tournament(changed(pairs=50), tmp_path)
    with pytest.raises(ConfigError, match=re.escape(sentence)):
        arena.tournament(changed(**{"pairs": 50, **change}), tmp_path)


SWISS = {"format": "swiss", "rounds": 2, "pairs": 3}
KNOCK_OUT = {"format": "double_elimination", "pairs": 3}


@pytest.mark.parametrize(
    ("begun", "change", "sentence"),
    [
        (SWISS, {"rounds": 1}, None),  # the configuration itself refuses it
        (SWISS, {"rounds": 3, "pairs": 4}, "was begun with pairs = 3, not 4"),
        (SWISS, {"seeding": {"uniform": 1, "always_bet": 2, "equilibrium": 3}}, "was begun with seeding = {}"),
        (SWISS, {"entrants": {**KUHN.entrants, "new": "uniform"}}, "is a swiss between uniform, always_bet"),
        (SWISS, {"entrants": dict(reversed(KUHN.entrants.items()))}, "whose pairings depend on who takes part"),
        (KNOCK_OUT, {"pairs": 4}, "was begun with pairs = 3, not 4"),
        (KNOCK_OUT, {"extra_pairs": 4}, "was begun with extra_pairs = None, not 4"),
        (KNOCK_OUT, {"entrants": {**KUHN.entrants, "new": "uniform"}}, "is a double_elimination between uniform"),
    ],
)
def test_what_later_pairings_depend_on_stays_as_it_was(tmp_path, begun, change, sentence):
    arena.tournament(changed(**begun, block_pairs=1), tmp_path)
    if sentence is None:
        with pytest.raises(ValueError, match="too few"):
            changed(**{**begun, **change})
        return
    with pytest.raises(ConfigError, match=re.escape(sentence)):
        arena.tournament(changed(**{**begun, **change}), tmp_path)


def test_rounds_once_played_cannot_be_taken_back(tmp_path):
    entrants = dict.fromkeys("abcdef", "uniform")
    swiss = {"format": "swiss", "pairs": 2, "entrants": entrants, "anchor": "a", "block_pairs": 1}
    arena.tournament(changed(**swiss, rounds=4), tmp_path)
    with pytest.raises(ConfigError, match="was begun with rounds = 4, so 3 is too few: take 4 or more"):
        arena.tournament(changed(**swiss, rounds=3), tmp_path)


class Judged(KuhnPoker):
    """With a judge whom nobody competes for, and who never has to move."""

    name = "judged"
    roles = ("first", "second", "judge")
    sides = (0, 1, -1)

    def returns(self, s):
        return (*super().returns(s), None)


JUDGED = f"{__file__}:Judged"


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"game": JUDGED}, "judged has a cast seat 'judge': name its player under [cast]"),
        (
            {"game": JUDGED, "cast": {"judge": "uniform", "jury": "uniform"}},
            "judged has no cast seat 'jury': its cast seats are judge",
        ),
        ({"cast": {"judge": "uniform"}}, "kuhn_poker has no cast seat 'judge': it has none"),
    ],
)
def test_a_cast_that_does_not_fit_is_refused_before_anything_is_written(tmp_path, values, sentence):
    with pytest.raises(ConfigError, match=re.escape(sentence)):
        arena.tournament(changed(**values), tmp_path / "run")
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("form", [{}, {"format": "gauntlet", "newcomers": ["uniform"]}, SWISS, KNOCK_OUT])
def test_every_format_seats_the_cast(tmp_path, form):
    arena.tournament(changed(**{"pairs": 3, **form}, game=JUDGED, cast={"judge": "uniform"}, block_pairs=1), tmp_path)
    with Store.read(tmp_path) as store:
        assert {record.entrants[2] for record in store.records()} == {"cast:judge"}


def test_a_judge_that_crashes_stands_on_no_ladder(tmp_path):
    file = tmp_path / "judged.py"
    file.write_text(CRASHING + DEBATE)
    values = {"game": f"{file}:Debate", "cast": {"judge": f"{file}:Crashing"}, "pairs": 100}
    config = TournamentConfig(**values, entrants={"a": "uniform", "b": "uniform"})
    ladder = arena.tournament(config, tmp_path / "run")
    assert [row.standing for row in ladder.rows] == [Standing.RATED] * 2
    run = Run.of(tmp_path / "run")
    assert run.ladder.rows == ladder.rows
    assert run.crashes["cast:judge"][0] > 0.03 * 200
    console = Console(width=120, record=True)
    console.print(tables(run, 120))
    assert "cast:judge crashed in" in console.export_text()


def test_runs_without_a_format_of_their_own_have_nothing_to_say_beside_the_ladder(tmp_path):
    arena.tournament(changed(pairs=3, block_pairs=1), tmp_path)
    assert standings(tmp_path) == []


def test_a_run_of_an_earlier_arena_which_knew_no_formats_goes_on(tmp_path):
    arena.tournament(changed(pairs=3, block_pairs=1), tmp_path)
    with Store.open(tmp_path) as store:
        kept = store.meta("config")
        for key in ("format", "newcomers", "rounds", "extra_pairs", "seeding"):
            del kept[key]
        with store.transaction():
            store.put_meta({"config": kept})
    assert standings(tmp_path) == []
    seen = []
    arena.tournament(changed(pairs=4, block_pairs=1), tmp_path, tell=seen.append)
    assert [progress.played for progress in seen] == list(range(19, 25))


def test_a_long_schedule_is_walked_through_and_not_held(tmp_path, monkeypatch):
    """A million matches fit because no more of them are drawn up than are played at a time."""
    ahead = []
    stages = RoundRobin.stages

    def counted(self, score):
        for stage in stages(self, score):
            yield (ahead.append(0) or fixture for fixture in stage)

    monkeypatch.setattr(RoundRobin, "stages", counted)

    def stop(progress):
        if progress.played == 1000:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        arena.tournament(changed(pairs=100_000), tmp_path, tell=stop)
    assert len(ahead) < 5000


def test_the_two_matches_of_a_pair_share_the_deal_with_seats_swapped(tmp_path):
    arena.tournament(changed(pairs=50), tmp_path)
    pairs = {}
    with Store.read(tmp_path) as store:
        for record in store.records():
            pairs.setdefault(record.pair, []).append(record)
    for one, other in pairs.values():
        assert one.entrants == other.entrants[::-1]
        assert one.seed == other.seed
        assert [t.action for t in one.turns if t.seat < 0] == [t.action for t in other.turns if t.seat < 0]


def test_an_entrant_that_crashes_is_withdrawn_and_the_others_are_rated_without_it(tmp_path):
    (tmp_path / "crashing.py").write_text(CRASHING)
    entrants = {**KUHN.entrants, "crashing": f"{tmp_path / 'crashing.py'}:Crashing"}
    ladder = arena.tournament(changed(pairs=60, block_pairs=20, entrants=entrants), tmp_path / "run")
    assert ladder["crashing"].standing is Standing.WITHDRAWN
    assert ladder["crashing"].elo is None
    sober = arena.tournament(changed(pairs=60, block_pairs=20), tmp_path / "sober")
    for row in sober.rows:
        assert replace(ladder[row.name], note="") == replace(row, note="")
    with Store.read(tmp_path / "run") as store:
        abandoned = [record for record in store.records() if record.stop == "abandoned"]
    assert abandoned
    assert all("out of memory" in record.reason and len(record.crashes) == 3 for record in abandoned)


def test_outcome_games_are_rated_by_wins_with_draws_as_half(tmp_path):
    config = TournamentConfig(
        game="tic_tac_toe",
        pairs=60,
        entrants={"uniform": "uniform", "minimax": "minimax", "centre": 'script(prefer="5")'},
    )
    ladder = arena.tournament(config, tmp_path)
    assert ladder.rows[0].name == "minimax"
    assert ladder["minimax"].losses == 0
    assert ladder["uniform"].elo == 1000


PHONE = """
from pathlib import Path

from arena.player import Fault, Move
from arena.players.uniform import UniformPlayer


class Phone(UniformPlayer):
    "Answers while the line is up; says when it is hung up."

    def __init__(self, folder):
        super().__init__()
        self.folder = Path(folder)

    def act(self, batch):
        up = not (self.folder / "cut").exists()
        return super().act(batch) if up else [Move(None, "no line", fault=Fault.UNAVAILABLE) for _ in batch]

    def close(self):
        with (self.folder / "closed").open("a") as file:
            file.write("x")
"""


@pytest.fixture
def phone(tmp_path):
    (tmp_path / "phone.py").write_text(PHONE)
    return f"{tmp_path / 'phone.py'}:Phone(folder={str(tmp_path)!r})"


@pytest.mark.parametrize("format", [{}, {"format": "swiss", "rounds": 2}, {"format": "double_elimination"}])
def test_what_an_outage_left_void_is_played_by_the_same_call_as_if_nothing_had_been(tmp_path, phone, format):
    entrants = {"uniform": "uniform", "bet": 'script(prefer="bet")', "phone": phone}
    config = changed(pairs=20, block_pairs=5, entrants=entrants, **format)
    (tmp_path / "cut").touch()
    with pytest.raises(
        StoppedError, match=r"phone was not available: no line\. .* the same command plays what is left"
    ):
        arena.tournament(config, tmp_path / "run")
    with Store.read(tmp_path / "run") as store:
        before = list(store.records())
        assert not any("phone" in record.entrants for record in before)
        assert store.outages()["phone"].waiting > 0
    (tmp_path / "cut").unlink()
    mended = arena.tournament(config, tmp_path / "run")
    quiet = arena.tournament(config, tmp_path / "quiet")
    assert mended.rows == quiet.rows
    with Store.read(tmp_path / "run") as store, Store.read(tmp_path / "quiet") as other:
        assert {r.key: r for r in store.records()} == {r.key: r for r in other.records()}
        assert store.outages()["phone"].waiting == 0
        assert store.crashes()["phone"][0] == 0


def test_players_are_closed_when_it_is_over_and_when_it_stops(tmp_path, phone):
    config = changed(pairs=2, block_pairs=2, entrants={"uniform": "uniform", "phone": phone})
    arena.tournament(config, tmp_path / "run")
    arena.play("kuhn_poker", ["uniform", phone])
    arena.pit("uniform", phone, "kuhn_poker", pairs=2, min_pairs=1)
    (tmp_path / "cut").touch()
    with pytest.raises(StoppedError):
        arena.tournament(config, tmp_path / "other")
    with pytest.raises(StoppedError, match="with --run FOLDER what was played stays"):
        arena.pit("uniform", phone, "kuhn_poker", pairs=2, min_pairs=1)
    assert (tmp_path / "closed").read_text() == "xxxxx"


def test_a_player_that_was_given_stays_open(tmp_path, phone):
    player = arena.load_player(phone, arena.load_game("kuhn_poker"))
    arena.play("kuhn_poker", ["uniform", player])
    arena.pit(player, "uniform", "kuhn_poker", pairs=2, min_pairs=1)
    assert not (tmp_path / "closed").exists()
