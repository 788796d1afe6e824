/* SPDX-License-Identifier: MIT */
/* The functions that ftrace can trace. */
#include "system/ftrace_functions.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* NULL when there is none. */
static char *read_list(void)
{
	static const char *const paths[] = {
		"/sys/kernel/tracing/available_filter_functions", "/sys/kernel/debug/tracing/available_filter_functions",
	};
	char *text = NULL;
	size_t size = 0, i;
	FILE *file;

	for (i = 0; i < sizeof(paths) / sizeof(paths[0]) && !text; i++) {
		file = fopen(paths[i], "re");
		/* No line holds a NUL, so one "line" up to it is everything. */
		if (file && getdelim(&text, &size, '\0', file) < 0) {
			free(text);
			text = NULL;
		}
		if (file)
			fclose(file);
	}
	return text;
}

void ftrace_functions_read(struct ftrace_functions *traceable)
{
	char *rest = read_list(), *line;
	size_t n = 1;

	traceable->text = rest;
	for (line = rest; line && (line = strchr(line, '\n')); line++)
		n++;
	traceable->is_known = rest && name_table_make(&traceable->names, n);
	while (traceable->is_known && (line = strsep(&rest, "\n"))) {
		line[strcspn(line, " \t")] = '\0'; /* what follows is the module */
		name_table_add(&traceable->names, line, 0);
	}
}

bool ftrace_functions_has(const struct ftrace_functions *traceable, const char *function)
{
	return name_table_find(&traceable->names, function);
}

void ftrace_functions_free(struct ftrace_functions *traceable)
{
	name_table_free(&traceable->names);
	free(traceable->text);
	*traceable = (struct ftrace_functions){ 0 };
}
