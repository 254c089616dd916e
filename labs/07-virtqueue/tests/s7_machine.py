"""Step 7: the whole, with devices that are not played: what QEMU saw."""

import random

from grading import check, check_equal, test

SECTION = "Step 7: All of it"
PROMPT = r"umbra# $"
PAGE_SIZE, QUEUE_ALIGN, QUEUE_PFN = 0x28, 0x3C, 0x40
MAGIC, VERSION, DEVICE_ID, VENDOR_ID, STATUS = 0x00, 0x04, 0x08, 0x0C, 0x70
OFFERED_SEL, GUEST_FEATURES, FEATURES_SEL = 0x14, 0x20, 0x24
TRACE = ("virtio_mmio_*", "virtqueue_pop", "virtqueue_fill", "virtio_set_status",
         "virtio_notify")  # fmt: skip


def boot(run, legacy):
    """Return the request of a boot in which a file is read; and what is in it."""
    machine = run.machine(legacy=legacy, icount=False)
    shared = random.Random(f"{run.seed}:secret")
    secret = shared.randbytes(24).hex()
    request = run.boot(
        files={"/etc/secret": (secret + "\n").encode()}, machine=machine,
        prompt=PROMPT, input=("cat /etc/secret",), trace=TRACE,
    )  # fmt: skip
    return request, secret


@test(points=2, step="machine", section=SECTION, blames="virtq_add",
      evidence=("answers", "trace"),
      hint="What the log says last is how far it came.")
def a_modern_disk_is_read(run):
    """A modern disk is found, mounted and read."""
    request, secret = boot(run, False)
    record = yield request
    check(secret in record.console, "the file's content, which only the disk knows")
    check(record.events("virtqueue_pop"), "the device took no chain")


@test(points=2, step="machine", section=SECTION, blames="legacy_queue_enable",
      evidence=("answers", "trace"),
      hint="What differs for a legacy device is all in mmio.c.")
def a_legacy_disk_is_read(run):
    """So is a legacy one."""
    request, secret = boot(run, True)
    record = yield request
    check(secret in record.console, "the file's content, which only the disk knows")
    check(record.events("virtqueue_pop"), "the device took no chain")


def accesses(record):
    """Return what was done to registers: (is a write, offset, value)."""
    found = []
    for event in record.events("virtio_mmio_read", "virtio_mmio_write_offset"):
        write = event.name == "virtio_mmio_write_offset"
        found.append((write, event.fields.get("offset"), event.fields.get("value")))
    return found


@test(points=1, step="machine", section=SECTION, blames="virtio_negotiate",
      evidence="trace",
      hint="The status tells the device how far the driver has come: [virtio §3.1.1].")
def the_disk_hears_the_handshake(run):
    """The status of the disk takes the steps of the specification."""
    for legacy, steps in ((False, [1, 3, 11, 15]), (True, [1, 3, 7])):
        request, _ = boot(run, legacy)
        record = yield request
        seen = [v for w, o, v in accesses(record) if w and o == STATUS and v]
        check_equal(seen[: len(steps)], steps, "what was written to the status")


@test(points=1, step="machine", section=SECTION, blames="legacy_queue_enable",
      evidence="trace",
      hint="GuestPageSize and QueueAlign are both 4096 here, and are said before the "
           "page [virtio §4.2.4].")  # fmt: skip
def a_legacy_disk_hears_its_layout(run):
    """A legacy device is told page size and alignment before the page."""
    request, _ = boot(run, True)
    record = yield request
    writes = {}
    for write, offset, value in accesses(record):
        if write and offset == QUEUE_PFN and value:
            break
        if write:
            writes[offset] = value
    check_equal(writes.get(PAGE_SIZE), 4096, "GuestPageSize")
    check_equal(writes.get(QUEUE_ALIGN), 4096, "QueueAlign")


@test(points=2, step="machine", section=SECTION, blames="set_features,get_features",
      evidence="trace",
      hint="DriverFeaturesSel, then DriverFeatures, for word 0 and for word 1.")
def the_disk_hears_both_words(run):
    """A modern device is told VIRTIO_F_VERSION_1, in word 1; a legacy one has no
    such word."""
    for legacy in (False, True):
        request, _ = boot(run, legacy)
        record = yield request
        words, word = {}, None
        if legacy:
            selected = {v for w, o, v in accesses(record)
                        if w and o in (OFFERED_SEL, FEATURES_SEL)}  # fmt: skip
            check_equal(selected - {0}, set(), "words of features, but for word 0")
        for write, offset, value in accesses(record):
            if write and offset == FEATURES_SEL:
                word = value
            elif write and offset == GUEST_FEATURES:
                words[word] = value
        check(0 in words or None in words, "word 0 of the features was not written")
        if not legacy:
            check_equal(words.get(1, 0) & 1, 1, "VIRTIO_F_VERSION_1 in word 1")


@test(points=1, step="machine", section=SECTION, blames="identify", evidence="trace",
      hint="Behind a device id of 0 nothing may be read [virtio §4.2.3.1.1].")
def empty_slots_are_left_alone(run):
    """In an empty slot nothing but magic number, version and device id is read."""
    for legacy in (False, True):
        request, _ = boot(run, legacy)
        record = yield request
        reads = [o for w, o, _ in accesses(record) if not w and o < 0x10]
        check(reads.count(DEVICE_ID) >= 8, "not all of the eight slots were looked into")
        driven = sum(w and o == STATUS and v == 1 for w, o, v in accesses(record))
        check(reads.count(VENDOR_ID) < 8 - driven, "VendorID was read in empty slots")
        first = accesses(record)[:3]
        check_equal(first, [(False, MAGIC, None), (False, VERSION, None),
                            (False, DEVICE_ID, None)], "the first accesses")  # fmt: skip


@test(points=1, step="machine", section=SECTION, blames="virtq_disable_irq",
      evidence="trace",
      hint="Interrupts that nobody needs cost more than they bring.")
def no_more_interrupts_than_chains(run):
    """The disk interrupts at most once for each chain."""
    for legacy in (False, True):
        request, _ = boot(run, legacy)
        record = yield request
        chains = len(record.events("virtqueue_fill"))
        check(0 < len(record.events("virtio_notify")) <= chains,
              f"{len(record.events('virtio_notify'))} interrupts for {chains} chains")  # fmt: skip
