"""Step 3: the configuration, and telling a device where a queue is."""

from _card import ask, card

from grading import check, check_equal, test
from grading.errors import EBUSY, EIO

SECTION = "Step 3: What the device says of itself"
CTRL_VQ, CTRL_RX, VERSION_1 = 1 << 17, 1 << 18, 1 << 32
CONTROL_QUEUE = 2
QUEUE_NUM_MAX, QUEUE_PFN, INTERRUPT_STATUS, INTERRUPT_ACK = 0x34, 0x40, 0x60, 0x64


def config(run, the_card, *fields):
    """Return a request that reads (offset, width) of each field."""
    pieces = [x for o, w in fields for x in ("u32", o, "u32", w)]
    return ask(run, the_card, "config", "u32", len(fields), *pieces)


@test(points=1, step="registers", section=SECTION, blames="config_read",
      evidence="answers",
      hint="The configuration begins at 0x100; a field is read with accesses of its own "
           "width [virtio §4.2.2.2].")  # fmt: skip
def fields_have_their_values(run):
    """Fields of 1, 2, 4 and 8 bytes are read as the device has them."""
    for legacy in (False, True):
        the_card = card(run, legacy)
        wide = the_card.mac
        fields = [(i, 1) for i in range(6)] + [(0, 2), (4, 2), (0, 4), (0, 8)]
        answer = yield config(run, the_card, *fields)
        for offset, width in fields:
            check_equal(answer.error(), 0, "what config_read returned")
            value = answer.u64()
            expected = int.from_bytes(wide[offset : offset + width], "little")
            if width == 8:  # behind the address is the status, not ours to know
                value &= (1 << 48) - 1
            check_equal(hex(value), hex(expected), f"{width} bytes at {offset}")


@test(points=1, step="registers", section=SECTION, blames="config_read",
      evidence="answers",
      hint="m->size is the size of all registers: the configuration ends where they "
           "end.")  # fmt: skip
def nothing_beyond_the_end(run):
    """What is not inside the registers is not read."""
    for legacy in (False, True):
        for offset, width in ((0x100, 1), (0xFE, 4), (0x1000, 2), (0xFC, 8)):
            answer = yield config(run, card(run, legacy), (offset, width))
            check_equal(answer.error(), EIO, f"{width} bytes at offset {offset:#x}")
        answer = yield config(run, card(run, legacy), (0xFC, 4))
        check_equal(answer.error(), 0, "the last four bytes, which are inside")


@test(points=1, step="registers", section=SECTION, blames="queue_max",
      evidence="answers",
      hint="QueueSel chooses the queue, then QueueNumMax is that queue's.")
def queues_have_their_sizes(run):
    """Each queue's largest size is read; there is none behind the last."""
    for legacy in (False, True):
        the_card = card(run, legacy)
        asked = (0, 1, 2, 9, 0)
        pieces = [x for q in asked for x in ("u32", q)]
        answer = yield ask(run, the_card, "maxima", "u32", len(asked), *pieces)
        sizes = [answer.u32() for _ in asked]
        check_equal(sizes[3], 0, "a queue that is not there")
        check(min(sizes[0], sizes[2]) >= 64, f"{sizes[:3]} for queues 0, 1 and 2")
        check_equal(sizes[4], sizes[0], "the receive queue, asked again")


def command(run, legacy, times=1, size=64):
    """Return the request to send commands over the control queue."""
    wanted = CTRL_VQ | CTRL_RX | (0 if legacy else VERSION_1)
    return ask(run, card(run, legacy), "command", "u64", wanted, "u32", times,
               "u32", size)  # fmt: skip


def answered(answer, times):
    """The device took each command and answered it."""
    check_equal(answer.error(), 0, "what queue_enable returned")
    for i in range(1, times + 1):
        check_equal(answer.u16(), i, "used->idx after the command")
        check_equal(answer.u8(), 0, "the device's answer to the command")
        yield answer.u32(), answer.u32()


@test(points=2, step="registers", section=SECTION, blames="queue_enable",
      evidence="answers",
      hint="[virtio §4.2.3.2]: QueueNum, three addresses in halves, low before high, "
           "then QueueReady.")  # fmt: skip
def a_modern_queue_works(run):
    """A modern device finds the queue where we say it is, and answers a command."""
    for size in (64, 16):
        answer = yield command(run, False, times=20, size=size)
        for _ in answered(answer, 20):
            pass


@test(points=2, step="registers", section=SECTION, blames="legacy_queue_enable",
      evidence="answers",
      hint="GuestPageSize, QueueNum, QueueAlign, and last the number of the page "
           "[virtio §4.2.4].")  # fmt: skip
def a_legacy_queue_works(run):
    """So does a legacy device, by page number, page size and alignment."""
    for size in (64, 16):
        answer = yield command(run, True, times=20, size=size)
        for _ in answered(answer, 20):
            pass


def queues(run, legacy, *wanted):
    """Return the request to enable (index, size), and read what came back."""
    pieces = [x for i, s in wanted for x in ("u32", i, "u32", s)]
    features = CTRL_VQ | (0 if legacy else VERSION_1)
    return ask(run, card(run, legacy), "queues", "u64", features, "u32",
               len(wanted), *pieces)  # fmt: skip


@test(points=2, step="registers", section=SECTION, blames="queue_enable",
      evidence="answers",
      hint="A queue that is in use shows it: QueueReady, or for legacy devices QueuePFN, "
           "is not 0 before.")  # fmt: skip
def a_queue_is_enabled_once(run):
    """A queue that is in use already is refused."""
    for legacy, blame in ((False, "queue_enable"), (True, "legacy_queue_enable")):
        answer = yield queues(run, legacy, (0, 64), (1, 64), (0, 64))
        errors = []
        for _ in range(3):
            errors.append(answer.error())
            answer.u64(), answer.u64(), answer.u64()
        check_equal(errors, [0, 0, EBUSY], f"what {blame} returned")


@test(points=2, step="registers", section=SECTION, blames="queue_enable",
      evidence="answers",
      hint="No queue can be larger than QueueNumMax says.")
def a_queue_too_large_is_refused(run):
    """A size beyond the device's largest is refused."""
    for legacy in (False, True):
        answer = yield queues(run, legacy, (CONTROL_QUEUE, 8))
        check_equal(answer.error(), 0, "8 descriptors, where 1024 are the most")
        answer = yield queues(run, legacy, (CONTROL_QUEUE, 2048))
        check_equal(answer.error(), EIO, "2048 descriptors, where 1024 are the most")
        answer = yield queues(run, legacy, (9, 8))
        check_equal(answer.error(), EIO, "a queue that is not there")


def plain(run, legacy, words, call, *pieces):
    """Ask a device whose registers are memory; return what the call returned, and
    {offset: what is in the register then}."""
    said = [x for offset, value in words.items() for x in ("u32", offset, "u32", value)]
    answer = yield ask(run, card(run, legacy), "registers", "u32", 1 if legacy else 2,
                       "u32", len(words), *said, "string", call, *pieces)  # fmt: skip
    return answer.error(), {4 * i: answer.u32() for i in range(64)}


@test(points=1, step="registers", section=SECTION, blames="isr_ack", evidence="answers",
      hint="Bits that nobody knows must be acknowledged, too, or they interrupt for ever; "
           "the caller is told of VIRTIO_ISR_* alone.")  # fmt: skip
def every_reason_is_taken_back(run):
    """All that is set in InterruptStatus is acknowledged; only what is known is returned."""
    for legacy in (False, True):
        unknown = run.random.getrandbits(28) << 2 | 4
        for isr in (1, 2, 3, unknown | 2, unknown):
            said, seen = yield from plain(run, legacy, {INTERRUPT_STATUS: isr}, "isr_ack")
            check_equal(hex(seen[INTERRUPT_ACK]), hex(isr),
                        f"what isr_ack wrote to InterruptACK, InterruptStatus being {isr:#x},")
            check_equal(int(said), isr & 3, f"what isr_ack returned for {isr:#x}")


@test(points=1, step="registers", section=SECTION, evidence="answers",
      blames="queue_enable,legacy_queue_enable",
      hint="An address has 64 bits, a register 32; the page's number of a legacy device has "
           "32, or cannot be told.")  # fmt: skip
def addresses_have_64_bits(run):
    """A queue beyond 4 GiB is told to the device as a whole, or not at all."""
    areas = [run.random.getrandbits(56) << 12 & (1 << 56) - 1 | 1 << 45 for _ in range(3)]
    pieces = ["u32", 0, "u32", 16, *(x for a in areas for x in ("u64", a))]
    said, seen = yield from plain(run, False, {QUEUE_NUM_MAX: 64}, "queue_enable", *pieces)
    check_equal(said, 0, "what queue_enable returned")
    for low, name, area in zip((0x80, 0x90, 0xA0), ("Desc", "Driver", "Device"), areas):
        check_equal(hex(seen[low + 4] << 32 | seen[low]), hex(area),
                    f"Queue{name}High and Queue{name}Low [virtio §4.2.2]")  # fmt: skip
    said, seen = yield from plain(run, True, {QUEUE_NUM_MAX: 64}, "queue_enable", *pieces)
    check_equal((said, seen[QUEUE_PFN]), (EIO, 0),
                "what queue_enable returned for a legacy device, and QueuePFN, of a page "
                "whose number has over 32 bits,")  # fmt: skip


@test(points=2, step="registers", blames="isr_ack", evidence="answers",
      section=SECTION,
      hint="Read InterruptStatus, write what was read to InterruptACK: then it is 0 "
           "until something happens again.")  # fmt: skip
def an_interrupt_is_taken_back(run):
    """The reason of an interrupt is read once, and acknowledged."""
    times = run.random.randint(3, 9)
    for legacy in (False, True):
        answer = yield command(run, legacy, times=times)
        for first, second in answered(answer, times):
            check(first & 1, f"no buffer was used, says {first:#x}")
            check_equal(second, 0, "what is read the second time")
