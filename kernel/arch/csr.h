/* Control and status registers of supervisor mode [riscv-priv §4.1].
 *
 * Owns nothing; any context. */
#pragma once

#include "lib/compiler.h"

#define csr_read(csr)                                                \
    ({                                                               \
        uint64_t csr_v_;                                             \
        __asm__ volatile("csrr %0, " #csr : "=r"(csr_v_)::"memory"); \
        csr_v_;                                                      \
    })
#define csr_write(csr, value) \
    __asm__ volatile("csrw " #csr ", %0" ::"rK"((uint64_t)(value)) : "memory")
#define csr_set(csr, bits) \
    __asm__ volatile("csrs " #csr ", %0" ::"rK"((uint64_t)(bits)) : "memory")
#define csr_clear(csr, bits) \
    __asm__ volatile("csrc " #csr ", %0" ::"rK"((uint64_t)(bits)) : "memory")
/* Clears bits; returns the old value. */
#define csr_read_clear(csr, bits)                 \
    ({                                            \
        uint64_t csr_v_;                          \
        __asm__ volatile("csrrc %0, " #csr ", %1" \
                         : "=r"(csr_v_)           \
                         : "rK"((uint64_t)(bits)) \
                         : "memory");             \
        csr_v_;                                   \
    })

/* sstatus [riscv-priv §4.1.1] */
#define SSTATUS_SIE        (1ul << 1)
#define SSTATUS_SPIE       (1ul << 5)
#define SSTATUS_SPP        (1ul << 8)
#define SSTATUS_FS         (3ul << 13)
#define SSTATUS_FS_INITIAL (1ul << 13)
#define SSTATUS_FS_CLEAN   (2ul << 13)
#define SSTATUS_FS_DIRTY   (3ul << 13)
#define SSTATUS_UXL_64     (2ul << 32)

/* sie and sip [riscv-priv §4.1.3] */
#define SIE_SSIE (1ul << 1)
#define SIE_STIE (1ul << 5)
#define SIE_SEIE (1ul << 9)

/* scause [riscv-priv §4.1.8] */
#define SCAUSE_INTERRUPT        (1ul << 63)
#define SCAUSE_INT_SOFTWARE     (SCAUSE_INTERRUPT | 1)
#define SCAUSE_INT_TIMER        (SCAUSE_INTERRUPT | 5)
#define SCAUSE_INT_EXTERNAL     (SCAUSE_INTERRUPT | 9)
#define SCAUSE_INST_MISALIGNED  0
#define SCAUSE_INST_ACCESS      1
#define SCAUSE_ILLEGAL          2
#define SCAUSE_BREAKPOINT       3
#define SCAUSE_LOAD_MISALIGNED  4
#define SCAUSE_LOAD_ACCESS      5
#define SCAUSE_STORE_MISALIGNED 6
#define SCAUSE_STORE_ACCESS     7
#define SCAUSE_ECALL_U          8
#define SCAUSE_INST_PAGE        12
#define SCAUSE_LOAD_PAGE        13
#define SCAUSE_STORE_PAGE       15

/* satp [riscv-priv §4.1.11] */
#define SATP_SV39       (8ul << 60)
#define SATP_ASID_SHIFT 44
#define SATP_ASID       (0xfffful << SATP_ASID_SHIFT)

/* scounteren [riscv-priv §4.1.5] */
#define SCOUNTEREN_CY (1ul << 0)
#define SCOUNTEREN_TM (1ul << 1)
#define SCOUNTEREN_IR (1ul << 2)
