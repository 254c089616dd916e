/* The functions behind the builtins' names, by the file they are in. */
#pragma once

#include "builtin.h"

/* builtin.c */
builtin_function builtin_help;
/* builtin_flow.c */
builtin_function builtin_break, builtin_dot, builtin_eval, builtin_exec,
    builtin_exit, builtin_return;
/* builtin_io.c */
builtin_function builtin_echo, builtin_read, builtin_cd, builtin_pwd,
    builtin_umask, builtin_history, builtin_type;
/* builtin_job.c */
builtin_function builtin_bg, builtin_fg, builtin_jobs, builtin_kill,
    builtin_wait;
/* trap.c */
builtin_function builtin_trap;
/* builtin_var.c */
builtin_function builtin_export, builtin_set, builtin_shift, builtin_unset;
