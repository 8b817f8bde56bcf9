"""A report on a game as text for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from arena.interval import Interval
from arena.testing.findings import Finding, Severity
from arena.testing.games import GameReport

_MOVES = 100
"""Moves that are shown of a finding; an endless game would fill the terminal."""


def write_report(report: GameReport, verbose: bool = False) -> str:
    """Return what was found, in full; `verbose` adds what each role is shown at its first decision."""
    lines = [*write_findings(report.findings)]
    if report.results is not None:
        lines += ["", *_size(report), *_results(report)]
    if report.sights:
        lines += ["", *_sights(report)]
    if verbose:
        for prompt in report.prompts:
            lines += [
                "",
                "what a player is shown at its first decision:",
                *(f"  {x}".rstrip() for x in prompt.split("\n")),
            ]
    return "\n".join([*lines, "", verdict(report.game.spec, report.findings)]).lstrip("\n")


def verdict(name: str, findings: Sequence[Finding]) -> str:
    """Return the last line: whether all promises are kept."""
    errors, warnings = (sum(f.severity is s for f in findings) for s in (Severity.ERROR, Severity.WARNING))
    if errors:
        return f"{name} breaks {errors} promise{'s' * (errors > 1)}"
    return f"{name} keeps its promises" + (f" ({warnings} warning{'s' * (warnings > 1)})" if warnings else "")


def write_findings(findings: Sequence[Finding]) -> Iterator[str]:
    """Yield the lines of every finding: what was seen, on which moves, what to do."""
    for finding in findings:
        often = f" ({finding.times:,} times)" if finding.times > 1 else ""
        yield f"{finding.severity} [{finding.code}]{often}: {finding.seen}"
        if finding.moves is not None:
            shown = ", ".join(map(repr, finding.moves[:_MOVES])) or "none, at the start"
            rest = f", … ({len(finding.moves):,} in all)" if len(finding.moves) > _MOVES else ""
            yield f"  on the moves: {shown}{rest}"
        yield f"  do: {finding.advice}"


def _size(report: GameReport) -> Iterator[str]:
    if (count := report.count) is not None:
        yield (
            f"size: {count.states:,} states, {count.decisions:,} of them decisions, in {count.sets:,} information sets "
            "(exact; equal states count once)"
        )
    elif (log := report.log_nodes) is not None and log.high - log.low > 1:
        at_least = f"more than {_power(log.low)} nodes (a few random games carry the estimate)"
        yield f"size: too large to walk through, {at_least}"
    elif log is not None:
        interval = f"95%: {_power(log.low)} to {_power(log.high)}"
        yield f"size: too large to walk through, about {_power(log.value)} nodes ({interval})"
    else:
        yield "size: any text is a move, so there is no end to it"


def _power(log: float) -> str:
    """Return 10**log with two digits, without ever computing it."""
    exponent = int(log // 1)
    return f"{10 ** (log - exponent):.1f}e{exponent}"


def _results(report: GameReport) -> Iterator[str]:
    played, game = report.results, report.game
    assert played is not None
    least, mean, most = played.length
    yield f"random play, {played.games:,} games of {least} to {most} moves (mean {mean:.1f}), {played.draws:.1%} draws:"
    for role, payoff in zip(game.roles, played.payoffs, strict=True):
        yield f"  {role}: {_write(payoff)}"


def _write(payoff: Interval | None) -> str:
    if payoff is None:
        return "is never paid"
    return f"mean payoff {payoff.value:+.3f} (95%: {payoff.low:+.3f} to {payoff.high:+.3f})"


def _sights(report: GameReport) -> Iterator[str]:
    roles = report.game.roles
    yield "who sees what at the moment it happens (is this what the rules say?):"
    for event in dict.fromkeys(sight.event for sight in report.sights):
        seats = [sight for sight in report.sights if sight.event == event]
        told = [
            f"{roles[sight.seat]} {'sees it' if not sight.unseen else 'in part' if sight.seen else 'does not'}"
            for sight in sorted(seats, key=lambda sight: sight.seat)
        ]
        yield f"  {event}: {', '.join(told)}"
