/* Hashes of passwords, from /etc/shadow, which only root can read. */
#pragma once

struct spwd {
    char *sp_namp;
    char *sp_pwdp; /* "": no password is needed; a hash; else none fits */
};

/* NULL if there is none, or it may not be read; valid until the next call. */
struct spwd *getspnam(const char *name);
