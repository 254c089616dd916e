/* actor: does on cue what a demo is to show, a line a cue:
 *
 *   map PAGES            fresh memory; its address is printed
 *   read ADDR            a byte                write ADDR BYTE
 *   fork                 a child, which has the cues from now on that begin
 *                        with "child"; its number is printed
 *   call NR [ARG...]     a system call, and what it returned
 *   jump ADDR            calls what is there
 *
 * Each is answered by a line; numbers may be hexadecimal. The parent goes on
 * when its child was ended by a signal, and says by which. */
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE      4096
#define WORDS_MAX 8

static FILE *cues;            /* where this process has its lines from */
static int to_child, answers; /* to the child, and when it has done so */
static pid_t child;

static uint64_t
number(const char *text)
{
    return text ? strtoul(text, NULL, 0) : 0;
}

/* Arguments that are left out are zero. */
static long
call(uint64_t *args)
{
    register uint64_t a0 __asm__("a0") = args[1], a1 __asm__("a1") = args[2];
    register uint64_t a2 __asm__("a2") = args[3], a3 __asm__("a3") = args[4];
    register uint64_t a7 __asm__("a7") = args[0];

    __asm__ volatile("ecall"
                     : "+r"(a0)
                     : "r"(a1), "r"(a2), "r"(a3), "r"(a7)
                     : "memory");
    return (long)a0;
}

/* Starts a child that reads its cues from a pipe, and answers each by a byte
 * in another, this one included. */
static void
start_child(void)
{
    int down[2], up[2];

    if (pipe(down) != 0 || pipe(up) != 0)
        exit(1);
    fflush(stdout);
    child = fork();
    if (child == 0) {
        close(down[1]);
        close(up[0]);
        cues = fdopen(down[0], "r");
        answers = up[1];
        return;
    }
    close(down[0]);
    close(up[1]);
    to_child = down[1];
    answers = up[0];
    char done;
    if (read(answers, &done, 1) == 1)
        printf("child %d\n", child);
}

/* Hands a cue on and waits until the child has followed it, or is no more. */
static void
hand_on(const char *cue)
{
    char done;
    int status;

    dprintf(to_child, "%s\n", cue);
    if (read(answers, &done, 1) == 1)
        return;
    waitpid(child, &status, 0);
    if (WIFSIGNALED(status))
        printf("child %d was ended by signal %d\n", child, WTERMSIG(status));
    else
        printf("child %d has ended\n", child);
}

static void
follow(char *line)
{
    char *words[WORDS_MAX] = {0}, *rest = line;
    uint64_t numbers[WORDS_MAX];

    for (int i = 0; i < WORDS_MAX && (words[i] = strsep(&rest, " ")); i++)
        numbers[i] = number(words[i]);
    for (int i = 0; i < WORDS_MAX; i++)
        if (!words[i])
            numbers[i] = 0;
    volatile uint8_t *at = (uint8_t *)numbers[1];
    if (!words[0])
        return;
    if (strcmp(words[0], "map") == 0)
        printf("at %p\n", mmap(NULL, numbers[1] * PAGE, PROT_READ | PROT_WRITE,
                               MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    else if (strcmp(words[0], "read") == 0)
        printf("%d reads %d\n", getpid(), *at);
    else if (strcmp(words[0], "write") == 0)
        printf("%d wrote %d\n", getpid(), *at = (uint8_t)numbers[2]);
    else if (strcmp(words[0], "fork") == 0)
        start_child();
    else if (strcmp(words[0], "call") == 0)
        printf("returns %ld\n", call(&numbers[1]));
    else if (strcmp(words[0], "jump") == 0)
        ((void (*)(void))numbers[1])();
    else
        printf("what is %s?\n", words[0]);
}

int
main(void)
{
    char line[256];

    cues = stdin;
    printf("%d is on stage\ncue? ", getpid());
    fflush(stdout);
    while (fgets(line, sizeof(line), cues)) {
        line[strcspn(line, "\n")] = '\0';
        if (strncmp(line, "child ", 6) == 0)
            hand_on(line + 6);
        else
            follow(line);
        fflush(stdout);
        if (child == 0 && cues != stdin)
            write(answers, "", 1);
        else
            printf("cue? ");
        fflush(stdout);
    }
    return 0;
}
