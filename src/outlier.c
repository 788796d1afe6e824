/* SPDX-License-Identifier: MIT */
/* Outliers as they happen: from the ring buffer to one line each. */
#include "outlier.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <time.h>

#include <bpf/libbpf.h>

#include "host.h"
#include "label.h"
#include "log.h"
#include "out.h"
#include "probe.h"
#include "targets/target.h"
#include "units.h"

struct outlier {
	struct ring_buffer *ring;
	const struct target *target;
	const struct label_names *names;
	struct out *out;
	bool has_header;
	unsigned int n_left; /* before the next outlier_print() has to go on */
};

#define MAX_LINES_AT_ONCE 1000

static void print_header(struct outlier *outlier)
{
	out_printf(outlier->out, "%-15s %-16s %7s %7s %-12s %-5s %8s %9s", "TIME", "COMM", "PID", "TID", "OP", "RET",
		   "LATENCY", "BYTES");
	if (outlier->target->has_depth)
		out_printf(outlier->out, " %-12s %s", "DISK", "SECTOR");
	out_puts(outlier->out, "\n");
	outlier->has_header = true;
}

static int print_event(void *context, void *data, size_t size)
{
	struct outlier *outlier = context;
	const struct lat_event *event = data;
	uint64_t realtime_ns = event->end_ns + host_realtime_ns() - host_monotonic_ns();
	time_t seconds = (time_t)(realtime_ns / 1000000000);
	char latency[UNITS_LEN], device[32], comm[LAT_COMM_LEN + 1] = "";
	struct tm tm;

	if (size < sizeof(*event) || event->op >= outlier->target->n_ops || event->ret >= LAT_N_RETS)
		return 0;
	if (!outlier->has_header)
		print_header(outlier);
	localtime_r(&seconds, &tm);
	__builtin_memcpy(comm, event->comm, LAT_COMM_LEN);
	out_printf(outlier->out, "%02d:%02d:%02d.%06" PRIu64 " ", tm.tm_hour, tm.tm_min, tm.tm_sec,
		   realtime_ns / 1000 % 1000000);
	out_escaped(outlier->out, comm, 16);
	out_printf(outlier->out, " %7u %7u %-12s %-5s %8s %9" PRIu64, event->pid, event->tid,
		   outlier->target->ops[event->op].name, ret_names[event->ret],
		   units_duration(latency, (double)event->latency_ns), (uint64_t)event->bytes);
	if (outlier->target->has_depth)
		out_printf(outlier->out, " %-12s %" PRIu64, label_device(outlier->names, event->device, device),
			   (uint64_t)event->sector);
	out_puts(outlier->out, "\n");
	/* What is negative ends the call; where the ring was read up to is kept. */
	return --outlier->n_left ? 0 : -EAGAIN;
}

int outlier_open(struct outlier **result, struct probe *probe, const struct target *target,
		 const struct label_names *names, struct out *out)
{
	struct outlier *outlier = calloc(1, sizeof(*outlier));

	if (!outlier)
		return fail(-ENOMEM, "ring buffer");
	outlier->target = target;
	outlier->names = names;
	outlier->out = out;
	outlier->ring = ring_buffer__new(probe_map_fd(probe, "lat_ring"), print_event, outlier, NULL);
	if (!outlier->ring) {
		free(outlier);
		return fail(-errno, "ring buffer");
	}
	*result = outlier;
	return 0;
}

int outlier_fd(const struct outlier *outlier)
{
	return ring_buffer__epoll_fd(outlier->ring);
}

bool outlier_print(struct outlier *outlier)
{
	int n_lines;

	outlier->n_left = MAX_LINES_AT_ONCE;
	n_lines = ring_buffer__consume(outlier->ring);
	return !out_flush(outlier->out) && n_lines == -EAGAIN;
}

void outlier_close(struct outlier *outlier)
{
	if (!outlier)
		return;
	ring_buffer__free(outlier->ring);
	free(outlier);
}
