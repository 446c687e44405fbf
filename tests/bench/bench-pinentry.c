/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * A pinentry that types at once what the first line of NAME.script says ("pin TEXT", as for
 * tests/kit/fake-pinentry), so that the shell of that one is not measured with us.
 */

#include <stdio.h>
#include <string.h>

#define MAX_LINE 1024

static void
answer_pin(const char *self)
{
    char path[4096], line[MAX_LINE];
    snprintf(path, sizeof path, "%s.script", self);
    FILE *script = fopen(path, "re");

    if (script != NULL && fgets(line, sizeof line, script) != NULL &&
        strncmp(line, "pin ", 4) == 0) {
        line[strcspn(line, "\n")] = '\0';
        printf("D %s\nOK\n", line + 4);
    } else {
        puts("ERR 83886355 no PIN in the script");
    }
    if (script != NULL)
        fclose(script);
}

int
main(int argc, char **argv)
{
    char line[MAX_LINE];

    (void) argc;
    setvbuf(stdout, NULL, _IOLBF, 0);
    puts("OK Pleased to meet you");
    while (fgets(line, sizeof line, stdin) != NULL) {
        if (strncmp(line, "GETPIN", 6) == 0)
            answer_pin(argv[0]);
        else
            puts("OK");
        if (strncmp(line, "BYE", 3) == 0)
            return 0;
    }
    return 0;
}
