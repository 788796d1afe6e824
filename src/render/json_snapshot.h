/* SPDX-License-Identifier: MIT */
/* A snapshot as a JSON object, and what it is put together with. */
#ifndef JSON_SNAPSHOT_H
#define JSON_SNAPSHOT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

struct out;
struct snapshot;

/*
 * README.md documents the members. IS_COMPACT has "slot_counts" in place of "slots". The caller owns it; NULL when
 * memory is short.
 */
json_t *json_of_snapshot(const struct snapshot *snapshot, bool is_compact);

/* Labels by name, as an object that the caller owns; NULL when memory is short. */
struct label;
json_t *json_of_labels(const struct label *labels, size_t n_labels);

/* Takes over VALUE. An object or array that lacks a member becomes NULL, as does then what contains it. */
void json_set(json_t **object, const char *name, json_t *value);
void json_set_integer(json_t **object, const char *name, uint64_t value);
void json_append(json_t **array, json_t *value);

/* Text from outside need not be UTF-8, which JSON has to be: see escape_invalid(). */
json_t *json_text(const char *text);
void json_set_text(json_t **object, const char *name, const char *text);

/* Takes over ROOT, which is NULL when memory was short, and writes it with the flags of json_dumps(3) and a line's end. */
void json_write(struct out *out, json_t *root, size_t format);

#endif
