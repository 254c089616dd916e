"""Disks that say they are damaged: fsck mends them at boot, before anything is
written to them; what it cannot mend is only read."""

import os
import subprocess
import sys

import harness
from harness import PROMPT, Disk, Guest, cases
from services import check_disk, image, log_of, power_off, service

sys.path.insert(0, os.path.join(os.path.dirname(__file__), os.pardir, "tools"))

import eclipsefs  # noqa: E402

EFSX_STATE, EFSX_ERRORS, MOUNT_COUNT = 12, 4, 60  # places in its header, and a bit
LAST_CHECK = 53  # in the other header
CHECKSUM = 33  # of that one; 0: none


def efs(*words):
    """Run efs; return what it prints."""
    return subprocess.run(
        [harness.built("host/efs"), *words], check=True, capture_output=True
    ).stdout


def damage(path):
    """Damage a disk: a wrong link count, a directory without its entries, and
    blocks that are marked, but nobody's; it says so."""
    disk = eclipsefs.Image(path)
    for name in ("kept", "lost"):
        at, _ = disk.value(disk.inode(name), eclipsefs.NLINK)
        disk.put32(at, 7)
        disk.seal_record(disk.inode(name))
    at, _ = disk.value(disk.inode("broken"), eclipsefs.MODE)
    disk.put32(at, 0o777)  # the checksum is wrong
    bitmap = disk.ext(32, "Q")
    disk.data[bitmap * eclipsefs.BLOCK + 1500] ^= 0xff
    disk.seal_block(bitmap)
    disk.put_ext(EFSX_STATE, 1 | EFSX_ERRORS)
    disk.save()


def fill(folder):
    """Write files of some size to a folder of this machine."""
    os.makedirs(os.path.join(folder, "lost"))
    os.makedirs(os.path.join(folder, "broken"))
    for name in ("kept", "lost/inside", "broken/saved"):
        with open(os.path.join(folder, name), "wb") as file:
            file.write(name.encode() * 5000)
    return folder


def damaged_root(tmp):
    """Return a disk with a system and with files, damaged."""
    folder = fill(os.path.join(tmp, "files"))
    trees = [(f"/{name}", os.path.join(folder, name)) for name in ("kept", "lost", "broken")]
    path = image(tmp, {"idle": service()}, trees=trees)
    damage(path)
    return path


def check_files(path, root=""):
    """Fail unless what was sound on a disk is as it was."""
    for name in ("kept", "lost/inside"):
        assert efs("cat", path, f"{root}/{name}") == name.encode() * 5000, name
    found = efs("ls", path, f"{root}/lost+found").decode().split()
    saved = [efs("cat", path, f"{root}/lost+found/{name}") for name in found]
    assert b"broken/saved" * 5000 in saved, found


def test_root(tmp):
    """A damaged root is mended, the machine starts anew, and all is well."""
    path = damaged_root(tmp)
    with Guest(disks=[Disk(path, write=True)]) as guest:
        output = guest.boot()
        assert output.count("OpenSBI v") == 2, output.count("OpenSBI v")
        assert "all mended" in output and "/: /dev/vda is mended: starting anew" in output
        guest.command("echo new >/new; sync")
        assert "idle: starting -> running" in log_of(guest)
        power_off(guest)
    check_disk(path)
    check_files(path)
    with Guest(disks=[path]) as guest:
        assert "mended" not in guest.boot()
        assert guest.command("cat /new") == "new"


def test_other_disk(tmp):
    """Another disk of fstab's is mended before it is mounted; one that is to be
    read only is left alone."""
    other, also = os.path.join(tmp, "other.img"), os.path.join(tmp, "also.img")
    for path in (other, also):
        folder = fill(os.path.join(tmp, os.path.basename(path)[:-4]))
        make = [harness.built("host/mkfs.eclipsefs"), "-s", "16M", "-d", folder, path]
        subprocess.run(make, check=True, stdout=subprocess.DEVNULL)
        damage(path)
    table = (
        "/dev/vda / eclipsefs defaults\n"
        "/dev/vdb /mnt eclipsefs defaults\n"
        "/dev/vdc /home eclipsefs ro\n"
    )
    root = image(tmp, {}, files=[("/etc/fstab", table)])
    with Guest(disks=[root, Disk(other, write=True), Disk(also, write=True)]) as guest:
        output = guest.boot()
        assert output.count("OpenSBI v") == 1 and "/dev/vdb is damaged" in output
        mounts = guest.command("mount")
        assert "/dev/vdb on /mnt type eclipsefs (rw" in mounts, mounts
        assert "/dev/vdc on /home type eclipsefs (ro" in mounts, mounts
        guest.command("echo new >/mnt/new")
        assert "Read-only" in guest.command("mount -o remount,rw /home")
        power_off(guest)
    check_disk(other)
    check_files(other)
    assert efs("cat", other, "/new") == b"new\n"
    assert eclipsefs.Image(also).ext(EFSX_STATE) & EFSX_ERRORS


def failing(path, tmp):
    """Return QEMU's arguments for a disk whose first block cannot be written."""
    config = os.path.join(tmp, "config")
    with open(config, "w", encoding="utf-8") as file:
        file.write(
            '[inject-error]\nevent = "write_aio"\niotype = "write"\n'
            'errno = "5"\nonce = "off"\nsector = "0"\n'
        )
    return [
        "-blockdev", f"driver=file,node-name=base,filename={path}",
        "-blockdev", f"driver=blkdebug,node-name=bad,image=base,config={config}",
        "-blockdev", "driver=raw,node-name=top,file=bad",
        "-device", "virtio-blk-device,drive=top,werror=report,rerror=report",
    ]  # fmt: skip


def is_single(guest, reason):
    """Fail unless there is a shell, and nothing else, and that reason."""
    output = guest.boot()
    assert reason in output, output
    assert output.count("OpenSBI v") == 1
    states = [line.split()[:2] for line in guest.command("svc list | cat").splitlines()[1:]]
    assert states == [["init-shell", "running"]], states
    assert "Read-only" in guest.command("touch /new")
    assert guest.command("echo text >/tmp/new; cat /tmp/new") == "text"


def test_cannot_be_mended(tmp):
    """What fsck fails to mend gives a shell, and the reason; no circle."""
    path = damaged_root(tmp)
    with Guest(disks=[], extra=failing(path, tmp)) as guest:
        is_single(guest, "/: /dev/vda is only read: fsck.eclipsefs ended with status 12")
        power_off(guest)


def test_in_vain(tmp):
    """A root that is damaged at the first start after it was mended is not
    mended again and again."""
    path = damaged_root(tmp)
    subprocess.run(
        [harness.built("host/fsck.eclipsefs"), "-y", path], stdout=subprocess.DEVNULL
    )
    disk = eclipsefs.Image(path)
    assert disk.ext(MOUNT_COUNT) == 0
    disk.put_ext(MOUNT_COUNT, 1)
    disk.put_ext(EFSX_STATE, 1 | EFSX_ERRORS)
    disk.save()
    with Guest(disks=[Disk(path, write=True)]) as guest:
        is_single(guest, "/: /dev/vda is only read: damaged again, though just mended")
        # Who is there can still have it done, and then all is well.
        assert "all mended" in guest.command("fsck.eclipsefs -y /dev/vda")
        guest.send("reboot")
        guest.expect("phase 3")
        guest.expect(PROMPT)
        assert guest.command("touch /new; echo status $?") == "status 0"


def test_single(tmp):
    """Who asks for a shell only gets the disk as it is."""
    path = damaged_root(tmp)
    with Guest(disks=[path], bootargs="init=single") as guest:
        is_single(guest, "/: /dev/vda is only read: boot without init=single to mend it")


@cases(mended={}, looked_at={"option": "-n"})
def test_fsck_in_guest(tmp, option="-y"):
    """fsck says in the guest what it says on the host, and does what it does."""
    path = os.path.join(tmp, "other.img")
    make = [harness.built("host/mkfs.eclipsefs"), "-s", "16M", "-d",
            fill(os.path.join(tmp, "files")), path]  # fmt: skip
    subprocess.run(make, check=True, stdout=subprocess.DEVNULL)
    damage(path)
    copy = os.path.join(tmp, "copy.img")
    subprocess.run(["cp", path, copy], check=True)
    with Guest(disks=[harness.built("test.img"), Disk(copy, write=True)]) as guest:
        guest.boot()
        said = guest.command(f"fsck.eclipsefs {option} /dev/vdb; echo $?").split("\n")
        power_off(guest)
    host = subprocess.run(
        [harness.built("host/fsck.eclipsefs"), option, path], capture_output=True, text=True
    )
    assert said.pop() == str(host.returncode)
    assert said == host.stdout.replace(path, "/dev/vdb").split("\n")[:-1]
    if option == "-y":
        check_disk(copy)
        check_files(copy)


def test_who_may_write():
    """A disk is written to by root, and while no file system writes to it."""
    with Guest(disks=[harness.built("test.img"), harness.built("root.img")]) as guest:
        guest.boot()
        write = "dd if=/dev/zero of=/dev/vdb bs=512 count=1 conv=notrunc 2>&1"
        guest.command("chmod 666 /dev/vdb")
        assert "ermission denied" in guest.command(f"su student -c '{write}'")
        assert "busy" in guest.command("echo x 2>&1 >>/dev/vda")
        guest.command("mount -r /dev/vdb /mnt")
        guest.command("exec 5<>/dev/vdb")
        assert "busy" in guest.command("mount -o remount,rw /mnt 2>&1")
        # Nor after it: what the file system has in memory may be of another time.
        guest.command("exec 5<&-")
        assert "Read-only" in guest.command("mount -o remount,rw /mnt 2>&1")
        guest.command("umount /mnt")
        assert guest.command("mount /dev/vdb /mnt && umount /mnt; echo status $?") == "status 0"
        guest.command("exec 5<>/dev/vdb")
        assert "busy" in guest.command("mount /dev/vdb /mnt 2>&1")
        # What is written is what is read, whatever was in memory before.
        guest.command("exec 5<&-; head -c 512 /dev/vdb >/tmp/first")
        guest.command("printf 0123456789 >/tmp/ten")
        assert "0123456789" not in guest.command("head -c 512 /dev/vdb")
        guest.command("exec 5<>/dev/vdb; cat /tmp/ten >&5; exec 5<&-")
        assert guest.command("head -c 10 /dev/vdb") == "0123456789"
        guest.command("tail -c +11 /tmp/first >/tmp/old; head -c 512 /dev/vdb | tail -c +11 >/tmp/new")
        assert guest.command("cmp /tmp/old /tmp/new && echo same") == "same"
        assert "Invalid" in guest.command("mount /dev/vdb /mnt 2>&1")
        assert guest.command("/tests/disk_part /dev/vdb; echo $?").endswith("\n0")
