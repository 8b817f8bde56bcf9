"""Why a move is refused, in words that help whoever made it."""

from __future__ import annotations

from collections.abc import Sequence

from arena.game import Text

_QUOTED = 200
"""Characters of an illegal action that are quoted; the record holds it whole."""


def illegal(action: str, legal: Sequence[str] | Text) -> str:
    """Return why an action is not among the legal ones, and what is."""
    where = "here; legal"
    if isinstance(legal, Text):
        if len(action) > legal.max_chars:
            return f"a reply may have at most {legal.max_chars} characters, this one has {len(action)}"
        action, legal, where = action.rpartition("\n")[2], legal.moves, "as the last line; legal"
    action = action if len(action) <= _QUOTED else action[:_QUOTED] + "…"
    shown = ", ".join(legal[:20]) + (", …" if len(legal) > 20 else "")
    return f"{action!r} is not legal {where}: {shown}"
