import json
import os
import random
import shlex
import signal
import subprocess
import sys
import time
import tracemalloc
from dataclasses import replace
from pathlib import Path

import pytest

import arena
from arena.config import TournamentConfig
from arena.errors import ConfigError, RunLocked
from arena.store import Store
from arena.tournaments import export
from arena.tournaments.import_results import run
from arena.tournaments.run import Run

HEADER = "first,second,score,pair\n"


def table(path, matches, seed=0, broken=(), header=HEADER):
    """Write a table of random results of 12 players, in pairs; the lines numbered in `broken` have a score of 7."""
    rng, lines = random.Random(seed), [header]
    for i in range(matches // 2):
        a, b = rng.sample(range(12), 2)
        for x, y in ((a, b), (b, a)):
            score = "7" if len(lines) + 1 in broken else rng.choice(["1", "0", "0.5"])
            lines.append(f"p{x},p{y},{score},{i}\n")
    path.write_text("".join(lines))
    return path


def rows(folder):
    return Run.of(folder).ladder.rows


def test_a_table_is_rated(tmp_path):
    file = tmp_path / "x.csv"
    file.write_text("first,second,winner\na,b,a\nb,a,draw\na,c,c\nc,a,a\nb,c,draw\n")
    found = run(file, tmp_path / "run", anchor="b")
    assert (found.added, found.known, found.broken, found.problems) == (5, 0, 0, ())
    held = Run.of(tmp_path / "run")
    assert held.title == "run: matches played elsewhere"
    assert held.ladder["b"].elo == 1000
    assert (held.ladder["a"].wins, held.ladder["a"].draws, held.ladder["a"].losses) == (2, 1, 1)
    assert held.payoffs.matches.any()


def test_without_a_name_the_anchor_is_the_first_in_the_file(tmp_path):
    run(table(tmp_path / "x.csv", 60), tmp_path / "run")
    first = (tmp_path / "x.csv").read_text().splitlines()[1].split(",")[0]
    assert Run.of(tmp_path / "run").ladder[first].elo == 1000
    run(tmp_path / "x.csv", tmp_path / "run", anchor="p3")
    assert Run.of(tmp_path / "run").ladder["p3"].elo == 1000


def test_broken_lines_are_named_and_the_others_kept(tmp_path):
    broken = range(10, 90, 3)
    found = run(table(tmp_path / "x.csv", 200, broken=broken), tmp_path / "run")
    assert (found.added, found.broken) == (200 - len(broken), len(broken))
    assert [number for number, _ in found.problems] == list(broken)[:20]
    assert list(found.others) == list(broken)[20:]
    assert found.problems[0][1] == "the score '7' is none of 1, 0.5 and 0"


def test_twice_is_once_and_a_file_may_grow(tmp_path):
    file = table(tmp_path / "x.csv", 100)
    assert run(file, tmp_path / "run").added == 100
    before = rows(tmp_path / "run")
    assert run(file, tmp_path / "run")[:3] == (0, 100, 0)
    assert rows(tmp_path / "run") == before
    with file.open("a") as more:
        more.write("p0,p1,1,new\np1,p0,0,new\n")
    assert run(file, tmp_path / "run")[:3] == (2, 100, 0)
    other = table(tmp_path / "y.csv", 40, seed=1)
    assert run(other, tmp_path / "run").added == 40


def test_a_line_that_is_being_written_is_read_once_and_whole(tmp_path):
    file = tmp_path / "x.csv"
    file.write_text("first,second,score\na,b,1\nb,a,0")
    assert run(file, tmp_path / "run")[:3] == (1, 0, 1)
    with file.open("a") as more:
        more.write(".5\na,c,1\n")
    assert run(file, tmp_path / "run")[:3] == (2, 1, 0)
    assert {row.name: (row.wins, row.draws) for row in rows(tmp_path / "run")} == {
        "a": (2, 1),
        "b": (0, 1),
        "c": (0, 0),
    }
    file.write_text("first,second,score\na,b,1\nb,a,0.5\na,c,1\nc,b,")
    assert run(file, tmp_path / "run")[:3] == (0, 3, 1)
    file.write_text("first,second,score\na,b,1\nb,a,0.5\na,c,1\nb,c,1\n")  # the last one was never read
    assert run(file, tmp_path / "run")[:3] == (1, 3, 0)


@pytest.mark.parametrize(
    ("options", "wrong"),
    [
        ({"block_pairs": -1}, "a block has from 1 to 1,000,000,000 pairs, not -1"),
        ({"block_pairs": 0}, "pairs, not 0"),
        ({"block_pairs": 10**26}, "pairs, not 1000"),
        ({"most": float("nan")}, "the greatest payoff should be a number above 0, not nan"),
        ({"anchor": "zzz"}, "the anchor 'zzz' has no match in .*, and nothing was imported"),
    ],
)
def test_options_are_looked_at_before_anything_is_written(tmp_path, options, wrong):
    file = table(tmp_path / "x.csv", 40)
    with pytest.raises(ConfigError, match=wrong):
        run(file, tmp_path / "run", **options)
    assert not (tmp_path / "run").exists()
    run(file, tmp_path / "run", anchor="p1", block_pairs=7)
    with pytest.raises(ConfigError, match=wrong):
        run(file, tmp_path / "run", **options)
    with Store.read(tmp_path / "run") as store:
        assert (store.meta("config")["anchor"], store.meta("config")["block_pairs"]) == ("p1", 7)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be", "latin-1"])
def test_a_table_in_another_encoding_is_named(tmp_path, encoding):
    (tmp_path / "x.csv").write_text("first,second,score,été\na,b,1,\n", encoding=encoding)
    with pytest.raises(ConfigError, match=r"x\.csv is no UTF-8 text: save it as UTF-8"):
        run(tmp_path / "x.csv", tmp_path / "run")


def test_payoffs_of_any_size_but_the_absurd_are_rated(tmp_path):
    for name, size in (("tiny", 1e-9), ("huge", 1e15), ("none", 0.0)):
        lines = ["first,second,payoff", *[f"a,b,{size}", f"b,a,{-size}"] * 3, "a,b,1e-320", "a,b,1e308"]
        (tmp_path / f"{name}.csv").write_text("\n".join([*lines, ""]))
        found = run(tmp_path / f"{name}.csv", tmp_path / name, block_pairs=1)
        assert (found.added, [number for number, _ in found.problems]) == (6, [8, 9])
        assert len(rows(tmp_path / name)) == 2
    assert rows(tmp_path / "tiny")[0].name == rows(tmp_path / "huge")[0].name == "a"


def test_bytes_that_are_no_text_spoil_one_line(tmp_path):
    text = b"first,second,score,pair\na,b,1,\xff\na\xff,b,1,x\na,b,1,y\n"
    (tmp_path / "x.csv").write_bytes(text)
    assert [number for number, _ in run(tmp_path / "x.csv", tmp_path / "run").problems] == [2, 3]
    strange = tmp_path / os.fsdecode(b"\xff\n.csv")
    strange.write_text("first,second,score,pair\na,b,1,1\nb,a,0," + "x" * 1000 + "\n")
    assert run(strange, tmp_path / "strange").added == 2


def test_the_same_result_on_two_lines_is_two_matches(tmp_path):
    (tmp_path / "x.csv").write_text("first,second,score\n" + "a,b,1\n" * 7 + "b,a,1\n")
    assert run(tmp_path / "x.csv", tmp_path / "run").added == 8


def test_a_file_that_changed_inside_or_has_another_name_is_refused(tmp_path):
    file = table(tmp_path / "x.csv", 100)
    run(file, tmp_path / "run")
    text = file.read_text()
    (tmp_path / "y.csv").write_text(text)
    with pytest.raises(ConfigError, match=r"same matches as x\.csv"):
        run(tmp_path / "y.csv", tmp_path / "run")
    file.write_text(text.replace(",1,", ",0,", 1))
    with pytest.raises(ConfigError, match="has changed since it was imported"):
        run(file, tmp_path / "run")
    assert run(file, tmp_path / "fresh").added == 100


def test_payoffs_are_rated_by_blocks_of_pairs(tmp_path):
    rng = random.Random(0)
    lines = ["first,second,payoff,pair\n"]
    for i in range(400):
        lines += [f"a,b,{rng.gauss(1, 4):.3f},{i}\n", f"b,a,{rng.gauss(-1, 4):.3f},{i}\n"]
    (tmp_path / "x.csv").write_text("".join(lines))
    run(tmp_path / "x.csv", tmp_path / "run", block_pairs=10, anchor="b")
    held = Run.of(tmp_path / "run")
    assert held.game.scale == 20  # the greatest is 15.0, and the next of 1, 2, 5, 10, …
    assert held.ladder["a"].blocks == 40
    assert held.ladder["a"].mean_payoff.low > 0
    assert held.ladder["a"].low > 1000
    (tmp_path / "y.csv").write_text("first,second,payoff\na,b,19\na,b,21\n")
    found = run(tmp_path / "y.csv", tmp_path / "run")
    assert (found.added, found.problems) == (1, ((3, "the payoff 21 is not between -20 and 20"),))


def test_the_greatest_payoff_can_be_given(tmp_path):
    (tmp_path / "x.csv").write_text("first,second,payoff\na,b,19\na,b,210\n")
    found = run(tmp_path / "x.csv", tmp_path / "run", most=100)
    assert found.problems == ((3, "the payoff 210 is not between -100 and 100"),)
    with pytest.raises(ConfigError, match="pay 100 at most, not 300"):
        run(tmp_path / "x.csv", tmp_path / "run", most=300)


def test_results_of_a_game_of_ours_are_rated_by_its_rules(tmp_path):
    (tmp_path / "x.csv").write_text("first,second,payoff,pair\na,b,2,1\nb,a,-1,1\na,b,3,2\n")
    found = run(tmp_path / "x.csv", tmp_path / "run", game="kuhn_poker")
    assert found.problems == ((4, "the payoff 3 is not between -2 and 2"),)
    assert Run.of(tmp_path / "run").ladder["a"].mean_payoff.value == 1.5
    with pytest.raises(ConfigError, match="needs the column payoff instead of score"):
        run(table(tmp_path / "y.csv", 4), tmp_path / "other", game="kuhn_poker")
    with pytest.raises(ConfigError, match="holds matches of kuhn_poker, not leduc_poker"):
        run(tmp_path / "x.csv", tmp_path / "run", game="leduc_poker")


@pytest.mark.parametrize(
    ("name", "text", "wrong"),
    [
        ("x.csv", "", "its first line should name the columns"),
        ("x.csv", HEADER, r"holds no result that can be read, it is empty"),
        ("x.csv", HEADER + "a,b,9,\n", r"no result that can be read; line 2: the score '9'"),
        ("x.csv", "first,second,score\na,b,1", "line 2: the last line has no end yet"),
        ("x.csv", "first,second,score\ra,b,1\r", "ends its lines in CR alone"),
        ("x.jsonl", "nothing\n[]\n5\n", "holds no line that is a match as arena export writes them"),
        ("x.jsonl", json.dumps({"game": f"nim(heaps={'[' * 9_000})"}), "names the game .*, which cannot be read"),
        ("x.jsonl", json.dumps({"game": f"nim(heaps={'-' * 9_000}1)"}), "names the game .*, which cannot be read"),
        ("x.jsonl", json.dumps({"game": "x" * 20_000}), "holds no line that is a match"),
        ("x.jsonl", json.dumps({"game": "evil.py:Game"}), "runs code of that name here: if you trust it, add --game"),
        ("x.txt", "", r"should end in \.csv .* or \.jsonl"),
    ],
)
def test_files_that_hold_nothing_leave_no_run_behind(tmp_path, name, text, wrong):
    (tmp_path / name).write_text(text)
    with pytest.raises(ConfigError, match=wrong):
        run(tmp_path / name, tmp_path / "run")
    assert not (tmp_path / "run").exists()
    with pytest.raises(ConfigError, match="cannot be read"):
        run(tmp_path / "nowhere.csv", tmp_path / "run")


def test_a_tournament_is_no_place_for_imports(runs, tmp_path):
    with pytest.raises(ConfigError, match="holds a tournament: import into a folder of its own"):
        run(table(tmp_path / "x.csv", 4), runs / "runs" / "poker")


def test_one_process_writes(tmp_path):
    file = table(tmp_path / "x.csv", 10)
    with Store.open(tmp_path / "run"), pytest.raises(RunLocked):
        run(file, tmp_path / "run")


@pytest.fixture(scope="module")
def poker(tmp_path_factory):
    folder = tmp_path_factory.mktemp("poker")
    entrants = {"uniform": "uniform", "bet": 'script(prefer="bet")', "pass": 'script(prefer="pass")'}
    arena.tournament(TournamentConfig(game="kuhn_poker", pairs=60, block_pairs=10, entrants=entrants), folder)
    return folder


def test_json_lines_give_the_same_ratings_and_still_replay(poker, tmp_path):
    export.run(poker, tmp_path / "m.jsonl")
    found = run(tmp_path / "m.jsonl", tmp_path / "run", anchor="uniform", block_pairs=10)
    assert found[:3] == (360, 0, 0)
    assert rows(tmp_path / "run") == rows(poker)
    game = arena.load_game("kuhn_poker")
    with Store.read(tmp_path / "run") as store:
        for record in store.records():
            *_, (end, _) = record.replay(game)
            assert game.returns(end) == record.returns
    assert run(tmp_path / "m.jsonl", tmp_path / "run")[:3] == (0, 360, 0)


@pytest.mark.parametrize(("game", "by"), [("", "roles of nobody"), ("kuhn_poker", "roles of the game")])
def test_tables_give_the_same_ratings(poker, tmp_path, game, by):
    export.run(poker, tmp_path / "m.csv")
    run(tmp_path / "m.csv", tmp_path / "run", game=game, anchor="uniform", block_pairs=10, most=None if game else 2)
    assert rows(tmp_path / "run") == rows(poker)


def test_results_from_elsewhere_go_out_and_come_back(tmp_path):
    run(table(tmp_path / "x.csv", 200), tmp_path / "run", anchor="p1")
    for suffix in (".csv", ".jsonl"):
        export.run(tmp_path / "run", tmp_path / f"m{suffix}")
        run(tmp_path / f"m{suffix}", tmp_path / f"again{suffix}", anchor="p1")
        assert rows(tmp_path / f"again{suffix}") == rows(tmp_path / "run")


@pytest.mark.parametrize("suffix", [".csv", ".jsonl"])
def test_the_command_that_export_tells_gives_the_same_ratings(poker, tmp_path, suffix):
    command = shlex.split(export.run(poker, tmp_path / f"m{suffix}").command)
    assert command[:2] == ["arena", "import"]
    options = dict(word.removeprefix("--").replace("-", "_").split("=", 1) for word in command[3:])
    assert options.pop("run") == "NEW_RUN"
    run(Path(command[2]), tmp_path / "run", block_pairs=int(options.pop("block_pairs")), **options)
    assert rows(tmp_path / "run") == rows(poker)
    again = shlex.split(export.run(tmp_path / "run", tmp_path / f"again{suffix}").command)
    assert again[3:] == command[3:]


def test_names_that_a_spreadsheet_would_run_come_back(tmp_path):
    (tmp_path / "x.csv").write_text("first,second,score,pair\n=1+1,'@b,1,=1\n'@b,=1+1,0,=1\n")
    run(tmp_path / "x.csv", tmp_path / "run")
    export.run(tmp_path / "run", tmp_path / "m.csv")
    run(tmp_path / "m.csv", tmp_path / "again")
    assert rows(tmp_path / "again") == rows(tmp_path / "run")
    assert {row.name for row in rows(tmp_path / "run")} == {"=1+1", "@b"}


def test_broken_json_lines_are_named_and_the_others_kept(poker, tmp_path):
    export.run(poker, tmp_path / "m.jsonl")
    lines = (tmp_path / "m.jsonl").read_text().splitlines()
    good = json.loads(lines[0])
    changed = [
        {"fingerprint": "0" * 16},
        {"game": "os:system(command='echo PWNED > pwned')"},
        {"entrants": ["\ud800", "b"]},
        {"kind": ["a"]},
        {"reason": {}},
        {"culprit": [1]},
        {"step": 2**63},
    ]
    text = ["nothing", "[" * 100_000, lines[0], lines[1][:40]]
    text += [json.dumps({**good, **change, "key": f"k{i}"}) for i, change in enumerate(changed)]
    (tmp_path / "m.jsonl").write_text("\n".join([*text, *lines[2:]]))
    found = run(tmp_path / "m.jsonl", tmp_path / "run")
    assert (found.added, found.broken) == (len(lines) - 1, 3 + len(changed))
    assert [number for number, _ in found.problems] == [1, 2, 4, *range(5, 5 + len(changed))]
    said = dict(found.problems)
    assert "it was played under 'kuhn_poker' with other rules" in said[5]
    assert "it names the game" in said[6]
    with Store.read(tmp_path / "run") as store:
        assert {record.game for record in store.records()} == {"kuhn_poker"}


def test_a_json_line_that_is_being_written_is_read_when_it_is_whole(poker, tmp_path):
    export.run(poker, tmp_path / "m.jsonl")
    whole = (tmp_path / "m.jsonl").read_text()
    (tmp_path / "m.jsonl").write_text(whole[:-20])
    found = run(tmp_path / "m.jsonl", tmp_path / "run")
    assert found[:3] == (359, 0, 1)
    assert found.problems[0][1].startswith("the last line has no end yet and may be half written: ")
    (tmp_path / "m.jsonl").write_text(whole[:-1])  # an object that is closed is whole
    assert run(tmp_path / "m.jsonl", tmp_path / "run")[:3] == (1, 359, 0)


def test_a_name_that_runs_code_has_to_be_trusted(tmp_path):
    marker = tmp_path / "ran"
    (tmp_path / "mine.py").write_text(
        f"from arena.games.tic_tac_toe import TicTacToe\nopen({str(marker)!r}, 'w')\nclass Mine(TicTacToe): pass\n"
    )
    spec = f"{tmp_path}/mine.py:Mine"
    record = replace(arena.play("tic_tac_toe", ["uniform", 'script(prefer="5")'])[0], kind="tournament", game=spec)
    (tmp_path / "m.jsonl").write_text(json.dumps(export.as_json(record)))
    with pytest.raises(ConfigError, match="if you trust it, add --game"):
        run(tmp_path / "m.jsonl", tmp_path / "run")
    assert not marker.exists()
    assert run(tmp_path / "m.jsonl", tmp_path / "run", game="tic_tac_toe").added == 1
    with Store.read(tmp_path / "run") as store:
        assert [kept.game for kept in store.records()] == ["tic_tac_toe"]
    assert not marker.exists()


def test_a_killed_import_goes_on(tmp_path):
    file, folder = table(tmp_path / "x.csv", 40_000), tmp_path / "run"
    command = [sys.executable, "-m", "arena", "import", str(file), "--run", str(folder)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    kept = 0
    while not kept and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)
        try:
            with Store.read(folder) as store:
                kept = store.count()
        except OSError:  # not begun
            continue
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert 0 < kept < 40_000
    rest = run(file, folder)
    assert rest.added + rest.known == 40_000
    assert rest.known >= kept
    whole = run(file, tmp_path / "whole")
    assert whole.added == 40_000
    assert rows(folder) == rows(tmp_path / "whole")


def test_memory_does_not_grow_with_the_file(tmp_path):
    peaks = []
    for matches in (8_000, 20_000):
        file = table(tmp_path / f"{matches}.csv", matches, broken=range(100, matches, 40))
        tracemalloc.start()
        run(file, tmp_path / f"run{matches}")
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.2 * peaks[0] + 1e6
    assert os.path.getsize(tmp_path / "20000.csv") > 200_000
