/* SPDX-License-Identifier: MIT */
/* A pattern as fnmatch(3) has it, in a form that a text is matched with byte by byte, in bounded time. */
#ifndef LATENCYPROBE_GLOB_H
#define LATENCYPROBE_GLOB_H

/*
 * The kernel side and the user side compile the same lines. A state is a set of positions in the pattern, a bit each;
 * position N is where the first N of its parts (a byte, "?", "[...]" or "*") have been matched.
 */
#ifndef __VMLINUX_H__ /* which has the same types */
#include <linux/types.h>
#endif

#define LAT_GLOB_WORDS 2
#define LAT_GLOB_MAX_PARTS (64 * LAT_GLOB_WORDS - 1)

struct lat_glob_state {
	__u64 bits[LAT_GLOB_WORDS];
};

struct lat_glob {
	struct lat_glob_state takes[256]; /* by byte: the positions whose part it is */
	struct lat_glob_state stars;      /* the positions whose part is "*"; never two in a row */
	struct lat_glob_state end;        /* the position behind the last part */
};

static inline __attribute__((always_inline)) struct lat_glob_state lat_glob_next(struct lat_glob_state state)
{
	return (struct lat_glob_state){ { state.bits[0] << 1, state.bits[1] << 1 | state.bits[0] >> 63 } };
}

/* A "*" may be nothing at all. */
static inline __attribute__((always_inline)) struct lat_glob_state lat_glob_skip_stars(const struct lat_glob *glob,
										      struct lat_glob_state state)
{
	struct lat_glob_state at_stars = { { state.bits[0] & glob->stars.bits[0], state.bits[1] & glob->stars.bits[1] } };
	struct lat_glob_state behind = lat_glob_next(at_stars);

	return (struct lat_glob_state){ { state.bits[0] | behind.bits[0], state.bits[1] | behind.bits[1] } };
}

static inline __attribute__((always_inline)) struct lat_glob_state lat_glob_begin(const struct lat_glob *glob)
{
	return lat_glob_skip_stars(glob, (struct lat_glob_state){ { 1 } });
}

/* Of a text whose beginning is missing: only what is left to a "*" in front is sure. */
static inline __attribute__((always_inline)) struct lat_glob_state lat_glob_begin_inside(const struct lat_glob *glob)
{
	return lat_glob_skip_stars(glob, (struct lat_glob_state){ { glob->stars.bits[0] & 1 } });
}

static inline __attribute__((always_inline)) struct lat_glob_state lat_glob_step(const struct lat_glob *glob,
										struct lat_glob_state state, __u8 byte)
{
	const struct lat_glob_state *takes = &glob->takes[byte];
	struct lat_glob_state taken = { { state.bits[0] & takes->bits[0], state.bits[1] & takes->bits[1] } };
	struct lat_glob_state next = lat_glob_next(taken);

	next.bits[0] |= state.bits[0] & glob->stars.bits[0];
	next.bits[1] |= state.bits[1] & glob->stars.bits[1];
	return lat_glob_skip_stars(glob, next);
}

static inline __attribute__((always_inline)) int lat_glob_is_match(const struct lat_glob *glob, struct lat_glob_state state)
{
	return (state.bits[0] & glob->end.bits[0]) || (state.bits[1] & glob->end.bits[1]);
}

#endif
