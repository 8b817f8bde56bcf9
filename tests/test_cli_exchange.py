"""Exporting and importing on the command line."""

import json

from tests.command_line import run, succeed


def test_a_run_goes_out_as_a_file_and_comes_back_as_a_run(runs, tmp_path):
    file = tmp_path / "poker.jsonl"
    said = succeed("export", "runs/poker", file, cwd=runs)
    assert "120 matches written into" in said
    assert f"arena import {file} --run=NEW_RUN --anchor=uniform --block-pairs=20\n" in said
    assert json.loads(file.read_text().splitlines()[0])["game"] == "kuhn_poker"
    back = ["import", file, "--run", tmp_path / "back", "--anchor", "uniform", "--block-pairs", 20]
    assert "120 matches added; arena ratings" in succeed(*back)
    assert "0 matches added, 120 were there already" in succeed(*back)
    before, after = succeed("ratings", "runs/poker", cwd=runs), succeed("ratings", tmp_path / "back")
    for name in ("uniform", "bet"):
        line = next(line for line in before.splitlines() if f" {name} " in line)
        assert line in after


def test_broken_lines_are_told_and_the_rest_is_rated(tmp_path):
    lines = ["first,second,winner", "a,b,a", "b,a,b", *["a,b,nobody"] * 23, "a,b,draw"]
    (tmp_path / "x.csv").write_text("\n".join(lines) + "\n")
    said = succeed("import", tmp_path / "x.csv", "--run", tmp_path / "run")
    assert "line 4 is left out: the winner 'nobody' is neither 'a' nor 'b' nor draw" in said
    assert "line 23 is left out" in said
    assert "line 24 is left out" not in said
    assert "and 3 more broken lines" in said
    assert "3 matches added, 23 lines left out" in said
    (tmp_path / "y.csv").write_text("first,second,winner\na,b,a\na,b,")
    assert "1 match added, 1 line left out" in succeed("import", tmp_path / "y.csv", "--run", tmp_path / "run")
    table = succeed("ratings", tmp_path / "run", "--deep")
    assert "matches played elsewhere" in table
    assert "Nash weight" in table


def test_mistakes_are_one_sentence(runs, tmp_path):
    (tmp_path / "x.csv").write_text("who,whom\na,b\n")
    (tmp_path / "y.csv").write_text("first,second,score\na,b,1\n")
    succeed("import", tmp_path / "y.csv", "--run", tmp_path / "pool")
    for arguments, said in (
        (("export", "runs/poker", tmp_path / "m.pgn"), "has no PGN"),
        (("export", "runs/nowhere", tmp_path / "m.csv"), "there is no run"),
        (("import", tmp_path / "x.csv", "--run", tmp_path / "run"), "its first line should name the columns"),
        (("replay", "runs/poker", "no-such-key"), "has no match"),
        (("tournament", "poker.toml", "--run", tmp_path / "pool"), "holds a pool of results, not a tournament"),
        (("import", tmp_path / "y.csv", "--run", tmp_path / "pool", "--block-pairs", "-1"), "a block has from 1 to"),
    ):
        done = run(*arguments, cwd=runs)
        assert done.returncode == 2
        assert said in done.stderr
        assert "Traceback" not in done.stderr
        assert len(done.stderr.strip().splitlines()) == 1


def test_a_match_without_moves_cannot_be_replayed_and_says_so(tmp_path):
    (tmp_path / "x.csv").write_text("first,second,score\na,b,1\n")
    succeed("import", tmp_path / "x.csv", "--run", tmp_path / "run")
    listed = succeed("replay", tmp_path / "run")
    assert "a vs b" in listed
    done = run("replay", tmp_path / "run", listed.split()[0])
    assert done.returncode == 2
    assert "only their results are here" in done.stderr
