/* SPDX-License-Identifier: MIT */
/* The members of a recorded JSON object, each with what is wrong about it. */
#include "recording/json_fields.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/escape.h"
#include "model/snapshot.h"

#define MAX_TEXTS 10000

struct names {
	char **texts;
	size_t n_texts;
	struct run_info **runs;
	size_t n_runs;
};

void parse_complain(struct parse *parse, const char *format, ...)
{
	va_list args;

	if (parse->has_failed)
		return;
	parse->has_failed = true;
	va_start(args, format);
	vsnprintf(parse->error->text, sizeof(parse->error->text), format, args);
	va_end(args);
}

void *parse_room(struct parse *parse, size_t n, size_t size)
{
	void *memory = calloc(n + 1, size);

	if (!memory)
		parse_complain(parse, "memory is short");
	return memory;
}

struct names *names_new(void)
{
	return calloc(1, sizeof(struct names));
}

void names_free(struct names *names)
{
	size_t i;

	if (!names)
		return;
	for (i = 0; i < names->n_texts; i++)
		free(names->texts[i]);
	for (i = 0; i < names->n_runs; i++) {
		free((void *)names->runs[i]->probes);
		free((void *)names->runs[i]->sources);
		free(names->runs[i]);
	}
	free(names->texts);
	free(names->runs);
	free(names);
}

/* There are few different ones, in what this program wrote. */
const char *parse_keep(struct parse *parse, const char *text)
{
	struct names *names = parse->names;
	char **more, *copy = unescape_invalid(text);
	size_t i;

	for (i = 0; copy && i < names->n_texts; i++)
		if (!strcmp(names->texts[i], copy)) {
			free(copy);
			return names->texts[i];
		}
	if (names->n_texts == MAX_TEXTS) {
		parse_complain(parse, "more than %d different names", MAX_TEXTS);
		free(copy);
		return "";
	}
	more = realloc(names->texts, (names->n_texts + 1) * sizeof(*more));
	if (more)
		names->texts = more;
	if (!more || !copy) {
		parse_complain(parse, "memory is short");
		free(copy);
		return "";
	}
	names->texts[names->n_texts++] = copy;
	return copy;
}

struct run_info *parse_new_run(struct parse *parse)
{
	struct names *names = parse->names;
	struct run_info *run = parse_room(parse, 1, sizeof(*run)), **more;

	more = run ? realloc(names->runs, (names->n_runs + 1) * sizeof(struct run_info *)) : NULL;
	if (!more) {
		parse_complain(parse, "memory is short");
		free(run);
		return NULL;
	}
	names->runs = more;
	more[names->n_runs++] = run;
	return run;
}

const char *parse_text(struct parse *parse, const json_t *object, const char *name)
{
	const json_t *value = json_object_get(object, name);

	if (!json_is_string(value))
		parse_complain(parse, "\"%s\" is no text", name);
	return json_is_string(value) ? json_string_value(value) : "";
}

uint64_t parse_number(struct parse *parse, const json_t *object, const char *name)
{
	const json_t *value = json_object_get(object, name);

	if (!json_is_integer(value) || json_integer_value(value) < 0)
		parse_complain(parse, "\"%s\" is no number from 0 on", name);
	return json_is_integer(value) ? (uint64_t)json_integer_value(value) : 0;
}

size_t parse_array(struct parse *parse, const json_t *object, const char *name, bool is_needed, const json_t **array)
{
	*array = json_object_get(object, name);
	if (*array ? !json_is_array(*array) : is_needed)
		parse_complain(parse, "\"%s\" is no array", name);
	return json_array_size(*array);
}

const char *parse_phase(struct parse *parse, const json_t *object)
{
	return json_object_get(object, "phase") ? parse_keep(parse, parse_text(parse, object, "phase")) : NULL;
}

uint32_t parse_id(struct parse *parse, const json_t *object, const char *name)
{
	uint64_t id = parse_number(parse, object, name);

	if (id > UINT32_MAX)
		parse_complain(parse, "\"%s\" %" PRIu64 " is too large", name, id);
	return (uint32_t)id;
}

/* Appends the members of the object LABELS of OBJECT. */
void parse_all_labels(struct parse *parse, const json_t *object, struct label **labels, size_t *n_labels)
{
	json_t *members = json_object_get(object, "labels"), *value;
	const char *name;

	if (!json_is_object(members))
		parse_complain(parse, "\"labels\" is no object");
	json_object_foreach(members, name, value)
		if (!json_is_string(value) ||
		    !labels_add(labels, n_labels, parse_keep(parse, name), unescape_invalid(json_string_value(value))))
			parse_complain(parse, "label \"%s\" is no text", name);
}

void parse_labels(struct parse *parse, const json_t *object, struct label **labels, size_t *n_labels)
{
	parse_all_labels(parse, object, labels, n_labels);
	if (!labels_find(*labels, *n_labels, "op") || !labels_find(*labels, *n_labels, "ret"))
		parse_complain(parse, "a series or an outlier lacks its label \"op\" or \"ret\"");
}
