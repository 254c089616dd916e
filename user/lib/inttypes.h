/* printf conversions of the fixed-width integers on an LP64 machine. */
#pragma once

#include <stdint.h>

#define PRId64 "ld"
#define PRIi64 "li"
#define PRIu64 "lu"
#define PRIx64 "lx"
#define PRIo64 "lo"
#define PRId32 "d"
#define PRIu32 "u"
#define PRIx32 "x"
#define PRIo32 "o"
