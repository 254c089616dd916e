"""Talk to QEMU's gdb stub: breakpoints, registers, memory.

The remote serial protocol of gdb, as much as QEMU speaks of it, over a unix
socket. The machine stands still while we talk; it runs between go() and the
stop that wait() returns. Memory is read through the stopped hart's page table,
or physically.
"""

import re
import select
import socket
import struct
import time

PIECE = 1024  # bytes of memory for each packet
MOST_STOPS = 3  # that are waited for before a step is made
REGISTERS = (
    "zero ra sp gp tp t0 t1 t2 s0 s1 a0 a1 a2 a3 a4 a5 a6 a7 "
    "s2 s3 s4 s5 s6 s7 s8 s9 s10 s11 t3 t4 t5 t6 pc"
).split()


class Gone(Exception):
    """QEMU has ended."""


class StubError(Exception):
    """The stub refused: an address that is not mapped, say."""


def connect(path, seconds):
    """Return a connection to a unix socket, which may just be coming up."""
    end = time.monotonic() + seconds
    while True:
        made = socket.socket(socket.AF_UNIX)
        made.settimeout(seconds)
        try:
            made.connect(path)
            return made
        except (FileNotFoundError, ConnectionRefusedError):
            made.close()
            if time.monotonic() > end:
                raise StubError(f"nobody listens at {path}") from None
            time.sleep(0.002)


class Stub:
    """A connection; the machine is stopped when it is made."""

    def __init__(self, path, seconds=30.0):
        self.socket = connect(path, seconds)
        self.pending = b""
        self.running, self.breaks = False, set()
        self._ask("qSupported:multiprocess+;vContSupported+")
        self._transfer("target.xml")  # it tells single registers only then
        self._csr = None

    # ---- Packets ----

    def _send(self, text):
        data = text.encode()
        try:
            self.socket.sendall(b"$%s#%02x" % (data, sum(data) & 255))
        except OSError as error:
            raise Gone(str(error)) from None

    def _receive(self):
        """Return the next packet's content; Gone if the stub is no more."""
        while True:
            start = self.pending.find(b"$")
            end = self.pending.find(b"#", start) if start >= 0 else -1
            if end >= 0 and len(self.pending) >= end + 3:
                packet = self.pending[start + 1 : end]
                self.pending = self.pending[end + 3 :]
                self.socket.sendall(b"+")
                return packet.decode("latin-1")
            try:
                data = self.socket.recv(65536)
            except TimeoutError:
                raise StubError("QEMU's gdb stub does not answer") from None
            except OSError as error:
                raise Gone(str(error)) from None
            if not data:
                raise Gone("QEMU has ended")
            self.pending += data

    def _ask(self, text):
        self._send(text)
        answer = self._receive()
        if re.fullmatch(r"E[0-9a-f]{2}", answer):
            raise StubError(f"{text[:40]}: {answer}")
        return answer

    # ---- Running ----

    def break_at(self, address):
        """Stop before the instruction at an address."""
        self.breaks.add(address)
        self._ask(f"Z0,{address:x},4")

    def clear(self, address):
        """Take a breakpoint away."""
        self.breaks.discard(address)
        self._ask(f"z0,{address:x},4")

    def watch(self, address, size=8):
        """Stop after a write to memory."""
        self._ask(f"Z2,{address:x},{size:x}")

    def unwatch(self, address, size=8):
        """Take a watchpoint away."""
        self._ask(f"z2,{address:x},{size:x}")

    def go(self):
        """Let the machine run. It would stop at once at a breakpoint that it is
        at, so that is stepped over. If an interrupt and the breakpoint stopped it
        at the same time, the second of these stops comes now, in place of the
        step's."""
        address = self.register("pc")
        if address in self.breaks:
            self._ask(f"z0,{address:x},4")
            for _ in range(MOST_STOPS):
                self.step()
                if self.register("pc") != address:
                    break
            self._ask(f"Z0,{address:x},4")
        self._send("c")
        self.running = True

    def wait(self, seconds):
        """Wait for a stop; False if there was none within so many seconds."""
        end = time.monotonic() + seconds
        while self.pending.find(b"#", max(self.pending.find(b"$"), 0)) < 0:
            left = end - time.monotonic()
            if left <= 0 or not select.select([self.socket], [], [], left)[0]:
                return False
            data = self.socket.recv(65536)
            if not data:
                raise Gone("QEMU has ended")
            self.pending += data
        if self._receive().startswith(("W", "X")):
            raise Gone("QEMU has ended")
        self.running = False
        return True

    def interrupt(self):
        """Stop the machine where it is; False if it had just stopped itself."""
        self.socket.sendall(b"\x03")
        if not self.wait(30.0):
            raise StubError("QEMU does not stop")

    def step(self):
        """Run one instruction."""
        self._ask("s")

    # ---- State ----

    def register(self, name):
        """Return a register's value: of the hart that stopped."""
        return int.from_bytes(bytes.fromhex(self._ask(f"p{self._number(name):x}")),
                              "little")  # fmt: skip

    def set_register(self, name, value):
        """Change a register."""
        data = struct.pack("<Q", value & (1 << 64) - 1).hex()
        self._ask(f"P{self._number(name):x}={data}")

    def _number(self, name):
        if name in REGISTERS:
            return REGISTERS.index(name)
        if self._csr is None:
            text = self._transfer("riscv-csr.xml")
            found = re.findall(r'name="(\w+)" bitsize="\d+" regnum="(\d+)"', text)
            self._csr = {csr: int(number) for csr, number in found}
        return self._csr[name]

    def _transfer(self, document):
        text, more = "", True
        while more:
            answer = self._ask(f"qXfer:features:read:{document}:{len(text):x},700")
            more, text = answer[0] == "m", text + answer[1:]
        return text

    def registers(self):
        """Return all general registers and the pc by name."""
        data = bytes.fromhex(self._ask("g"))
        return dict(zip(REGISTERS, struct.unpack_from("<33Q", data)))

    def threads(self):
        """Return the stub's names of all harts."""
        names, answer = [], self._ask("qfThreadInfo")
        while answer.startswith("m"):
            names += answer[1:].split(",")
            answer = self._ask("qsThreadInfo")
        return names

    def select(self, thread):
        """Registers and memory are from now on as this hart has them."""
        self._ask(f"Hg{thread}")

    def read(self, address, size, physical=False):
        """Return memory; StubError if some of it is not mapped."""
        if physical:
            self._ask("Qqemu.PhyMemMode:1")
        try:
            data = b""
            while len(data) < size:
                want = min(PIECE, size - len(data))
                data += bytes.fromhex(self._ask(f"m{address + len(data):x},{want:x}"))
            return data
        finally:
            if physical:
                self._ask("Qqemu.PhyMemMode:0")

    def write(self, address, data, physical=False):
        """Change memory."""
        if physical:
            self._ask("Qqemu.PhyMemMode:1")
        try:
            for at in range(0, len(data), PIECE):
                part = data[at : at + PIECE]
                self._ask(f"M{address + at:x},{len(part):x}:{part.hex()}")
        finally:
            if physical:
                self._ask("Qqemu.PhyMemMode:0")

    def close(self):
        """Hang up."""
        self.socket.close()
