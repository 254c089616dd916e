/* struct sysinfo of sysinfo, as Linux riscv64 has it. */
#pragma once

#include <stdint.h>

struct sysinfo {
    int64_t uptime;    /* seconds */
    uint64_t loads[3]; /* 1, 5, 15 minutes, times 65536 */
    uint64_t totalram; /* memory in units of mem_unit */
    uint64_t freeram;
    uint64_t sharedram;
    uint64_t bufferram;
    uint64_t totalswap;
    uint64_t freeswap;
    uint16_t procs, pad1_;
    uint32_t pad2_;
    uint64_t totalhigh;
    uint64_t freehigh;
    uint32_t mem_unit, pad3_; /* bytes */
};
