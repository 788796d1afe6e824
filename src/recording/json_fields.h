/* SPDX-License-Identifier: MIT */
/* The members of a recorded JSON object, each with what is wrong about it. */
#ifndef JSON_FIELDS_H
#define JSON_FIELDS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct label;
struct run_info;

/* Texts and facts about runs that snapshots point to, each kept once. */
struct names;
struct names *names_new(void);
void names_free(struct names *names); /* NULL is fine */

struct parse_error {
	char text[200]; /* what is wrong, without a line's end */
};

/* The first fault met; what is parsed after it is not used. */
struct parse {
	struct names *names;
	struct parse_error *error;
	bool has_failed;
};

void parse_complain(struct parse *parse, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Zeroed memory of N items and more; NULL, and a complaint, when there is none. */
void *parse_room(struct parse *parse, size_t n, size_t size);

/* What TEXT was before it became JSON, which lives as long as the names. */
const char *parse_keep(struct parse *parse, const char *text);

/* An empty one that lives as long as the names, and is freed with its probes and sources. NULL, and a complaint. */
struct run_info *parse_new_run(struct parse *parse);

/* The value of a member, texts as in the JSON; "" or 0, and a complaint, where it is none of that kind. */
const char *parse_text(struct parse *parse, const json_t *object, const char *name);
uint64_t parse_number(struct parse *parse, const json_t *object, const char *name);

/* The members of an array; 0 when there is none of that name and it need not be. */
size_t parse_array(struct parse *parse, const json_t *object, const char *name, bool is_needed, const json_t **array);

/* Kept; NULL where there is none. */
const char *parse_phase(struct parse *parse, const json_t *object);

/* A number of 32 bits. */
uint32_t parse_id(struct parse *parse, const json_t *object, const char *name);

/* Appends the members of the object LABELS of OBJECT; parse_labels() complains where there are none of op and ret. */
void parse_all_labels(struct parse *parse, const json_t *object, struct label **labels, size_t *n_labels);
void parse_labels(struct parse *parse, const json_t *object, struct label **labels, size_t *n_labels);

#endif
