/* What the C library adds to the calls that change files: streams in every
 * mode, temporary files, resolved paths, walks. Works in /tmp. */
#include <fcntl.h>
#include <limits.h>
#include <resolve.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <tap.h>
#include <unistd.h>
#include <walk.h>

static void
check_contents(const char *path, const char *wanted)
{
    char text[64] = "";
    FILE *f = fopen(path, "r");
    size_t n = f ? fread(text, 1, sizeof(text) - 1, f) : 0;

    text[n] = '\0';
    check(f != NULL && strcmp(text, wanted) == 0);
    if (f)
        fclose(f);
}

static void
put_file(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");

    check(f && fputs(text, f) >= 0 && fclose(f) == 0);
}

static void
stream_write(void)
{
    FILE *f = fopen("file", "w");

    check(f && fprintf(f, "%d lines\n", 2) == 8);
    check_contents("file", ""); /* not written yet */
    check_eq(ftell(f), 8);
    check_eq(fflush(f), 0);
    check_contents("file", "2 lines\n");
    check_eq(getc(f), EOF);
    check_eq(fclose(f), 0);
    put_file("file", "x");
    check_contents("file", "x");
}

static void
stream_append(void)
{
    FILE *f;

    put_file("file", "one ");
    f = fopen("file", "a+");
    check(f != NULL);
    check_eq(getc(f), 'o');
    check_eq(fputs("two", f), 0);
    rewind(f);
    check_eq(getc(f), 'o');
    fclose(f);
    check_contents("file", "one two");
}

static void
stream_update(void)
{
    char word[4] = "";
    FILE *f;

    put_file("file", "abcdefgh");
    f = fopen("file", "r+");
    check(f != NULL);
    check_eq(getc(f), 'a');
    check_eq(getc(f), 'b');
    check_eq(fseek(f, 0, SEEK_CUR), 0);
    check_eq(fputs("XY", f), 0);
    check_eq(fseek(f, -1, SEEK_CUR), 0);
    check_eq(fread(word, 1, 3, f), 3);
    check(strcmp(word, "Yef") == 0);
    check_eq(ftell(f), 6);
    check_eq(fseek(f, -1, SEEK_END), 0);
    check_eq(getc(f), 'h');
    check_eq(getc(f), EOF);
    check(feof(f));
    check_eq(fseek(f, 20, SEEK_SET), 0);
    check(!feof(f));
    check_eq(fclose(f), 0);
    check_contents("file", "abXYefgh");
}

static void
stream_new(void)
{
    FILE *f = fopen("new", "w+x");

    check(f && fputs("text", f) == 0);
    rewind(f);
    check_eq(getc(f), 't');
    check_eq(ungetc('T', f), 'T');
    check_eq(ftell(f), 0);
    check_eq(getc(f), 'T');
    check_eq(getc(f), 'e');
    fclose(f);
    check(!fopen("new", "wx") && errno == EEXIST);
    check(!fopen("nowhere", "r+") && errno == ENOENT);
    check(!fopen("file", "q") && errno == EINVAL);
}

/* Aligned blocks of every size, among others, keep what is written to them. */
static void
aligned(void)
{
    enum { BLOCKS = 200 };
    char *blocks[BLOCKS];

    for (size_t i = 0; i < BLOCKS; i++) {
        size_t size = i * i * 7 + 1, alignment = 8ul << i % 11;
        blocks[i] = aligned_alloc(alignment, size);
        check(blocks[i] && (uintptr_t)blocks[i] % alignment == 0);
        memset(blocks[i], (int)i, size);
        free(malloc(i));
    }
    for (size_t n = 0; n < BLOCKS; n++) {
        size_t i = n * 77 % BLOCKS, size = i * i * 7 + 1;
        bool kept = true;
        for (size_t at = 0; at < size; at++)
            kept &= blocks[i][at] == (char)i;
        check(kept);
        free(blocks[i]);
    }
    check(!aligned_alloc(64, SIZE_MAX) && errno == ENOMEM);
    check(!aligned_alloc(SIZE_MAX / 2 + 1, 1) && errno == ENOMEM);
}

static void
temporary(void)
{
    char a[] = "tempXXXXXX", b[] = "tempXXXXXX", d[] = "dirXXXXXX";
    char bad[] = "tempXXXXX";
    int x = mkstemp(a), y = mkstemp(b);
    struct stat st;

    check(x >= 0 && y >= 0 && strcmp(a, b) != 0);
    check(fstat(x, &st) == 0 && (st.st_mode & 07777) == 0600);
    check_eq(write(x, "x", 1), 1);
    check(mkdtemp(d) && stat(d, &st) == 0 && S_ISDIR(st.st_mode));
    check_fails(EINVAL, mkstemp(bad));
    check_eq(remove(a) | remove(b) | remove(d), 0);
    check_fails(ENOENT, remove(a));
    close(x);
    close(y);
}

static void
resolved(void)
{
    char path[PATH_MAX], long_name[NAME_MAX + 2];
    char *here = getcwd(NULL, 0), *there;

    check_eq(mkdir("sub", 0755), 0);
    check_eq(symlink("sub/../file", "link"), 0);
    check_eq(symlink("circle", "circle"), 0);
    there = realpath("./sub/..//link", path);
    check(there && strncmp(there, here, strlen(here)) == 0 &&
          strcmp(there + strlen(here), "/file") == 0);
    check(!realpath("circle", path) && errno == ELOOP);
    check(!realpath("file/x", path) && errno == ENOTDIR);
    check(!realpath("file/", path) && errno == ENOTDIR);
    check(!realpath("none", path) && errno == ENOENT);
    check(!realpath("", path) && errno == ENOENT);
    memset(long_name, 'x', sizeof(long_name));
    long_name[NAME_MAX + 1] = '\0';
    check(!realpath(long_name, path) && errno == ENAMETOOLONG);
    there = resolve_path("none/../none", RESOLVE_ANY);
    check(there && strcmp(strrchr(there, '/'), "/none") == 0);
    free(there);
    free(here);
}

/* Deeper than a path can be, and than there are descriptors. */
#define DEPTH 600

static void
walk_deep(void)
{
    struct walk_entry *e;
    struct walk *w;
    size_t deepest = 0, ends = 0, files = 0;
    int home = open(".", O_RDONLY);

    for (int i = 0; i < DEPTH; i++)
        check(mkdir("a_name_of_twenty_bytes", 0755) == 0 &&
              chdir("a_name_of_twenty_bytes") == 0);
    put_file("bottom", "");
    check_eq(fchdir(home), 0);
    close(home);
    w = walk_open("a_name_of_twenty_bytes", 0);
    while ((e = walk_next(w))) {
        deepest = e->depth > deepest ? e->depth : deepest;
        check(e->kind != WALK_ERROR);
        files += e->kind == WALK_FILE;
        ends += e->kind == WALK_DIR_END;
        if (e->kind != WALK_DIR)
            check_eq(unlinkat(e->dir, e->name,
                              e->kind == WALK_FILE ? 0 : AT_REMOVEDIR),
                     0);
    }
    walk_close(w);
    check_eq(deepest, DEPTH);
    check_eq(ends, DEPTH);
    check_eq(files, 1);
}

static void
walk_order(void)
{
    static const char wanted[] = "<sub sub/a <sub/b sub/b/c sub/b> sub/d sub> ";
    struct walk_entry *e;
    struct walk *w;
    char seen[200] = "", word[40];

    put_file("sub/d", "");
    put_file("sub/a", "");
    check_eq(mkdir("sub/b", 0755), 0);
    check_eq(symlink("..", "sub/b/c"), 0);
    w = walk_open("sub", 0);
    while ((e = walk_next(w))) {
        snprintf(word, sizeof(word), "%s%s%s ", e->kind == WALK_DIR ? "<" : "",
                 e->path, e->kind == WALK_DIR_END ? ">" : "");
        strlcat(seen, word, sizeof(seen));
    }
    walk_close(w);
    check(strcmp(seen, wanted) == 0);
    w = walk_open("sub", WALK_FOLLOW);
    while ((e = walk_next(w)) && e->kind != WALK_ERROR)
        ;
    check(e && e->error == ELOOP && strcmp(e->path, "sub/b/c") == 0);
    walk_close(w);
}

/* A working directory outside the root has no path. */
static void
outside_the_root(void)
{
    char path[PATH_MAX];
    int status = -1;
    pid_t pid;

    mkdir("root", 0755);
    fflush(stdout);
    pid = fork();
    if (pid == 0)
        _exit(chroot("root") != 0 || getcwd(path, sizeof(path)) ||
              errno != ENOENT || getcwd(NULL, 0) || chdir("/") != 0 ||
              !getcwd(path, sizeof(path)) || strcmp(path, "/") != 0);
    check_eq(waitpid(pid, &status, 0), pid);
    check_eq(status, 0);
}

int
main(void)
{
    static const struct tap_case cases[] = {
        TAP_CASE(stream_write),  TAP_CASE(stream_append),
        TAP_CASE(stream_update), TAP_CASE(stream_new),
        TAP_CASE(aligned),       TAP_CASE(temporary),
        TAP_CASE(resolved),      TAP_CASE(walk_deep),
        TAP_CASE(walk_order),    TAP_CASE(outside_the_root),
    };
    char home[] = "/tmp/libraryXXXXXX";

    if (!mkdtemp(home) || chdir(home) != 0) {
        perror(home);
        return 1;
    }
    return tap_run(cases, ARRAY_LEN(cases));
}
