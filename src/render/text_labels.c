/* SPDX-License-Identifier: MIT */
/* Labels as people read them. */
#include "render/text_labels.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "model/container_id.h"
#include "model/label.h"
#include "base/out.h"

void text_write_labels(struct out *out, const struct label *labels, size_t n_labels)
{
	const struct label *label;
	char id[CONTAINER_SHORT_LEN + 1];
	bool is_number;

	for (label = labels; label < labels + n_labels; label++) {
		if (!strcmp(label->name, "ret"))
			continue;
		/* A value that is but a number says nothing without its name. */
		is_number = !label->value[strspn(label->value, "0123456789")];
		out_puts(out, label == labels ? "" : "  ");
		out_escaped(out, is_number ? label->name : "", 0);
		out_puts(out, is_number ? " " : "");
		snprintf(id, sizeof(id), "%s", label->value);
		out_escaped(out, strcmp(label->name, CONTAINER_LABEL) ? label->value : id, 0);
	}
}
