"""A player and a file of questions: how many it answers correctly."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from arena.cli import terminal
from arena.cli.terminal import Whole

if TYPE_CHECKING:
    from arena.benchmarking import Score


def benchmark(
    file: Path,
    *,
    player: str,
    samples: Whole = 1,
    run: Annotated[Path | None, Parameter(help="A folder to keep the replies in; the same command goes on there.")] = (
        None
    ),
    seed: Whole = 0,
) -> None:
    """Say how many questions of a file a player answers correctly.

    Each line of the file is a JSON object with a question and its answer. Who can answer in free text can take part:
    language models, programs, people. Each reply counts as it comes; one without an answer is wrong.

    Parameters
    ----------
    file
        The questions, for example gsm8k_test.jsonl, or what arena new questions writes.
    player
        A player's name or a model's folder, for example "chat(model='models/qwen', thinking=True, answer='boxed')".
    samples
        How often each question is asked; with several, the majority of the answers is graded too.
    seed
        The same seed draws the same replies.
    """
    from arena import api

    def tell(progress: Any) -> None:
        live.show(progress.what, progress.done, progress.total, progress.unit)

    try:
        with terminal.live() as live:
            score = api.benchmark(file, player, samples, seed, tell, folder=run)
    except KeyboardInterrupt:
        if run is not None:
            raise  # the command line says that the same command goes on
        terminal.out().print("interrupted before all replies were graded: no score", markup=False)
        sys.exit(130)
    for line in describe(score):
        terminal.out().print(line, markup=False)
    if run is not None:
        terminal.out().print(f"kept in {run}; arena replay {run} shows what was answered", markup=False)


def describe(score: Score) -> list[str]:
    """Return a score in narrow lines."""
    value, low, high = score.pass_at_1
    lines = [f"pass@1 {value:.1%} [{low:.1%}, {high:.1%}], {_count(score.questions, 'question')}"]
    if score.samples > 1:
        lines[0] += f", {score.samples} samples each"
        value, low, high = score.maj_at_k
        lines.append(f"maj@{score.samples} {value:.1%} [{low:.1%}, {high:.1%}]")
    lines.append(f"  graded by {score.grader}; {score.unanswered:.1%} of the replies held no answer")
    if score.grader == "exact rules":
        lines.append("  (terms need math-verify: pip install 'selfplay-arena[math]')")
    for number, what in ((score.hung, "did not end in time"), (score.crashed, "broke the grader")):
        if number:
            lines.append(f"  {_count(number, 'comparison')} {what} and so count{'s' * (number == 1)} as unequal")
    return lines


def _count(number: int, thing: str) -> str:
    return f"{number:,} {thing}{'s' if number != 1 else ''}"
