"""Step 2: driver and device agree [virtio §3.1.1]."""

import dataclasses

from grading import check, check_equal, pack, test
from grading.errors import EOPNOTSUPP, ETIMEDOUT

ACKNOWLEDGE, DRIVER, DRIVER_OK, FEATURES_OK, FAILED = 1, 2, 4, 8, 128
COMMON = 1 << 28 | 1 << 29  # indirect descriptors, event index
MODERN = 1 << 32 | 1 << 33 | 1 << 36
LEGACY = 1 << 27  # any layout
VERSION_1 = 1 << 32
SECTION = "Step 2: Coming to terms"


@dataclasses.dataclass
class Seen:
    """What was done to the device, in order, and how it ended."""

    did: list
    error: int
    offered: int
    chosen: int
    status: int


def ask(run, what="negotiate", legacy=False, offered=VERSION_1, driver=0,
        refuses=False, stuck=False, status=0, queues=0, before=0):  # fmt: skip
    """Return the request; before: features that queues rest on."""
    return run.ask("handshake", "handshake", pack(
        "u8", legacy, "u64", offered, "u64", driver, "u8", refuses, "u8", stuck,
        "u8", status, "u32", queues, "u64", before, "string", what,
    ))  # fmt: skip


def read(answer):
    """Return what an answer says."""
    did = []
    while (name := answer.string()) != "end":
        did.append((name, answer.u64()))
    return Seen(did, answer.error(), answer.u64(), answer.u64(), answer.u8())


@test(points=2, step="handshake", section=SECTION, blames="virtio_negotiate",
      evidence="answers",
      hint="[virtio §3.1.1] numbers the steps: reset, ACKNOWLEDGE, DRIVER, features, "
           "FEATURES_OK. A bit that is set stays set.")  # fmt: skip
def a_modern_device_hears_five_steps(run):
    """Reset, ACKNOWLEDGE, DRIVER, features, FEATURES_OK: in this order."""
    offered = VERSION_1 | run.random.getrandbits(24)
    seen = read((yield ask(run, offered=offered)))
    check_equal(seen.error, 0, "what virtio_negotiate returned")
    names = [name for name, _ in seen.did]
    check_equal(names[:1], ["reset"], "what comes first")
    statuses = [v for n, v in seen.did if n == "status" and v]
    check_equal(statuses, [1, 3, 11], "the values written to the status")
    at = names.index("features") if "features" in names else -1
    check(at > 0, "no features were written")
    check_equal(seen.did[at - 1], ("status", 3), "the step before the features")
    check_equal(seen.did[at + 1], ("status", 11), "the step behind the features")


@test(points=1, step="handshake", section=SECTION, blames="virtio_negotiate",
      evidence="answers",
      hint="FEATURES_OK came with VIRTIO_F_VERSION_1: a legacy device does not know "
           "it [virtio §3.1.2].")  # fmt: skip
def a_legacy_device_hears_no_features_ok(run):
    """A legacy device is not told FEATURES_OK."""
    seen = read((yield ask(run, legacy=True, offered=run.random.getrandbits(32))))
    check_equal(seen.error, 0, "what virtio_negotiate returned")
    statuses = [v for n, v in seen.did if n == "status" and v]
    check_equal(statuses, [1, 3], "the values written to the status")
    check("features" in [n for n, _ in seen.did], "no features were written")


@test(points=2, step="handshake", section=SECTION, blames="virtio_negotiate",
      evidence="answers",
      hint="A device that does not like the features takes FEATURES_OK back: read the "
           "status once more.")  # fmt: skip
def a_device_may_refuse(run):
    """A device that does not keep FEATURES_OK is given up."""
    seen = read((yield ask(run, refuses=True)))
    check_equal(seen.error, EOPNOTSUPP, "what virtio_negotiate returned")
    seen = read((yield ask(run)))
    check_equal(seen.error, 0, "for a device that accepts")


@test(points=1, step="handshake", section=SECTION, blames="virtio_negotiate",
      evidence="answers",
      hint="reset returns an error; what the device does after that nobody knows.")
def no_reset_no_handshake(run):
    """A device that does not reset hears nothing more."""
    seen = read((yield ask(run, stuck=True)))
    check_equal(seen.error, ETIMEDOUT, "what virtio_negotiate returned")
    check_equal(seen.did, [("reset", 0)], "what was done to the device")


@test(points=2, step="handshake", section=SECTION, blames="choose_features",
      evidence="answers",
      hint="Offered AND (what we can do OR what the driver can do). dev->features and "
           "dev->features_offered keep both.")  # fmt: skip
def features_are_what_both_know(run):
    """Chosen is what is offered, and known to us or to the driver."""
    for legacy in (False, True):
        for _ in range(4):
            offered = run.random.getrandbits(64) | VERSION_1
            driver = run.random.getrandbits(24)
            if legacy:
                offered &= 0xFFFFFFFF
            known = COMMON | driver | (LEGACY if legacy else MODERN)
            seen = read((yield ask(run, legacy=legacy, offered=offered, driver=driver)))
            check_equal(seen.error, 0, "what virtio_negotiate returned")
            written = [v for n, v in seen.did if n == "features"]
            check_equal(written, [offered & known], "features written")
            check_equal(seen.chosen, offered & known, "dev->features")
            check_equal(seen.offered, offered, "dev->features_offered")


@test(points=2, step="handshake", section=SECTION, blames="choose_features",
      evidence="answers",
      hint="[virtio §6.1]: a driver must accept VERSION_1 if it is offered; a modern "
           "device without it cannot be driven.")  # fmt: skip
def modern_without_version_1_is_refused(run):
    """A modern device must offer VIRTIO_F_VERSION_1."""
    offered = run.random.getrandbits(32)
    seen = read((yield ask(run, offered=offered)))
    check_equal(seen.error, EOPNOTSUPP, "what virtio_negotiate returned")
    check("features" not in [n for n, _ in seen.did], "features were written all the same")
    seen = read((yield ask(run, offered=offered, legacy=True)))
    check_equal(seen.error, 0, "for a legacy device, which cannot offer it")


@test(points=2, step="handshake", section=SECTION, blames="choose_features",
      evidence="answers",
      hint="A device with queues (dev->nqueues) rests on dev->features: these, and no "
           "others, must be agreed on again.")  # fmt: skip
def queues_keep_their_features(run):
    """Once there are queues, the features stay what they were, or it fails."""
    before = VERSION_1 | 1 << 28 | 1 << 9
    more = before | 1 << 29 | 1 << 3
    seen = read((yield ask(run, offered=more, driver=1 << 3, queues=1, before=before)))
    check_equal(seen.error, 0, "when the device offers more than before")
    check_equal([v for n, v in seen.did if n == "features"], [before], "features written")
    less = before & ~(1 << 9)
    seen = read((yield ask(run, offered=less, queues=1, before=before)))
    check_equal(seen.error, EOPNOTSUPP, "when the device withdraws one")


@test(points=1, step="handshake", section=SECTION, blames="add_status",
      evidence="answers",
      hint="The status is a set of bits, and setting one must keep the others.")
def driver_ok_is_the_last_bit(run):
    """DRIVER_OK is added to what the status holds."""
    seen = read((yield ask(run, what="ok", status=11)))
    check_equal(seen.did, [("status", 15)], "what was done to the device")


@test(points=1, step="handshake", section=SECTION, blames="virtio_give_up",
      evidence="answers",
      hint="FAILED is said in any case; what reset returned goes to the caller.")
def giving_up_resets_and_says_so(run):
    """A device that is given up is reset, and FAILED, even if it does not reset."""
    seen = read((yield ask(run, what="give up", status=15)))
    check_equal((seen.error, seen.status), (0, FAILED), "result and status")
    check_equal(seen.did[0], ("reset", 0), "what comes first")
    seen = read((yield ask(run, what="give up", status=15, stuck=True)))
    check_equal(seen.error, ETIMEDOUT, "if it does not reset")
    check(seen.status & FAILED, f"FAILED is not in the status {seen.status:#x}")
