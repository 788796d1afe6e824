/* SPDX-License-Identifier: MIT */
/* What a sink has written is read back as what it was, and what is no recording is refused. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fixtures.h"
#include "out.h"
#include "recording.h"
#include "sinks/sink.h"

/* Last, since it has a macro that is called fail(), too. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#define PATH_TEMPLATE "/tmp/latencyprobe-recording.XXXXXX"

/* What the sink writes; the caller frees it. */
static char *written(const char *sink, const struct snapshot *snapshot)
{
	char *text = NULL;
	size_t n_bytes;
	FILE *stream = open_memstream(&text, &n_bytes);
	struct out *out = out_wrap(stream);

	sink_find(sink)->write(out, snapshot, &(struct sink_options){ 0 });
	assert_int_equal(out_close(out), 0);
	fclose(stream);
	return text;
}

static int read_text(const char *text, struct recording **recording)
{
	char path[] = PATH_TEMPLATE;
	FILE *stream = fdopen(mkstemp(path), "w");
	int error;

	assert_non_null(stream);
	fputs(text, stream);
	fclose(stream);
	error = recording_read(recording, path);
	unlink(path);
	return error;
}

static void test_there_and_back(void **state)
{
	static const char *const formats[] = { "json", "jsonl" };
	struct recording *recording;
	struct snapshot *snapshot;
	char *first, *file, *second;
	size_t i, format;

	(void)state;
	for (i = 0; i < n_fixtures; i++) {
		snapshot = fixtures[i].make();
		first = written("json", snapshot);
		for (format = 0; format < 2; format++) {
			file = written(formats[format], snapshot);
			assert_int_equal(read_text(file, &recording), 0);
			second = written("json", snapshot->number ? recording_interval(recording, 0) :
				       recording_whole(recording));
			assert_string_equal(first, second);
			recording_free(recording);
			free(file);
			free(second);
		}
		free(first);
		snapshot_free(snapshot);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_there_and_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
