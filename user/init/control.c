#include "control.h"
int
control_open(void)
{
    return 0;
}
void
control_turn(void)
{
}
