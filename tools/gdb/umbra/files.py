"""Files: inodes in memory, and the blocks that are kept."""

import stat

from . import kernel
from .command import command


def mode_of(mode):
    """Return a mode as ls shows it."""
    return stat.filemode(mode)


@command("inode N")
def inode(words):
    """Inode N of every file system that has one in memory."""
    wanted = kernel.number(words, 0, "inode")
    buckets = kernel.variable("inode.c", "inode_cache")["bucket"]
    found = 0
    for i in range(buckets.type.range()[1] + 1):
        for node in kernel.entries(buckets[i], "inode", "hash_node"):
            if int(node["ino"]) != wanted:
                continue
            found += 1
            disk = node["super"]["bdev"]
            print(f"inode {wanted} of {kernel.string(node['super']['type'])}"
                  f"{' on ' + kernel.string(disk['name']) if int(disk) else ''}, "
                  f"at {int(node.address):#x}")  # fmt: skip
            print(f"  {mode_of(int(node['mode']))}, {int(node['nlink'])} links, "
                  f"owner {int(node['uid'])}:{int(node['gid'])}, "
                  f"{int(node['size'])} bytes, {int(node['refs'])} references")  # fmt: skip
            owner = int(node["lock"]["owner"])
            print(f"  {'locked by thread at %#x' % owner if owner else 'not locked'}")
    if not found:
        print(f"no inode {wanted} is in memory")


@command("bcache [N]")
def bcache(words):
    """How many blocks are in memory; with N, what is known of block N."""
    pool = kernel.variable("buf.c", "pool")
    stats = pool["stats"]
    if not words:
        print(f"{int(stats['blocks'])} of at most {int(pool['max_pages'])} blocks, "
              f"{int(stats['dirty'])} dirty; {int(stats['hits'])} hits, "
              f"{int(stats['misses'])} misses, {int(stats['reads'])} requests "
              f"for {int(stats['read_blocks'])} blocks")  # fmt: skip
        return
    wanted = kernel.number(words, 0, "block")
    found = 0
    for i in range(int(pool["bucket_mask"]) + 1):
        for buf in kernel.entries(pool["buckets"][i], "buf", "hash_node"):
            if int(buf["index"]) != wanted:
                continue
            found += 1
            print(f"block {wanted} of owner {int(buf['owner']):#x}: "
                  f"{kernel.name_of('buf_state', buf['state'])}"
                  f"{', dirty' if buf['dirty'] else ''}, {int(buf['holders'])} holders, "
                  f"data at {int(buf['data']):#x}")  # fmt: skip
    if not found:
        print(f"no block {wanted} is in memory")
