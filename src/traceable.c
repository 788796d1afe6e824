/* SPDX-License-Identifier: MIT */
/* The functions that ftrace can trace. */
#include "traceable.h"

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

void traceable_read(struct traceable *traceable)
{
	char *rest = read_list(), *line;
	size_t n = 1;
	ENTRY *found;

	traceable->text = rest;
	for (line = rest; line && (line = strchr(line, '\n')); line++)
		n++;
	/* A third more, so that chains stay short. */
	traceable->is_known = rest && hcreate_r(n + n / 3, &traceable->names);
	while (traceable->is_known && (line = strsep(&rest, "\n"))) {
		line[strcspn(line, " \t")] = '\0'; /* what follows is the module */
		hsearch_r((ENTRY){ .key = line }, ENTER, &found, &traceable->names);
	}
}

bool traceable_has(const struct traceable *traceable, const char *function)
{
	ENTRY *found;

	return hsearch_r((ENTRY){ .key = (char *)function }, FIND, &found, (struct hsearch_data *)&traceable->names);
}

void traceable_free(struct traceable *traceable)
{
	if (traceable->is_known)
		hdestroy_r(&traceable->names);
	free(traceable->text);
	*traceable = (struct traceable){ 0 };
}
