"""Symbols of an ELF file, and where its bytes are loaded [elf §4]."""

import bisect
import functools
import struct

SYMTAB = 2
LOAD = 1


class Elf:
    """A 64-bit little-endian ELF file, read once."""

    def __init__(self, path):
        self.path = path
        with open(path, "rb") as file:
            self.data = file.read()
        if self.data[:6] != b"\x7fELF\x02\x01":
            raise ValueError(f"{path} is no 64-bit little-endian ELF file")
        self.symbols = dict(self._symbols())
        names = sorted((address, name) for name, address in self.symbols.items())
        self._addresses = [address for address, _ in names]
        self._names = [name for _, name in names]

    def _symbols(self):
        """Yield (name, address); a global one comes after a local of its name."""
        start = struct.unpack_from("<Q", self.data, 40)[0]
        size, count = struct.unpack_from("<HH", self.data, 58)
        headers = [
            struct.unpack_from("<IIQQQQIIQQ", self.data, start + i * size)
            for i in range(count)
        ]
        for _, kind, _, _, offset, length, link, _, _, _ in headers:
            if kind != SYMTAB:
                continue
            strings = headers[link][4]
            for at in range(offset, offset + length, 24):
                name, info, _, section, value, _ = struct.unpack_from(
                    "<IBBHQQ", self.data, at
                )
                if section == 0 or info & 15 > 2 or not name:
                    continue
                end = self.data.index(b"\0", strings + name)
                text = self.data[strings + name : end].decode("ascii", "replace")
                if not text.startswith(("$", ".L")):
                    yield text, value

    @functools.cached_property
    def segments(self):
        """Return (virtual, physical, file offset, bytes in file, in memory)."""
        start = struct.unpack_from("<Q", self.data, 32)[0]
        size, count = struct.unpack_from("<HH", self.data, 54)
        found = []
        for i in range(count):
            kind, _, offset, virtual, physical, filed, memory, _ = struct.unpack_from(
                "<IIQQQQQQ", self.data, start + i * size
            )
            if kind == LOAD:
                found.append((virtual, physical, offset, filed, memory))
        return found

    def address(self, name):
        """Return a symbol's address; KeyError if there is none."""
        return self.symbols[name]

    def physical(self, address):
        """Return where an address of the image lies in physical memory."""
        for virtual, physical, _, _, memory in self.segments:
            if virtual <= address < virtual + memory:
                return address - virtual + physical
        raise KeyError(f"{address:#x} is not in the image")

    def offset(self, address):
        """Return where the byte loaded at an address is in the file."""
        for virtual, _, offset, filed, _ in self.segments:
            if virtual <= address < virtual + filed:
                return address - virtual + offset
        raise KeyError(f"{address:#x} is not in the file")

    def name(self, address):
        """Return "function+0x12" for an address, or None outside of all."""
        at = bisect.bisect_right(self._addresses, address) - 1
        if at < 0 or address - self._addresses[at] > 0x10000:
            return None
        inside = address - self._addresses[at]
        return self._names[at] + (f"+{inside:#x}" if inside else "")

    def find(self, code, start, end):
        """Yield the addresses from one symbol to another at which there is an instruction."""
        begin, stop = (self.offset(self.address(name)) for name in (start, end))
        at = self.data.find(code, begin, stop)
        while at >= 0:
            if (at - begin) % 2 == 0:
                yield self.address(start) + at - begin
            at = self.data.find(code, at + 1, stop)

    def patched(self, path, changes):
        """Write a copy of the file with other bytes at some addresses: {address: bytes}."""
        data = bytearray(self.data)
        for address, new in changes.items():
            at = self.offset(address)
            data[at : at + len(new)] = new
        with open(path, "wb") as file:
            file.write(data)
