#include "crypt.h"
#include "sha512.h"
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PREFIX       "$6$"
#define ROUNDS       "rounds="
#define ROUNDS_UNSET 5000ul
#define ROUNDS_MIN   1000ul
#define ROUNDS_MAX   999999999ul
#define SALT_MAX     16
#define PASSWORD_MAX 256 /* longer ones would only cost time */

/* What goes into a hash, and what has come out. */
struct setting {
    const char *salt;
    size_t salt_len;
    unsigned long rounds;
    bool rounds_given;
};

static bool
parse_setting(const char *text, struct setting *to)
{
    if (strncmp(text, PREFIX, strlen(PREFIX)) != 0)
        return false;
    text += strlen(PREFIX);
    *to = (struct setting){.rounds = ROUNDS_UNSET};
    if (strncmp(text, ROUNDS, strlen(ROUNDS)) == 0) {
        char *end;
        unsigned long n = strtoul(text + strlen(ROUNDS), &end, 10);
        if (*end != '$')
            return false;
        to->rounds = n < ROUNDS_MIN ? ROUNDS_MIN : n;
        to->rounds = to->rounds > ROUNDS_MAX ? ROUNDS_MAX : to->rounds;
        to->rounds_given = true;
        text = end + 1;
    }
    to->salt = text;
    to->salt_len = strcspn(text, "$");
    if (to->salt_len > SALT_MAX)
        to->salt_len = SALT_MAX;
    return memchr(to->salt, ':', to->salt_len) == NULL;
}

/* Adds n bytes: the digest again and again. */
static void
add_repeated(struct sha512 *s, const uint8_t digest[SHA512_SIZE], size_t n)
{
    for (; n > SHA512_SIZE; n -= SHA512_SIZE)
        sha512_add(s, digest, SHA512_SIZE);
    sha512_add(s, digest, n);
}

/* The digest of text, times over: of as many bytes as text has, it stands for
 * it in the rounds [sha-crypt, steps 13 to 20]. */
static void
stand_in(const char *text, size_t len, size_t times, char *to)
{
    struct sha512 s;
    uint8_t digest[SHA512_SIZE];

    sha512_begin(&s);
    while (times-- > 0)
        sha512_add(&s, text, len);
    sha512_end(&s, digest);
    for (size_t i = 0; i < len; i++)
        to[i] = (char)digest[i % SHA512_SIZE];
}

/* [sha-crypt, steps 1 to 12] */
static void
begin_hash(const char *password, size_t len, const struct setting *set,
           uint8_t digest[SHA512_SIZE])
{
    struct sha512 s;

    sha512_begin(&s);
    sha512_add(&s, password, len);
    sha512_add(&s, set->salt, set->salt_len);
    sha512_add(&s, password, len);
    sha512_end(&s, digest);

    sha512_begin(&s);
    sha512_add(&s, password, len);
    sha512_add(&s, set->salt, set->salt_len);
    add_repeated(&s, digest, len);
    for (size_t bits = len; bits > 0; bits >>= 1) {
        if (bits & 1)
            sha512_add(&s, digest, SHA512_SIZE);
        else
            sha512_add(&s, password, len);
    }
    sha512_end(&s, digest);
}

/* [sha-crypt, step 21] */
static void
stir(const char *password, size_t len, const struct setting *set,
     uint8_t digest[SHA512_SIZE])
{
    char p[PASSWORD_MAX], salt[SALT_MAX];
    struct sha512 s;

    stand_in(password, len, len, p);
    stand_in(set->salt, set->salt_len, 16u + digest[0], salt);
    for (unsigned long i = 0; i < set->rounds; i++) {
        bool odd = i & 1;
        sha512_begin(&s);
        sha512_add(&s, odd ? (const void *)p : digest, odd ? len : SHA512_SIZE);
        if (i % 3 != 0)
            sha512_add(&s, salt, set->salt_len);
        if (i % 7 != 0)
            sha512_add(&s, p, len);
        sha512_add(&s, odd ? digest : (const void *)p, odd ? SHA512_SIZE : len);
        sha512_end(&s, digest);
    }
}

/* Writes the digest's bytes three at a time, in an order of their own, six
 * bits to a letter, the lowest first [sha-crypt, step 22]. */
static void
write_digest(char *to, const uint8_t digest[SHA512_SIZE])
{
    static const char letters[] = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                  "abcdefghijklmnopqrstuvwxyz";

    for (unsigned i = 0; i < 22; i++) {
        /* A third of the digest lies between two bytes of a group. */
        unsigned at[3] = {i, i + 21, i + 42};
        unsigned turn = i % 3;
        uint32_t group = digest[63];
        if (i < 21)
            group = (uint32_t)digest[at[turn % 3]] << 16 |
                    (uint32_t)digest[at[(turn + 1) % 3]] << 8 |
                    digest[at[(turn + 2) % 3]];
        for (int n = i < 21 ? 4 : 2; n > 0; n--, group >>= 6)
            *to++ = letters[group & 63];
    }
    *to = '\0';
}

char *
crypt(const char *password, const char *setting)
{
    static char hash[sizeof(PREFIX ROUNDS) + 10 + SALT_MAX + 1 + 86];
    uint8_t digest[SHA512_SIZE];
    size_t len = strlen(password);
    struct setting set;

    if (len > PASSWORD_MAX || !parse_setting(setting, &set)) {
        errno = EINVAL;
        return NULL;
    }
    begin_hash(password, len, &set, digest);
    stir(password, len, &set, digest);
    char *end = hash + snprintf(hash, sizeof(hash), PREFIX);
    if (set.rounds_given)
        end += snprintf(end, 20, ROUNDS "%lu$", set.rounds);
    memcpy(end, set.salt, set.salt_len);
    end += set.salt_len;
    *end++ = '$';
    write_digest(end, digest);
    return hash;
}
