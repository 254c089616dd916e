/* Reading /etc/services.d into the table of services. */
#pragma once

struct service;

/* Makes a service of each file in a directory: one whose file is wrong becomes
 * a failed service, and what is wrong is printed with its lines. Returns how
 * many services there are that can be started, or a negative errno if the
 * directory cannot be read. words: the boot arguments, ended by NULL. */
int load_directory(const char *path, char *const *words);

/* Makes one of a text that is part of init. NULL: there is no memory. */
struct service *load_text(const char *name, const char *text,
                          char *const *words);
