/* Has the compiler show a file whose path it knows. */
#include "@SECRET@"
