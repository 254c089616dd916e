"""Step 7: the whole, with devices that are not played: what QEMU saw."""

import random

from grading import Fail, GuestCrash, GuestTimeout, check, test

SECTION = "Step 7: All of it"
PROMPT = r"umbra# $"
PAGE_SIZE, QUEUE_ALIGN, QUEUE_PFN, QUEUE_NOTIFY = 0x28, 0x3C, 0x40, 0x50
MAGIC, VERSION, DEVICE_ID, VENDOR_ID, STATUS = 0x00, 0x04, 0x08, 0x0C, 0x70
OFFERED_SEL, GUEST_FEATURES, FEATURES_SEL = 0x14, 0x20, 0x24
DRIVER_OK = 4
TRACE = ("virtio_mmio_*", "virtqueue_pop", "virtqueue_fill", "virtio_set_status",
         "virtio_notify")  # fmt: skip
NAMES = {MAGIC: "MagicValue", VERSION: "Version", DEVICE_ID: "DeviceID",
         VENDOR_ID: "VendorID"}  # fmt: skip
KINDS = {False: "the modern disk", True: "the legacy disk"}


def accesses(record):
    """Return what was done to registers: (is a write, offset, value)."""
    found = []
    for event in record.events("virtio_mmio_read", "virtio_mmio_write_offset"):
        write = event.name == "virtio_mmio_write_offset"
        found.append((write, event.fields.get("offset"), event.fields.get("value")))
    return found


def writes(record, register):
    """Return the values that were written to a register, in order."""
    return [v for w, o, v in accesses(record) if w and o == register]


def how_far(record):
    """Return what QEMU saw of the disk's requests, and what is in doubt then."""
    ready = any(v & DRIVER_OK for v in writes(record, STATUS))
    bells, taken, back, irqs = (len(found) for found in (
        writes(record, QUEUE_NOTIFY), record.events("virtqueue_pop"),
        record.events("virtqueue_fill"), record.events("virtio_notify")))  # fmt: skip
    seen = (f"QEMU saw {bells} bells, {taken} chains taken, {back} given back, "
            f"{irqs} interrupts")  # fmt: skip
    if not ready:
        doubt = "no device was told DRIVER_OK: virtio_driver_ok [virtio §3.1.1]"
    elif not bells:
        doubt = "nobody wrote QueueNotify: virtq_end_batch, notify [virtio §2.7.13.4]"
    elif not taken:
        doubt = ("the device found no chain where it was told to look: queue_enable, "
                 "virtq_publish [virtio §2.7.13.3, §4.2.3.2]")  # fmt: skip
    elif not back:
        doubt = "no chain was whole: describe, add_direct, add_indirect [virtio §2.7.5]"
    elif not irqs:
        doubt = ("the device was not asked to interrupt: virtq_enable_irq "
                 "[virtio §2.7.7, §2.7.10]")  # fmt: skip
    else:
        doubt = ("used buffers came back, and were not taken or not believed: isr_ack, "
                 "virtq_pop_used [virtio §2.7.14]")  # fmt: skip
    return seen, doubt


def booted(run, legacy):
    """Boot and read a file; return (record, what is in the file). A boot that ends too
    early says how far the disk came."""
    machine = run.machine(legacy=legacy, icount=False)
    shared = random.Random(f"{run.seed}:secret")
    secret = shared.randbytes(24).hex()
    try:
        record = yield run.boot(
            files={"/etc/secret": (secret + "\n").encode()}, machine=machine,
            prompt=PROMPT, input=("cat /etc/secret",), trace=TRACE,
        )  # fmt: skip
    except (GuestCrash, GuestTimeout) as problem:
        if problem.record is None or "not written yet" in problem.text:
            raise
        seen, doubt = how_far(problem.record)
        raise type(problem)(f"with {KINDS[legacy]} there was no shell: {problem.text}; {doubt}",
                            expected="a shell, and /etc/secret read from the disk",
                            seen=seen, record=problem.record) from problem  # fmt: skip
    return record, secret


def is_read(record, secret, legacy):
    """The file was read, which only the disk knows, by chains that a device took."""
    seen, doubt = how_far(record)
    if secret not in record.console:
        raise Fail(f"cat /etc/secret does not show what is on {KINDS[legacy]}; {doubt}",
                   expected=secret, seen=seen, record=record)  # fmt: skip
    if not record.events("virtqueue_pop"):
        raise Fail(f"the file was shown, but {KINDS[legacy]} took no chain: {doubt}",
                   expected="each read is a chain in a virtqueue", seen=seen,
                   record=record)  # fmt: skip


@test(points=2, step="machine", section=SECTION, blames="virtq_add",
      evidence=("answers", "trace"),
      hint="What the log says last is how far it came.")
def a_modern_disk_is_read(run):
    """A modern disk is found, mounted and read."""
    record, secret = yield from booted(run, False)
    is_read(record, secret, False)


@test(points=2, step="machine", section=SECTION, blames="legacy_queue_enable",
      evidence=("answers", "trace"),
      hint="What differs for a legacy device is all in mmio.c.")
def a_legacy_disk_is_read(run):
    """So is a legacy one."""
    record, secret = yield from booted(run, True)
    is_read(record, secret, True)


@test(points=1, step="machine", section=SECTION, blames="virtio_negotiate",
      evidence="trace",
      hint="The status tells the device how far the driver has come: [virtio §3.1.1].")
def the_disk_hears_the_handshake(run):
    """The status of the disk takes the steps of the specification."""
    words = {False: "ACKNOWLEDGE, DRIVER, FEATURES_OK, DRIVER_OK, each with those before it "
                    "[virtio §3.1.1]",
             True: "ACKNOWLEDGE, DRIVER, DRIVER_OK; FEATURES_OK is none of a legacy device's "
                   "[virtio §3.1.2]"}  # fmt: skip
    for legacy, steps in ((False, [1, 3, 11, 15]), (True, [1, 3, 7])):
        record, _ = yield from booted(run, legacy)
        seen = [v for v in writes(record, STATUS) if v][: len(steps)]
        if seen != steps:
            raise Fail(f"virtio_negotiate and virtio_driver_ok wrote other values to the "
                       f"Status of {KINDS[legacy]} than {words[legacy]}",
                       expected=steps, seen=seen, record=record)  # fmt: skip


@test(points=1, step="machine", section=SECTION, blames="legacy_queue_enable",
      evidence="trace",
      hint="GuestPageSize and QueueAlign are both 4096 here, and are said before the "
           "page [virtio §4.2.4].")  # fmt: skip
def a_legacy_disk_hears_its_layout(run):
    """A legacy device is told page size and alignment before the page."""
    record, _ = yield from booted(run, True)
    said = {}
    for write, offset, value in accesses(record):
        if write and offset == QUEUE_PFN and value:
            break
        if write:
            said[offset] = value
    for register, name in ((PAGE_SIZE, "GuestPageSize"), (QUEUE_ALIGN, "QueueAlign")):
        if said.get(register) != 4096:
            raise Fail(f"legacy_queue_enable must write {name} before QueuePFN: the device "
                       "finds page and used ring by it [virtio §4.2.4]",
                       expected=f"4096 in {name}",
                       seen=said.get(register, "it was not written"),
                       record=record)  # fmt: skip


@test(points=2, step="machine", section=SECTION, blames="set_features,get_features",
      evidence="trace",
      hint="DriverFeaturesSel, then DriverFeatures, for word 0 and for word 1.")
def the_disk_hears_both_words(run):
    """A modern device is told VIRTIO_F_VERSION_1, in word 1; a legacy one has no
    such word."""
    for legacy in (False, True):
        record, _ = yield from booted(run, legacy)
        selected = {*writes(record, OFFERED_SEL), *writes(record, FEATURES_SEL)}
        if legacy and selected - {0}:
            raise Fail("get_features or set_features selected words that a legacy device "
                       "does not have: it has 32 features [virtio §4.2.4]",
                       expected="word 0 alone", seen=f"words {sorted(selected)}",
                       record=record)  # fmt: skip
        words, word = {}, None
        for write, offset, value in accesses(record):
            if write and offset == FEATURES_SEL:
                word = value
            elif write and offset == GUEST_FEATURES:
                words[word] = value
        if not (0 in words or None in words):
            raise Fail(f"set_features did not tell {KINDS[legacy]} word 0 of the features: "
                       "DriverFeaturesSel = 0, then DriverFeatures [virtio §4.2.2]",
                       expected="a write of DriverFeatures for word 0",
                       seen=f"writes for words {sorted(map(str, words))}",
                       record=record)  # fmt: skip
        if not legacy and words.get(1, 0) & 1 != 1:
            raise Fail("set_features did not tell the modern disk VIRTIO_F_VERSION_1, "
                       "feature 32, which is bit 0 of word 1; a driver must accept it "
                       "[virtio §6.1]", expected="1 in bit 0 of word 1",
                       seen=hex(words[1]) if 1 in words else "word 1 was not written",
                       record=record)  # fmt: skip


@test(points=1, step="machine", section=SECTION, blames="identify", evidence="trace",
      hint="Behind a device id of 0 nothing may be read [virtio §4.2.3.1.1].")
def empty_slots_are_left_alone(run):
    """In an empty slot nothing but magic number, version and device id is read."""
    for legacy in (False, True):
        record, _ = yield from booted(run, legacy)
        reads = [o for w, o, _ in accesses(record) if not w and o < 0x10]
        looked = reads.count(DEVICE_ID)
        if looked < 8:
            raise Fail("identify did not read DeviceID in each of the eight slots that have "
                       "the right magic number and version [virtio §4.2.3.1.1]",
                       expected="8 reads of DeviceID, or more", seen=looked,
                       record=record)  # fmt: skip
        driven = sum(v == 1 for v in writes(record, STATUS))
        vendors = reads.count(VENDOR_ID)
        if vendors >= 8 - driven:
            raise Fail("VendorID was read in empty slots: behind a DeviceID of 0 identify "
                       "and virtio_mmio_probe_slot touch nothing more [virtio §4.2.3.1.1]",
                       expected=f"reads of VendorID for {driven} devices",
                       seen=f"{vendors} reads", record=record)  # fmt: skip
        first = [("write" if w else "read") + " of " + NAMES.get(o, f"register {o:#x}")
                 for w, o, _ in accesses(record)[:3]]  # fmt: skip
        wanted = [f"read of {NAMES[o]}" for o in (MAGIC, VERSION, DEVICE_ID)]
        if first != wanted:
            raise Fail("identify looks into a slot in another order than [virtio "
                       "§4.2.3.1.1] says", expected=", ".join(wanted),
                       seen=", ".join(first), record=record)  # fmt: skip


@test(points=1, step="machine", section=SECTION, blames="virtq_disable_irq",
      evidence="trace",
      hint="Interrupts that nobody needs cost more than they bring.")
def no_more_interrupts_than_chains(run):
    """The disk interrupts at most once for each chain."""
    for legacy in (False, True):
        record, _ = yield from booted(run, legacy)
        chains = len(record.events("virtqueue_fill"))
        interrupts = len(record.events("virtio_notify"))
        seen, doubt = how_far(record)
        check(interrupts > 0, f"{KINDS[legacy]} never interrupted; {doubt}", record)
        if interrupts > chains:
            raise Fail(f"{KINDS[legacy]} interrupted more often than it gave chains back: "
                       "virtq_disable_irq keeps interrupts away while chains are popped, "
                       "virtq_enable_irq asks for one [virtio §2.7.7, §2.7.10]",
                       expected=f"{chains} interrupts at most", seen=seen,
                       record=record)  # fmt: skip
