/* SPDX-License-Identifier: MIT */
/* Which of many names somebody may have meant. */
#include "base/suggest.h"

#include <stdio.h>
#include <string.h>

#define MAX_LENGTH 128

/* Levenshtein's distance; MAX_LENGTH for what is longer than that. */
static size_t distance(const char *left, const char *right)
{
	size_t n_left = strlen(left), n_right = strlen(right), row[MAX_LENGTH], above_left, above, i, j;

	if (n_left >= MAX_LENGTH || n_right >= MAX_LENGTH)
		return MAX_LENGTH;
	for (j = 0; j <= n_right; j++)
		row[j] = j;
	for (i = 1; i <= n_left; i++) {
		above_left = row[0];
		row[0] = i;
		for (j = 1; j <= n_right; j++) {
			above = row[j];
			row[j] = above_left + (left[i - 1] != right[j - 1]);
			if (above + 1 < row[j])
				row[j] = above + 1;
			if (row[j - 1] + 1 < row[j])
				row[j] = row[j - 1] + 1;
			above_left = above;
		}
	}
	return row[n_right];
}

void suggestion_consider(struct suggestion *nearest, const char *name)
{
	size_t far = distance(nearest->wanted, name), at, i;

	if (far > (strlen(nearest->wanted) + 2) / 3)
		return;
	for (at = 0; at < nearest->n && nearest->distances[at] <= far; at++)
		if (!strcmp(nearest->names[at], name))
			return;
	if (at == NEAREST_MAX)
		return;
	if (nearest->n < NEAREST_MAX)
		nearest->n++;
	for (i = nearest->n - 1; i > at; i--) {
		nearest->names[i] = nearest->names[i - 1];
		nearest->distances[i] = nearest->distances[i - 1];
	}
	nearest->names[at] = name;
	nearest->distances[at] = far;
}

const char *suggestion_text(const struct suggestion *nearest, char *buffer, size_t size)
{
	size_t n = 0, i;

	*buffer = '\0';
	for (i = 0; i < nearest->n && n < size; i++)
		n += (size_t)snprintf(buffer + n, size - n, "%s%s", !i ? "; did you mean " :
				      i + 1 < nearest->n ? ", " : " or ", nearest->names[i]);
	if (nearest->n && n < size)
		snprintf(buffer + n, size - n, "?");
	return buffer;
}
