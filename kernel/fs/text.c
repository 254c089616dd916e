#include "fs/text.h"

#include "abi/errno.h"
#include "lib/fmt.h"
#include "lib/string.h"
#include "mm/slab.h"

#define FIRST_SIZE 512u

/* Makes room for n more bytes. */
static bool
reserve(struct text_buf *text, size_t n)
{
    if (n <= text->size - text->len)
        return true;
    size_t size = MAX(text->size, (size_t)FIRST_SIZE);
    while (size - text->len < n)
        size *= 2;
    char *data = kmalloc(size);
    if (!data) {
        text->failed = true;
        return false;
    }
    if (text->data)
        memcpy(data, text->data, text->len);
    kfree(text->data);
    text->data = data;
    text->size = size;
    return true;
}

void
text_put(struct text_buf *out, const char *text, size_t len)
{
    if (!reserve(out, len))
        return;
    memcpy(out->data + out->len, text, len);
    out->len += len;
}

/* Carries formatted pieces into a text. */
struct text_sink {
    struct fmt_sink sink;
    struct text_buf *out;
};

static void
sink_put(struct fmt_sink *sink, const char *text, size_t len)
{
    text_put(container_of(sink, struct text_sink, sink)->out, text, len);
}

void
text_printf(struct text_buf *out, const char *format, ...)
{
    struct text_sink s = {.sink.put = sink_put, .out = out};
    va_list args;

    va_start(args, format);
    fmt_vformat(&s.sink, format, args);
    va_end(args);
}

int
text_generate(struct text_buf *text, const struct pseudo_content *content)
{
    if (!reserve(text, FIRST_SIZE))
        return -ENOMEM;
    int err = content->show(text, content->arg);
    if (!err && text->failed)
        err = -ENOMEM;
    return err;
}

static int
text_open(struct file *file)
{
    struct text_buf *text = kzalloc(sizeof(*text));
    if (!text)
        return -ENOMEM;
    int err = text_generate(text, file->inode->private);
    if (err) {
        kfree(text->data);
        kfree(text);
        return err;
    }
    file->private = text;
    return 0;
}

static void
text_release(struct file *file)
{
    struct text_buf *text = file->private;
    kfree(text->data);
    kfree(text);
}

static int64_t
text_read(struct file *file, struct uio *uio, uint64_t *offset)
{
    const struct text_buf *text = file->private;
    if (*offset >= text->len)
        return 0;
    int64_t n = uio_fill(uio, text->data + *offset, text->len - *offset);
    if (n > 0)
        *offset += (uint64_t)n;
    return n;
}

const struct file_ops text_file_ops = {
    .open = text_open,
    .release = text_release,
    .read = text_read,
};
