/* SPDX-License-Identifier: MIT */
/* Text from outside (names of threads, files, devices) made harmless: it is hostile until shown otherwise. */
#ifndef ESCAPE_H
#define ESCAPE_H

/*
 * A copy for terminals, lines and columns: control bytes (also U+0080 to U+009F), characters that break or turn round a
 * line, and bytes that are not valid UTF-8 as \xNN, a backslash as \\. The caller frees it; NULL when memory is short.
 */
char *escape_text(const char *text);

/*
 * A copy that is valid UTF-8, for formats that escape the rest themselves: only the invalid bytes as \xNN, and where there
 * were such characters, or backslashes before such a byte, each of these backslashes as two.
 */
char *escape_invalid(const char *text);

/* A copy of what that was made of. */
char *unescape_invalid(const char *text);

#endif
