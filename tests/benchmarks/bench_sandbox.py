"""How many small programs run per second: python tests/benchmarks/bench_sandbox.py.

In a warm pool, in a sandbox made anew for each, and, to see what the walls cost, in a bare `python -I -S` for each,
which protects nothing. They take turns, so that whatever else the machine does meets all three.
"""

import subprocess
import sys
import time
from collections.abc import Callable

from arena.sandbox.ending import Kind
from arena.sandbox.pool import Pool, run

ROUNDS = 5
PROGRAM = """
def solve(numbers, target):
    seen = {}
    for place, number in enumerate(numbers):
        if target - number in seen:
            return seen[target - number], place
        seen[number] = place

result = solve([2, 7, 11, 15], CASE) is not None
print(result)
"""


def programs(count: int) -> list[str]:
    """Return programs of which no two are the same."""
    return [PROGRAM.replace("CASE", str(case)) for case in range(count)]


def bare(program: str) -> None:
    subprocess.run([sys.executable, "-I", "-S", "-c", program], capture_output=True, check=True)


def seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def main() -> None:
    with Pool() as pool:
        slots = len(pool._slots)
        assert {ending.kind for ending in pool.run(programs(50))} == {Kind.DONE}
        ways: dict[str, tuple[int, Callable[[], object]]] = {
            f"warm pool, {slots} slots": (200, lambda: pool.run(programs(200))),
            "a fresh sandbox each": (20, lambda: [run(program) for program in programs(20)]),
            "a bare process each": (20, lambda: [bare(program) for program in programs(20)]),
        }
        took = dict.fromkeys(ways, 0.0)
        for _ in range(ROUNDS):
            for name, (_, work) in ways.items():
                took[name] += seconds(work)
        rates = {name: ROUNDS * count / took[name] for name, (count, _) in ways.items()}
        least = rates["a fresh sandbox each"]
        for name, rate in rates.items():
            print(f"{name:24} {rate:8,.1f} programs/s   {rate / least:6.1f} x   1,000 in {1000 / rate:7.1f} s")


if __name__ == "__main__":
    main()
