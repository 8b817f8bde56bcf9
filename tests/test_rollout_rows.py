"""Rollouts as verifiers saves them, rated."""

import json

import pytest

from arena.errors import ConfigError
from arena.tournaments.import_results import run
from arena.tournaments.rollout_rows import read, recognised
from arena.tournaments.run import Run
from tests.command_line import run as arena_command
from tests.command_line import succeed


def rollout(example, reward, **more):
    """One line, as `save_results` of verifiers writes it."""
    row = {
        "example_id": example,
        "prompt": [{"role": "system", "content": "You play tic-tac-toe."}, {"role": "user", "content": "Your move?"}],
        "completion": [{"role": "assistant", "content": "<move>5</move>"}],
        "task": "tic-tac-toe",
        "reward": reward,
        "generation_ms": 812.4,
        "scoring_ms": 0.2,
        "total_ms": 812.6,
        "info": {"seed": example},
        "won": float(reward >= 1) if isinstance(reward, int | float) else 0.0,
        "answer": "",
    }
    return json.dumps({**row, **more}) + "\n"


def save(folder, model, lines, **more):
    """Write a folder as `vf-eval` does, and return its results."""
    folder.mkdir(parents=True)
    metadata = {"env_id": "tic-tac-toe", "model": model, "num_examples": 20, "rollouts_per_example": 1, **more}
    (folder / "metadata.json").write_text(json.dumps(metadata))
    file = folder / "results.jsonl"
    file.write_text("".join(lines))
    return file


def test_models_are_rated_by_what_they_won_against_their_environment(tmp_path):
    strong = save(tmp_path / "a/7f3a", "Qwen/Qwen3-8B", [rollout(i, (1.0, 1.0, 0.5, 0)[i % 4]) for i in range(40)])
    weak = save(tmp_path / "b/12cd", "Qwen/Qwen3-4B", [rollout(i, (1, 0.0, 0.5, 0.0)[i % 4]) for i in range(40)])
    shown = succeed("import", strong, "--run", "r", cwd=tmp_path)
    assert "40 matches added" in shown
    assert "40 matches added" in succeed("import", weak, "--run", "r", cwd=tmp_path)
    ladder = Run.of(tmp_path / "r").ladder
    found = {row.name: (row.role, row.wins, row.draws, row.losses) for row in ladder.rows}
    assert found == {
        "Qwen/Qwen3-8B": ("first", 20, 10, 10),
        "Qwen/Qwen3-4B": ("first", 10, 10, 20),
        "tic-tac-toe": ("second", 30, 20, 30),
    }
    assert ladder.compare("Qwen/Qwen3-8B", "Qwen/Qwen3-4B").value > 50
    assert "Qwen/Qwen3-8B" in succeed("ratings", "r", cwd=tmp_path)


def test_twice_adds_nothing_and_a_file_that_has_grown_adds_what_is_new(tmp_path):
    file = save(tmp_path / "a/7f3a", "m", [rollout(i, 1.0) for i in range(5)])
    assert run(file, tmp_path / "r").added == 5
    with file.open("a") as more:
        more.write(rollout(5, 0.0))
    found = run(file, tmp_path / "r")
    assert (found.added, found.known) == (1, 5)


def test_a_part_of_the_reward_may_say_who_won(tmp_path):
    """0.8 for the win and 0.2 for the format: the sum is no result, and is never rounded to one."""
    lines = [rollout(i, 0.2 + 0.8 * (i % 2), won=float(i % 2), format_reward=1.0) for i in range(6)]
    file = save(tmp_path / "a/7f3a", "m", lines)
    with pytest.raises(
        ConfigError, match=r"line 1 of .* has the reward 0\.2, which is none of 1 .* nothing was imported"
    ):
        run(file, tmp_path / "r")
    assert not (tmp_path / "r").exists()
    assert run(file, tmp_path / "r", outcome="won").added == 6
    assert Run.of(tmp_path / "r").ladder["m"].wins == 3


BROKEN = {
    "no number": (rollout(0, "high"), "the reward high is none of"),
    "not finite": (rollout(0, float("nan")), "the reward nan is none of"),
    "true": (rollout(0, True), "the reward True is none of"),
    "nothing": (rollout(0, None), "the reward None is none of"),
    "failed": (rollout(0, 0.1, error="TimeoutError: the\nserver"), "the rollout failed (TimeoutError: the server)"),
    "half": (rollout(0, 1.0)[:40], "the last line has no end yet"),
    "no JSON": ("hello\n", "it is no JSON object"),
    "a list": ("[1]\n", "it is no JSON object"),
    "itself": (rollout(0, 1.0, task="m"), "'m' plays against itself"),
    "a bad task": (rollout(0, 1.0, task="a|b"), "the name 'a|b' will not do"),
    "deep": ("[" * 100_000 + "\n", "it is no JSON object"),
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_broken_line_is_told_and_the_others_are_kept(tmp_path, what):
    line, sentence = BROKEN[what]
    found = run(save(tmp_path / "a/7f3a", "m", [rollout(1, 1.0), line]), tmp_path / "r")
    assert (found.added, found.broken) == (1, 1)
    ((number, said),) = found.problems
    assert number == 2
    assert sentence in said


def test_what_is_neither_won_nor_lost_is_not_left_out(tmp_path):
    """Without its half-won games a model would have won them all."""
    file = save(tmp_path / "a/7f3a", "m", [rollout(0, 1.0), rollout(1, 0.7)])
    with pytest.raises(ConfigError, match=r"line 2 of .* has the reward 0\.7"):
        run(file, tmp_path / "r")


def test_a_column_that_is_missing_names_those_that_are_there(tmp_path):
    file = save(tmp_path / "a/7f3a", "m", [rollout(0, 1.0)])
    with pytest.raises(ConfigError, match="it has no column 'win'; numbers are in reward, generation_ms, scoring_ms"):
        run(file, tmp_path / "r", outcome="win")


def test_without_metadata_the_model_is_named_by_hand(tmp_path):
    file = save(tmp_path / "a/7f3a", "m", [rollout(0, 1.0), rollout(1, 0.0, task="default")])
    (tmp_path / "a/7f3a/metadata.json").unlink()
    done = arena_command("import", file, "--run", "r", cwd=tmp_path)
    assert done.returncode == 2
    assert "name it with --player" in done.stderr
    found = run(file, tmp_path / "r", player="mine")
    assert (found.added, found.problems[0][1][:18]) == (1, "it names no task, ")
    assert {row.name for row in Run.of(tmp_path / "r").ladder.rows} == {"mine", "tic-tac-toe"}


def test_the_task_default_is_the_environment(tmp_path):
    file = save(tmp_path / "a/7f3a", "m", [rollout(0, 1.0, task="default")], env_id="wordle")
    run(file, tmp_path / "r")
    assert {row.name for row in Run.of(tmp_path / "r").ladder.rows} == {"m", "wordle"}


def test_what_is_no_rollout_is_not_taken_for_one(tmp_path):
    assert recognised(rollout(0, 1.0).encode())
    for line in (b"", b"{}\n", b"[]\n", b'{"key": "a", "entrants": ["a", "b"], "reward": 1}\n', b"\xff\n"):
        assert not recognised(line)
    file = tmp_path / "x.jsonl"
    file.write_text('{"key": "a"}\n')
    with pytest.raises(ConfigError, match="--player and --outcome are for rollouts"):
        run(file, tmp_path / "r", player="m")


def test_rows_are_read_one_by_one():
    """Of a file of any size, only what is asked for."""

    def endless():
        number = 0
        while True:
            number += 1
            yield number, rollout(number, 1.0).encode()

    rows = read(endless(), "m", "")
    assert [next(rows)[0] for _ in range(3)] == [1, 2, 3]
