import csv
import json
import re
import sys
from dataclasses import replace

import pytest

import arena
from arena.errors import ConfigError, ReplayError, StoreError
from arena.record import StopReason
from arena.store import Store
from arena.tournaments import import_results, record_lines
from arena.tournaments.export import run
from arena.tournaments.run import Run

POKER = ["uniform", 'script(prefer="bet")']


def make(folder, game, players, count, change=lambda records: records):
    """Keep matches as a tournament would and return their records."""
    records = [
        replace(record, kind="tournament", key=f"{i:020x}", pair=f"a|b|0|{i // 2:06d}")
        for i, record in enumerate(arena.play(game, players, matches=count, seed=5))
    ]
    records = change(records)
    config = {"game": game, "entrants": dict.fromkeys(players, "?"), "anchor": None, "block_pairs": 5}
    with Store.open(folder) as store:
        with store.transaction():
            store.put_meta({"format": "tournament", "config": config})
        store.add(records)
    return records


def mixed(records):
    """Let one match be forfeited and one be abandoned."""
    forfeit, crash = (2.0, -2.0), (None, None)
    records[1] = replace(records[1], stop=StopReason.FORFEIT, culprit=1, returns=forfeit, reason='"no" legal move')
    records[2] = replace(
        records[2], stop=StopReason.ABANDONED, culprit=0, crashes=(0, 0, 0), returns=crash, reason="it crashed"
    )
    return records


def test_json_lines_replay(tmp_path):
    records = make(tmp_path / "run", "kuhn_poker", POKER, 20, mixed)
    assert run(tmp_path / "run", tmp_path / "m.jsonl").matches == 20
    game = arena.load_game("kuhn_poker")
    lines = (tmp_path / "m.jsonl").read_bytes().splitlines()
    found = [record_lines.read(line, game) for line in lines]
    assert found == records
    for record in found[3:]:
        *_, (end, _) = record.replay(game)
        assert game.returns(end) == record.returns


def test_a_table_holds_rated_matches_only(tmp_path):
    records = make(tmp_path / "run", "kuhn_poker", POKER, 20, mixed)
    assert run(tmp_path / "run", tmp_path / "m.csv").matches == 19
    with (tmp_path / "m.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [float(row["payoff"]) for row in rows] == [r.returns[0] for r in records if r.stop.rated]
    assert rows[0]["second"] == 'script(prefer="bet")'
    make(tmp_path / "board", "tic_tac_toe", ["uniform", "uniform"], 9)
    run(tmp_path / "board", tmp_path / "b.csv")
    assert (tmp_path / "b.csv").read_text().splitlines()[0].startswith("first,second,score,pair")


def test_parquet_has_the_columns_of_json_lines(tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet", reason="needs the extra parquet")
    records = make(tmp_path / "run", "kuhn_poker", POKER, 30, mixed)
    assert run(tmp_path / "run", tmp_path / "m.parquet").matches == 30
    table = parquet.read_table(tmp_path / "m.parquet")
    rows = table.to_pylist()
    for row in rows:
        row["turns"] = [{key: value for key, value in turn.items() if value is not None} for turn in row["turns"]]
    game = arena.load_game("kuhn_poker")
    assert [record_lines.read(json.dumps(row).encode(), game) for row in rows] == records


def test_parquet_without_its_package_is_one_sentence(tmp_path, monkeypatch):
    make(tmp_path / "run", "kuhn_poker", POKER, 2)
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(ConfigError, match=r"pip install 'selfplay-arena\[parquet\]'"):
        run(tmp_path / "run", tmp_path / "m.parquet")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["run"]


def parse_pgn(text):
    """Return (tags, moves, result) of every game; a small reader of our own."""
    games = []
    for tags, moves in re.findall(r"((?:\[[^\n]*\]\n)+)\n((?:[^\n\[]+\n)+)", text):
        found = {key: value.replace('\\"', '"') for key, value in re.findall(r'\[(\w+) "(.*)"\]', tags)}
        words = re.sub(r"\{[^}]*\}", " ", moves).split()
        games.append((found, [word for word in words[:-1] if not re.fullmatch(r"\d+\.", word)], words[-1]))
    return games


def test_chess_programs_can_read_the_moves(tmp_path):
    pyspiel = pytest.importorskip("pyspiel", reason="needs the extra openspiel")
    chess = pyspiel.load_game("chess")
    # Scholar's mate is too rare among random moves: two short wins and a forfeit are written by hand.
    game = arena.load_game("chess")
    plain = arena.play("chess", ["uniform", "uniform"], matches=1, seed=5)
    moves = {
        "mate": ["e2e4", "e7e5", "d1h5", "b8c6", "f1c4", "g8f6", "h5f7"],
        "fool": ["f2f3", "e7e5", "g2g4", "d8h4"],
        "left": ["e2e4", "d7d5", "e4d5"],
    }
    ends = {"mate": (1.0, -1.0), "fool": (-1.0, 1.0), "left": (1.0, -1.0)}

    def played(records):
        turn = records[0].turns[0]
        new = []
        for name, actions in moves.items():
            turns = tuple(turn._replace(seat=i % 2, action=a, raw="") for i, a in enumerate(actions))
            record = replace(records[0], key=name, turns=turns, returns=ends[name], entrants=('a "b"', "c"))
            if name == "left":
                record = replace(record, stop=StopReason.FORFEIT, culprit=1, reason="black gave up")
            new.append(record)
        return [*new, *plain]

    records = make(tmp_path / "run", "chess", ["uniform", "uniform"], 1, played)
    assert run(tmp_path / "run", tmp_path / "m.pgn") == (4, "")
    text = (tmp_path / "m.pgn").read_text(encoding="utf-8")
    assert all(len(line) <= 80 for line in text.splitlines() if not line.startswith("["))
    games = parse_pgn(text)
    assert [result for _, _, result in games[:3]] == ["1-0", "0-1", "1-0"]
    assert [tags["Termination"] for tags, _, _ in games[:3]] == ["normal", "normal", "rules infraction"]
    assert games[0][1] == ["e4", "e5", "Qh5", "Nc6", "Bc4", "Nf6", "Qxf7#"]
    standard = {"Event", "Site", "Date", "Round", "White", "Black", "Result"}
    for (tags, san, result), record in zip(games, records, strict=True):
        assert standard <= set(tags)
        assert (tags["White"], tags["Black"], tags["Result"]) == (*record.entrants, result)
        state = chess.new_initial_state()
        for word in san:
            state.apply_action(state.string_to_action(word))
        assert len(san) == sum(turn.seat >= 0 and not turn.fault for turn in record.turns)
        *_, (end, _) = record.replay(game)
        assert str(state) == game.fen(end)


def test_pgn_is_for_chess_and_other_suffixes_are_refused(tmp_path):
    make(tmp_path / "run", "kuhn_poker", POKER, 2)
    with pytest.raises(ConfigError, match=r"kuhn_poker has no PGN"):
        run(tmp_path / "run", tmp_path / "m.pgn")
    with pytest.raises(ConfigError, match=r"should end in one of \.jsonl, \.parquet, \.pgn, \.csv"):
        run(tmp_path / "run", tmp_path / "m.xlsx")
    with pytest.raises(ConfigError, match="cannot be written"):
        run(tmp_path / "run", tmp_path / "nowhere" / "m.csv")
    with pytest.raises(StoreError, match="holds no run"):
        run(tmp_path, tmp_path / "m.csv")


def test_a_file_that_fails_half_way_leaves_what_was_there(tmp_path):
    pytest.importorskip("pyspiel", reason="needs the extra openspiel")

    def spoilt(records):
        return [records[0], replace(records[1], turns=(records[1].turns[0]._replace(action="e2e5"),))]

    make(tmp_path / "run", "chess", ["uniform", "uniform"], 2, spoilt)
    (tmp_path / "m.pgn").write_text("before")
    with pytest.raises(ReplayError, match="'e2e5' is refused"):
        run(tmp_path / "run", tmp_path / "m.pgn")
    assert (tmp_path / "m.pgn").read_text() == "before"
    assert not (tmp_path / "m.pgn.part").exists()


def test_a_name_that_the_disk_refuses_is_one_sentence(tmp_path):
    make(tmp_path / "run", "kuhn_poker", POKER, 2)
    with pytest.raises(ConfigError, match=r"cannot be written: .*file name too long"):
        run(tmp_path / "run", tmp_path / ("x" * 250 + ".csv"))


def test_a_spreadsheet_runs_no_name(tmp_path):
    def renamed(records):
        return [replace(r, entrants=("=1+1", "b") if r.entrants[0] == "uniform" else ("b", "=1+1")) for r in records]

    make(tmp_path / "run", "kuhn_poker", POKER, 2, renamed)
    run(tmp_path / "run", tmp_path / "m.csv")
    with (tmp_path / "m.csv").open(encoding="utf-8", newline="") as file:
        names = [row[:2] for row in csv.reader(file)][1:]
    assert names == [["'=1+1", "b"]] * 2


def test_two_pairs_of_one_name_stay_two(tmp_path):
    def merged(records):
        return [replace(record, pair="a|b|0|1", seed=7 + i // 2) for i, record in enumerate(records)]

    make(tmp_path / "run", "kuhn_poker", POKER, 4, merged)
    run(tmp_path / "run", tmp_path / "m.csv")
    with (tmp_path / "m.csv").open(encoding="utf-8", newline="") as file:
        assert [row["pair"] for row in csv.DictReader(file)] == ["a|b|0|1|7", "a|b|0|1|7", "a|b|0|1|8", "a|b|0|1|8"]


def test_the_command_that_rates_alike_is_told(tmp_path):
    make(tmp_path / "run", "kuhn_poker", POKER, 4)
    file = tmp_path / "the matches.csv"
    assert run(tmp_path / "run", file).command == (
        f"arena import '{file}' --run=NEW_RUN --game=kuhn_poker --anchor=uniform --block-pairs=5"
    )
    assert " --game" not in run(tmp_path / "run", tmp_path / "m.jsonl").command
    make(tmp_path / "crashed", "kuhn_poker", POKER, 3, lambda records: mixed(records)[2:])
    with pytest.raises(ConfigError, match="holds no match that rates, only such as were abandoned or played by arena"):
        run(tmp_path / "crashed", tmp_path / "m.csv")
    make(tmp_path / "some", "kuhn_poker", POKER, 3, mixed)
    told = run(tmp_path / "some", tmp_path / "n.csv")
    assert told.matches
    assert told.command == "", "a table does not tell who crashed"


def test_a_comparison_leaves_as_json_lines_and_rates_where_it_is_imported(tmp_path):
    arena.pit("uniform", 'script(prefer="bet")', "kuhn_poker", 20, folder=tmp_path / "pit")
    with pytest.raises(ConfigError, match=r"holds no match that rates, .* export them to \.jsonl"):
        run(tmp_path / "pit", tmp_path / "m.csv")
    assert not (tmp_path / "m.csv").exists()
    matches = run(tmp_path / "pit", tmp_path / "m.jsonl").matches
    import_results.run(tmp_path / "m.jsonl", tmp_path / "pool")
    assert len(Run.of(tmp_path / "pool").results) == matches > 0
