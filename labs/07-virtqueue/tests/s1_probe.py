"""Step 1: slots, status and features, through registers [virtio §4.2]."""

from _card import CTRL_VQ, MAC, VERSION_1, ask, card

from grading import check, check_equal, test
from grading.errors import ETIMEDOUT

RTC, UART = 0x101000, 0x10000000  # on QEMU's virt board: no virtio devices


@test(points=2, step="probe", blames="identify", evidence="answers",
      section="Step 1: Is anybody there?",
      hint="DeviceID says what it is; the version says which register layout it has "
           "[virtio §4.2.2].")  # fmt: skip
def a_device_is_found(run):
    """A device in a slot is found, and described as it is."""
    for legacy in (False, True):
        answer = yield ask(run, card(run, legacy), "describe")
        check_equal(answer.u32(), 1, "the device id of a network card")
        check_equal(answer.u32(), 0x554D4551, "its vendor id")
        check_equal(answer.u8(), int(legacy), "whether it is a legacy device")


@test(points=1, step="probe", blames="identify", evidence="answers",
      section="Step 1: Is anybody there?",
      hint="What is not virtio has no magic number; compare all 32 bits of it "
           "[virtio §4.2.3.1.1].")  # fmt: skip
def other_registers_are_no_device(run):
    """The clock and the UART are not taken for virtio devices."""
    the_card = card(run, False)
    found = 0
    for slot in range(8):
        answer = yield ask(run, the_card, "probe", "u32", slot, "u64", 0)
        found += answer.u8()
    check_equal(found, 1, "slots that hold a device")
    for base in (RTC, UART):
        answer = yield ask(run, the_card, "probe", "u32", 0, "u64", base)
        check_equal(answer.u8(), 0, f"a device at {base:#x}")


@test(points=2, step="probe", blames="identify", evidence="answers",
      section="Step 1: Is anybody there?",
      hint="An empty slot has magic number and version, but device id 0.")
def empty_slots_are_no_device(run):
    """Of the eight slots one holds a device."""
    for legacy in (False, True):
        the_card = card(run, legacy)
        found = 0
        for slot in range(8):
            answer = yield ask(run, the_card, "probe", "u32", slot, "u64", 0)
            found += answer.u8()
        check_equal(found, 1, "slots that hold a device")


@test(points=1, step="probe", blames="reset", evidence="answers",
      section="Step 1: Is anybody there?",
      hint="Reset is a write of 0 to Status; it is over when Status reads 0.")
def reset_clears_the_status(run):
    """After a reset the status is 0, whatever it was."""
    for legacy in (False, True):
        values = [1, 3, 0x83]
        pieces = [x for v in values for x in ("u8", v)]
        answer = yield ask(run, card(run, legacy), "status", "u32", len(values), *pieces)
        for value in values:
            check_equal(answer.u8(), value, "the status that was set")
        check_equal(answer.error(), 0, "what reset returned")
        check_equal(answer.u8(), 0, "the status after the reset")


@test(points=2, step="probe", blames="get_features", evidence="answers",
      section="Step 1: Is anybody there?",
      hint="DeviceFeaturesSel chooses the word, DeviceFeatures shows it. Word 1 holds "
           "bits 32 to 63: shift before you or them together.")  # fmt: skip
def modern_features_have_two_words(run):
    """All the features of a modern device are read, VERSION_1 among them."""
    the_card = card(run, False)
    answer = yield ask(run, the_card, "features", "u64", 0)
    seen = answer.u64()
    check(seen & VERSION_1, f"VIRTIO_F_VERSION_1, bit 32, is not among {seen:#x}")
    wanted = the_card.on | MAC | CTRL_VQ
    check_equal(seen & wanted, wanted, "features that are offered")
    check_equal(seen & the_card.off, 0, "features that are not offered")


@test(points=2, step="probe", blames="get_features", evidence="answers",
      section="Step 1: Is anybody there?",
      hint="A legacy device has one word of features; the second is not to be read.")
def legacy_features_have_one_word(run):
    """Of a legacy device there are 32 features, and no more."""
    the_card = card(run, True)
    answer = yield ask(run, the_card, "features", "u64", 0)
    seen = answer.u64()
    wanted = the_card.on | MAC | CTRL_VQ
    check_equal(seen & wanted, wanted, "features that are offered")
    check_equal(seen & the_card.off, 0, "features that are not offered")
    check_equal(seen >> 32, 0, "features beyond the first 32")
