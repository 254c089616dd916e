#include "prompt.h"
#include "text.h"
#include "vars.h"
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

static void
put_escape(struct text *t, char letter)
{
    struct utsname names;
    struct passwd *user;
    char *here;

    switch (letter) {
    case 'w':
        here = getcwd(NULL, 0);
        text_put(t, here ? here : "?");
        free(here);
        return;
    case 'u':
        user = getpwuid(getuid());
        text_put(t, user ? user->pw_name : "?");
        return;
    case 'h':
        text_put(t, uname(&names) == 0 ? names.nodename : "?");
        return;
    case '$':
        text_char(t, getuid() == 0 ? '#' : '$');
        return;
    default:
        text_char(t, letter);
        return;
    }
}

const char *
prompt_text(bool first)
{
    static struct text prompt;
    const char *format = vars_get(first ? "PS1" : "PS2");

    if (!format)
        format = first ? "umbra\\$ " : "> ";
    text_free(&prompt);
    text_put(&prompt, "");
    for (; *format; format++)
        if (*format == '\\' && format[1])
            put_escape(&prompt, *++format);
        else
            text_char(&prompt, *format);
    return prompt.bytes;
}
