/* Proving who one is, and becoming somebody: for login, su and passwd. */
#pragma once

#include <pwd.h>
#include <stdbool.h>
#include <sys/cdefs.h>

/* Prompts on the terminal and reads a line that does not show, up to 255
 * bytes. NULL if there is none, or ^C was typed; the next call overwrites it.
 */
char *account_ask(const char *prompt);

/* Whether somebody who wants to be user, NULL: nobody there is, must say a
 * password; and whether this one is right. It takes as long for a user who is
 * not there as for one who is. */
bool account_needs_password(const struct passwd *user);
bool account_check(const struct passwd *user, const char *password);

/* Makes the process user's, groups and all, or ends it with a message. */
void account_become(const struct passwd *user);

/* Sets HOME, SHELL, USER and LOGNAME; fresh: nothing else but TERM and PATH
 * stays. */
void account_set_environment(const struct passwd *user, bool fresh);

/* Runs user's shell; argv[0] is set here: with a dash if it is to be a login
 * shell. */
NORETURN void account_run_shell(const struct passwd *user, bool login,
                                char **argv);
