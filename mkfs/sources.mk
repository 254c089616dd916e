# The file-system code that the kernel, the host tools and the host tests
# share, and what stands in for the kernel beneath it.

HOSTFS_SRCS := \
    kernel/lib/crc32c.c \
    kernel/dev/blockdev.c \
    kernel/fs/bcache.c \
    kernel/fs/buf.c \
    kernel/fs/blockio.c \
    kernel/fs/journal.c \
    kernel/fs/journal_log.c \
    kernel/fs/readahead.c \
    $(addprefix kernel/fs/eclipsefs/, \
        super.c cursor.c record.c dir.c file.c) \
    $(addprefix mkfs/, \
        host_kernel.c host_disk.c walk.c parents.c list.c get.c dump.c \
        tree.c plain.c) \
    user/lib/sha256.c
