#include "grade.h"
#include "lib/string.h"

/* grading/wire.py has the other side. */
#define PIECE_HEADER 8 /* kind, length; the content is padded to 8 bytes */

enum piece {
    PIECE_U8 = 1,
    PIECE_U16,
    PIECE_U32,
    PIECE_U64,
    PIECE_BYTES,
    PIECE_STRING, /* its terminator counts */
};

static const uint8_t *
take(struct grade *g, enum piece kind, uint32_t *len)
{
    uint32_t header[2];
    if (g->in_end - g->in < PIECE_HEADER)
        grade_differs("the question has no more pieces");
    memcpy(header, g->in, sizeof(header));
    if (header[0] != kind)
        grade_differs("the next piece is of another kind");
    const uint8_t *content = g->in + PIECE_HEADER;
    *len = header[1];
    g->in = content + ALIGN_UP((uint64_t)header[1], 8);
    return content;
}

static uint64_t
take_number(struct grade *g, enum piece kind)
{
    uint32_t len;
    uint64_t value;
    memcpy(&value, take(g, kind, &len), sizeof(value));
    return value;
}

static void
put(struct grade *g, enum piece kind, const void *content, size_t len)
{
    uint32_t header[2] = {kind, (uint32_t)len};
    size_t padded = ALIGN_UP(len, 8);
    if ((size_t)(g->out_end - g->out) < PIECE_HEADER + padded)
        grade_differs("the answer is too long");
    memcpy(g->out, header, sizeof(header));
    memcpy(g->out + PIECE_HEADER, content, len);
    g->out += PIECE_HEADER + padded;
}

uint8_t
grade_u8(struct grade *g)
{
    return (uint8_t)take_number(g, PIECE_U8);
}

uint16_t
grade_u16(struct grade *g)
{
    return (uint16_t)take_number(g, PIECE_U16);
}

uint32_t
grade_u32(struct grade *g)
{
    return (uint32_t)take_number(g, PIECE_U32);
}

uint64_t
grade_u64(struct grade *g)
{
    return take_number(g, PIECE_U64);
}

void *
grade_bytes(struct grade *g, size_t *len)
{
    uint32_t n;
    const uint8_t *content = take(g, PIECE_BYTES, &n);
    *len = n;
    return (void *)(uintptr_t)content;
}

const char *
grade_string(struct grade *g)
{
    uint32_t len;
    return (const char *)take(g, PIECE_STRING, &len);
}

void
grade_put_u8(struct grade *g, uint8_t value)
{
    put(g, PIECE_U8, &value, sizeof(value));
}

void
grade_put_u16(struct grade *g, uint16_t value)
{
    put(g, PIECE_U16, &value, sizeof(value));
}

void
grade_put_u32(struct grade *g, uint32_t value)
{
    put(g, PIECE_U32, &value, sizeof(value));
}

void
grade_put_u64(struct grade *g, uint64_t value)
{
    put(g, PIECE_U64, &value, sizeof(value));
}

void
grade_put_bytes(struct grade *g, const void *bytes, size_t len)
{
    put(g, PIECE_BYTES, bytes, len);
}

void
grade_put_string(struct grade *g, const char *string)
{
    put(g, PIECE_STRING, string, strlen(string) + 1);
}
