#include "confine.h"
#include "child.h"
#include "abi/landlock.h"
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define READ                                                     \
    (LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_READ_FILE | \
     LANDLOCK_ACCESS_FS_READ_DIR)
/* A device that it makes itself is none that it was granted. */
#define WRITE                 \
    (LANDLOCK_ACCESS_FS_ALL & \
     ~(LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_BLOCK))

static void
allow(int rules, const char *path, uint64_t access)
{
    int fd = open(path, O_PATH | O_CLOEXEC);
    struct landlock_path_beneath_attr rule = {access, fd};
    struct stat st;

    if (fd < 0 || fstat(fd, &st) != 0)
        child_fail("may use %s", path);
    if (!S_ISDIR(st.st_mode))
        rule.allowed_access &= LANDLOCK_ACCESS_FS_OF_FILES;
    if (syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &rule,
                0) != 0)
        child_fail("may use %s", path);
    close(fd);
}

int
confine_prepare(const struct config *c, const char *program)
{
    struct landlock_ruleset_attr all = {LANDLOCK_ACCESS_FS_ALL};
    int rules;

    if (c->may_read.count + c->may_write.count == 0)
        return -1;
    rules = (int)syscall(SYS_landlock_create_ruleset, &all, sizeof(all), 0);
    if (rules < 0)
        child_fail("rules for files");
    if (access(program, X_OK) != 0)
        child_fail("%s", program);
    allow(rules, program, READ);
    for (size_t i = 0; i < c->may_read.count; i++)
        allow(rules, c->may_read.items[i], READ);
    for (size_t i = 0; i < c->may_write.count; i++)
        allow(rules, c->may_write.items[i], WRITE);
    return rules;
}

void
confine(int rules)
{
    if (rules >= 0 && syscall(SYS_landlock_restrict_self, rules, 0) != 0)
        child_fail("rules for files");
    close(rules);
}
