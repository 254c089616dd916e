/* Hashing passwords, so that they need not be kept. */
#pragma once

/* Hashes password as setting says: "$6$salt$" [sha-crypt], perhaps with
 * "rounds=N$" before the salt; a hash that came out of this works too. Returns
 * the hash, which the next call overwrites, or NULL with errno EINVAL. */
char *crypt(const char *password, const char *setting);
