"""A tournament of all kinds of players over three games, whose API server is killed in the middle of it."""

from __future__ import annotations

from collections import Counter
from math import comb
from pathlib import Path

import pytest

from arena.players.prompt import Style, conversation
from arena.record import Record
from arena.registry import load_game, load_player
from arena.store import Store
from arena.trainers.tiny_model import make
from tests.api_process import api, free_port
from tests.command_line import run, succeed
from tests.language import decisions

GAMES = ("kuhn_poker", "leduc_poker", "tic_tac_toe")
TOURNAMENT = """
games = ["kuhn_poker", "leduc_poker", "tic_tac_toe"]
pairs = 2
block_pairs = 1
anchor = "uniform"

[entrants]
uniform = "uniform"
search.kuhn_poker = "ismcts(simulations=5)"
search.leduc_poker = "ismcts(simulations=5)"
search.tic_tac_toe = "mcts(simulations=5)"
solved = {{kuhn_poker = "cfr_plus(iterations=50)", leduc_poker = "cfr_plus(iterations=5)"}}
net = {{kuhn_poker = "nets/kuhn_poker", leduc_poker = "nets/leduc_poker", tic_tac_toe = "nets/tic_tac_toe"}}
tiny = 'chat(model="tiny", max_tokens=4)'
api = '''chat(model="tiny-chat-1b", engine="openai", base_url="http://127.0.0.1:{port}/v1",
    options={{"tries": 2, "wait_seconds": 0.02, "prompt_price": 1.0, "completion_price": 10.0}})'''
"""

QUIET = """
game = "leduc_poker"
pairs = 2
[entrants]
uniform = "uniform"
search = "ismcts(simulations=5)"
solved = "cfr_plus(iterations=5)"
net = "nets/leduc_poker"
"""
"""One of the games alone, and without the language model: which prompts stand beside one may change its last digit."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a small language model, and a net for every game."""
    folder = tmp_path_factory.mktemp("mixed")
    asked = [conversation(request, Style()) for game in GAMES for request, _ in decisions(game, 5)]
    make(folder / "tiny", [m.content for prompt in asked for m in prompt], width=32, layers=1, heads=2)
    for name in GAMES:
        game = load_game(name)
        load_player("net(hidden=[8])", game, seed=3).save(folder / "nets" / name)
    return folder


def matches(place: Path, game: str) -> dict[str, Record]:
    """Return the matches of a game by their keys."""
    with Store.read(place / game) as store:
        records = list(store.records())
    found = {record.key: record for record in records}
    assert len(found) == len(records)
    return found


def lines(text: str, words: str) -> list[str]:
    return [line for line in text.splitlines() if words in line]


def test_a_server_that_is_killed_costs_nobody_a_match(folder: Path) -> None:
    """The same command plays what is left, and it all ends as if nothing had happened."""
    port = free_port()
    (folder / "mixed.toml").write_text(TOURNAMENT.format(port=port))
    with api(port, prompts=38) as server:
        first = run("tournament", "mixed.toml", cwd=folder)
        assert server.wait(10) == -9

    # All others have played. Nobody forfeited or crashed by the outage, and one sentence says how to go on.
    assert first.returncode == 2
    assert "Traceback" not in first.stderr
    (told,) = lines(first.stderr, "arena:")
    assert "api was not available" in told
    assert told.endswith("the same command plays what is left")
    place, before, void = folder / "runs/mixed", {}, 0
    for game in GAMES:
        before[game] = matches(place, game)
        others = Counter(frozenset(record.entrants) for record in before[game].values())
        entrants = 6 - (game == "tic_tac_toe")
        assert sum("api" not in pair for pair in others) == comb(entrants - 1, 2)
        assert all(number == 4 for pair, number in others.items() if "api" not in pair)
        with Store.read(place / game) as store:
            assert set(store.forfeits()) <= {"tiny"}
            assert not any(crashed for crashed, _ in store.crashes().values())
            left = {name: outage.waiting for name, outage in store.outages().items()}
        of_api = sum("api" in record.entrants for record in before[game].values())
        assert left == ({} if of_api == 4 * (entrants - 1) else {"api": 4 * (entrants - 1) - of_api})
        void += left.get("api", 0)
    assert void > 20
    assert lines(first.stdout, "api was not available in")
    assert "withdrawn" not in first.stdout

    # Without the server the same command changes nothing, and says so at once.
    again = run("tournament", "mixed.toml", cwd=folder)
    assert (again.returncode, again.stdout.count("all games")) == (2, 1)
    assert "is the server running" in again.stderr
    assert {game: matches(place, game) for game in GAMES} == before

    # With it exactly the void matches are played.
    with api(port):
        last = succeed("tournament", "mixed.toml", cwd=folder)
        entrant = TOURNAMENT[TOURNAMENT.index("api = ") :].format(port=port)
        (folder / "quiet.toml").write_text(QUIET + entrant)
        succeed("tournament", "quiet.toml", cwd=folder)
    for game in GAMES:
        after = matches(place, game)
        assert len(after) == 4 * comb(6 - (game == "tic_tac_toe"), 2)
        assert {key: after[key] for key in before[game]} == before[game]
        played = [record for key, record in after.items() if key not in before[game]]
        assert all("api" in record.entrants for record in played)
        assert {str(record.stop) for record in after.values()} == {"finished", "forfeit"}
        assert all("tiny" in record.entrants for record in after.values() if str(record.stop) == "forfeit")
    undisturbed = matches(folder / "runs", "quiet")
    assert {key: matches(place, "leduc_poker")[key] for key in undisturbed} == undisturbed
    assert len(undisturbed) == 4 * comb(5, 2)

    # Ladders, costs and forfeits per player, of each game and of all.
    assert [line.split(":")[0] for line in lines(last, ": ") if line.split(": ")[0] in GAMES] == list(GAMES)
    assert len(lines(last, "api cost $")) == len(lines(last, "tiny forfeited")) == 3
    (row,) = lines(last.partition("all games")[2], "│ api ")
    assert row.split("│")[5].strip() == f"0/{void}"
    assert row.split("│")[6].strip().startswith("$0.")
    (row,) = lines(last.partition("all games")[2], "│ solved ")
    assert row.split("│")[4].strip() == ""
    assert last.replace("kept in ", "").count("all games") == 1
    assert lines(succeed("ratings", "runs/mixed", cwd=folder), "│") == lines(last, "│")

    # And on the page of each.
    assert succeed("report", "runs/mixed", cwd=folder).count("written to") == 3
    page = (place / "leduc_poker" / "report.html").read_text()
    costs = page[page.index('"costs":[') :]
    assert '"name":"api","dollars":0.' in costs
    assert '"outage":' in page


def test_whoever_cannot_play_a_game_is_told_before_anything_is_played(folder: Path) -> None:
    toml = 'games = ["tic_tac_toe", "kuhn_poker"]\n[entrants]\nuniform = "uniform"\nsearch = "mcts"\n'
    (folder / "wrong.toml").write_text(toml)
    done = run("tournament", "wrong.toml", cwd=folder)
    assert done.returncode == 2
    assert "entrant 'search' cannot play kuhn_poker" in done.stderr
    assert "search = {kuhn_poker = " in done.stderr
    assert not (folder / "runs/wrong").exists()
