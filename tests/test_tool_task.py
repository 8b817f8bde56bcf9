"""Tasks as texts and in files: what is read, what is refused and why, and what the shipped ones are worth."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arena.errors import ConfigError
from arena.games import tool_task
from arena.games.tool_task import SHIPPED, Task, call, load, read, refusal, write
from arena.games.tool_world import store
from arena.sandbox.pool import Pool
from arena.verification import OUTCOMES, outcome, program

TASK = Task(
    "Double the apples.", "def verify(world, answer):\n    return True", ("set apples 6", "done 6"), (("done 6",),)
)
TEXT = """Here is my task.
### instruction
Double the apples.
### Verification
def verify(world, answer):
    return True

### solution
  set apples 6

  done 6
### failure
done 6
"""


def test_a_text_is_read_and_written() -> None:
    assert read(TEXT, 8) == TASK
    assert read(write(TASK), 8) == TASK


def fenced(body: str, opening: str = "```") -> str:
    return f"{opening}\n{body}\n```"


@pytest.mark.parametrize("opening", ["```python", "```", "``` py ", "\n  ```Python"])
def test_a_part_may_stand_in_a_fence(opening: str) -> None:
    text = TEXT.replace(TASK.program, fenced(TASK.program, opening))
    assert text != TEXT
    assert read(text, 8) == TASK
    assert read(text.replace("  set apples 6\n\n  done 6", fenced("set apples 6\ndone 6")), 8) == TASK


@pytest.mark.parametrize(
    "program",
    [
        "Here it is:\n" + fenced(TASK.program),
        fenced(TASK.program) + "\nThat is all.",
        "```python\n" + TASK.program,
        TASK.program + "\n```",
        fenced(fenced(TASK.program)),
        fenced(TASK.program) + "\n" + fenced(TASK.program),
        "```python " + TASK.program + "\n```",
        fenced(TASK.program + "  # ```"),
    ],
)
def test_what_is_no_fence_around_the_whole_part_stays_as_it_is(program: str) -> None:
    found = read(TEXT.replace(TASK.program, program), 8)
    assert isinstance(found, Task)
    assert found.program == program


def test_a_fence_around_nothing_is_an_empty_part() -> None:
    assert "the verification has 0 characters" in read(TEXT.replace(TASK.program, "```python\n```"), 8)


@given(
    st.lists(st.lists(st.sampled_from(["list", "get a", "nonsense"]), max_size=3), min_size=2, max_size=6), st.text()
)
def test_what_is_written_is_read(cases, word) -> None:
    word = "".join(letter for letter in word if letter.isprintable()).strip()
    solution, *failures = [(*lines, f"done {i}") for i, lines in enumerate(cases)]
    task = Task(f"Do it: {word}", "def verify(world, answer):\n    return answer == '0'", solution, tuple(failures))
    if "###" not in word and len(failures) <= tool_task.MAX_FAILURES:
        assert read(write(task), 4) == task


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (("### failure\ndone 6\n", ""), "in this order, and here: instruction, verification, solution"),
        (("### instruction\n", ""), "in this order, and here: verification, solution, failure"),
        (("### solution", "### failure"), "in this order"),
        (("### failure", "### solution"), "in this order"),
        ((TEXT, "some text"), "in this order, and here: none"),
        (("Double the apples.", " "), "the instruction has 1 characters: write 1 to 600"),
        (("Double the apples.", "x" * 601), "the instruction has 601 characters"),
        (("return True", "return True  # " + "x" * 2000), "write 1 to 2,000"),
        (("### failure\ndone 6", "### failure\ndone 6\n" * 6), "there are 6 failures: write 1 to 5"),
        (("  done 6\n", ""), "a solution is lines that call tools, and at its end one line with done"),
        (("### failure\ndone 6", "### failure\n"), "a failure is lines that call tools"),
        (("set apples 6", "done 6"), "at its end one line with done"),
        (("set apples 6", "list\n" * 8), "a solution has 9 lines, and at most 8 can be played"),
        (("set apples 6", "set apples " + "6" * 200), "a solution has a line of more than 200 characters"),
    ],
)
def test_what_is_no_task_is_said_in_a_sentence(change, sentence: str) -> None:
    found = read(TEXT.replace(*change), 8)
    assert isinstance(found, str)
    assert sentence in found
    assert "\n" not in found


@pytest.mark.parametrize(
    ("outcomes", "why"),
    [
        ([], ""),
        (["true"], ""),
        (["true", "false", "false"], ""),
        (["false"], "solution fails"),
        (["true", "false", "true"], "failure passes"),
        (["error"], "error"),
        (["true", "time"], "time"),
        (["unsteady"], "unsteady"),
    ],
)
def test_the_filter_is_a_table(outcomes, why: str) -> None:
    assert refusal(outcomes) == why
    assert why in ("", *tool_task.REFUSALS)


@given(st.lists(st.sampled_from(OUTCOMES), max_size=6))
def test_the_filter_passes_true_and_then_false_alone(outcomes) -> None:
    assert (refusal(outcomes) == "") == (outcomes == (["true"] + ["false"] * 9)[: len(outcomes)])


def test_the_judge_is_called_with_what_came_of_the_lines() -> None:
    posed = tool_task.Posed(store({"apples": 3}), TASK)
    assert call(posed, TASK.solution).arguments == ({"apples": 6}, "6")
    assert call(posed, TASK.failures[0]).arguments == ({"apples": 3}, "6")


def test_every_shipped_task_passes_the_filter() -> None:
    shipped = load(SHIPPED, 8)
    assert len({posed.task.instruction for posed in shipped}) == len(shipped) >= 10
    asked = [(posed, program(call(posed, lines))) for posed in shipped for lines in posed.task.cases]
    with Pool(run_untrusted_code_without_isolation=True) as pool:
        endings = pool.run([text for _, text in asked])
    for posed in shipped:
        said = [outcome(ending) for (whose, _), ending in zip(asked, endings, strict=True) if whose is posed]
        assert len(said) == len(posed.task.cases)
        assert refusal(said) == "", posed.task.instruction
        assert read(write(posed.task), 8) == posed.task


ROW = {
    "world": {"apples": 3},
    "instruction": "Double the apples.",
    "verification": "def verify(world, answer):\n    return True",
    "solution": ["set apples 6", "done 6"],
    "failures": [["done 6"]],
}


def test_a_file_is_read(tmp_path: Path) -> None:
    file = tmp_path / "tasks.jsonl"
    file.write_text(f"{json.dumps(ROW)}\n\n")
    (posed,) = load(file, 8)
    assert posed == (store({"apples": 3}), TASK)


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ("{", "line 1 is no task"),
        ("[]", "line 1 is no task"),
        (json.dumps({**ROW, "world": {"Apples": 3}}), "'Apples' with 3 cannot be kept in a store"),
        (json.dumps({key: value for key, value in ROW.items() if key != "failures"}), "it has no 'failures'"),
        (json.dumps({**ROW, "failures": []}), "there are 0 failures"),
        (json.dumps({**ROW, "solution": "done 6"}), "'done 6' is no list of lines"),
        (json.dumps({**ROW, "instruction": 3}), "3 is no text"),
        (json.dumps({**ROW, "solution": ["list"] * 8 + ["done 6"]}), "a solution has 9 lines"),
        ("", "holds no tasks"),
    ],
)
def test_a_file_with_what_is_no_task_is_refused_with_its_line(tmp_path: Path, row: str, sentence: str) -> None:
    file = tmp_path / "tasks.jsonl"
    file.write_text(row)
    with pytest.raises(ConfigError, match=r"tasks\.jsonl") as caught:
        load(file, 8)
    assert sentence in str(caught.value)
