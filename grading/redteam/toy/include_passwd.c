/* Has the compiler show a file of the host. */
#include "/etc/passwd"
