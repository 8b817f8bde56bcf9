"""What a game says of itself before anyone moves: names, roles, vocabulary, rules, parameters."""

from __future__ import annotations

import re
from collections import defaultdict
from inspect import cleandoc
from math import isfinite
from typing import Any

from arena.errors import ArenaError
from arena.game import Game
from arena.registry import load_game, parse
from arena.testing.findings import Findings, short

_MARKERS = set("[]{}<>`\\")
"""Characters with which chat players mark the move inside a reply."""

_SHORT_RULES = 60
"""Characters below which rules can hardly tell a newcomer how to play."""


def check_declaration(game: Game[Any], findings: Findings) -> None:
    """Check all that can be known of a game without playing it."""
    if not isinstance(game.name, str) or not game.name:
        findings.error("name", f"the game's name is {game.name!r}", 'give it one: name = "my_game"')
    _check_seats(game, findings)
    _check_scale(game, findings)
    _check_vocabulary(game, findings)
    _check_rules(game, findings)
    _check_spec(game, findings)


def _check_seats(game: Game[Any], findings: Findings) -> None:
    if not game.roles:
        findings.error("roles", "it has no roles", 'name one per seat: roles = ("first", "second")')
    for role in game.roles:
        if not isinstance(role, str) or not re.fullmatch(r"[\w-]+", role):
            findings.error("roles", f"the role {role!r} cannot name a folder", "take letters, digits, _ and -")
    if len(game.side_of) != game.seats:
        findings.error("sides", f"{game.seats} roles have {len(game.side_of)} sides", "name one side per seat")
    elif (taken := {side for side in game.side_of if side >= 0}) != set(range(len(taken))):
        findings.error("sides", f"sides are {game.side_of}", "number them 0, 1, … without a gap; −1 is the cast")


def _check_scale(game: Game[Any], findings: Findings) -> None:
    if game.scoring not in ("outcome", "payoff"):
        findings.error(
            "scoring", f"scoring {game.scoring!r} is neither outcome nor payoff", "say who won, or how much is won"
        )
    least, greatest = game.payoff_range
    if not (isfinite(least) and isfinite(greatest) and least <= greatest):
        findings.error(
            "payoff_range", f"payoff_range {game.payoff_range} is empty or endless", "give the least and greatest"
        )


def _check_vocabulary(game: Game[Any], findings: Findings) -> None:
    if not isinstance(game.actions, tuple):
        kind = type(game.actions).__name__
        findings.error("actions", f"actions is a {kind}", "take a tuple, since its order is that of the policy")
    if len(set(game.actions)) != len(game.actions):
        findings.error("actions", "its actions are not distinct", "name every action once")
    for action in game.actions:
        check_action_name(action, findings)
    alike = same_but_for_case(game.actions)
    if alike:
        findings.note(
            "case",
            f"the actions {alike} differ in upper and lower case only",
            "a player that is careless about it errs",
        )


def check_action_name(action: object, findings: Findings) -> None:
    """Check that a player can say the action, and that it survives being written down."""
    if not isinstance(action, str):
        findings.error("action_name", f"the action {action!r} is a {type(action).__name__}", "actions are text")
    elif not action.isprintable() or action != action.strip() or not action:
        findings.error(
            "action_name",
            f"the action {action!r} is empty, begins or ends with a space, or holds a control character",
            "name it so that it can be typed and read back",
        )
    elif found := _MARKERS & set(action):
        findings.warning(
            "markers",
            f"the action {action!r} holds {' '.join(sorted(found))}",
            "these mark the move in a chat player's reply: name it without them",
        )


def same_but_for_case(actions: Any) -> list[str]:
    """Return the first group of actions that only upper and lower case tell apart; empty if there is none."""
    folded = defaultdict(list)
    for action in actions:
        if isinstance(action, str):
            folded[action.casefold()].append(action)
    return next((group for group in folded.values() if len(group) > 1), [])


def _check_rules(game: Game[Any], findings: Findings) -> None:
    borrowed = cleandoc(Game.__doc__ or "")
    for role in game.roles:
        try:
            rules = game.rules(role)
        except Exception as error:  # noqa: BLE001 - foreign code; its failure is the finding
            findings.error("rules", f"rules({role!r}) raises {error!r}", "return what a newcomer must be told")
            continue
        if not isinstance(rules, str) or not rules.strip() or rules in (game.name, borrowed):
            findings.error(
                "rules",
                f"the role {role!r} has no rules",
                "write the whole rules for a newcomer as the class docstring, or rules(role)",
            )
        elif len(rules) < _SHORT_RULES:
            findings.warning(
                "rules_short",
                f"the rules are {rules!r}",
                "tell moves, aim, end and payoffs: it is all that players get",
            )


def _check_spec(game: Game[Any], findings: Findings) -> None:
    """Check that what was written down about the game makes the same game again."""
    advice = "keep every parameter under its own name (self.size = size); take numbers, text, lists or tuples"
    try:
        given = game.parameters
        inside = ", ".join(f"{key}={value!r}" for key, value in given.items())
        if parse(f"{game.name}({inside})").parameters != given:
            findings.error("parameters", f"the parameters {inside} do not read back as they were written", advice)
        again = load_game(game.spec) if "_spec" in vars(game) else type(game)(**given)
        if again.fingerprint != game.fingerprint:
            was = f"{game.fingerprint}, and {again.fingerprint} when it is made again"
            findings.error("fingerprint", f"the fingerprint of {game.spec} is {was}", advice)
    except ArenaError as error:
        findings.error("parameters", short(str(error)).strip("'\""), advice)
    except Exception as error:  # noqa: BLE001 - foreign code; its failure is the finding
        findings.error("parameters", f"{game.name} cannot be made again from its parameters: {error!r}", advice)
