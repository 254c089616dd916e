/* Checks for test programs.
 *
 * A program is a list of cases run by tap_run; each case is a short function
 * of checks. Results are printed as TAP: "ok 1 - name". */
#pragma once

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>

struct tap_case {
    const char *name;
    void (*run)(void);
};

/* Runs the cases. Returns the program's exit status: 0 if all passed. */
int tap_run(const struct tap_case *cases, size_t count);

/* For a program that has its cases in no list: the running one ends here, and
 * the next begins. Prints the result; returns whether a check has failed. */
bool tap_end_case(const char *name);

/* How often a case does what it does over and over, whole times if nobody is in
 * a hurry: the environment's PART says which part of it is enough. */
int tap_part(int whole);

/* A case in a list, named as its function. */
#define TAP_CASE(function)  \
    {                       \
#function, function \
    }

/* Marks the running case as failed, and prints where and why. */
void tap_fail(const char *file, int line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* These go on after a failure. */
#define check(condition)                                    \
    do {                                                    \
        if (!(condition))                                   \
            tap_fail(__FILE__, __LINE__, "%s", #condition); \
    } while (0)

#define check_eq(a, b)                                                  \
    do {                                                                \
        long long check_a_ = (long long)(a), check_b_ = (long long)(b); \
        if (check_a_ != check_b_)                                       \
            tap_fail(__FILE__, __LINE__, "%s is %lld, %s is %lld", #a,  \
                     check_a_, #b, check_b_);                           \
    } while (0)

/* call must fail with that errno. */
#define check_fails(error, call)                                           \
    do {                                                                   \
        long long check_r_;                                                \
        errno = 0;                                                         \
        check_r_ = (long long)(call);                                      \
        if (check_r_ != -1 || errno != (error))                            \
            tap_fail(__FILE__, __LINE__, "%s gave %lld, errno %d, not %s", \
                     #call, check_r_, errno, #error);                      \
    } while (0)
