/* Names for code addresses, from the table that the second link leaves in the
 * image (tools/ksyms).
 *
 * Owns nothing and needs no lock: the table is constant. Any context, even a
 * panic. */
#pragma once

#include "lib/compiler.h"

/* Finds the function that holds addr. On true, *name is its name (constant,
 * never freed) and *offset the distance from its start; on false, addr is
 * outside the kernel's text and neither is written. */
bool symbol_lookup(uintptr_t addr, const char **name, size_t *offset);
