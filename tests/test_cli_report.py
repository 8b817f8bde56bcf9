"""The page on the command line."""

from tests.command_line import run, succeed


def test_the_page_is_written_where_it_is_wanted(runs, tmp_path):
    assert succeed("report", "runs/poker", cwd=runs) == "written to runs/poker/report.html\n"
    file = tmp_path / "league.html"
    assert succeed("report", "runs/league", "--out", file, cwd=runs) == f"written to {file}\n"
    assert "league: kuhn_poker" in file.read_text(encoding="utf-8")


def test_a_mistake_is_one_sentence(runs):
    failed = run("report", "runs/nothing", cwd=runs)
    assert failed.returncode == 2
    assert (
        failed.stderr == "arena: there is no run runs/nothing: name the folder that a command said it kept its run in\n"
    )
