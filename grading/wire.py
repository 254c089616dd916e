"""Questions and answers as they lie in a guest's memory.

grading/guest/grade.c has the other side: each piece is its kind and length, 32
bits each, then its content padded to eight bytes.
"""

import struct

from grading.errors import Returned

KINDS = {"u8": 1, "u16": 2, "u32": 3, "u64": 4, "bytes": 5, "string": 6}
BITS = {"u8": 8, "u16": 16, "u32": 32, "u64": 64}


def pack(*pieces):
    """Make a question: pack("u32", 3, "bytes", b"...", "string", "x")."""
    data = b""
    for kind, value in zip(pieces[::2], pieces[1::2], strict=True):
        if kind in BITS:
            content = struct.pack("<Q", value & (1 << BITS[kind]) - 1)
            length = BITS[kind] // 8
        elif kind == "bytes":
            content, length = bytes(value), len(value)
        else:
            content = value.encode() + b"\0"
            length = len(content)
        data += struct.pack("<II", KINDS[kind], length)
        data += content + b"\0" * (-len(content) % 8)
    return data


class AnswerError(Exception):
    """The answer does not have the form that the test expects."""


class Answer:
    """An answer, read piece by piece in the order in which it was put."""

    def __init__(self, data):
        self.data, self.at = data, 0

    def _take(self, kind):
        if len(self.data) < self.at + 8:
            raise AnswerError("the answer has no more pieces")
        found, length = struct.unpack_from("<II", self.data, self.at)
        if found != KINDS[kind]:
            raise AnswerError(f"the answer's next piece is of kind {found}, "
                              f"not {kind}")  # fmt: skip
        start = self.at + 8
        self.at = start + (length + 7) // 8 * 8
        if len(self.data) < self.at and kind in ("bytes", "string"):
            raise AnswerError("the answer is cut off")
        return self.data[start : start + length]

    def u8(self):
        """Return the next piece, a number."""
        return int.from_bytes(self._take("u8"), "little")

    def u16(self):
        """Return the next piece, a number."""
        return int.from_bytes(self._take("u16"), "little")

    def u32(self):
        """Return the next piece, a number."""
        return int.from_bytes(self._take("u32"), "little")

    def u64(self):
        """Return the next piece, a number."""
        return int.from_bytes(self._take("u64"), "little")

    def i32(self):
        """Return the next piece, put as u32, as a signed number."""
        value = self.u32()
        return value - (1 << 32) if value >> 31 else value

    def i64(self):
        """Return the next piece, put as u64, as a signed number."""
        value = self.u64()
        return value - (1 << 64) if value >> 63 else value

    def error(self):
        """Return the next piece, put as u32 or u64, as what a function returned: 0 or more,
        or the number of an error, which is shown by its name."""
        kind = int.from_bytes(self.data[self.at : self.at + 4], "little")
        return Returned(self.i64() if kind == KINDS["u64"] else self.i32())

    def bytes(self):
        """Return the next piece, bytes."""
        return bytes(self._take("bytes"))

    def string(self):
        """Return the next piece, a string."""
        return self._take("string").rstrip(b"\0").decode("utf-8", "replace")

    def more(self):
        """Is there another piece?"""
        return self.at < len(self.data)

    def done(self):
        """Nothing may be left."""
        if self.more():
            raise AnswerError("the answer goes on behind its end")
