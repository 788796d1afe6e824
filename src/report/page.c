/* SPDX-License-Identifier: MIT */
/* The page of `report`, src/report/web/, with data in it. */
#include "report/page.h"

#include <errno.h>
#include <string.h>

#include "base/out.h"
#include "report_page.inc"

#define REAL_DIGITS 6

/* JSON has `<` only in texts. Escaped, no text can end the script element that the data is in. */
static int write_chunk(const char *bytes, size_t n_bytes, void *out)
{
	const char *less;

	while ((less = memchr(bytes, '<', n_bytes))) {
		out_write(out, bytes, (size_t)(less - bytes));
		out_puts(out, "\\u003c");
		n_bytes -= (size_t)(less - bytes) + 1;
		bytes = less + 1;
	}
	out_write(out, bytes, n_bytes);
	return 0;
}

void page_write(struct out *out, json_t *data)
{
	out_write(out, page_head, sizeof(page_head));
	if (json_dump_callback(data, write_chunk, out, JSON_COMPACT | JSON_REAL_PRECISION(REAL_DIGITS)))
		out_fail(out, -ENOMEM);
	out_write(out, page_tail, sizeof(page_tail));
	json_decref(data);
}
