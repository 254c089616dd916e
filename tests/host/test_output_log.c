/* Logs of services: lines, files that are replaced, disks that are full. */
// SOURCES: user/init/output_log.c
#include "../../user/init/output_log.h"

#include <ctype.h>
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define UNUSED __attribute__((unused))

static struct output_log log_;
static char folder[64], path[96];
static char text[8 * OUTPUT_LOG_SIZE]; /* what the files hold */

static int
start(void **state UNUSED)
{
    strcpy(folder, "/tmp/umbra-log-XXXXXX");
    if (!mkdtemp(folder))
        return -1;
    snprintf(path, sizeof(path), "%s/net", folder);
    output_log_begin(&log_, path);
    return 0;
}

static int
stop(void **state UNUSED)
{
    char command[128];

    output_log_close(&log_);
    snprintf(command, sizeof(command), "rm -r %s", folder);
    return system(command);
}

/* Appends a file to text; returns the length. */
static size_t
append(const char *name, size_t used)
{
    FILE *f = fopen(name, "r");
    struct stat st;

    if (!f)
        return used;
    assert_int_equal(fstat(fileno(f), &st), 0);
    assert_true(st.st_size <= OUTPUT_LOG_SIZE);
    used += fread(text + used, 1, sizeof(text) - 1 - used, f);
    fclose(f);
    return used;
}

/* Reads all files, the oldest first. */
static void
read_all(void)
{
    size_t used = 0;
    char name[128];

    output_log_flush(&log_);
    for (unsigned int age = OUTPUT_LOG_KEPT + 2; age > 0; age--) {
        snprintf(name, sizeof(name), "%s.%u", path, age);
        if (age > OUTPUT_LOG_KEPT)
            assert_int_equal(access(name, F_OK), -1);
        used = append(name, used);
    }
    used = append(path, used);
    text[used] = '\0';
}

/* Takes the stamp off a line, which must have one; returns the mark. */
static char
take_stamp(char **line)
{
    int n = 0, year, month, day, hour, minute, second;
    unsigned long s, us;

    assert_int_equal(sscanf(*line, "%4d-%2d-%2d %2d:%2d:%2d [%lu.%lu]%n", &year,
                            &month, &day, &hour, &minute, &second, &s, &us, &n),
                     8);
    assert_true(n > 30 && year > 2000 && us < 1000000);
    *line += n + 1;
    return (*line)[-1];
}

/* The text without stamps, the parts of divided lines joined again, in place;
 * only the notes of lines that are missing go in brackets. */
static void
strip(void)
{
    char *to = text, *rest = text, *line;
    bool first = true;

    while ((line = strsep(&rest, "\n")) && *line) {
        char mark = take_stamp(&line);
        assert_true(mark == ' ' || (mark == '+' && !first));
        if (mark == ' ' && !first)
            *to++ = '\n';
        size_t n = strlen(line);
        memmove(to, line, n);
        to += n;
        first = false;
    }
    assert_null(rest ? rest : NULL);
    *to = '\0';
}

static void
add(const char *s)
{
    output_log_add(&log_, s, strlen(s));
}

static void
assert_holds(const char *what)
{
    read_all();
    strip();
    assert_string_equal(text, what);
}

static void
test_lines(void **state UNUSED)
{
    add("one\ntw");
    add("o\n\nfo");
    add("");
    add("ur\n");
    assert_holds("one\ntwo\n\nfour");
    add("five");
    assert_holds("one\ntwo\n\nfour");
    output_log_end_line(&log_);
    output_log_end_line(&log_);
    assert_holds("one\ntwo\n\nfour\nfive");
    assert_true(log_.written > 5 * 30);
}

static void
test_binary(void **state UNUSED)
{
    output_log_add(&log_, "a\0b\x1b[31m\x7f\tx\r\n", 13);
    add("\xc3\xa4\xff\n");
    assert_holds("a\\x00b\\x1b[31m\\x7f\tx\\x0d\n\xc3\xa4\\xff");
}

/* Letters stay, whatever bytes they have; control characters of eight bits are
 * none. */
static void
test_letters(void **state UNUSED)
{
    add("\xe2\x82\xac \xf0\x9f\x8c\x92 \xc3\x9b\n");
    add("\x9b[31m \xc2\x9b[31m \xe2\x82\n");
    assert_holds("\xe2\x82\xac \xf0\x9f\x8c\x92 \xc3\x9b\n"
                 "\\x9b[31m \\xc2\\x9b[31m \\xe2\\x82");
}

/* Lines around the length at which they are divided. */
static void
test_long_lines(void **state UNUSED)
{
    static char line[3 * OUTPUT_LINE_MAX + 8], all[16 * sizeof(line)];
    static const size_t lengths[] = {
        OUTPUT_LINE_MAX - 1,     OUTPUT_LINE_MAX,     OUTPUT_LINE_MAX + 1,
        2 * OUTPUT_LINE_MAX - 1, 2 * OUTPUT_LINE_MAX, 3 * OUTPUT_LINE_MAX};

    for (size_t i = 0; i < sizeof(lengths) / sizeof(*lengths); i++) {
        memset(line, 'a' + (int)i, lengths[i]);
        strcpy(line + lengths[i], "\n");
        strcat(all, line);
        if (i % 2)
            add(line);
        else
            for (char *s = line; *s; s++)
                output_log_add(&log_, s, 1);
        /* With its end in another piece it is no other line. */
        strcat(all, line);
        output_log_add(&log_, line, lengths[i]);
        add("\n");
    }
    add("end\n");
    strcat(all, "end");
    assert_holds(all);
}

static void
test_rotation(void **state UNUSED)
{
    char line[64], *rest = text, *got;
    unsigned int n, first;

    for (n = 0; n < 20000; n++) {
        snprintf(line, sizeof(line), "line %u\n", n);
        add(line);
        if (n % 17 == 0)
            output_log_flush(&log_);
    }
    read_all();
    assert_true(strlen(text) > OUTPUT_LOG_KEPT * (OUTPUT_LOG_SIZE - 9000));
    assert_true(log_.written > strlen(text));
    /* The latest lines, none missing. */
    for (first = 0; (got = strsep(&rest, "\n")) && *got; first++) {
        take_stamp(&got);
        if (first == 0)
            first = (unsigned int)strtoul(got + 5, NULL, 10);
        assert_int_equal(strtoul(got + 5, NULL, 10), first);
    }
    assert_int_equal(first, n);
}

static void
test_goes_on(void **state UNUSED)
{
    add("before\n");
    output_log_close(&log_);
    add("between\n");
    output_log_close(&log_);
    output_log_begin(&log_, path);
    add("after\n");
    assert_holds("before\nbetween\nafter");
}

/* What cannot be written yet is kept, and what is too much is counted. */
static void
test_not_there_yet(void **state UNUSED)
{
    char *rest = text, *line, *last = NULL;
    unsigned int n, lost;

    rmdir(folder);
    for (n = 0; n < 1000; n++)
        add("early\n");
    output_log_flush(&log_);
    assert_true(log_.lost > 0 && log_.written == 0);
    lost = (unsigned int)log_.lost;
    mkdir(folder, 0700);
    read_all();
    for (n = 0; (line = strsep(&rest, "\n")) && *line; n++) {
        take_stamp(&line);
        last = line;
    }
    snprintf(folder + 40, 20, "(%u", lost);
    assert_memory_equal(last, folder + 40, strlen(folder + 40));
    assert_non_null(strstr(last, " lines lost: No such file or directory)"));
    assert_int_equal(n - 1 + lost, 1000);
    add("late\n");
    read_all();
    assert_non_null(strstr(text, " late\n"));
}

/* Files can grow to this size and no further; a disk that is full looks no
 * different. */
static void
limit_files(rlim_t size)
{
    struct rlimit limit;

    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = size;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void
test_full_disk(void **state UNUSED)
{
    char line[64];

    limit_files(5000);
    for (unsigned int n = 0; n < 1000; n++) {
        snprintf(line, sizeof(line), "line %u\n", n);
        add(line);
        if (n % 10 == 0)
            output_log_flush(&log_);
    }
    assert_true(log_.lost > 100);
    read_all();
    assert_true(strlen(text) <= 5000);
    assert_int_equal(text[strlen(text) - 1], '\n');
    limit_files(RLIM_INFINITY);
    add("again\n");
    add("and again\n");
    read_all();
    strip();
    char *note = strstr(text, " lines lost: ");
    assert_non_null(note);
    assert_non_null(strstr(note, ")\nagain\nand again"));
    assert_memory_equal(text, "line 0\nline 1\n", 14);
}

/* ---- Whatever may come ---- */

static uint64_t seed;

static uint32_t
below(uint32_t n)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(seed >> 33) % n;
}

/* As test_binary has it written. */
static size_t
escaped(char *to, const char *from, size_t n)
{
    size_t used = 0;

    for (size_t i = 0; i < n; i++)
        if (from[i] != '\n' && from[i] != '\t' && iscntrl(from[i] & 0xff))
            used += (size_t)sprintf(to + used, "\\x%02x", from[i]);
        else
            to[used++] = from[i];
    return used;
}

static void
test_noise(void **state UNUSED)
{
    static char all[4 * OUTPUT_LOG_SIZE], piece[2000];
    size_t used = 0;

    seed = 4711;
    while (used < OUTPUT_LOG_SIZE) {
        size_t n = below(below(10) ? 50 : sizeof(piece));
        for (size_t i = 0; i < n; i++)
            piece[i] = (char)(below(20) ? below(128) : '\n');
        used += escaped(all + used, piece, n);
        output_log_add(&log_, piece, n);
        if (below(5) == 0)
            output_log_flush(&log_);
    }
    output_log_end_line(&log_);
    while (used > 0 && all[used - 1] == '\n')
        used--;
    all[used] = '\0';
    read_all();
    strip();
    for (used = strlen(text); used > 0 && text[used - 1] == '\n'; used--)
        text[used - 1] = '\0';
    assert_string_equal(text, all);
}

/* Room that comes and goes: every line is there or counted. */
static void
test_noise_full(void **state UNUSED)
{
    unsigned long lines = 0, lost = 0, there = 0;
    char *rest = text, *line;

    seed = 815;
    while (lines < 7000) {
        if (below(300) == 0)
            limit_files(below(2) ? RLIM_INFINITY : log_.size + below(3000));
        add("x\n");
        lines++;
        if (below(10) == 0)
            output_log_flush(&log_);
    }
    limit_files(RLIM_INFINITY);
    read_all();
    while ((line = strsep(&rest, "\n")) && *line) {
        take_stamp(&line);
        if (*line == '(')
            lost += strtoul(line + 1, NULL, 10);
        else
            there++;
    }
    assert_true(lost > 0);
    assert_int_equal(there + lost, lines);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, start, stop)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_lines),         TEST(test_binary),    TEST(test_letters),
        TEST(test_long_lines),    TEST(test_rotation),  TEST(test_goes_on),
        TEST(test_not_there_yet), TEST(test_full_disk), TEST(test_noise),
        TEST(test_noise_full),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
