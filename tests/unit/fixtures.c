/* SPDX-License-Identifier: MIT */
/* Targets, readings and snapshots that are the same on every machine. */
#include "fixtures.h"

#include <stdlib.h>
#include <string.h>

#define US 1000ULL
#define MS 1000000ULL
#define SECOND 1000000000ULL
#define MAX_SERIES 64
#define NVME (259U << 20)
#define SDA (8U << 20)

static const struct op files_ops[] = {
	[FILES_READ] = { .name = "read", .has_bytes = true },
	[FILES_WRITE] = { .name = "write", .has_bytes = true },
	[FILES_FSYNC] = { .name = "fsync" },
};

const struct target fixture_files = {
	.name = "files",
	.summary = "a target for tests",
	.ops = files_ops,
	.n_ops = FILES_N_OPS,
};
TARGET_REGISTER(fixture_files);

static const struct op disks_ops[] = {
	[DISKS_READ] = { .name = "read", .phase = "device", .has_bytes = true },
	[DISKS_WRITE] = { .name = "write", .phase = "device", .has_bytes = true },
	[DISKS_READ_QUEUE] = { .name = "read", .phase = "queue", .has_bytes = true, .derived = true },
	[DISKS_WRITE_QUEUE] = { .name = "write", .phase = "queue", .has_bytes = true, .derived = true },
};

const struct target fixture_disks = {
	.name = "disks",
	.summary = "another target for tests",
	.ops = disks_ops,
	.n_ops = DISKS_N_OPS,
	.has_depth = true,
};
TARGET_REGISTER(fixture_disks);

static const struct probe_info files_probes[] = {
	{ .op = "read", .function = "vfs_read", .attach = "fentry" },
	{ .op = "write", .function = "vfs_write", .attach = "fentry" },
	{ .op = "fsync", .function = "vfs_fsync_range", .attach = "kprobe" },
};

static const struct probe_info missed_probes[] = {
	{ .op = "read", .function = "vfs_read", .attach = "kprobe", .n_missed = 17 },
};

static const struct probe_info disks_probes[] = {
	{ .op = "read", .phase = "device", .function = "block_rq_issue", .attach = "tp_btf" },
	{ .op = "read", .phase = "device", .function = "block_rq_complete", .attach = "tp_btf" },
};

static struct device_name device_names[] = {
	{ .device = SDA, .name = "sda" },
	{ .device = NVME, .name = "nvme0n1" },
};

static const struct label_names no_names;
static const struct label_names disks_names = {
	.devices = device_names,
	.n_devices = 2,
	.key_at = { [LAT_DIM_DEVICE] = 1 },
};

#define RUN(target_name, target_probes, by_name) { \
	.target = target_name, \
	.tool_version = "0.0.0", \
	.kernel = "6.1.0-test", \
	.host = "web-1", \
	.command_line = "latencyprobe " target_name, \
	.by = by_name, \
	.max_ns = 60 * SECOND, \
	.probes = target_probes, \
	.n_probes = sizeof(target_probes) / sizeof((target_probes)[0]), \
}

static const struct run_info files_run = RUN("files", files_probes, "");
static const struct run_info disks_run = RUN("disks", disks_probes, "device");
static const struct run_source sources[] = {
	{ "web-1", "6.1.0-test", "latencyprobe disks", FIXTURE_START_REALTIME_NS, FIXTURE_START_REALTIME_NS + 60 * SECOND,
	  60 * SECOND },
	{ "web-\033[2", "6.12.0-test", "latencyprobe disks -i 1", FIXTURE_START_REALTIME_NS + 5 * SECOND,
	  FIXTURE_START_REALTIME_NS + 50 * SECOND, 45 * SECOND },
};
static const struct run_info slow_run = {
	.target = "disks",
	.tool_version = "0.0.0",
	.kernel = "6.1.0-test, 6.12.0-test",
	.host = "web-1, web-\033[2",
	.command_line = "latencyprobe disks, latencyprobe disks -i 1",
	.by = "device",
	.max_ns = 60 * SECOND,
	.outlier_ns = 10 * MS,
	.probes = disks_probes,
	.n_probes = 2,
	.sources = sources,
	.n_sources = 2,
};
static const struct run_info missed_run = RUN("files", missed_probes, "");

/* Marsaglia's xorshift64. */
uint64_t fixture_random(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

struct reading fixture_reading(uint64_t elapsed_ns)
{
	struct reading reading = {
		.realtime_ns = FIXTURE_START_REALTIME_NS + elapsed_ns,
		.monotonic_ns = FIXTURE_START_MONOTONIC_NS + elapsed_ns,
		.series = calloc(MAX_SERIES, sizeof(struct raw_series)),
		.final = true,
	};

	if (!reading.series)
		abort();
	return reading;
}

struct reading fixture_copy(const struct reading *reading)
{
	struct reading copy = *reading;
	uint64_t *counts;
	size_t i;

	copy.series = calloc(MAX_SERIES, sizeof(*copy.series));
	if (!copy.series)
		abort();
	memcpy(copy.series, reading->series, reading->n_series * sizeof(*copy.series));
	for (i = 0; i < copy.n_series; i++) {
		counts = calloc(LAT_N_SLOTS, sizeof(*counts));
		if (!counts)
			abort();
		memcpy(counts, copy.series[i].counts, LAT_N_SLOTS * sizeof(*counts));
		copy.series[i].counts = counts;
	}
	return copy;
}

struct lat_key fixture_key(unsigned int op, enum lat_ret ret)
{
	return (struct lat_key){ .words = { op | (uint64_t)ret << 8 } };
}

struct lat_key fixture_special(unsigned int op, enum lat_ret ret)
{
	struct lat_key key = fixture_key(op, ret);

	key.words[0] |= 1ULL << 16;
	return key;
}

struct raw_series *fixture_series(struct reading *reading, const struct lat_key *key)
{
	struct raw_series *series = reading->series, *end = series + reading->n_series;
	int order = 1;

	while (series < end && (order = memcmp(&series->key, key, sizeof(*key))) < 0)
		series++;
	if (series < end && !order)
		return series;
	if (reading->n_series == MAX_SERIES)
		abort();
	memmove(series + 1, series, (size_t)(end - series) * sizeof(*series));
	*series = (struct raw_series){
		.key = *key, .n_slots = LAT_N_SLOTS, .counts = calloc(LAT_N_SLOTS, sizeof(*series->counts)),
	};
	if (!series->counts)
		abort();
	reading->n_series++;
	return series;
}

void fixture_record(struct reading *reading, const struct lat_key *key, uint64_t ns, uint64_t bytes, uint64_t n)
{
	struct raw_series *series = fixture_series(reading, key);

	series->counts[lat_slot(ns)] += n;
	series->sum_ns += ns * n;
	series->bytes += bytes * n;
	if (ns > series->max_ns)
		series->max_ns = ns;
	if (~ns > series->inverse_min_ns)
		series->inverse_min_ns = ~ns;
}

struct snapshot_input fixture_input(const struct target *target, const struct reading *now)
{
	return (struct snapshot_input){
		.now = now,
		.target = target,
		.run = target == &fixture_disks ? &disks_run : &files_run,
		.names = &no_names,
		.start_realtime_ns = FIXTURE_START_REALTIME_NS,
		.start_monotonic_ns = FIXTURE_START_MONOTONIC_NS,
		.op_mask = (1U << target->n_ops) - 1,
	};
}

struct snapshot *fixture_snapshot(const struct reading *before, const struct reading *now, uint64_t number)
{
	struct snapshot_input input = fixture_input(&fixture_files, now);
	struct snapshot *snapshot;

	input.before = before;
	input.number = number;
	snapshot = snapshot_make(&input);
	if (!snapshot)
		abort();
	return snapshot;
}

static struct snapshot *make_and_free(const struct snapshot_input *input, struct reading *now)
{
	struct snapshot *snapshot = snapshot_make(input);

	if (!snapshot)
		abort();
	reading_free(now);
	return snapshot;
}

/* N latencies around BASE_NS with a long tail: half of them within it, a quarter up to twice as long, and so on. */
static void record_tail(struct reading *reading, const struct lat_key *key, uint64_t base_ns, uint64_t bytes, int n,
			uint64_t seed)
{
	while (n--) {
		uint64_t number = fixture_random(&seed), doublings = (uint64_t)__builtin_ctzll(number | 1ULL << 20);

		fixture_record(reading, key, (base_ns << doublings) + (number >> 32) % (base_ns << doublings), bytes, 1);
	}
}

/* Several operations and return classes, nothing lost. */
static struct reading busy_files(uint64_t elapsed_ns, int scale)
{
	struct lat_key read = fixture_key(FILES_READ, LAT_RET_OK), eof = fixture_key(FILES_READ, LAT_RET_EOF);
	struct lat_key again = fixture_key(FILES_READ, LAT_RET_AGAIN), write = fixture_key(FILES_WRITE, LAT_RET_OK);
	struct lat_key fsync = fixture_key(FILES_FSYNC, LAT_RET_ERROR);
	struct reading reading = fixture_reading(elapsed_ns);

	record_tail(&reading, &read, 700, 4096, 50000 * scale, 1);
	fixture_record(&reading, &eof, 310, 0, 1200 * (uint64_t)scale);
	fixture_record(&reading, &again, 150, 0, 3);
	record_tail(&reading, &write, 2 * US, 512, 80 * scale, 2);
	fixture_record(&reading, &fsync, 12 * MS + 345678, 0, 2);
	reading.accounts[FILES_READ].counts[LAT_ENTERED] = 51200 * (uint64_t)scale + 3;
	reading.accounts[FILES_WRITE].counts[LAT_ENTERED] = 80 * (uint64_t)scale + 1;
	reading.accounts[FILES_FSYNC].counts[LAT_ENTERED] = 2;
	reading.in_flight[FILES_WRITE] = 1;
	return reading;
}

static struct snapshot *make_files(void)
{
	struct reading now = busy_files(10 * SECOND, 1);
	struct snapshot *snapshot = fixture_snapshot(NULL, &now, 0);

	reading_free(&now);
	return snapshot;
}

/* Pipes that somebody waits at, beside files. */
static struct snapshot *make_special(void)
{
	const struct lat_key read = fixture_key(FILES_READ, LAT_RET_OK), write = fixture_key(FILES_WRITE, LAT_RET_OK);
	const struct lat_key pipe = fixture_special(FILES_READ, LAT_RET_OK);
	const struct lat_key again = fixture_special(FILES_READ, LAT_RET_AGAIN);
	struct reading now = fixture_reading(SECOND);
	struct snapshot *snapshot;

	record_tail(&now, &read, 700, 4096, 5000, 6);
	fixture_record(&now, &write, 5 * US, 512, 80);
	fixture_record(&now, &pipe, 200 * MS, 1, 40);
	fixture_record(&now, &again, 150, 0, 3);
	now.accounts[FILES_READ].counts[LAT_ENTERED] = 5043;
	now.accounts[FILES_WRITE].counts[LAT_ENTERED] = 80;
	snapshot = fixture_snapshot(NULL, &now, 0);
	reading_free(&now);
	return snapshot;
}

static struct snapshot *make_interval(void)
{
	struct reading before = busy_files(10 * SECOND, 1), now = busy_files(11 * SECOND, 3);
	struct snapshot *snapshot;

	before.final = now.final = false;
	snapshot = fixture_snapshot(&before, &now, 2);
	reading_free(&before);
	reading_free(&now);
	return snapshot;
}

static struct snapshot *make_disks(void)
{
	static const uint32_t devices[] = { SDA, NVME };
	struct reading now = fixture_reading(60 * SECOND);
	struct snapshot_input input = fixture_input(&fixture_disks, &now);
	struct lat_key device, queue;
	size_t i;

	for (i = 0; i < 2; i++) {
		device = fixture_key(DISKS_READ, LAT_RET_OK);
		queue = fixture_key(DISKS_READ_QUEUE, LAT_RET_OK);
		device.words[1] = queue.words[1] = devices[i];
		record_tail(&now, &device, i ? 80 * US : 4 * MS, 16384, 3000, 3);
		record_tail(&now, &queue, 900, 16384, 3000, 4);
	}
	/* A disk that went away is only a number any more. */
	device = fixture_key(DISKS_WRITE, LAT_RET_OK);
	queue = fixture_key(DISKS_WRITE_QUEUE, LAT_RET_OK);
	device.words[1] = queue.words[1] = 7 << 20 | 3;
	fixture_record(&now, &device, 70 * SECOND, 4096, 40);
	fixture_record(&now, &queue, 5, 4096, 40);
	/* Errors that take longer than all that went well. */
	device = fixture_key(DISKS_READ, LAT_RET_ERROR);
	queue = fixture_key(DISKS_READ_QUEUE, LAT_RET_ERROR);
	device.words[1] = queue.words[1] = SDA;
	fixture_record(&now, &device, 30 * SECOND, 0, 12);
	fixture_record(&now, &queue, 1000, 0, 12);
	now.accounts[DISKS_READ].counts[LAT_ENTERED] = 6031;
	now.accounts[DISKS_READ].counts[LAT_MERGED] = 12;
	now.accounts[DISKS_READ].counts[LAT_REQUEUED] = 2;
	now.accounts[DISKS_WRITE].counts[LAT_ENTERED] = 40;
	now.in_flight[DISKS_READ] = 7;
	now.depths = calloc(1, sizeof(*now.depths));
	if (!now.depths)
		abort();
	now.depths[now.n_depths++] = (struct device_depth){ .device = NVME, .n_queued = 3, .n_issued = 4 };
	input.names = &disks_names;
	return make_and_free(&input, &now);
}

static struct snapshot *make_empty(void)
{
	struct reading now = fixture_reading(26 * 3600 * SECOND);
	struct snapshot_input input = fixture_input(&fixture_disks, &now);

	now.accounts[DISKS_READ].counts[LAT_ENTERED] = now.accounts[DISKS_READ].counts[LAT_FILTERED] = 1234;
	input.names = &disks_names;
	return make_and_free(&input, &now);
}

static struct snapshot *make_lost(void)
{
	const struct lat_key read = fixture_key(FILES_READ, LAT_RET_OK), other = { .words = { ~0ULL } };
	struct reading now = fixture_reading(SECOND);
	struct snapshot_input input = fixture_input(&fixture_files, &now);
	int count;

	fixture_record(&now, &read, 1500, 100, 40000);
	fixture_record(&now, &read, 3 * MS, 100, 1);
	fixture_record(&now, &other, 2500, 100, 2);
	for (count = LAT_ENTERED + 1; count < LAT_N_COUNTS; count++)
		now.accounts[FILES_READ].counts[count] = (uint64_t)count * 1000;
	now.accounts[FILES_READ].counts[LAT_OTHER_KEY] = 2;
	/* Five more than there is an explanation for. */
	now.accounts[FILES_READ].counts[LAT_ENTERED] = 78000 + 40003 + 3 + 5;
	now.in_flight[FILES_READ] = 3;
	input.run = &missed_run;
	return make_and_free(&input, &now);
}

static struct lat_key comm_key(unsigned int op, const char *comm)
{
	struct lat_key key = fixture_key(op, LAT_RET_OK);

	memcpy(&key.words[1], comm, strnlen(comm, LAT_COMM_LEN));
	return key;
}

static struct snapshot *make_hostile(void)
{
	static const char *const comms[] = {
		"a\033[2Jb\"c", "line\ntwo\ttabs", "\xff\xfe\\x41", "\xe2\x80\xaertl", "caf\xc3\xa9 <&>", "",
	};
	static const struct label_names names = { .key_at = { [LAT_DIM_COMM] = 1, [LAT_DIM_PID] = 3 } };
	struct reading now = fixture_reading(SECOND);
	struct snapshot_input input = fixture_input(&fixture_files, &now);
	struct lat_key key;
	size_t i;

	for (i = 0; i < sizeof(comms) / sizeof(comms[0]); i++) {
		key = comm_key(FILES_READ, comms[i]);
		key.words[3] = 100 + i;
		fixture_record(&now, &key, 100 * (i + 1), 1, 1);
	}
	now.accounts[FILES_READ].counts[LAT_ENTERED] = i;
	input.names = &names;
	return make_and_free(&input, &now);
}

struct snapshot *fixture_many(void)
{
	static const struct label_names names = { .key_at = { [LAT_DIM_PID] = 1 } };
	struct reading now = fixture_reading(SECOND);
	struct snapshot_input input = fixture_input(&fixture_files, &now);
	struct lat_key key = fixture_key(FILES_READ, LAT_RET_OK);
	uint64_t i;

	for (i = 0; i < 18; i++) {
		key.words[1] = 1000 + i;
		record_tail(&now, &key, 2000 - 100 * i, 4096, 2000, 5);
	}
	key = fixture_key(FILES_FSYNC, LAT_RET_ERROR);
	key.words[1] = 7;
	fixture_record(&now, &key, MS + MS / 2, 0, 1);
	key = fixture_key(FILES_READ, LAT_RET_ERROR);
	key.words[1] = 1017;
	fixture_record(&now, &key, 300, 0, 12);
	now.accounts[FILES_READ].counts[LAT_ENTERED] = 36012;
	now.accounts[FILES_FSYNC].counts[LAT_ENTERED] = 1;
	input.names = &names;
	return make_and_free(&input, &now);
}

static void add_outlier(struct outliers *outliers, struct outlier outlier, const char *comm, const char *device,
			const char *folded)
{
	outlier.folded = folded ? strdup(folded) : NULL;
	if (!outlier_label(&outlier, "op", "read") || !outlier_label(&outlier, "phase", "device") ||
	    !outlier_label(&outlier, "ret", "ok") || !outlier_label(&outlier, "comm", comm) ||
	    !outlier_label(&outlier, "device", device) || !outliers_add(outliers, outlier))
		abort();
}

/* A merged run with slow requests one by one, and where they came from. */
static struct snapshot *make_slow(void)
{
	static const struct stack stacks[] = {
		{ "main;read_config;vfs_read;submit_bio", 2, 70 * MS }, { "evil\033[2J;caf\xc3\xa9;\xff", 1, 25 * MS },
	};
	struct reading now = fixture_reading(60 * SECOND);
	struct snapshot_input input = fixture_input(&fixture_disks, &now);
	struct lat_key key = fixture_key(DISKS_READ, LAT_RET_OK);
	struct outliers outliers = { 0 };
	struct snapshot *snapshot;
	size_t i;

	key.words[1] = SDA;
	fixture_record(&now, &key, 90 * US, 4096, 1000);
	fixture_record(&now, &key, 25 * MS, 4096, 1);
	fixture_record(&now, &key, 35 * MS, 65536, 2);
	key = fixture_key(DISKS_READ_QUEUE, LAT_RET_OK);
	key.words[1] = SDA;
	fixture_record(&now, &key, 900, 4096, 1003);
	now.accounts[DISKS_READ].counts[LAT_ENTERED] = 1003;
	now.accounts[DISKS_READ].counts[LAT_EVENTS] = 3;
	add_outlier(&outliers, (struct outlier){ FIXTURE_START_REALTIME_NS + 9 * SECOND, 35 * MS, 65536, 1 << 20, 7, 8 },
		    "postgres", "sda", stacks[0].folded);
	add_outlier(&outliers, (struct outlier){ FIXTURE_START_REALTIME_NS + 3 * SECOND, 25 * MS, 4096, 0, 1, 1 },
		    "a\033[2Jb\"c\n\xff", "sda", stacks[1].folded);
	add_outlier(&outliers, (struct outlier){ FIXTURE_START_REALTIME_NS + 8 * SECOND, 35 * MS, 0, OUTLIER_NO_SECTOR,
						 0, UINT32_MAX }, "", "sda", NULL);
	input.run = &slow_run;
	input.names = &disks_names;
	input.outliers = &outliers;
	snapshot = make_and_free(&input, &now);
	outliers_free(&outliers);
	snapshot->stacks = calloc(2, sizeof(*snapshot->stacks));
	for (i = 0; snapshot->stacks && i < 2; i++) {
		snapshot->stacks[i] = stacks[i];
		snapshot->stacks[i].folded = strdup(stacks[i].folded);
		snapshot->n_stacks++;
	}
	return snapshot;
}

const struct fixture fixtures[] = {
	{ "files", make_files }, { "interval", make_interval }, { "disks", make_disks },
	{ "empty", make_empty }, { "lost", make_lost }, { "hostile", make_hostile }, { "slow", make_slow },
	{ "special", make_special },
};
const size_t n_fixtures = sizeof(fixtures) / sizeof(fixtures[0]);
