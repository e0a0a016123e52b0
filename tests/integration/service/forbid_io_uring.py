# SPDX-License-Identifier: MIT

"""Makes io_uring_setup(2) fail in the calling process and its children, as container profiles do."""

import ctypes
import struct

PR_SET_NO_NEW_PRIVS = 38
PR_SET_SECCOMP = 22
SECCOMP_MODE_FILTER = 2
SECCOMP_RET_ALLOW = 0x7FFF0000
SECCOMP_RET_ERRNO = 0x00050000
LOAD_WORD_ABSOLUTE = 0x20  # BPF_LD | BPF_W | BPF_ABS; the system call's number is at offset 0 of seccomp_data
JUMP_IF_EQUAL = 0x15
RETURN = 0x06
IO_URING_SETUP = 425  # on every architecture


class Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p)]


def forbid_io_uring(error_value: int) -> None:
    instructions = b"".join(
        struct.pack("=HBBI", *each)
        for each in (
            (LOAD_WORD_ABSOLUTE, 0, 0, 0),
            (JUMP_IF_EQUAL, 0, 1, IO_URING_SETUP),
            (RETURN, 0, 0, SECCOMP_RET_ERRNO | error_value),
            (RETURN, 0, 0, SECCOMP_RET_ALLOW),
        )
    )
    libc = ctypes.CDLL(None, use_errno=True)
    program = Program(len(instructions) // 8, instructions)
    for call in ((PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), (PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(program), 0, 0)):
        if libc.prctl(*call) != 0:
            raise OSError(ctypes.get_errno(), "prctl")
