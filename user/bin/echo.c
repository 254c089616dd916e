#include <echo.h>

int
main(int argc, char **argv)
{
    return echo_main(argc, argv);
}
