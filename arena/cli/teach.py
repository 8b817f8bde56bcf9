"""A language model learns to play from recorded matches."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

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
