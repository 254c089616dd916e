/* The host's stand-in for kernel/arch/sbi.h: a test's TLBs are told. */
#pragma once

#include "lib/compiler.h"

void sbi_remote_sfence(uint64_t hartid, uint64_t va, uint64_t size,
                       uint64_t asid);
