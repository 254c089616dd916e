/* The host's stand-in for kernel/arch/barrier.h: the model runs in the same
 * thread, so only the compiler must be kept in order. */
#pragma once

static inline void
barrier_write(void)
{
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
}

static inline void
barrier_read(void)
{
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
}

static inline void
barrier_full(void)
{
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
}

static inline void
barrier_before_mmio(void)
{
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
}

static inline void
barrier_after_mmio(void)
{
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
}
