/* Keys as a terminal sends them: bytes, characters of several bytes, sequences
 * behind escape. */
#pragma once

/* Keys that come as sequences of bytes. */
enum key {
    KEY_UP = 256,
    KEY_DOWN,
    KEY_RIGHT,
    KEY_LEFT,
    KEY_HOME,
    KEY_END,
    KEY_DELETE,
    KEY_WORD_LEFT,
    KEY_WORD_RIGHT,
    KEY_WORD_DELETE,
    KEY_SIZE, /* the terminal says where its lower right corner is */
    KEY_CHARACTER,
    KEY_NONE,
};

struct keyboard {
    char typed[5];  /* the bytes of KEY_CHARACTER, terminated */
    int numbers[2]; /* those of KEY_SIZE: row and column */
};

/* The next key: a control character, or one of enum key. Negative at the end of
 * input. */
int key_read(struct keyboard *k);

/* The next byte, or -1. */
int key_read_byte(void);
