"""What a language model learns a decision from: the conversation that a chat player would have, and its answer."""

from __future__ import annotations

from arena.errors import PlayerError
from arena.player import Request
from arena.players.answer import read, written
from arena.players.engines.engine import Prompt
from arena.players.prompt import Style, conversation


def lesson(request: Request, action: str, style: Style) -> tuple[Prompt, str]:
    """Return the conversation that ends with a question, and the answer that makes this move.

    What the model said before, if the style reminds it of that, is worded in the same way, whoever played those moves
    and however. Raises PlayerError for a style that thinks, of which records of moves show nothing, and for a move
    that would be read as another one.
    """
    if style.thinking:
        raise PlayerError("recorded moves do not show how to think: teach a chat player without thinking = True")
    asked = conversation(request, style)
    prompt = tuple(
        m._replace(content=written(m.content, style.notation)) if m.role == "assistant" else m for m in asked
    )
    answer = written(action, style.notation)
    if read(answer, "end", request.legal, style.notation) != action:
        raise PlayerError(f"the move {action!r} cannot be written as answer = {style.notation!r}: choose another form")
    return prompt, answer


def texts(request: Request, action: str) -> list[str]:
    """Return all that is read and written in one decision, in the default style."""
    prompt, answer = lesson(request, action, Style())
    return [*(message.content for message in prompt), answer]
