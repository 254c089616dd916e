#include "fs/writeback.h"

#include "fs/pagecache.h"

void
writeback_init(struct super *super)
{
    sleeplock_init(&super->writeback, RANK_WRITEBACK);
    list_init(&super->dirty);
}

/* The lock makes who comes second wait for what the first has taken off the
 * list, and not written yet. */
int
writeback_super(struct super *super)
{
    struct list_node todo = LIST_INIT(todo);
    struct inode *inode;
    int err = 0;

    sleeplock_lock(&super->writeback);
    inode_take_dirty(super, &todo);
    while ((inode = inode_pop_dirty(&todo))) {
        sleeplock_lock(&inode->lock);
        int failed = inode->page_ops->write_back(inode);
        if (failed == -ENOMEM)
            inode_mark_dirty(inode);
        sleeplock_unlock(&inode->lock);
        inode_put(inode);
        err = err ? err : failed;
    }
    sleeplock_unlock(&super->writeback);
    return err;
}
