// SOURCES: $(VFS_SRCS) kernel/fs/names.c kernel/fs/attributes.c
// SOURCES: kernel/fs/dentry.c kernel/fs/file.c tests/host/fuzz/efs_images.c
// SOURCES: tests/damage/sample.c tests/damage/mutate.c
// SOURCES: tests/damage/mutate_areas.c tests/damage/mutate_names.c
// SOURCES: tests/damage/mutate_records.c tests/host/image_builder.c
// SOURCES: tests/host/fuzz/frames.c tests/host/fuzz/undo_disk.c
// LIBS: -Wl,--wrap=frame_alloc,--wrap=frame_free,--wrap=frame_unref
/* eclipsefs: an image is damaged, or not, mounted, used in every way that there
 * is, unmounted, and checked and mended. What was sound stays sound; what fsck
 * says that it has mended is. */
#include "abi/errno.h"
#include "abi/statfs.h"
#include "check.h"
#include "fs/attributes.h"
#include "fs/bcache.h"
#include "fs/devfs.h"
#include "fs/eclipsefs/eclipsefs.h"
#include "fs/epoll.h"
#include "fs/file.h"
#include "fs/names.h"
#include "fs/pipe.h"
#include "fs/record_lock.h"
#include "host_kernel.h"
#include "lib/crc32c.h"

#include "efs_images.h"
#include "frames.h"
#include "fuzz.h" /* after fcntl.h, which the C library has, too */

#define CACHE      64u /* pages: the least, so that some have to go */
#define STEPS_MAX  32u
#define LISTS_MOST 6u /* calls that read a directory, one after the other */
#define OPEN_MAX   4u
#define BYTES_MAX  (40u * 1024)

static struct dentry *root;
static struct super *super;
static struct file *open_files[OPEN_MAX];
static uint8_t bytes[BYTES_MAX];

/* ---- What stands in for the layers beside ---- */

const struct file_ops devfs_node_ops = {.read = NULL};
const struct file_ops pipe_named_ops = {.read = NULL};

void
epoll_forget(struct file *file UNUSED)
{
}

void
record_lock_drop(const void *owner UNUSED, const struct file *file UNUSED)
{
}

int
path_lookup(struct fs_context *ctx UNUSED, struct dentry *base UNUSED,
            const char *path UNUSED, unsigned flags UNUSED,
            struct dentry **out UNUSED)
{
    return -ENOENT;
}

/* ---- Mounting ---- */

static struct dentry under, top;
static struct inode top_inode = {.ino = 1};

static int
mount_it(bool read_only)
{
    int err = eclipsefs_mount(images_disk(), read_only, &super);

    if (err)
        return err;
    sleeplock_init(&super->names, RANK_NAMES);
    err = dentry_make_root(super, &root);
    if (err) {
        super->ops->unmount(super);
        return err;
    }
    top = (struct dentry){.parent = &top, .inode = &top_inode, .refs = 1};
    under = (struct dentry){.parent = &top, .super = super, .refs = 1};
    FUZZ_CHECK(dentry_mount(&under, root) == 0);
    return 0;
}

/* Nobody may have kept a reference to anything. */
static void
unmount_it(void)
{
    for (unsigned i = 0; i < OPEN_MAX; i++) {
        if (open_files[i])
            file_put(open_files[i]);
        open_files[i] = NULL;
    }
    FUZZ_CHECK(dentry_unmount(root) == 0);
    FUZZ_CHECK(under.refs == 1 && root->refs == 1);
    dentry_put(root);
    super->ops->unmount(super);
}

/* ---- Names ---- */

static const char *
read_name(struct fuzz_input *in)
{
    static char any[NAME_MAX + 1];
    unsigned i = fuzz_choose(in, 2 * images_nnames);

    if (i < images_nnames)
        return images_names[i];
    /* Some of those of the large directories; or very long. */
    if (i % 2)
        images_many(any, (unsigned)fuzz_number(in, 1));
    else
        snprintf(any, sizeof(any), "%0*u", 1 + (int)fuzz_choose(in, NAME_MAX),
                 i);
    return any;
}

/* Goes down from the root as long as the input says and there are directories.
 * Returns a reference. */
static struct dentry *
read_place(struct fuzz_input *in)
{
    struct dentry *at = dentry_ref(root), *next;

    for (unsigned depth = fuzz_choose(in, 4); depth > 0; depth--) {
        const char *name = read_name(in);
        if (dentry_lookup(at, name, strlen(name), &next) != 0)
            break;
        if (!next->inode || !S_ISDIR(next->inode->mode)) {
            dentry_put(next);
            break;
        }
        dentry_put(at);
        at = next;
    }
    return at;
}

static void
read_path(struct fuzz_input *in, struct path_name *at)
{
    *at = (struct path_name){.kind = LAST_NAME, .dir = read_place(in)};
    const char *name = read_name(in);
    at->len = strlen(name);
    memcpy(at->name, name, at->len);
}

/* What a path leads to, with a reference; NULL: nothing. */
static struct dentry *
find(struct fuzz_input *in)
{
    struct path_name at;
    struct dentry *d;

    read_path(in, &at);
    int err = dentry_lookup(at.dir, at.name, at.len, &d);
    dentry_put(at.dir);
    if (err == 0 && !d->inode) {
        dentry_put(d);
        err = -ENOENT;
    }
    return err ? NULL : d;
}

static void
create(struct fuzz_input *in)
{
    static const uint32_t types[] = {S_IFREG, S_IFDIR, S_IFLNK, S_IFCHR};
    struct inode_new what = {.mode = types[fuzz_choose(in, 4)] | 0755,
                             .rdev = 0x103};
    struct path_name at;

    read_path(in, &at);
    if (S_ISLNK(what.mode)) {
        what.target = (const char *)bytes;
        what.target_len = 1 + fuzz_choose(in, 5000);
    }
    (void)!names_create(&at, &what, NULL);
    path_name_end(&at);
}

static void
rename_one(struct fuzz_input *in)
{
    struct path_name from, to;
    unsigned flags = fuzz_choose(in, 3);

    read_path(in, &from);
    read_path(in, &to);
    (void)!names_rename(&from, &to, flags);
    path_name_end(&from);
    path_name_end(&to);
}

static void
remove_one(struct fuzz_input *in)
{
    struct path_name at;

    read_path(in, &at);
    (void)!names_unlink(&at, fuzz_choose(in, 2));
    path_name_end(&at);
}

static void
link_one(struct fuzz_input *in)
{
    struct dentry *d = find(in);
    struct path_name at;

    if (!d)
        return;
    read_path(in, &at);
    if (!S_ISDIR(d->inode->mode))
        (void)!names_link(&at, d);
    path_name_end(&at);
    dentry_put(d);
}

struct sink {
    struct dir_sink sink;
    unsigned room;
};

static bool
see(struct dir_sink *sink, const char *name, size_t len, uint64_t ino,
    unsigned type_mode UNUSED, uint64_t next_pos UNUSED)
{
    struct sink *s = container_of(sink, struct sink, sink);

    FUZZ_CHECK(len > 0 && len <= NAME_MAX && ino > 0);
    FUZZ_CHECK(!memchr(name, '/', len) && !memchr(name, 0, len));
    return s->room && s->room--;
}

static void
list(struct fuzz_input *in)
{
    struct dentry *dir = read_place(in);
    struct sink s = {.sink.entry = see};
    struct file *file;
    unsigned calls = 0;

    if (file_open_dentry(dir, O_RDONLY, &file) == 0) {
        unsigned room = 1 + fuzz_choose(in, 64);
        if (fuzz_choose(in, 8) == 0)
            (void)!file_seek(file, (int64_t)fuzz_number(in, 8), 0);
        do {
            s.room = room;
            if (file_readdir(file, &s.sink) != 0)
                break;
        } while (s.room < room && ++calls < LISTS_MOST);
        file_put(file);
    }
    dentry_put(dir);
}

/* ---- Content ---- */

/* Offsets near the beginning, ends of pages, or far out. */
static uint64_t
read_offset(struct fuzz_input *in)
{
    switch (fuzz_choose(in, 4)) {
    case 0:
        return fuzz_number(in, 2);
    case 1:
        return fuzz_number(in, 1) * 4096;
    case 2:
        return fuzz_number(in, 1) * 4096 - MIN(4096u, fuzz_number(in, 1));
    default:
        return fuzz_number(in, 6) & INT64_MAX;
    }
}

static struct file *
open_one(struct fuzz_input *in, unsigned flags)
{
    struct file *file = NULL;
    struct dentry *d = find(in);

    if (!d)
        return NULL;
    if (!S_ISREG(d->inode->mode) || file_open_dentry(d, flags, &file) != 0)
        file = NULL;
    dentry_put(d);
    return file;
}

static void
move_content(struct fuzz_input *in, struct file *file, enum file_direction way)
{
    uint64_t at = read_offset(in);
    size_t n = fuzz_choose(in, 4) ? fuzz_number(in, 2) : fuzz_number(in, 3);
    struct uio_vec vec;
    struct uio uio;

    n = MIN(n, sizeof(bytes));
    uio_init_user(&uio, &vec, uaddr((uintptr_t)bytes), n);
    int64_t done = file_transfer(file, way, &uio, &at);
    FUZZ_CHECK(done <= (int64_t)n);
}

static void
use_file(struct fuzz_input *in, struct file *file, unsigned how)
{
    switch (how) {
    case 0:
        move_content(in, file, FILE_READ);
        break;
    case 1:
        move_content(in, file, FILE_WRITE);
        break;
    case 2:
        (void)!attributes_set_size(file->inode, read_offset(in));
        break;
    case 3:
        (void)!file_sync(file, fuzz_choose(in, 2));
        break;
    case 4: {
        uint64_t from = read_offset(in);
        uint64_t to = from + (fuzz_number(in, 3) & 0x3ffff);
        (void)!attributes_allocate(file->inode, from, to);
        break;
    }
    }
}

/* With a file that is opened and closed, or that stays open. */
static void
use_some_file(struct fuzz_input *in)
{
    unsigned which = fuzz_choose(in, 2 * OPEN_MAX), how = fuzz_choose(in, 6);

    if (which >= OPEN_MAX) {
        struct file *file = open_one(in, O_RDWR);
        if (file) {
            use_file(in, file, how);
            file_put(file);
        }
    } else if (!open_files[which]) {
        open_files[which] = open_one(in, O_RDWR);
    } else if (how < 5) {
        use_file(in, open_files[which], how);
    } else {
        file_put(open_files[which]);
        open_files[which] = NULL;
    }
}

static void
look_at(struct fuzz_input *in)
{
    struct dentry *d = find(in);
    char target[300];

    if (d && S_ISLNK(d->inode->mode))
        (void)!d->inode->ops->readlink(d->inode, target,
                                       fuzz_choose(in, sizeof(target)));
    if (d && fuzz_choose(in, 2)) {
        struct inode_attributes set = {
            .mask = SET_MODE | SET_MTIME, .mode = 0600, .mtime = 5};
        (void)!attributes_set(d->inode, &set, false);
    }
    if (d)
        dentry_put(d);
}

/* As a remount with or without MS_RDONLY; or a sync. */
static void
sync_all(struct fuzz_input *in)
{
    struct statfs st = {0};
    unsigned how = fuzz_choose(in, 6);
    bool read_only = how == 0;

    if (how > 1)
        (void)!super->ops->sync(super);
    else if (!read_only || super_stop_writing(super) == 0)
        (void)!super->ops->remount(super, read_only);
    super->ops->statfs(super, &st);
    FUZZ_CHECK(st.f_bfree <= st.f_blocks && st.f_ffree <= st.f_files);
}

/* ---- Checking ---- */

static void
report(const struct check_finding *finding, void *context UNUSED)
{
    if (!finding->note)
        fprintf(stderr, "%s: inode %u, block %lu: %s\n", finding->kind,
                finding->ino, (unsigned long)finding->block, finding->text);
}

/* The image must be without fault; says what is not. */
static void
check_sound(void)
{
    struct check_options options = {.report = NULL};
    struct check_result result;
    const char *why = "";

    int err = check_image(images_disk(), &options, &result, &why);
    if (err == 0 && result.findings == 0)
        return;
    options.report = report;
    err = check_image(images_disk(), &options, &result, &why);
    fprintf(stderr, "check: %d %s\n", err, why);
    FUZZ_CHECK(err == 0 && result.findings == 0);
}

static void
check_mending(void)
{
    struct check_options options = {.repair = true};
    struct check_result result;
    const char *why = "";

    int err = check_image(images_disk(), &options, &result, &why);
    if (err == 0 && result.rounds > 0) /* else it has changed nothing */
        check_sound();
}

static void
take_step(struct fuzz_input *in)
{
    switch (fuzz_choose(in, 12)) {
    case 0:
        create(in);
        break;
    case 1:
        remove_one(in);
        break;
    case 2:
        rename_one(in);
        break;
    case 3:
        link_one(in);
        break;
    case 4:
        list(in);
        break;
    case 5:
        look_at(in);
        break;
    case 6:
        sync_all(in);
        break;
    default:
        use_some_file(in);
    }
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    host_kernel_quiet = true;
    bcache_init(CACHE);
    inode_init_cache();
    dentry_init_cache(64);
    file_init_cache();
    images_make();
    memset(bytes, 'c', sizeof(bytes));
    return 0;
}

/* Whether fsck is asked, which takes longer than all else. A quarter of the
 * inputs, whatever they are like: if a bit of them said so, nearly all would,
 * for those reach more, and are kept. */
static bool
is_checked(const uint8_t *data, size_t size)
{
    uint32_t hash = crc32c(0, data, size);

    return !images_is_large() && hash % 4 == 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in = {data, size};

    unsigned how = (unsigned)fuzz_number(&in, 1);
    bool sound = images_load(&in);
    int err = mount_it(how % 8 == 7);
    FUZZ_CHECK(err == 0 || !sound);
    for (unsigned i = 0; err == 0 && i < STEPS_MAX && in.left > 0; i++)
        take_step(&in);
    if (err == 0)
        unmount_it();
    bcache_drop(NULL);
    if (is_checked(data, size) && sound)
        check_sound();
    else if (is_checked(data, size))
        check_mending();
    bcache_drop(NULL);
    FUZZ_CHECK(frames_used() == 0);
    return 0;
}
