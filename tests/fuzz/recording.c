/* SPDX-License-Identifier: MIT */
/* Reads any bytes as a recording, and shows what is one by every format: no crash, and what json says is read back. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/out.h"
#include "recording/recording.h"
#include "registry/format.h"
#include "render/feed.h"
#include "model/snapshot.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n_bytes);
size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t n_bytes, size_t max_bytes, unsigned int seed);
size_t LLVMFuzzerMutate(uint8_t *bytes, size_t n_bytes, size_t max_bytes) __attribute__((weak));

/* What the format writes; the caller frees it. */
static char *written(const struct format *format, const struct snapshot *snapshot, size_t *n_bytes)
{
	char *text = NULL;
	FILE *stream = open_memstream(&text, n_bytes);
	struct out *out = out_wrap(stream);
	struct feed feed = { format, out, &(struct format_options){ .colour = true }, .has_all = true };

	feed_snapshot(&feed, snapshot);
	if (out_close(out))
		abort();
	fclose(stream);
	return text;
}

static void show(const struct snapshot *snapshot)
{
	/* Of an interval alone the sum would be read as well, and that may be more than a recording can have. */
	struct snapshot whole = *snapshot;
	const struct format *format;
	struct recording *recording;
	size_t i, n_bytes, n_again;
	char *text, *again;

	for (i = 0; (format = format_at(i)); i++)
		free(written(format, snapshot, &n_bytes));
	whole.number = 0;
	text = written(format_find("json"), &whole, &n_bytes);
	if (recording_read_bytes(&recording, "what json wrote", text, n_bytes))
		abort();
	again = written(format_find("json"), recording_whole(recording), &n_again);
	if (n_again != n_bytes || memcmp(text, again, n_bytes))
		abort();
	free(text);
	free(again);
	recording_free(recording);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n_bytes)
{
	const struct snapshot *interval;
	struct recording *recording;
	size_t i;

	if (recording_read_bytes(&recording, "fuzz", (const char *)bytes, n_bytes))
		return 0;
	for (i = 0; (interval = recording_interval(recording, i)); i++)
		show(interval);
	show(recording_whole(recording));
	recording_free(recording);
	return 0;
}

static json_t *random_value(void)
{
	static const json_int_t integers[] = {
		0, 1, -1, 15, 16, 31, 32, 527, 528, 529, 1LL << 32, 1LL << 53, 1LL << 62, INT64_MAX, INT64_MIN,
	};
	static const char *const texts[] = { "", "ok", "other", "op", "\033[2J", ",; \n", "\xe2\x80\xae", "-1", "528" };

	switch (rand() % 6) {
	case 0: return json_string(texts[(size_t)rand() % (sizeof(texts) / sizeof(texts[0]))]);
	case 1: return rand() % 2 ? json_array() : json_object();
	case 2: return rand() % 2 ? json_true() : json_null();
	case 3: return json_integer(rand() % 600);
	default: return json_integer(integers[(size_t)rand() % (sizeof(integers) / sizeof(integers[0]))]);
	}
}

/* Changes one member somewhere in the tree. */
static void mutate_tree(json_t *node)
{
	size_t n = json_is_array(node) ? json_array_size(node) : json_object_size(node), at, i;
	void *iterator;
	json_t *child;

	if (!n)
		return;
	at = (size_t)rand() % n;
	iterator = json_object_iter(node);
	for (i = 0; iterator && i < at; i++)
		iterator = json_object_iter_next(node, iterator);
	child = iterator ? json_object_iter_value(iterator) : json_array_get(node, at);
	if ((json_is_array(child) ? json_array_size(child) : json_object_size(child)) && rand() % 8)
		mutate_tree(child);
	else if (iterator && rand() % 8)
		json_object_iter_set_new(node, iterator, random_value());
	else if (iterator)
		json_object_del(node, json_object_iter_key(iterator));
	else if (rand() % 2)
		json_array_append(node, child);
	else if (rand() % 2)
		json_array_remove(node, at);
	else
		json_array_set_new(node, at, random_value());
}

/* Half of the time members of a line are changed, so that most of what is tried is still JSON. */
size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t n_bytes, size_t max_bytes, unsigned int seed)
{
	size_t at = 0, length;
	json_error_t error;
	json_t *root;
	char *text;

	srand(seed);
	if (n_bytes && rand() % 2)
		at = (size_t)rand() % n_bytes;
	while (at && bytes[at - 1] != '\n')
		at--;
	root = rand() % 2 ? json_loadb((char *)bytes + at, n_bytes - at, JSON_DISABLE_EOF_CHECK, &error) : NULL;
	if (!root)
		return LLVMFuzzerMutate(bytes, n_bytes, max_bytes);
	mutate_tree(root);
	text = json_dumps(root, JSON_COMPACT);
	length = text ? strlen(text) : 0;
	n_bytes -= at + (size_t)error.position;
	if (at + length + n_bytes <= max_bytes) {
		memmove(bytes + at + length, bytes + at + error.position, n_bytes);
		memcpy(bytes + at, text, length);
		n_bytes += at + length;
	} else {
		n_bytes += at + (size_t)error.position;
	}
	free(text);
	json_decref(root);
	return n_bytes;
}
