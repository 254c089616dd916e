#include "journal_rig.h"

#include "abi/errno.h"
#include "format.h"
#include "mm/slab.h"

struct crash_disk disk;
struct journal *journal;
unsigned log_blocks;
uint8_t *image;
unsigned closed, committed, failed;
bool no_memory;

void *__wrap_kzalloc(size_t size);
void *__real_kzalloc(size_t size);

void *
__wrap_kzalloc(size_t size)
{
    return no_memory ? NULL : __real_kzalloc(size);
}

static void
on_closed(void *owner)
{
    assert_ptr_equal(owner, &disk);
    closed++;
}

static void
on_committed(void *owner)
{
    (void)owner;
    assert_int_equal(++committed, closed);
}

static void
on_failed(void *owner, int error)
{
    (void)owner;
    assert_int_equal(error, -EIO);
    failed++;
}

static const struct journal_ops ops = {on_closed, on_committed, on_failed};

int
open_journal(bool read_only)
{
    return journal_open(&disk.dev, LOG_START, log_blocks, read_only, &ops,
                        &disk, &journal);
}

void
make_journal(unsigned count)
{
    size_t size = (LOG_START + 2 * (size_t)count) * BLOCK_SIZE;

    crash_disk_free(&disk);
    crash_disk_init(&disk, size);
    free(image);
    image = malloc(size);
    bcache_init(4096);
    no_memory = false;
    closed = committed = failed = 0;
    log_blocks = count;
    assert_int_equal(format_journal(&disk.dev, LOG_START, count), 0);
    assert_int_equal(open_journal(false), 0);
}

int
setup(void **state)
{
    (void)state;
    make_journal(200);
    return 0;
}

int
teardown(void **state)
{
    (void)state;
    crash_disk_free(&disk);
    free(image);
    return 0;
}

void
lose_power(bool all)
{
    journal_close(journal);
    crash_disk_cut(&disk, disk.count, all, image);
    crash_disk_load(&disk, image);
}

int
open_image(bool read_only)
{
    crash_disk_load(&disk, image);
    return open_journal(read_only);
}

void
edit(unsigned block, uint8_t content, journal_seal how)
{
    struct buf *buf;

    assert_int_equal(bcache_get(&disk.dev, block, &buf), 0);
    uint8_t *bytes = journal_edit(journal, buf, how);
    assert_non_null(bytes);
    memset(bytes, content, BLOCK_SIZE - 1);
    bcache_put(buf);
}

void
change(unsigned block, unsigned count, uint8_t content)
{
    assert_int_equal(journal_begin(journal), 0);
    for (unsigned i = 0; i < count; i++)
        edit(block + i, content, NULL);
    journal_end(journal);
}

void
commit(unsigned block, unsigned count, uint8_t content)
{
    change(block, count, content);
    assert_int_equal(journal_commit(journal), 0);
}

uint8_t
cached(unsigned block)
{
    struct buf *buf;

    assert_int_equal(bcache_get(&disk.dev, block, &buf), 0);
    uint8_t content = bcache_data(buf)[100];
    bcache_put(buf);
    return content;
}

uint8_t *
placed(unsigned block)
{
    return disk.now + (size_t)block * BLOCK_SIZE;
}
