#include "fs/poll.h"
#include "arch/clock.h"
#include "mm/slab.h"

void
poll_begin(struct poll_table *table, uint64_t deadline_ns)
{
    table->deadline_ns = deadline_ns;
    table->events = 0;
    table->error = 0;
    table->woken = false;
    table->is_quiet = deadline_ns == 0;
    table->n = 0;
    table->pages = NULL;
}

unsigned
poll_file(struct file *file, struct poll_table *table)
{
    if (!file->ops->poll)
        return POLL_IN | POLL_OUT;
    struct file *outer = table->file; /* an epoll that asks its files */
    table->file = file;
    unsigned ready = file->ops->poll(file, table);
    table->file = outer;
    return ready;
}

/* A place for one more entry, or NULL. */
static struct poll_entry *
next_entry(struct poll_table *table)
{
    if (table->n < POLL_FEW)
        return &table->few[table->n++];
    unsigned i = (table->n - POLL_FEW) % POLL_MANY;
    if (i == 0) {
        struct poll_page *page = kmalloc(sizeof(*page));
        if (!page)
            return NULL;
        page->next = table->pages;
        table->pages = page;
    }
    table->n++;
    return &table->pages->entries[i];
}

void
poll_wait(struct poll_table *table, struct waitq *wq)
{
    if (!table)
        return;
    table->events += READ_ONCE(wq->events);
    if (table->is_quiet)
        return;
    struct poll_entry *entry = next_entry(table);
    if (!entry) {
        table->error = -ENOMEM;
        return;
    }
    entry->wq = wq;
    entry->file = file_ref(table->file);
    waitq_enter(wq, &entry->waiter, &table->woken);
}

static void
leave_queue(struct poll_entry *entry)
{
    waitq_leave(entry->wq, &entry->waiter);
    file_put(entry->file);
}

void
poll_end(struct poll_table *table)
{
    struct poll_page *page;
    for (unsigned i = 0; i < MIN(table->n, POLL_FEW); i++)
        leave_queue(&table->few[i]);
    unsigned rest = table->n - MIN(table->n, POLL_FEW);
    while ((page = table->pages)) {
        unsigned n = rest % POLL_MANY ? rest % POLL_MANY : POLL_MANY;
        for (unsigned i = 0; i < n; i++)
            leave_queue(&page->entries[i]);
        rest -= n;
        table->pages = page->next;
        kfree(page);
    }
    poll_begin(table, table->deadline_ns);
}

int
poll_sleep(struct poll_table *table)
{
    int err = table->error;
    if (!err && table->is_quiet)
        err = -ETIMEDOUT;
    err = err ?: waitq_sleep_woken(&table->woken, table->deadline_ns);
    poll_end(table);
    if (err == -ETIMEDOUT && table->deadline_ns != 0) {
        table->deadline_ns = 0; /* one more look, for who was late */
        table->is_quiet = true;
        err = 0;
    }
    return err;
}
