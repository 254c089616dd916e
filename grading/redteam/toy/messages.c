/* Makes the compiler print commands for those who read its output. */
#include "lib/crc32c.h"
#pragma message "\n::error::@TOKEN@\n::set-output name=score::100\n\033[2J"
#error </pre><script>alert(1)</script> ::error::stop ##[error] 100/100
