/* What the passes of a check share; for check*.c and repair*.c only.
 *
 * Pass 1 reads every inode's record; pass 2 every directory; pass 3 where
 * files have their content; pass 4 walks from the root; pass 5 compares link
 * counts, bitmap and header with what was found. So of two that claim one
 * block, who can prove it gets it: blocks of records, names and extents say
 * whose they are, blocks of content do not. Nothing is changed before all
 * passes are through: mending goes by what they left here. */
#pragma once

#include "abi/errno.h"
#include "check.h"
#include "fs/eclipsefs/change.h"
#include "fs/eclipsefs/dir.h"
#include "fs/eclipsefs/extent.h"
#include "fs/eclipsefs/record.h"

enum inode_state {
    INODE_FREE,
    INODE_GOOD,
    INODE_BAD, /* its record cannot be used */
};

struct found_entry {
    char *name; /* len bytes and a terminator */
    uint32_t len;
    uint32_t ino;
    size_t order; /* its place in the directory */
    bool drop;    /* not kept by a repair */
};

struct inode_info {
    enum inode_state state;
    bool orphan;
    bool reached;          /* from the root, or from something lost */
    bool lost;             /* no name leads to it */
    bool below_lost;       /* a directory that is not reached names it */
    bool rebuild;          /* a directory whose entries must be written anew */
    bool list;             /* a directory as plain images have them */
    bool tail;             /* it has blocks past its end */
    bool cut;              /* its extents are wrong from cut_at on */
    uint64_t cut_at;       /* logical block */
    uint32_t cut_entries;  /* of its index, that are kept then */
    uint32_t type;         /* enum eclipsefs_node_type */
    uint32_t nlink;        /* as its record says */
    uint32_t names;        /* entries that lead to it */
    uint32_t subdirs;      /* of a directory */
    uint32_t record_block; /* of an extended image */
    struct found_entry *entries;
    size_t nentries;
};

/* A record's place, to see whether two overlap. */
struct span {
    uint64_t start, end; /* addresses */
    uint32_t ino;
};

struct checker {
    struct efs fs;
    const struct check_options *options;
    struct check_result *result;
    struct inode_info *inodes; /* 1 .. fs.inode_count */
    struct span *spans;        /* of a plain image */
    size_t nspans;

    /* of an extended image */
    uint32_t *owners; /* of each block: 0 nobody, an inode, or OWNER_FIXED */
    bool journal_lost;
};

#define OWNER_FIXED UINT32_MAX /* header, journal, bitmap, table */

/* An error that ends a check, rather than being a finding. */
static inline bool
is_fatal(int err)
{
    return err == -EIO || err == -ENOMEM;
}

/* Counts and reports a finding, or a note. */
void finding(struct checker *c, const char *kind, uint32_t ino, uint64_t block,
             const char *format, ...) PRINTF(5, 6);
void note(struct checker *c, const char *kind, uint32_t ino, uint64_t block,
          const char *format, ...) PRINTF(5, 6);

/* A finding in the words of the file system's own complaint, if one was made
 * since the last call of listen_anew, or else in those of fallback. */
void finding_said(struct checker *c, const char *kind, uint32_t ino,
                  const char *fallback);

/* Forgets a complaint, and makes sure that the next one is made. */
void listen_anew(struct checker *c);

/* As efs_node_read, but reads a file, too, whose extents are wrong: pass 3
 * finds out from where on. */
int read_file_node(struct checker *c, uint32_t ino, struct efs_node *node)
    MUST_CHECK;

/* Gives count blocks from start on to ino. Returns how many it has got: fewer
 * if the next one lies outside, or is somebody else's. */
uint32_t claim_blocks(struct checker *c, uint32_t ino, uint32_t start,
                      uint32_t count);

/* The passes. Return 0, -EIO, -ENOMEM. */
int check_inodes(struct checker *c) MUST_CHECK;
int check_directories(struct checker *c) MUST_CHECK;
int check_files(struct checker *c) MUST_CHECK;
int check_tree(struct checker *c) MUST_CHECK;
int check_counts(struct checker *c) MUST_CHECK;

/* Mends what the passes found, in an extended image. Returns 0, or why it
 * could not, with *why. */
int repair(struct checker *c, const char **why) MUST_CHECK;

/* The part of it that the file system's own changes can do: fs is open for
 * them. */
int repair_tree(struct checker *c) MUST_CHECK;
