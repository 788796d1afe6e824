/* SPDX-License-Identifier: MIT */
/* Call stacks of outliers, and the time that each took: those with the most are kept. */
#include "model/stack_sums.h"

#include <stdlib.h>
#include <string.h>

/* Room for twice as many, so that dropping those with the least time is seldom. */
#define MAX_ITEMS (2 * STACKS_KEPT)
#define N_SLOTS 4096 /* power of two, above MAX_ITEMS */

/* FNV-1a (RFC 9923). */
static uint32_t hash(const char *text)
{
	uint32_t value = 2166136261U;

	for (; *text; text++)
		value = (value ^ (unsigned char)*text) * 16777619U;
	return value;
}

/* The slot that the text has, or is to have. */
static uint16_t *find_slot(const struct stacks *stacks, const char *folded)
{
	uint32_t at = hash(folded) % N_SLOTS;

	while (stacks->slots[at] && strcmp(stacks->items[stacks->slots[at] - 1].folded, folded))
		at = (at + 1) % N_SLOTS;
	return &stacks->slots[at];
}

/* The most time first; STACK_OTHER is last. */
static int compare(const void *a, const void *b)
{
	const struct stack *left = a, *right = b;
	int is_left_other = !strcmp(left->folded, STACK_OTHER), is_right_other = !strcmp(right->folded, STACK_OTHER);

	if (is_left_other != is_right_other)
		return is_left_other - is_right_other;
	if (left->sum_ns != right->sum_ns)
		return left->sum_ns < right->sum_ns ? 1 : -1;
	return strcmp(left->folded, right->folded);
}

/* Adds those from KEPT on to the last item, which is STACK_OTHER. ITEMS are sorted, and more than KEPT + 1. */
static size_t join_rest(struct stack *items, size_t n, size_t kept)
{
	struct stack other = items[n - 1];
	size_t i;

	for (i = kept; i < n - 1; i++) {
		other.count += items[i].count;
		other.sum_ns += items[i].sum_ns;
		free(items[i].folded);
	}
	items[kept] = other;
	return kept + 1;
}

static void drop_least(struct stacks *stacks)
{
	size_t i;

	qsort(stacks->items, stacks->n, sizeof(*stacks->items), compare);
	stacks->n = join_rest(stacks->items, stacks->n, STACKS_KEPT);
	memset(stacks->slots, 0, N_SLOTS * sizeof(*stacks->slots));
	for (i = 0; i < stacks->n; i++)
		*find_slot(stacks, stacks->items[i].folded) = (uint16_t)(i + 1);
}

static struct stack *add_item(struct stacks *stacks, const char *folded)
{
	struct stack *item = &stacks->items[stacks->n];

	*item = (struct stack){ .folded = strdup(folded) };
	if (!item->folded)
		return NULL;
	*find_slot(stacks, folded) = (uint16_t)++stacks->n;
	return item;
}

static bool make_room(struct stacks *stacks)
{
	if (!stacks->items)
		stacks->items = calloc(MAX_ITEMS, sizeof(*stacks->items));
	if (!stacks->slots)
		stacks->slots = calloc(N_SLOTS, sizeof(*stacks->slots));
	if (!stacks->items || !stacks->slots || (!stacks->n && !add_item(stacks, STACK_OTHER)))
		return false;
	if (stacks->n == MAX_ITEMS)
		drop_least(stacks);
	return true;
}

bool stacks_add(struct stacks *stacks, const char *folded, uint64_t ns)
{
	struct stack *item;
	uint16_t number;

	if (!make_room(stacks))
		return false;
	number = *find_slot(stacks, folded);
	item = number ? &stacks->items[number - 1] : add_item(stacks, folded);
	if (!item)
		return false;
	item->count++;
	item->sum_ns += ns;
	return true;
}

static void free_items(struct stack *items, size_t n)
{
	while (n)
		free(items[--n].folded);
	free(items);
}

struct stack *stacks_copy(const struct stacks *stacks, size_t *n_copied)
{
	struct stack *copy = calloc(stacks->n + 1, sizeof(*copy));
	size_t n = 0;

	while (copy && n < stacks->n) {
		copy[n] = stacks->items[n];
		copy[n].folded = strdup(stacks->items[n].folded);
		if (!copy[n++].folded) {
			free_items(copy, n);
			return NULL;
		}
	}
	if (n)
		qsort(copy, n, sizeof(*copy), compare);
	if (n > STACKS_KEPT + 1)
		n = join_rest(copy, n, STACKS_KEPT);
	if (n && !copy[n - 1].count)
		free(copy[--n].folded);
	*n_copied = n;
	return copy;
}

void stacks_free(struct stacks *stacks)
{
	free_items(stacks->items, stacks->n);
	free(stacks->slots);
	*stacks = (struct stacks){ 0 };
}
