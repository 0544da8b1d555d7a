"""Watches a process' system calls through ptrace(2): which files it forced to disk, and when."""

import ctypes
import os
import platform
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path

TRACEME, CONT, SYSCALL, SETOPTIONS, GET_SYSCALL_INFO = 0, 7, 24, 0x4200, 0x420E
TRACESYSGOOD, EXITKILL = 0x1, 0x100000
SYSCALL_STOP = signal.SIGTRAP | 0x80
ENTRY, EXIT = 1, 2
NUMBERS = {
    "x86_64": {1: "write", 18: "pwrite64", 74: "fsync", 75: "fdatasync"},
    "aarch64": {64: "write", 68: "pwrite64", 82: "fsync", 83: "fdatasync"},
}
"""Numbers of the calls that matter, by processor."""

_libc = ctypes.CDLL(None, use_errno=True)
_libc.ptrace.argtypes = (ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p)
_libc.ptrace.restype = ctypes.c_long


class _Info(ctypes.Structure):
    """``struct ptrace_syscall_info``: at entry number and arguments, at exit the result."""

    _fields_ = (
        ("op", ctypes.c_uint8), ("pad", ctypes.c_uint8 * 3), ("arch", ctypes.c_uint32),
        ("instruction", ctypes.c_uint64), ("stack", ctypes.c_uint64), ("numbers", ctypes.c_int64 * 8),
    )  # fmt: skip


@dataclass(frozen=True)
class Call:
    """One system call that has returned."""

    name: str
    path: str
    """The file behind its first argument."""
    size: int
    """Its third argument: how much a write writes."""
    result: int


def be_traced() -> None:
    """In the child: stop here until the parent watches."""
    _ptrace(TRACEME, 0)
    os.kill(os.getpid(), signal.SIGSTOP)


def trace(command: list[str], folder: Path) -> list[Call]:
    """Run a program that calls `be_traced`, and list its writes and its forcings to disk.

    Raises
    ------
    RuntimeError
        When this machine lets nobody trace: the check cannot be made, and must not pass.
    """
    names = NUMBERS.get(platform.machine())
    if names is None:
        raise RuntimeError(f"no system call numbers for {platform.machine()}; add them to NUMBERS")
    process = subprocess.Popen(command, cwd=folder)
    pid = process.pid
    try:
        calls = _follow(pid, names)
    finally:
        process.poll()
        if process.returncode is None:
            process.kill()
            process.wait()
    return calls


def _follow(pid: int, names: dict[int, str]) -> list[Call]:
    _, status = os.waitpid(pid, 0)
    if not os.WIFSTOPPED(status):
        raise RuntimeError(
            "the child could not be traced: allow ptrace (in a container: --cap-add=SYS_PTRACE), "
            "or lower /proc/sys/kernel/yama/ptrace_scope"
        )
    _ptrace(SETOPTIONS, pid, TRACESYSGOOD | EXITKILL)
    calls: list[Call] = []
    entered: tuple[str, str, int] | None = None
    deliver = 0
    while True:
        _ptrace(SYSCALL, pid, deliver)
        _, status = os.waitpid(pid, 0)
        if not os.WIFSTOPPED(status):
            if os.waitstatus_to_exitcode(status) != 0:
                raise RuntimeError(f"the traced program ended with {os.waitstatus_to_exitcode(status)}")
            return calls
        number = os.WSTOPSIG(status)
        deliver = 0 if number in (SYSCALL_STOP, signal.SIGTRAP, signal.SIGSTOP) else number
        if number != SYSCALL_STOP:
            continue
        info = _info(pid)
        if info.op == ENTRY:
            name = names.get(info.numbers[0])
            entered = (name, _path(pid, info.numbers[1]), info.numbers[3]) if name else None
        elif info.op == EXIT and entered is not None:
            calls.append(Call(*entered, info.numbers[0]))
            entered = None


def _info(pid: int) -> _Info:
    info = _Info()
    _ptrace(GET_SYSCALL_INFO, pid, ctypes.addressof(info), ctypes.sizeof(info))
    return info


def _path(pid: int, descriptor: int) -> str:
    try:
        return str(Path(f"/proc/{pid}/fd/{descriptor}").readlink())
    except OSError:
        return ""


def _ptrace(request: int, pid: int, what: int = 0, size: int = 0) -> None:
    # GET_SYSCALL_INFO takes the size before the address; all others take one thing, last.
    if _libc.ptrace(request, pid, size, what) < 0:
        error = ctypes.get_errno()
        raise RuntimeError(
            f"ptrace({request:#x}) was refused ({os.strerror(error)}): allow ptrace on this machine "
            "(in a container: --cap-add=SYS_PTRACE), Linux 5.3 or newer"
        )
