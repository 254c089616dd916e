/* Directory records of getdents64, as Linux has them. */
#pragma once

#include <stdint.h>

struct linux_dirent64 {
    uint64_t d_ino;
    int64_t d_off;     /* lseek here to read on after this record */
    uint16_t d_reclen; /* of this record, a multiple of 8 */
    uint8_t d_type;    /* DT_* */
    char d_name[];     /* terminated */
};

#define DT_UNKNOWN 0
#define DT_FIFO    1
#define DT_CHR     2
#define DT_DIR     4
#define DT_BLK     6
#define DT_REG     8
#define DT_LNK     10
#define DT_SOCK    12
