/* whoami: prints the name of the user. */
#include <names.h>
#include <prog.h>
#include <unistd.h>

int
main(int argc, char **argv)
{
    prog_option(argc, argv, "", "usage: whoami\nPrint the user's name.\n");
    puts(user_name(geteuid()));
    prog_exit(0);
}
