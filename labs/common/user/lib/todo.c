#include "todo.h"
#include <stdio.h>
#include <unistd.h>

void
lab_todo(const char *function, const char *file, unsigned lab)
{
    fprintf(stderr, "lab %u: %s is yours to write (%s)\n", lab, function, file);
    _exit(1);
}
