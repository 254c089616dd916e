/* Passwords are hashed as everybody hashes them. */
// SOURCES: user/lib/crypt.c user/lib/sha512.c
// LIBS: -ldl
#include "../../user/lib/crypt.h"
#include "../../user/lib/sha512.h"

#include <dlfcn.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define UNUSED __attribute__((unused))

/* The digest of n bytes, added in pieces, in hexadecimal. */
static const char *
digest(const char *bytes, size_t n, size_t piece)
{
    static char text[2 * SHA512_SIZE + 1];
    uint8_t raw[SHA512_SIZE];
    struct sha512 s;

    sha512_begin(&s);
    for (size_t at = 0; at < n; at += piece)
        sha512_add(&s, bytes + at, piece < n - at ? piece : n - at);
    sha512_end(&s, raw);
    for (int i = 0; i < SHA512_SIZE; i++)
        snprintf(text + 2 * i, 3, "%02x", raw[i]);
    return text;
}

static void
test_digest(void **state UNUSED)
{
    static char many[1000000];
    const char *two_blocks =
        "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmno"
        "ijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu";

    assert_string_equal(
        digest("", 0, 1),
        "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce"
        "47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e");
    assert_string_equal(
        digest("abc", 3, 3),
        "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
        "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f");
    assert_string_equal(
        digest(two_blocks, strlen(two_blocks), 5),
        "8e959b75dae313da8cf4f72814fc143f8f7779c6eb9f7fa17299aeadb6889018"
        "501d289e4900f7e4331b99dec4b5433ac7d329eeb6dd26545e96e55b874be909");
    memset(many, 'a', sizeof(many));
    assert_string_equal(
        digest(many, sizeof(many), 997),
        "e718483d0ce769644e2e42c7bc15b4638e1f98b13b2044285632a803afa973eb"
        "de0ff244877ea60a4cb0432ce577c31beb009c5c2c49aa2e4eadb217ad8cc09b");
}

/* The specification's own examples. */
static void
test_known(void **state UNUSED)
{
    static const struct {
        const char *setting, *password, *hash;
    } cases[] = {
        {"$6$saltstring", "Hello world!",
         "$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJ"
         "uesI68u4OTLiBFdcbYEdFCoEOfaS35inz1"},
        {"$6$rounds=10000$saltstringsaltstring", "Hello world!",
         "$6$rounds=10000$saltstringsaltst$OW1/O6BYHV6BcXZu8QVeXbDWra3Oeqh0sb"
         "HbbMCVNSnCM/UrjmM0Dp8vOuZeHBy/YTBmSK6H9qs/y3RnOaw5v."},
        {"$6$rounds=1400$anotherlongsaltstring",
         "a very much longer text to encrypt.  This one even stretches over "
         "more"
         "than one line.",
         "$6$rounds=1400$anotherlongsalts$POfYwTEok97VWcjxIiSOjiykti.o/pQs.wP"
         "vMxQ6Fm7I6IoYN3CmLs66x9t0oSwbtEW7o7UmJEiDwGqd8p4ur1"},
        {"$6$rounds=10$roundstoolow", "the minimum number is still observed",
         "$6$rounds=1000$roundstoolow$kUMsbe306n21p9R.FRkW3IGn.S9NPN0x50YhH1x"
         "hLsPuWGsUSklZt58jaTfF4ZEQpyUNGc0dqbpBYYBaHHrsX."},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *hash = crypt(cases[i].password, cases[i].setting);
        assert_non_null(hash);
        assert_string_equal(hash, cases[i].hash);
        char again[200];
        snprintf(again, sizeof(again), "%s", hash);
        assert_string_equal(crypt(cases[i].password, again), again);
        assert_string_not_equal(crypt("else", again), again);
    }
}

static void
test_refused(void **state UNUSED)
{
    static const char *const settings[] = {
        "",           "*",       "!",
        "$1$salt",    "$5$salt", "$6",
        "$6$rounds=", "x",       "$6$rounds=5000salt",
        "$6$a:b$",    "6$salt$", "$6$rounds=5000",
    };
    char longest[258];

    for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++)
        assert_null(crypt("password", settings[i]));
    memset(longest, 'x', sizeof(longest));
    longest[257] = '\0';
    assert_null(crypt(longest, "$6$salt$"));
    longest[256] = '\0';
    assert_non_null(crypt(longest, "$6$rounds=1000$salt$"));
    assert_non_null(crypt("", "$6$rounds=1000$$"));
}

/* What the machine's own library makes of passwords and salts of all lengths,
 * if it has one. */
static void
test_against_host(void **state UNUSED)
{
    void *library = dlopen("libcrypt.so.1", RTLD_NOW);
    if (!library)
        library = dlopen("libcrypt.so.2", RTLD_NOW);
    if (!library)
        skip();
    char *(*theirs)(const char *, const char *) =
        (char *(*)(const char *, const char *))(uintptr_t)dlsym(library,
                                                                "crypt");
    assert_non_null(theirs);
    char password[201], setting[64];
    srand(1);
    for (int i = 0; i < 60; i++) {
        size_t n = (size_t)rand() % (i < 40 ? 30 : sizeof(password));
        for (size_t at = 0; at < n; at++)
            password[at] = (char)(1 + rand() % 255);
        password[n] = '\0';
        int len = snprintf(setting, sizeof(setting), "$6$rounds=%d$",
                           1000 + rand() % 30);
        for (int salt = rand() % 20; salt >= 0; salt--)
            setting[len++] = "./09AZaz"[rand() % 8];
        setting[len] = '\0';
        assert_string_equal(crypt(password, setting),
                            theirs(password, setting));
    }
    dlclose(library);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_digest),
        cmocka_unit_test(test_known),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_against_host),
    };
    return cmocka_run_group_tests_name("crypt", tests, NULL, NULL);
}
