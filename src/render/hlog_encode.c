/* SPDX-License-Identifier: MIT */
/* A series as an HdrHistogram in its V2 compressed encoding. */
#include "render/hlog_encode.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "model/distribution.h"
#include "model/snapshot.h"

#define COOKIE 0x1c849313U            /* of the encoding, version 2, LEB128 counts */
#define COMPRESSED_COOKIE 0x1c849314U
#define DIGITS 3                      /* significant ones: durations stay within 0.1 % of what they were */
#define HALF_BITS 10                  /* at least 2 * 10^DIGITS steps from 0: 2 halves of 2^10 */
#define LOWEST_NS 1
#define HIGHEST_NS 3600000000000ULL   /* an hour, beyond which the overflow slot alone can reach */
#define MAX_LEB128 9

struct header {
	uint32_t cookie, n_payload_bytes, normalizing_offset, digits;
	uint64_t lowest, highest, ratio;
} __attribute__((packed));

struct compressed_header {
	uint32_t cookie, n_bytes;
} __attribute__((packed));

/* Where HdrHistogram counts a value: its leading one gives the bucket, the next HALF_BITS bits the place in it. */
static uint64_t index_of(uint64_t value)
{
	unsigned int bucket = 0;

	while (value >> bucket >> (HALF_BITS + 1))
		bucket++;
	return ((uint64_t)bucket << HALF_BITS) + (value >> bucket);
}

/* ZigZag, then seven bits a byte; the ninth byte has eight. */
static unsigned char *put(unsigned char *at, int64_t number)
{
	uint64_t rest = (uint64_t)number << 1 ^ (uint64_t)(number >> 63);
	int n_bytes;

	for (n_bytes = 1; n_bytes < MAX_LEB128 && rest >= 0x80; n_bytes++, rest >>= 7)
		*at++ = (unsigned char)(rest | 0x80);
	*at++ = (unsigned char)rest;
	return at;
}

/* Counts in order of value; a negative number is a run of zeros. Returns the end. */
static unsigned char *put_counts(unsigned char *at, const struct point *points, size_t n_points)
{
	uint64_t next = 0, index, count;
	size_t i = 0;

	while (i < n_points) {
		index = index_of(points[i].ns);
		/* What differs by less than a step is counted together. */
		for (count = 0; i < n_points && index_of(points[i].ns) == index; i++)
			count += points[i].count;
		if (index > next)
			at = put(at, -(int64_t)(index - next));
		at = put(at, (int64_t)count);
		next = index + 1;
	}
	return at;
}

static char *to_base64(const unsigned char *bytes, size_t n_bytes)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	char *text = malloc((n_bytes + 2) / 3 * 4 + 1), *to = text;
	size_t i;

	for (i = 0; text && i < n_bytes; i += 3) {
		unsigned int bits = (unsigned int)bytes[i] << 16;

		bits |= i + 1 < n_bytes ? (unsigned int)bytes[i + 1] << 8 : 0;
		bits |= i + 2 < n_bytes ? bytes[i + 2] : 0;
		*to++ = digits[bits >> 18];
		*to++ = digits[bits >> 12 & 63];
		*to++ = i + 1 < n_bytes ? digits[bits >> 6 & 63] : '=';
		*to++ = i + 2 < n_bytes ? digits[bits & 63] : '=';
	}
	if (text)
		*to = '\0';
	return text;
}

static char *compress_to_base64(const unsigned char *bytes, size_t n_bytes)
{
	struct compressed_header header;
	uLongf n_compressed = compressBound(n_bytes);
	unsigned char *compressed = malloc(sizeof(header) + n_compressed);
	char *text = NULL;

	if (compressed && compress(compressed + sizeof(header), &n_compressed, bytes, n_bytes) == Z_OK) {
		header = (struct compressed_header){ htobe32(COMPRESSED_COOKIE), htobe32((uint32_t)n_compressed) };
		memcpy(compressed, &header, sizeof(header));
		text = to_base64(compressed, sizeof(header) + n_compressed);
	}
	free(compressed);
	return text;
}

char *hlog_encode(const struct series *series)
{
	/* Each point may have a run of zeros before it. */
	unsigned char bytes[sizeof(struct header) + 2 * DISTRIBUTION_MAX * MAX_LEB128], *end;
	struct point points[DISTRIBUTION_MAX];
	const double ratio = 1;
	struct header header = {
		.cookie = htobe32(COOKIE),
		.digits = htobe32(DIGITS),
		.lowest = htobe64(LOWEST_NS),
		.highest = htobe64(series->max_ns > HIGHEST_NS ? INT64_MAX : HIGHEST_NS),
	};

	end = put_counts(bytes + sizeof(header), points, distribution_points(series, points));
	header.n_payload_bytes = htobe32((uint32_t)(end - bytes - sizeof(header)));
	memcpy(&header.ratio, &ratio, sizeof(ratio));
	header.ratio = htobe64(header.ratio);
	memcpy(bytes, &header, sizeof(header));
	return compress_to_base64(bytes, (size_t)(end - bytes));
}
