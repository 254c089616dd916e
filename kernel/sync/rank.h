/* The order in which locks are taken, executed rather than described.
 *
 * A thread may take a lock only if its rank is higher than that of every
 * lock it holds; spin_lock and sleeplock_lock assert it. Two locks of one
 * rank are never held together, but for those whose contract says how they
 * are ordered. Sleep locks come first: no thread sleeps holding a spin lock. */
#pragma once

enum lock_rank {
    RANK_NONE = 0,

    /* sleep locks, outermost first */
    RANK_MOUNT,     /* the mount table */
    RANK_FILE,      /* one open file's offset */
    RANK_WRITEBACK, /* one file system's dirty inodes */
    RANK_NAMES,     /* one file system's names: who changes them */
    RANK_INODE,     /* one inode's content and attributes; several of them only
                     * inside RANK_NAMES */
    RANK_CHANGE,    /* one journal's running transaction */

    /* spin locks, outermost first */
    RANK_SPIN,
    RANK_EPOLL = RANK_SPIN, /* lists of files to wait for */
    RANK_PROCESS,           /* one process's state */
    RANK_FDTABLE,           /* one table of descriptors */
    RANK_FS_CONTEXT,        /* one process's working directory */
    RANK_DENTRY,            /* the table of cached names */
    RANK_INODE_CACHE,       /* the table of inodes in memory */
    RANK_BCACHE,            /* the table of cached blocks */
    RANK_SOCKET,            /* all sockets */
    RANK_PIPE,              /* one pipe */
    RANK_FLOCK,             /* locks of whole files */
    RANK_TTY_LIST,          /* the list of terminals */
    RANK_TTY,               /* the terminal's line discipline */
    RANK_PTY,               /* what lies between two ends of a terminal */
    RANK_DEVICE,            /* a device registry */
    RANK_VIRTQ,             /* one virtqueue and its in-flight table */
    RANK_FUTEX,             /* one bucket of futex waiters; two in order */
    RANK_FUTEX_LAST = RANK_FUTEX + 127,
    RANK_COMPLETION, /* a waiter's own condition */
    RANK_SLEEPLOCK,  /* a sleep lock's own state */
    RANK_WAITQ,      /* one wait queue */
    RANK_RUNQUEUE,   /* one hart's run queue */
    RANK_TIMER,      /* one hart's timers */
    RANK_PAGETABLE,  /* one address space's page table */
    RANK_NEW_SPACE,  /* of one that fork is filling from another */
    RANK_OBJECT,     /* what shows one object in memory */
    RANK_SLAB,       /* one slab cache */
    RANK_FRAME,      /* free frames */
    RANK_RANDOM,     /* the random number generator's key */
    RANK_IRQ,        /* interrupt controller registers */
    RANK_PRINT,      /* the log: anyone may print */
    RANK_UART,       /* the UART: the log shows on it */
};
