"""How long `arena --help` takes, beside an interpreter that does nothing: python tests/benchmarks/bench_cli.py."""

import statistics
import subprocess
import sys
import time

COMMANDS = {
    "python -c pass": [sys.executable, "-c", "pass"],
    "import cyclopts": [sys.executable, "-c", "import cyclopts"],
    "arena --help": [sys.executable, "-m", "arena", "--help"],
}
ROUNDS = 15


def seconds(command: list[str]) -> float:
    began = time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - began


def main() -> None:
    times: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for _ in range(ROUNDS):  # in turn, so that a slow moment of the machine meets all of them
        for name, command in COMMANDS.items():
            times[name].append(seconds(command))
    bare = statistics.median(times["python -c pass"])
    for name, measured in times.items():
        median = statistics.median(measured)
        print(f"{name:16} {1000 * median:6.0f} ms   {median / bare:5.1f} × the bare interpreter")


if __name__ == "__main__":
    main()
