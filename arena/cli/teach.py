"""A language model learns to play from recorded matches: as it was played there, or by what that was paid."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from arena.cli import terminal
from arena.cli.terminal import Whole


def clone(
    model: str,
    *runs: Path,
    to: Path,
    player: str = "",
    adapter: Annotated[bool, Parameter(negative=())] = False,
    decisions: Whole = 20_000,
    epochs: Whole = 1,
    rate: float = 0.0,
    batch_tokens: Whole = 1024,
    seed: Whole = 0,
    won: Annotated[bool, Parameter(negative=())] = False,
) -> None:
    """Teach a language model the decisions of recorded matches (behaviour cloning).

    It learns to answer as the chat player is asked and answers, so the folder that comes out plays as it is. Beside
    the weights stands what they learned from. The same command writes the same weights on a CPU.

    Parameters
    ----------
    model
        A chat player with the folder of its model, for example "chat(model='models/tiny')".
    runs
        The folders of the runs to learn from, of one game or of several.
    to
        The folder to write, an ordinary one of Hugging Face.
    player
        Learn what this player of the runs decided; without it, what everybody did.
    adapter
        Leave the model as it is, and write a LoRA adapter for "chat(model=…, adapter=…)".
    decisions
        The most decisions to learn from; of more, a sample is drawn.
    epochs
        How often to go through them.
    rate
        The learning rate; by default 2e-4 for an adapter, else 5e-3 for models of less than ten million weights
        and 1e-5 for larger ones.
    batch_tokens
        The most tokens in a step.
    seed
        Decides the order, the sample and the beginning of an adapter.
    won
        Learn only from matches that a player won, what it decided there (rejection fine-tuning): those in which its
        seat was paid more than 0.
    """
    from arena.errors import ConfigError
    from arena.registry import find

    if not runs:
        raise ConfigError("there is nothing to learn from: name the folder of a run after the model")
    try:
        with terminal.live() as live:
            learned = find("trainers", "behaviour_cloning")(
                model, runs, to, player, live.show, adapter=adapter, decisions=decisions, epochs=epochs, rate=rate,
                batch_tokens=batch_tokens, seed=seed, won=won,
            )  # fmt: skip
    except KeyboardInterrupt:
        what = f"{to} is written and plays, but was not asked to its end" if to.exists() else "nothing is written"
        terminal.out().print(f"interrupted: {what}", markup=False)
        sys.exit(130)
    screen = terminal.out()
    screen.print(
        f"{learned.decisions:,} decisions learned in {len(learned.losses):,} steps: "
        f"loss {learned.before:.3f} at first, {learned.after:.3f} at the end (nats per token)",
        markup=False,
    )
    screen.print(f"legal replies: {learned.legal:.1%} of {learned.asked}", markup=False)
    screen.print(f'written: {to}, which plays as "{learned.player}"', markup=False, soft_wrap=True)


def improve(
    model: str,
    *runs: Path,
    to: Path,
    role: str = "",
    player: str = "",
    examples: Annotated[tuple[Path, ...], Parameter(consume_multiple=False, negative=())] = (),
    adapter: Annotated[bool, Parameter(negative=())] = False,
    epochs: Whole = 3,
    rate: float = 0.0,
    clip: float = 0.2,
    example_weight: float = 0.15,
    step_answers: Whole = 64,
    batch_tokens: Whole = 4096,
    seed: Whole = 0,
) -> None:
    """Teach a language model by what recorded answers were paid: a round of SPC, offline.

    Answers that were paid become likelier, and those that cost something less likely, as long as an answer's
    probability, by the geometric mean of its tokens, is within a band around what the model began with. Refused
    answers count too. Several rounds are pooled: begin from the model of round 0, and name the runs of all of them.
    The same command writes the same weights on a CPU.

    Parameters
    ----------
    model
        A chat player with the folder of its model, for example "chat(model='models/tiny')".
    runs
        The folders of the runs to learn from, of one game or of several.
    to
        The folder to write, an ordinary one of Hugging Face.
    role
        Learn what was answered in this role, for example critic; without it, in all.
    player
        Learn what this player of the runs answered; without it, what everybody did.
    examples
        A run of matches that show how to answer, whoever plays them: beside every answer stands a move that was made
        there in the role, to be imitated. May be repeated.
    adapter
        Leave the model as it is, and write a LoRA adapter for "chat(model=…, adapter=…)".
    epochs
        How often to go through the answers.
    rate
        The learning rate; by default 2e-5 for an adapter, else 1e-3 for models of less than ten million weights
        and 2e-6 for larger ones.
    clip
        Half of the width of the band.
    example_weight
        How much the examples weigh beside the answers.
    step_answers
        The answers in a step, and the examples.
    batch_tokens
        The most tokens that are computed at once; steps add up whatever that is.
    seed
        Decides the order and the beginning of an adapter.
    """
    from arena.errors import ConfigError
    from arena.registry import find

    if not runs:
        raise ConfigError("there is nothing to learn from: name the folder of a run after the model")
    try:
        with terminal.live() as live:
            learned = find("trainers", "offline_clipped")(
                model, runs, to, role, player, examples, live.show, adapter=adapter, epochs=epochs, rate=rate,
                clip=clip, example_weight=example_weight, step_answers=step_answers, batch_tokens=batch_tokens,
                seed=seed,
            )  # fmt: skip
    except KeyboardInterrupt:
        terminal.out().print(
            f"interrupted: {f'{to} is written' if to.exists() else 'nothing is written'}", markup=False
        )
        sys.exit(130)
    _tell(learned, to)


def _tell(learned: Any, to: Path) -> None:
    """Print what a model has learned from answers, and what became of them."""
    screen = terminal.out()
    refused = f", {learned.refused:,} of them refused" if learned.refused else ""
    lines = [
        f"{learned.answers:,} answers{refused}, paid {learned.payoff:+.3f} on average (in units of the game's scale)"
    ]
    lines += [f"left out: {count:,} {why}" for why, count in learned.left_out.items()]
    lines += (
        [f"{learned.examples:,} examples"]
        if learned.examples
        else ["no examples, so there is no supervised term: --examples RUN names some"]
    )
    seen = [*((f"epoch {i}", sight) for i, sight in enumerate(learned.epochs, 1)), ("afterwards", learned.after)]
    for when, sight in seen:
        shown = f", examples {sight.examples:.3f} nats per token" if learned.examples else ""
        lines.append(
            f"{when}: ratio {sight.raised:.3f} of the answers that were paid, {sight.lowered:.3f} of those that cost "
            f"something; {sight.clipped:.0%} clipped{shown}"
        )
    lines.append(f'written: {to}, which plays as "{learned.player}"')
    for line in lines:
        screen.print(line, markup=False, soft_wrap=True)
