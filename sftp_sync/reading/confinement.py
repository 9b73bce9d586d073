"""What a reader may not do, whatever a file makes of it: ask the system for a connection or another
program, signal anybody, write a file, outlive its parent, or be spared when memory runs out.
"""

from __future__ import annotations

import ctypes
import os
import platform
import resource
import signal
import struct
from contextlib import suppress
from pathlib import Path

PR_SET_PDEATHSIG, PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS = 1, 22, 38
SECCOMP_MODE_FILTER = 2
FIRST_TO_GO = "1000"
OPEN_FILES = 64

# struct sock_filter: code, jump if true, jump if false, value.
_STATEMENT = struct.Struct("=HBBI")
_LOAD, _EQUAL, _AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_NUMBER_AT, _ARCHITECTURE_AT = 0, 4
_ALLOW, _REFUSE = 0x7FFF0000, 0x00050000 | 1  # EPERM
_OTHER_FORM = 0x40000000
_AUDIT_NAMES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
# socket, connect, accept, bind, listen, execve, ptrace, kill, tkill, tgkill, unlinkat, renameat,
# linkat, symlinkat, mkdirat, mknodat, fchmodat, accept4, process_vm_readv, process_vm_writev,
# renameat2, execveat, pidfd_send_signal, io_uring_setup; for x86-64 those without "at" too.
_REFUSED = {
    "x86_64": (
        *(41, 42, 43, 49, 50, 59, 101, 62, 200, 234, 263, 264, 265, 266, 258, 259, 268, 288),
        *(310, 311, 316, 322, 424, 425, 82, 83, 84, 86, 87, 88, 90, 133),
    ),
    "aarch64": (
        *(198, 203, 202, 200, 201, 221, 117, 129, 130, 131, 35, 38, 37, 36, 34, 33, 53, 242),
        *(270, 271, 276, 281, 424, 425),
    ),
}


def confine(memory: int, seconds: int) -> None:
    """Once and for all, for the process that calls it."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (OPEN_FILES, OPEN_FILES))
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    # A second later the system no longer asks.
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    signal.signal(signal.SIGXCPU, signal.SIG_DFL)
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(FIRST_TO_GO, "ascii")
    libc = ctypes.CDLL(None, use_errno=True)
    _control(libc, PR_SET_NO_NEW_PRIVS, 1)
    _filter_calls(libc)


def die_with(parent: int) -> None:
    """End when the process ends whose child this is."""
    _control(ctypes.CDLL(None, use_errno=True), PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGKILL)


def _filter_calls(libc: ctypes.CDLL) -> None:
    machine = platform.machine()
    if machine not in _REFUSED:
        return
    refused = _REFUSED[machine]
    # Calls of another architecture, or of another form of this one, go on to the refusal at the
    # end.
    many = len(refused)
    program = [
        _STATEMENT.pack(_LOAD, 0, 0, _ARCHITECTURE_AT),
        _STATEMENT.pack(_EQUAL, 0, many + 3, _AUDIT_NAMES[machine]),
        _STATEMENT.pack(_LOAD, 0, 0, _NUMBER_AT),
        _STATEMENT.pack(_AT_LEAST, many + 1, 0, _OTHER_FORM),
        *(_STATEMENT.pack(_EQUAL, many - at, 0, number) for at, number in enumerate(refused)),
        _STATEMENT.pack(_RETURN, 0, 0, _ALLOW),
        _STATEMENT.pack(_RETURN, 0, 0, _REFUSE),
    ]
    written = ctypes.create_string_buffer(b"".join(program))
    # struct sock_fprog: how many, and where.
    told = struct.pack("@HP", len(program), ctypes.addressof(written))
    _control(libc, PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.create_string_buffer(told))


def _control(libc: ctypes.CDLL, option: int, *arguments: object) -> None:
    padded = [*arguments, 0, 0, 0, 0][:4]
    words = [one if isinstance(one, ctypes.Array) else ctypes.c_ulong(int(one)) for one in padded]  # type: ignore[call-overload]
    if libc.prctl(option, *words) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
