/* SPDX-License-Identifier: MIT */
/* From the maps in the kernel to a reading, without ever resetting anything there. */
#include "kernel/reader.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "system/host.h"
#include "model/label.h"
#include "base/log.h"
#include "kernel/tracer.h"
#include "model/snapshot.h"

struct reader {
	struct tracer *tracer;
	const struct lat_hist *hists; /* shared with the kernel; see struct lat_hist for the order */
	size_t n_bytes;
	const struct lat_bucket_counts *buckets; /* in the same order; NULL without --buckets */
	size_t n_bucket_bytes;
	uint32_t n_shards, n_banks;
};

/* One item for each histogram. */
static const void *map_array(const struct reader *reader, const char *name, size_t item_bytes, size_t *n_bytes)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	void *memory;

	*n_bytes = (size_t)tracer_n_series(reader->tracer) * reader->n_banks * reader->n_shards * item_bytes;
	*n_bytes = (*n_bytes + page - 1) / page * page;
	memory = mmap(NULL, *n_bytes, PROT_READ, MAP_SHARED, tracer_map_fd(reader->tracer, name), 0);

	return memory == MAP_FAILED ? NULL : memory;
}

int reader_open(struct reader **result, struct tracer *tracer)
{
	struct reader *reader = calloc(1, sizeof(*reader));
	int error;

	if (!reader)
		return fail(-ENOMEM, "reader");
	reader->tracer = tracer;
	reader->n_shards = 1U << tracer_config(tracer)->n_shards_log2;
	reader->n_banks = tracer_config(tracer)->n_banks;
	reader->hists = map_array(reader, "lat_hists", sizeof(*reader->hists), &reader->n_bytes);
	if (tracer_config(tracer)->n_buckets)
		reader->buckets = map_array(reader, "lat_buckets", sizeof(*reader->buckets), &reader->n_bucket_bytes);
	if (!reader->hists || !reader->buckets != !reader->n_bucket_bytes) {
		error = fail(-errno, "cannot map the histograms");
		reader_close(reader);
		return error;
	}
	*result = reader;
	return 0;
}

void reader_close(struct reader *reader)
{
	if (!reader)
		return;
	if (reader->hists)
		munmap((void *)reader->hists, reader->n_bytes);
	if (reader->buckets)
		munmap((void *)reader->buckets, reader->n_bucket_bytes);
	free(reader);
}

/* Nothing was ever recorded there. */
static bool is_empty(const struct lat_hist *hist)
{
	return !hist->inverse_min_ns && !hist->max_ns;
}

/* Adds a series' shards to SUM. */
static void read_hist(const struct reader *reader, uint32_t series, uint32_t bank, struct lat_hist *sum)
{
	const struct lat_hist *hist = reader->hists + ((size_t)series * reader->n_banks + bank) * reader->n_shards;
	uint32_t shard;
	size_t slot;

	for (shard = 0; shard < reader->n_shards; shard++, hist++) {
		if (is_empty(hist))
			continue;
		for (slot = 0; slot < LAT_N_SLOTS; slot++)
			sum->slots[slot] += hist->slots[slot];
		sum->sum_ns += hist->sum_ns;
		sum->bytes += hist->bytes;
		if (hist->max_ns > sum->max_ns)
			sum->max_ns = hist->max_ns;
		if (hist->inverse_min_ns > sum->inverse_min_ns)
			sum->inverse_min_ns = hist->inverse_min_ns;
	}
}

static void read_buckets(const struct reader *reader, uint32_t series, uint32_t bank, struct lat_bucket_counts *sum)
{
	size_t first = ((size_t)series * reader->n_banks + bank) * reader->n_shards;
	uint32_t shard;
	int i;

	for (shard = 0; reader->buckets && shard < reader->n_shards; shard++)
		for (i = 0; i < LAT_MAX_BUCKETS; i++)
			sum->counts[i] += reader->buckets[first + shard].counts[i];
}

/* The series, and those of the derived operations. */
static bool add_series(const struct reader *reader, struct reading *reading, uint32_t series, const struct lat_key *key)
{
	struct raw_series *raw = &reading->series[reading->n_series];
	struct lat_hist hist = {};
	uint32_t bank;

	if (series >= tracer_n_series(reader->tracer))
		return true;
	for (bank = 0; bank < reader->n_banks; bank++) {
		raw->key = *key;
		raw->key.words[0] += key_is_other(key) ? -(uint64_t)bank : bank * tracer_derived_offset(reader->tracer);
		read_hist(reader, series, bank, &hist);
		read_buckets(reader, series, bank, &raw->buckets);
		if (is_empty(&hist))
			continue;
		if (!raw_series_fill(raw, &hist))
			return false;
		memset(&hist, 0, sizeof(hist));
		raw++;
		reading->n_series++;
	}
	return true;
}

/* Without dimensions a series' number is its key. */
static int read_direct(const struct reader *reader, struct reading *reading)
{
	const uint32_t n_kinds = tracer_config(reader->tracer)->n_file_kinds;
	struct lat_key key = {};
	size_t n_sites;
	uint32_t series;

	tracer_sites(reader->tracer, &n_sites);
	for (series = 0; series < tracer_n_series(reader->tracer); series++) {
		key.words[0] = (uint64_t)(series / LAT_N_RETS / n_kinds) << (n_sites ? 32 : 0) |
			       (uint64_t)(series / LAT_N_RETS % n_kinds) << 16 | (uint64_t)(series % LAT_N_RETS) << 8;
		if (!add_series(reader, reading, series, &key))
			return -ENOMEM;
	}
	return 0;
}

/* With dimensions the kernel's hash map says which key has which series. */
static int read_keyed(const struct reader *reader, struct reading *reading)
{
	const size_t key_size = tracer_config(reader->tracer)->n_key_words * sizeof(uint64_t);
	uint32_t n = tracer_n_series(reader->tracer), n_read = n, *numbers = calloc(n, sizeof(*numbers));
	char *keys = calloc(n, key_size);
	struct lat_key batch, key = {};
	int fd = tracer_map_fd(reader->tracer, "lat_series"), error = 0;
	uint32_t i;

	if (!keys || !numbers)
		error = -ENOMEM;
	else if (bpf_map_lookup_batch(fd, NULL, &batch, keys, numbers, &n_read, NULL) && errno != ENOENT)
		error = -errno;
	for (i = 0; !error && i < n_read; i++) {
		memcpy(&key, keys + i * key_size, key_size);
		if (!add_series(reader, reading, numbers[i], &key))
			error = -ENOMEM;
	}
	for (i = 0; !error && i < LAT_N_RETS; i++) {
		key = key_of_other(i);
		if (!add_series(reader, reading, i, &key))
			error = -ENOMEM;
	}
	free(keys);
	free(numbers);
	return error;
}

static int compare_series(const void *a, const void *b)
{
	return memcmp(&((const struct raw_series *)a)->key, &((const struct raw_series *)b)->key,
		      sizeof(struct lat_key));
}

/* The counters from FIRST up to END, of all shards. */
static void read_accounts(const struct lat_state *state, struct reading *reading, int first, int end)
{
	int shard, op, count;

	for (op = 0; op < LAT_MAX_OPS; op++)
		for (count = first; count < end; count++) {
			__u64 *sum = &reading->accounts[op].counts[count];

			for (shard = 0, *sum = 0; shard < LAT_MAX_SHARDS; shard++)
				*sum += __atomic_load_n(&state->accounts[shard][op].counts[count], __ATOMIC_RELAXED);
		}
}

static struct device_depth *depth_of(struct reading *reading, uint32_t device)
{
	struct device_depth *depths;
	size_t i;

	for (i = 0; i < reading->n_depths; i++)
		if (reading->depths[i].device == device)
			return &reading->depths[i];
	depths = realloc(reading->depths, (reading->n_depths + 1) * sizeof(*depths));
	if (!depths)
		return NULL;
	reading->depths = depths;
	depths[reading->n_depths] = (struct device_depth){ .device = device };
	return &depths[reading->n_depths++];
}

/* The oldest are of interest; where memory is short, the others are not shown. */
static void add_pending(const struct reader *reader, struct reading *reading, const struct lat_span *span)
{
	uint64_t now = reading->monotonic_ns, limit = tracer_config(reader->tracer)->pending_ns;
	struct lat_extra extra = { .sector = OUTLIER_NO_SECTOR };
	struct raw_pending *more;

	if (!limit || span->skip || now < span->start_ns || now - span->start_ns < limit)
		return;
	more = realloc(reading->pending, (reading->n_pending + 1) * sizeof(*more));
	if (!more)
		return;
	bpf_map_lookup_elem(tracer_map_fd(reader->tracer, "lat_extras"), &span->id, &extra);
	reading->pending = more;
	more[reading->n_pending++] = (struct raw_pending){ *span, extra.sector, now - span->start_ns };
}

static int compare_ages(const void *a, const void *b)
{
	const struct raw_pending *left = a, *right = b;

	return (left->age_ns < right->age_ns) - (left->age_ns > right->age_ns);
}

static void count_span(struct reading *reading, const struct lat_span *span, bool has_depth)
{
	struct device_depth *depth;

	if (span->skip)
		return;
	reading->in_flight[span->op % LAT_MAX_OPS]++;
	depth = has_depth ? depth_of(reading, span->device) : NULL;
	if (depth && span->issue_ns)
		depth->n_issued++;
	else if (depth)
		depth->n_queued++;
}

static void read_span_map(const struct reader *reader, struct reading *reading, int fd, bool has_depth)
{
	uint64_t key, *previous = NULL;
	struct lat_span span = { 0 }; /* of sockets, the kernel may not have all of it */

	while (!bpf_map_get_next_key(fd, previous, &key)) {
		if (!bpf_map_lookup_elem(fd, &key, &span)) {
			count_span(reading, &span, has_depth);
			add_pending(reader, reading, &span);
		}
		previous = &key;
	}
}

/* What is under way now, from the spans themselves. */
static void read_spans(const struct reader *reader, struct reading *reading)
{
	const struct lat_state *state = tracer_state(reader->tracer);
	bool has_depth = tracer_has_depth(reader->tracer);
	int sockets_fd;
	struct lat_span span;
	size_t i;

	for (i = 0; i < LAT_N_SPANS; i++) {
		if (!state->spans[i].id)
			continue;
		span = state->spans[i];
		count_span(reading, &span, has_depth);
		add_pending(reader, reading, &span);
	}
	if (state->n_spilled)
		read_span_map(reader, reading, tracer_map_fd(reader->tracer, "lat_spill"), has_depth);
	sockets_fd = tracer_map_fd(reader->tracer, "lat_sockets");
	if (sockets_fd >= 0)
		read_span_map(reader, reading, sockets_fd, false);
}

static int compare_depths(const void *a, const void *b)
{
	uint32_t left = ((const struct device_depth *)a)->device, right = ((const struct device_depth *)b)->device;

	return (left > right) - (left < right);
}

int reader_read(struct reader *reader, bool final, struct reading *reading)
{
	const struct lat_state *state = tracer_state(reader->tracer);
	int error, op;

	memset(reading, 0, sizeof(*reading));
	reading->series = calloc((size_t)tracer_n_series(reader->tracer) * reader->n_banks + 1, sizeof(*reading->series));
	if (!reading->series)
		return fail(-ENOMEM, "reading");
	reading->final = final;
	if (tracer_config(reader->tracer)->pending_ns)
		reading->pending = calloc(1, sizeof(*reading->pending));
	reading->realtime_ns = host_realtime_ns();
	reading->monotonic_ns = host_monotonic_ns();
	/* What has ended before what was entered, so that never more has ended than was entered. */
	if (tracer_config(reader->tracer)->is_direct)
		error = read_direct(reader, reading);
	else
		error = read_keyed(reader, reading);
	if (error) {
		reading_free(reading);
		return fail(error, "cannot read the map of series");
	}
	read_accounts(state, reading, LAT_ENTERED + 1, LAT_N_COUNTS);
	read_accounts(state, reading, LAT_ENTERED, LAT_ENTERED + 1);
	for (op = 0; op < LAT_MAX_OPS; op++) {
		struct lat_account *account = &reading->accounts[op];

		account->counts[LAT_ENTERED] += account->counts[LAT_FILTERED] + account->counts[LAT_SAMPLED_OUT];
	}
	read_spans(reader, reading);
	qsort(reading->series, reading->n_series, sizeof(*reading->series), compare_series);
	if (reading->n_pending)
		qsort(reading->pending, reading->n_pending, sizeof(*reading->pending), compare_ages);
	if (reading->n_depths)
		qsort(reading->depths, reading->n_depths, sizeof(*reading->depths), compare_depths);
	return 0;
}
