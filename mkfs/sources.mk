# The file-system code that the kernel, the host tools and the host tests
# share, and what stands in for the kernel beneath it. A starter that has no journal
# yet says in HOST_JOURNAL what its tools have in place of one.

EFS_SRCS := \
    kernel/lib/crc32c.c \
    kernel/dev/blockdev.c \
    $(addprefix kernel/fs/, \
        bcache.c buf.c blockio.c readahead.c) \
    $(or $(HOST_JOURNAL),kernel/fs/journal.c kernel/fs/journal_log.c) \
    $(addprefix kernel/fs/eclipsefs/, \
        super.c record.c record_block.c index.c dir.c dirtree.c names.c \
        file.c space.c slots.c extent.c change.c) \
    $(addprefix mkfs/, host_kernel.c host_disk.c format.c format_journal.c store.c \
        header_copy.c)

CHECK_SRCS := $(addprefix mkfs/, \
    check.c check_inodes.c check_files.c check_names.c repair.c repair_tree.c)

HOSTFS_SRCS := $(EFS_SRCS) \
    $(addprefix mkfs/, \
        walk.c parents.c list.c get.c dump.c dump_blocks.c tree.c modes.c beside.c plain.c extended.c \
        fill.c edit.c) \
    $(CHECK_SRCS) \
    user/lib/sha256.c \
    $(wildcard mkfs/todo.c) # of a lab's starter

# eclipsefs as the kernel mounts it, for host tests.
VFS_SRCS := $(EFS_SRCS) \
    $(addprefix kernel/fs/, inode.c pagecache.c pagedirty.c writeback.c) \
    $(addprefix kernel/fs/eclipsefs/, mount.c tree.c content.c content_write.c) \
    kernel/mm/uio.c \
    $(CHECK_SRCS) \
    $(addprefix tests/host/, vfs_rig.c crash_disk.c)

# The same with names and open files above it.
TREE_SRCS := $(VFS_SRCS) \
    $(addprefix kernel/fs/, names.c attributes.c dentry.c file.c) \
    $(addprefix tests/host/, tree_rig.c tree_ops.c tree_model.c)
