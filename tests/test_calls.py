"""The filter of system calls, run by a small interpreter of its language, on the calls of both machines."""

import errno
import re
import socket
from pathlib import Path

import pytest

from arena.sandbox import calls

NATIVE = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
HEADERS = {
    "x86_64": [Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h"), Path("/usr/include/asm/unistd_64.h")],
    "aarch64": [Path("/usr/include/asm-generic/unistd.h")],
}
ALLOW, KILL = 0x7FFF0000, 0x80000000
on_each_machine = pytest.mark.parametrize("machine", NATIVE)


def answer(machine: str, number: int, first: int = 0, name: int | None = None) -> int:
    """Return what the kernel would do with a call: as it runs the filter, line by line."""
    data = {0: number, 4: NATIVE[machine] if name is None else name, 16: first & 0xFFFFFFFF}
    lines = calls.program(machine)
    at = accumulator = 0
    while True:
        code, if_so, if_not, value = lines[at]
        at += 1
        if code == 0x06:
            return value
        if code == 0x20:
            accumulator = data[value]
        else:
            holds = {0x15: accumulator == value, 0x35: accumulator >= value, 0x45: bool(accumulator & value)}[code]
            at += if_so if holds else if_not


def refused(number: int) -> int:
    return 0x00050000 | number


@on_each_machine
def test_what_is_forbidden_fails(machine) -> None:
    column = list(NATIVE).index(machine)
    for numbers in calls._FORBIDDEN.values():
        assert answer(machine, numbers[column]) == refused(errno.EPERM)


@on_each_machine
def test_sockets_are_of_this_machine_alone(machine) -> None:
    number = {"x86_64": 41, "aarch64": 198}[machine]
    assert answer(machine, number, socket.AF_UNIX) == ALLOW
    for family in (socket.AF_INET, socket.AF_INET6, 16, 17, 38, 40):
        assert answer(machine, number, family) == refused(errno.EPERM)


@on_each_machine
def test_processes_may_be_started_and_namespaces_not(machine) -> None:
    number = {"x86_64": 56, "aarch64": 220}[machine]
    assert answer(machine, number, 17) == ALLOW
    assert answer(machine, number, 0x3D0F00) == ALLOW  # as threads are started
    for flag in (0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000, 0x80):
        assert answer(machine, number, 17 | flag) == refused(errno.EPERM)
    assert answer(machine, 435) == refused(errno.ENOSYS)


@on_each_machine
def test_the_rest_is_allowed_as_far_as_it_is_known(machine) -> None:
    assert answer(machine, {"x86_64": 1, "aarch64": 64}[machine]) == ALLOW  # write
    assert answer(machine, 462) == ALLOW
    assert answer(machine, 463) == refused(errno.ENOSYS)


def test_calls_by_another_set_of_numbers_kill() -> None:
    assert answer("x86_64", 1, name=0x40000003) == KILL  # 32 bits
    assert answer("aarch64", 64, name=NATIVE["x86_64"]) == KILL
    assert answer("x86_64", 0x40000000 + 59) == KILL


@on_each_machine
def test_the_numbers_are_those_of_the_kernel(machine) -> None:
    header = next((path for path in HEADERS[machine] if path.exists()), None)
    if header is None:
        pytest.skip("the kernel's headers are not installed")
    theirs = {
        name: int(number)
        for name, number in re.findall(r"#define __NR(?:3264)?_(\w+)\s+(\d+)", header.read_text(encoding="utf-8"))
    }
    column = list(NATIVE).index(machine)
    known = {name: numbers[column] for name, numbers in calls._FORBIDDEN.items()}
    known |= {"socket": calls._SOCKET[column], "clone": calls._CLONE[column], "clone3": calls._CLONE3}
    assert {name: theirs.get(name, number) for name, number in known.items()} == known
    assert len(set(known.values())) == len(known)


def test_a_machine_that_is_not_known_has_no_filter() -> None:
    assert calls.known("x86_64")
    assert not calls.known("riscv64")
