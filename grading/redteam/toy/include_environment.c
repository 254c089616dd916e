/* Has the compiler show its environment. */
#include "/proc/self/environ"
#include "/proc/1/environ"
#include "/proc/self/mountinfo"
