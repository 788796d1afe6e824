/* SPDX-License-Identifier: MIT */
/* Targets, readings and snapshots that are the same on every machine. */
#ifndef FIXTURES_H
#define FIXTURES_H

#include <stddef.h>
#include <stdint.h>

#include "model/label.h"
#include "model/snapshot.h"
#include "registry/target.h"

/* Like vfs: calls, each operation with an account of its own. */
enum { FILES_READ, FILES_WRITE, FILES_FSYNC, FILES_N_OPS };
extern const struct target fixture_files;

/* Like block: the queue phase is derived from the device phase. */
enum { DISKS_READ, DISKS_WRITE, DISKS_READ_QUEUE, DISKS_WRITE_QUEUE, DISKS_N_OPS };
extern const struct target fixture_disks;

#define FIXTURE_START_REALTIME_NS 1767225600000000000ULL /* 2026-01-01T00:00:00Z */
#define FIXTURE_START_MONOTONIC_NS 1000000000000ULL

/* An even spread of 64-bit numbers; SEED is not 0 and is what the next number follows from. */
uint64_t fixture_random(uint64_t *seed);

/* An empty reading, that many ns after the start; to be freed with reading_free(). */
struct reading fixture_reading(uint64_t elapsed_ns);

/* The same, to be freed as well; without devices' depths and what is pending. */
struct reading fixture_copy(const struct reading *reading);

/* The key of an operation and a return class, without dimensions. */
struct lat_key fixture_key(unsigned int op, enum lat_ret ret);

/* The same of files that are not regular. */
struct lat_key fixture_special(unsigned int op, enum lat_ret ret);

/* The series of the key, added in its place if it is new. */
struct raw_series *fixture_series(struct reading *reading, const struct lat_key *key);

/* Records a latency N times, as the kernel does; the account is left alone. */
void fixture_record(struct reading *reading, const struct lat_key *key, uint64_t ns, uint64_t bytes, uint64_t n);

/* The whole run up to NOW, without dimensions. */
struct snapshot_input fixture_input(const struct target *target, const struct reading *now);

/* Of the target files: what lies between BEFORE, which may be NULL, and NOW. NUMBER is 0 for the whole run. */
struct snapshot *fixture_snapshot(const struct reading *before, const struct reading *now, uint64_t number);

/* The snapshots that have golden files. */
struct fixture {
	const char *name;
	struct snapshot *(*make)(void);
};
extern const struct fixture fixtures[];
extern const size_t n_fixtures;

/* More series than a report shows in full. */
struct snapshot *fixture_many(void);

#endif
