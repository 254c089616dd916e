#include "keys.h"
#include <ctype.h>
#include <errno.h>
#include <unistd.h>
#include <utf8.h>

int
key_read_byte(void)
{
    unsigned char c;
    ssize_t n;

    do
        n = read(STDIN_FILENO, &c, 1);
    while (n < 0 && errno == EINTR);
    return n == 1 ? c : -1;
}

/* Behind ESC [ or ESC O. */
static int
read_sequence(struct keyboard *k)
{
    int *numbers = k->numbers, modified = 0, c;

    numbers[0] = numbers[1] = 0;
    for (c = key_read_byte(); isdigit(c) || c == ';'; c = key_read_byte())
        if (c == ';')
            modified = 1;
        else if (numbers[modified] < 10000)
            numbers[modified] = numbers[modified] * 10 + (c - '0');
    switch (c) {
    case 'A':
        return KEY_UP;
    case 'B':
        return KEY_DOWN;
    case 'C':
        return modified ? KEY_WORD_RIGHT : KEY_RIGHT;
    case 'D':
        return modified ? KEY_WORD_LEFT : KEY_LEFT;
    case 'H':
        return KEY_HOME;
    case 'F':
        return KEY_END;
    case 'R':
        return KEY_SIZE;
    case '~':
        return numbers[0] == 1 || numbers[0] == 7   ? KEY_HOME
               : numbers[0] == 4 || numbers[0] == 8 ? KEY_END
               : numbers[0] == 3                    ? KEY_DELETE
                                                    : KEY_NONE;
    default:
        return KEY_NONE;
    }
}

/* A character whose first byte is c; what is no UTF-8 is dropped. */
static int
read_character(struct keyboard *k, int c)
{
    size_t len = utf8_length((unsigned char)c);
    uint32_t code;

    k->typed[0] = (char)c;
    for (size_t i = 1; i < len; i++)
        if ((c = key_read_byte()) < 0)
            return c;
        else
            k->typed[i] = (char)c;
    k->typed[len] = '\0';
    if (utf8_next(k->typed, len, &code) != len || (len == 1 && code >= 0x80))
        return KEY_NONE;
    return KEY_CHARACTER;
}

int
key_read(struct keyboard *k)
{
    int c = key_read_byte();

    if (c >= ' ' && c != 127)
        return read_character(k, c);
    if (c != 033)
        return c;
    switch (key_read_byte()) {
    case '[':
    case 'O':
        return read_sequence(k);
    case 'b':
        return KEY_WORD_LEFT;
    case 'f':
        return KEY_WORD_RIGHT;
    case 'd':
        return KEY_WORD_DELETE;
    default:
        return KEY_NONE;
    }
}
