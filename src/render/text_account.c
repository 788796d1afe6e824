/* SPDX-License-Identifier: MIT */
/* The end of the text report: what is under way, and what became of everything else. */
#include "render/text_account.h"

#include <inttypes.h>
#include <string.h>

#include "base/out.h"
#include "model/snapshot.h"
#include "base/units.h"

#define MAX_PENDING 20 /* shown; JSON has all */

/* A column's width, where it was WIDTH and this is in it, too. */
static int widen(int width, const char *text)
{
	return text && strlen(text) > (size_t)width ? (int)strlen(text) : width;
}

static void write_depths(struct out *out, const struct snapshot *snapshot)
{
	char queued[UNITS_LEN], issued[UNITS_LEN];
	int width = 14;
	size_t i;

	if (!snapshot->n_in_flight)
		return;
	for (i = 0; i < snapshot->n_in_flight; i++)
		width = widen(width, snapshot->in_flight[i].device);
	out_printf(out, "%-*s  %8s  %8s\n", width + 2, "in flight", "queued", "issued");
	for (i = 0; i < snapshot->n_in_flight; i++) {
		out_puts(out, "  ");
		out_escaped(out, snapshot->in_flight[i].device, width);
		out_printf(out, "  %8s  %8s\n", units_count(queued, snapshot->in_flight[i].n_queued),
			   units_count(issued, snapshot->in_flight[i].n_issued));
	}
	out_puts(out, "\n");
}

/* "lost span" for "lost_span". */
static void write_words(struct out *out, const char *name)
{
	for (; *name; name++)
		out_write(out, *name == '_' ? " " : name, 1);
}

static void write_term(struct out *out, uint64_t count, const char *name)
{
	char buffer[UNITS_LEN];

	if (!count)
		return;
	out_printf(out, " + %s ", units_count(buffer, count));
	write_words(out, name);
}

/* "account: 1,234 entered = 1,230 recorded + 4 in flight" */
static void write_equation(struct out *out, const struct account *total)
{
	char entered[UNITS_LEN], recorded[UNITS_LEN], buffer[UNITS_LEN];
	int count;

	out_puts(out, "account: ");
	if (total->in_flight_before)
		out_printf(out, "%s in flight before + ", units_count(buffer, total->in_flight_before));
	out_printf(out, "%s entered = %s recorded", units_count(entered, total->counts[LAT_ENTERED]),
		   units_count(recorded, total->recorded));
	for (count = LAT_ENTERED + 1; count < LAT_N_ENDINGS; count++)
		write_term(out, total->counts[count], count_texts[count].name);
	write_term(out, total->in_flight, "in_flight");
	if (total->unaccounted)
		out_printf(out, " %c %s unaccounted", total->unaccounted < 0 ? '-' : '+',
			   units_count(buffer, total->unaccounted < 0 ? 0 - (uint64_t)total->unaccounted :
				       (uint64_t)total->unaccounted));
	out_puts(out, "\n");
}

static void write_remark(struct out *out, const char *count, const char *op, const char *phase, const char *text)
{
	out_printf(out, "  %10s  ", count);
	out_escaped(out, op, 0);
	out_puts(out, phase ? " " : "");
	out_escaped(out, phase ? phase : "", 0);
	out_printf(out, "  %s\n", text);
}

/* A tail that was cut off and what is outside the equation have to be said, though nothing was lost. */
static bool is_remarkable(enum lat_count count)
{
	return count_texts[count].is_loss || count == LAT_REJECTED || count >= LAT_N_ENDINGS;
}

static void write_remarks(struct out *out, const struct account *account)
{
	char buffer[UNITS_LEN];
	int count;

	for (count = LAT_ENTERED + 1; count < LAT_N_COUNTS; count++)
		if (account->counts[count] && is_remarkable((enum lat_count)count))
			write_remark(out, units_count(buffer, account->counts[count]), account->op, account->phase,
				     count_texts[count].text);
	if (!account->unaccounted)
		return;
	snprintf(buffer, sizeof(buffer), "%+" PRId64, account->unaccounted);
	write_remark(out, buffer, account->op, account->phase, "unaccounted for: a fault of this program");
}

static void write_missed(struct out *out, const struct probe_info *probe)
{
	char buffer[UNITS_LEN];

	if (!probe->n_missed)
		return;
	out_printf(out, "  %10s  ", units_count(buffer, probe->n_missed));
	out_escaped(out, probe->function, 0);
	out_puts(out, "  not seen: the kernel did not run the ");
	out_escaped(out, probe->attach, 0);
	out_puts(out, " program\n");
}

static void write_label(struct out *out, const struct pending *pending, const char *name, int width)
{
	const char *value = labels_find(pending->labels, pending->n_labels, name);

	out_escaped(out, value ? value : "", width);
	out_puts(out, width ? " " : "");
}

/* Oldest first, as they are the ones that somebody waits for. */
static void write_pending(struct out *out, const struct snapshot *snapshot)
{
	const struct pending *pending, *end = snapshot->pending + snapshot->n_pending;
	char age[UNITS_LEN];
	int width = 12;

	if (!snapshot->n_pending)
		return;
	if (snapshot->n_pending > MAX_PENDING)
		end = snapshot->pending + MAX_PENDING;
	for (pending = snapshot->pending; pending < end; pending++)
		width = widen(width, labels_find(pending->labels, pending->n_labels, "device"));
	out_printf(out, "pending       age  OP       PHASE   %-*s         SECTOR     BYTES      PID  COMM\n", width, "DEVICE");
	for (pending = snapshot->pending; pending < end; pending++) {
		out_printf(out, "  %15s  ", units_duration(age, (double)pending->age_ns));
		write_label(out, pending, "op", 8);
		write_label(out, pending, "phase", 7);
		write_label(out, pending, "device", width);
		if (pending->sector == OUTLIER_NO_SECTOR)
			out_printf(out, "%14s", "-");
		else
			out_printf(out, "%14" PRIu64, pending->sector);
		out_printf(out, "%10" PRIu64 "%9u  ", pending->bytes, pending->pid);
		write_label(out, pending, "comm", 0);
		out_puts(out, "\n");
	}
	if (snapshot->n_pending > MAX_PENDING)
		out_printf(out, "  %15s  and %zu more\n", "", snapshot->n_pending - MAX_PENDING);
	out_puts(out, "\n");
}

void text_write_account(struct out *out, const struct snapshot *snapshot)
{
	size_t i;

	write_depths(out, snapshot);
	write_pending(out, snapshot);
	write_equation(out, &snapshot->total);
	for (i = 0; i < snapshot->n_accounts; i++)
		write_remarks(out, &snapshot->accounts[i]);
	for (i = 0; i < snapshot->run->n_probes; i++)
		write_missed(out, &snapshot->run->probes[i]);
}
