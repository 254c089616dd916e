/* Doubly linked circular lists, threaded through the structures they link.
 *
 * Owns nothing; the caller's lock guards a list; any context. An empty head
 * points at itself, and so does a node that list_del has unlinked, so
 * list_is_empty(&node) also asks "is this node on no list?". What a head leads
 * to is written as a whole, for who looks without the lock. */
#pragma once

#include "lib/compiler.h"

struct list_node {
    struct list_node *prev, *next;
};

#define LIST_INIT(name)  \
    {                    \
        &(name), &(name) \
    }

static inline void
list_init(struct list_node *head)
{
    head->prev = head;
    WRITE_ONCE(head->next, head);
}

static inline bool
list_is_empty(const struct list_node *head)
{
    return head->next == head;
}

/* Links node directly before pos; before the head means at the tail. */
static inline void
list_add_before(struct list_node *pos, struct list_node *node)
{
    node->prev = pos->prev;
    node->next = pos;
    WRITE_ONCE(pos->prev->next, node);
    pos->prev = node;
}

static inline void
list_push_back(struct list_node *head, struct list_node *node)
{
    list_add_before(head, node);
}

static inline void
list_push_front(struct list_node *head, struct list_node *node)
{
    list_add_before(head->next, node);
}

/* Unlinks node; harmless on a node that is on no list. */
static inline void
list_del(struct list_node *node)
{
    WRITE_ONCE(node->prev->next, node->next);
    node->next->prev = node->prev;
    list_init(node);
}

/* Takes the first node off the list; NULL if there is none. */
static inline struct list_node *
list_pop_front(struct list_node *head)
{
    struct list_node *node = head->next;
    if (node == head)
        return NULL;
    list_del(node);
    return node;
}

/* Moves all of from to the tail of head; from is left empty. */
static inline void
list_splice_back(struct list_node *head, struct list_node *from)
{
    if (list_is_empty(from))
        return;
    from->next->prev = head->prev;
    head->prev->next = from->next;
    from->prev->next = head;
    head->prev = from->prev;
    list_init(from);
}

#define list_entry(node, type, member) container_of(node, type, member)

/* The first entry, which stays, or is taken off; NULL if there is none. */
#define list_first(type, head, member) \
    (list_is_empty(head) ? NULL : list_entry((head)->next, type, member))
#define list_pop(type, head, member)                        \
    ({                                                      \
        struct list_node *popped_ = list_pop_front(head);   \
        popped_ ? list_entry(popped_, type, member) : NULL; \
    })

/* Declares pos, which the body must not unlink. */
#define list_for_each(type, pos, head, member)               \
    for (type *pos = list_entry((head)->next, type, member); \
         &pos->member != (head);                             \
         pos = list_entry(pos->member.next, type, member))

/* The first entry pos that is wanted, or NULL. */
#define list_find(type, pos, head, member, wanted) \
    ({                                             \
        type *found_ = NULL;                       \
        list_for_each (type, pos, head, member) {  \
            if (!(wanted))                         \
                continue;                          \
            found_ = pos;                          \
            break;                                 \
        }                                          \
        found_;                                    \
    })

/* The body may unlink pos. */
#define list_for_each_safe(pos, head)                                   \
    for (struct list_node *pos = (head)->next, *pos##_next = pos->next; \
         pos != (head); pos = pos##_next, pos##_next = pos->next)

/* pos is declared by the caller and meaningless after a completed walk. */
#define list_for_each_entry(pos, head, member)                     \
    for (pos = list_entry((head)->next, __typeof__(*pos), member); \
         &pos->member != (head);                                   \
         pos = list_entry(pos->member.next, __typeof__(*pos), member))
