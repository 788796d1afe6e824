/* SPDX-License-Identifier: MIT */
/* What is written to a stream, as text. */
#include "capture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/out.h"
#include "registry/format.h"
#include "render/feed.h"

void capture_begin(struct capture *capture)
{
	capture->stream = open_memstream(&capture->text, &capture->n_bytes);
	assert_non_null(capture->stream);
	capture->out = out_wrap(capture->stream);
}

char *capture_end(struct capture *capture)
{
	assert_int_equal(out_close(capture->out), 0);
	fclose(capture->stream);
	return capture->text;
}

char *capture_format(const char *name, const struct snapshot *snapshot, const struct format_options *options)
{
	static const struct format_options none;
	struct capture capture;
	struct feed feed = { .format = format_find(name), .options = options ? options : &none, .has_all = true };

	capture_begin(&capture);
	feed.out = capture.out;
	assert_true(feed_snapshot(&feed, snapshot));
	return capture_end(&capture);
}
