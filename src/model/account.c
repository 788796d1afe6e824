/* SPDX-License-Identifier: MIT */
/* The account: what became of everything that began. */
#include "model/account.h"

#include <string.h>

#include "model/label.h"
#include "model/reading.h"
#include "registry/target.h"

const struct count_text count_texts[LAT_N_COUNTS] = {
	[LAT_ENTERED] = { .name = "entered", .text = "began" },
	[LAT_FILTERED] = { .name = "filtered", .text = "left out by a filter" },
	[LAT_SAMPLED_OUT] = { .name = "sampled_out", .text = "left out by sampling" },
	[LAT_NESTED] = { .name = "nested", .text = "inside a measured call of the same kind, and part of its time" },
	[LAT_MERGED] = { .name = "merged", .text = "became part of another request" },
	[LAT_UNISSUED] = { .name = "unissued", .text = "ended without being given to the device" },
	[LAT_NO_RETURN] = { .name = "no_return", .text = "never return: exit" },
	[LAT_UNANSWERED] = { .name = "unanswered", .text = "closed before an answer was received" },
	[LAT_REJECTED] = { .name = "rejected", .text = "longer than the limit, and so in no histogram" },
	[LAT_LOST_SPAN] = { .name = "lost_span", .text = "lost: no room to remember the start", .is_loss = true },
	[LAT_LOST_EXIT] = { .name = "lost_exit", .text = "lost: the end was never seen", .is_loss = true },
	[LAT_LOST_CLOCK] = { .name = "lost_clock", .text = "lost: the clock went backwards", .is_loss = true },
	[LAT_UNSEEN] = { .name = "unseen", .text = "not measured: nothing shows when they end", .is_loss = true },
	[LAT_UNMATCHED] = { .name = "unmatched", .text = "ended, but had begun before tracing did" },
	[LAT_OTHER_KEY] = { .name = "other_key", .text = "recorded as `other`: --max-keys was reached" },
	[LAT_REQUEUED] = { .name = "requeued", .text = "given back by the device and issued again" },
	[LAT_EVENTS] = { .name = "events", .text = "outliers" },
	[LAT_RING_FULL] = { .name = "ring_full", .text = "outliers that nothing is known of: the ring was full", .is_loss = true },
};

/* Everything up to one reading. */
struct tally {
	uint64_t counts[LAT_MAX_OPS][LAT_N_COUNTS];
	uint64_t recorded[LAT_MAX_OPS];
};

/* What has come to an end, one way or another. */
static uint64_t n_ended(const struct tally *tally, size_t op)
{
	uint64_t sum = tally->recorded[op];
	int count;

	for (count = LAT_ENTERED + 1; count < LAT_N_ENDINGS; count++)
		sum += tally->counts[op][count];
	return sum;
}

/* By the equation. The reader takes beginnings last, so that there are at least as many as ends. */
static uint64_t n_under_way(const struct tally *tally, size_t op)
{
	uint64_t ended = n_ended(tally, op);

	return tally->counts[op][LAT_ENTERED] > ended ? tally->counts[op][LAT_ENTERED] - ended : 0;
}

/*
 * How often a derived operation was to be recorded: as often as the one whose name it shares. While the counters move
 * the two differ by what ended in between, which is no fault.
 */
static uint64_t n_derived(const struct tally *tally, const struct target *target, size_t derived, bool is_final)
{
	size_t op;

	for (op = 0; is_final && op < target->n_ops; op++)
		if (!target->ops[op].derived && !strcmp(target->ops[op].name, target->ops[derived].name))
			return tally->recorded[op] + tally->counts[op][LAT_REJECTED] +
			       tally->counts[op][LAT_LOST_CLOCK];
	return n_ended(tally, derived);
}

static void tally_up(struct tally *tally, const struct target *target, const struct reading *reading)
{
	size_t op, i;

	memset(tally, 0, sizeof(*tally));
	if (!reading)
		return;
	for (op = 0; op < target->n_ops; op++) {
		memcpy(tally->counts[op], reading->accounts[op].counts, sizeof(tally->counts[op]));
		/* The series `other` is of all operations; how much of it is whose, the kernel counted apart. */
		tally->recorded[op] = tally->counts[op][LAT_OTHER_KEY];
	}
	for (i = 0; i < reading->n_series; i++) {
		op = key_op(&reading->series[i].key);
		if (op < target->n_ops)
			tally->recorded[op] += raw_series_count(&reading->series[i]);
	}
	for (op = 0; op < target->n_ops; op++)
		if (target->ops[op].derived)
			tally->counts[op][LAT_ENTERED] = n_derived(tally, target, op, reading->final);
}

void account_balance(struct account *account)
{
	uint64_t left = account->in_flight_before + account->counts[LAT_ENTERED] - account->recorded -
			account->in_flight;
	int count;

	for (count = LAT_ENTERED + 1; count < LAT_N_ENDINGS; count++)
		left -= account->counts[count];
	account->unaccounted = (int64_t)left;
}

static void add(struct account *total, const struct account *account)
{
	int count;

	for (count = 0; count < LAT_N_COUNTS; count++)
		total->counts[count] += account->counts[count];
	total->recorded += account->recorded;
	total->in_flight_before += account->in_flight_before;
	total->in_flight += account->in_flight;
}

size_t accounts_make(struct account *accounts, struct account *total, const struct target *target, uint32_t op_mask,
		     const struct reading *before, const struct reading *now)
{
	struct tally first, last;
	size_t op, n_accounts = 0;
	int count;

	tally_up(&first, target, before);
	tally_up(&last, target, now);
	*total = (struct account){ .op = "" };
	for (op = 0; op < target->n_ops; op++) {
		bool is_derived = target->ops[op].derived;
		struct account *account = &accounts[n_accounts];

		if (!(op_mask & 1U << op))
			continue;
		*account = (struct account){ .op = target->ops[op].name, .phase = target->ops[op].phase };
		for (count = 0; count < LAT_N_COUNTS; count++)
			account->counts[count] = last.counts[op][count] - first.counts[op][count];
		account->recorded = last.recorded[op] - first.recorded[op];
		account->in_flight_before = n_under_way(&first, op);
		account->in_flight = now->final && !is_derived ? now->in_flight[op] : n_under_way(&last, op);
		if (is_derived)
			account->in_flight_before = account->in_flight = 0;
		account_balance(account);
		if (!is_derived)
			add(total, account);
		n_accounts++;
	}
	account_balance(total);
	return n_accounts;
}
