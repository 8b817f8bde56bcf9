"""Says what programs come to that nobody has read, by running them in the sandbox: who takes a cast seat that judges.

::

    [cast]
    verifier = "verifier"

It is asked as `arena.verification` says, and answers with nothing but a word of its list. Each call is run twice,
in two fresh sandboxes, since a program that throws dice is no judge.
"""

from __future__ import annotations

from arena.player import Move, Requests
from arena.sandbox.pool import Pool
from arena.sandbox.program_limits import Limits
from arena.verification import FALSE, NEITHER, TRUE, UNSTEADY, outcome, program, read

_RUNS = 2
_SURE = {TRUE, FALSE, NEITHER, "error"}
"""What does not depend on how busy this machine is; nor does it that a program came to two of these, which is kept too,
lest an equal call that is asked again be answered otherwise. The memory ends with the process: a run that is resumed
throws a program's dice anew.
"""
_REMEMBERED = 10_000
"""Calls whose outcome is kept: the tasks of a file come again and again."""


class Verifier:
    """Runs each program for at most `cpu_seconds`, as many side by side as there are cores.

    Raises ConfigError where programs cannot be isolated, unless `run_untrusted_code_without_isolation`: then a program
    can read and delete whatever this user can, use the network, and start processes that outlive it.
    """

    def __init__(self, cpu_seconds: int = 2, run_untrusted_code_without_isolation: bool = False) -> None:
        self.name = "verifier"
        limits = Limits(cpu_seconds=cpu_seconds, wall_seconds=3.0 * cpu_seconds)
        self._pool = Pool(limits, run_untrusted_code_without_isolation=run_untrusted_code_without_isolation)
        self._known: dict[str, str] = {}

    def act(self, batch: Requests) -> list[Move]:
        """Answer every question; no randomness is used."""
        calls = [read(request.text) for request in batch]
        asked = [program(call) for call in calls]
        answers = {text: self._known[text] for text in asked if text in self._known}
        unknown = [text for text in dict.fromkeys(asked) if text not in answers]
        endings = self._pool.run([text for text in unknown for _ in range(_RUNS)])
        sure: dict[str, str] = {}
        for i, text in enumerate(unknown):
            found = {outcome(ending) for ending in endings[i * _RUNS : (i + 1) * _RUNS]}
            answers[text] = next(iter(found)) if len(found) == 1 else UNSTEADY
            if found <= _SURE:
                sure[text] = answers[text]
        if len(self._known) + len(sure) > _REMEMBERED:
            self._known.clear()
        self._known |= sure
        return [Move(answers[text]) for text in asked]

    def close(self) -> None:
        """End the sandboxes."""
        self._pool.close()
