/* Pipelines that run as processes: in the foreground, the background, or
 * stopped. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

struct job;

/* Prepares for job control if the shell is interactive and its terminal
 * knows foreground groups; goes on without it otherwise. */
void jobs_init(void);

/* A job without processes; text is what jobs prints. */
struct job *jobs_new(const char *text, bool background);

/* Forks a process of job. Returns its pid; 0 in the child, whose group and
 * signals are set up; -1 with errno set. */
pid_t jobs_fork(struct job *job);

/* Waits until job has ended, and forgets it, or has stopped. Returns its exit
 * status: 128 + n after signal n. */
int jobs_wait(struct job *job);

/* Takes note of what has changed without waiting. */
void jobs_poll(void);
/* Likewise, and tells an interactive user which jobs have ended. */
void jobs_report(void);

/* Waits for all background jobs, or for the one with process pid; 127 if
 * there is none. */
int jobs_wait_all(void);
int jobs_wait_pid(pid_t pid);

void jobs_print(void);
/* Finds "%1", "%", "1" or, for NULL, the latest job; NULL if there is none. */
struct job *jobs_find(const char *spec);
pid_t jobs_group(const struct job *job);
int jobs_number(const struct job *job);
/* Continues job in the foreground (and returns its status) or background. */
int jobs_continue(struct job *job, bool foreground);
