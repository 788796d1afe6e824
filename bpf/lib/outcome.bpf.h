/* SPDX-License-Identifier: MIT */
/* How a call ended, by its result. */
#ifndef OUTCOME_BPF_H
#define OUTCOME_BPF_H

#include "maps.bpf.h"

#define EAGAIN 11
#define MAX_ERRNO 4095
/* The kernel's own, include/linux/errno.h: a signal came, and the call is made again or gives EINTR. */
#define ERESTARTSYS 512
#define ERESTART_RESTARTBLOCK 516

/* What the outcome of a call is told from. */
enum outcome {
	OUTCOME_BYTES,   /* the result, a long: a number of bytes, or a negative errno */
	OUTCOME_INT_BYTES, /* the same, an int: the register's upper half is not the result's */
	OUTCOME_STATUS,  /* the result, an int: 0 or more is success */
	OUTCOME_POINTER, /* the result: a pointer, or an errno in one */
	OUTCOME_COPIED,  /* the second argument: a number of bytes; none or fewer is like the end of a file */
	OUTCOME_ERRNO,   /* the result: anything, or a negative errno */
};

static __always_inline enum lat_ret outcome_ret(enum outcome outcome, __s64 result)
{
	if (outcome == OUTCOME_ERRNO && (__u64)result < (__u64)-MAX_ERRNO)
		return LAT_RET_OK;
	if (outcome == OUTCOME_ERRNO && -result >= ERESTARTSYS && -result <= ERESTART_RESTARTBLOCK)
		return LAT_RET_AGAIN;
	if (outcome == OUTCOME_POINTER)
		return (__u64)result < (__u64)-MAX_ERRNO ? LAT_RET_OK : LAT_RET_ERROR;
	if (outcome == OUTCOME_STATUS)
		result = (__s32)result;
	if (result > 0)
		return LAT_RET_OK;
	if (!result)
		return outcome == OUTCOME_STATUS ? LAT_RET_OK : LAT_RET_EOF;
	if (outcome == OUTCOME_COPIED)
		return LAT_RET_EOF;
	return result == -EAGAIN ? LAT_RET_AGAIN : LAT_RET_ERROR;
}

/* --ret */
static __always_inline bool outcome_pass(__s64 result)
{
	const __s64 wanted = lat_config.result;

	switch (lat_config.result_test) {
	case LAT_TEST_LESS: return result < wanted;
	case LAT_TEST_GREATER: return result > wanted;
	case LAT_TEST_EQUAL: return result == wanted;
	case LAT_TEST_NOT_EQUAL: return result != wanted;
	default: return true;
	}
}

#endif
