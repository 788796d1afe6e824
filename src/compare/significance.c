/* SPDX-License-Identifier: MIT */
/* What chance alone makes of samples: the intervals and tests that tell a change from noise. */
#include "compare/significance.h"

#include <math.h>

#include "latencyprobe/bucket.h"

/* From here on the normal distribution is as good, and to walk through all that may be takes long. */
#define MAX_WALK_DEVIATION 1e4
#define NEGLIGIBLE 1e-25
#define MAX_NORMAL_QUANTILE 38.0 /* beyond, a double holds no chance but 0 */
#define MAX_STUDENT_QUANTILE 1e9
#define MANY_DEGREES 200
#define CARRIED_MEAN_MIN 28.0
#define CARRIED_MEAN_PER_SKEWNESS 25.0

/* A distribution over whole numbers with one peak. */
struct chances {
	uint64_t first, last, mode;
	double mean, deviation;
	/* The chance of K + 1 over that of K. */
	double (*ratio)(const struct chances *chances, double k);
	double n, share;            /* binomial: of N, each with that chance */
	double n_all, n_marked;     /* hypergeometric: N drawn from these */
};

static double binomial_ratio(const struct chances *chances, double k)
{
	return (chances->n - k) / (k + 1) * chances->share / (1 - chances->share);
}

static struct chances binomial(uint64_t n, double share)
{
	struct chances chances = {
		.last = n, .mean = (double)n * share, .ratio = binomial_ratio, .n = (double)n, .share = share,
	};

	chances.deviation = sqrt(chances.mean * (1 - share));
	chances.mode = (uint64_t)chances.mean;
	return chances;
}

static double hypergeometric_ratio(const struct chances *chances, double k)
{
	return (chances->n_marked - k) * (chances->n - k) / (k + 1) /
	       (chances->n_all - chances->n_marked - chances->n + k + 1);
}

/* How many of N drawn are marked, when N_MARKED of N_ALL are. */
static struct chances hypergeometric(uint64_t n, uint64_t n_marked, uint64_t n_all)
{
	double share = (double)n_marked / (double)n_all;
	struct chances chances = {
		.first = n > n_all - n_marked ? n - (n_all - n_marked) : 0,
		.last = n < n_marked ? n : n_marked,
		.mean = (double)n * share,
		.ratio = hypergeometric_ratio,
		.n = (double)n, .n_all = (double)n_all, .n_marked = (double)n_marked,
	};

	chances.deviation = sqrt(chances.mean * (1 - share) * (double)(n_all - n) / (double)(n_all - 1));
	chances.mode = (uint64_t)chances.mean;
	if (chances.mode < chances.first)
		chances.mode = chances.first;
	return chances;
}

/* The sum of the chances from FROM upwards, or downwards, in units of that of the mode, which is not included. */
static double sum_beside_mode(const struct chances *chances, uint64_t from, bool is_up)
{
	double weight = 1, sum = 0;
	uint64_t k = chances->mode;

	while (k != (is_up ? chances->last : chances->first) && weight > NEGLIGIBLE) {
		weight *= is_up ? chances->ratio(chances, (double)k) : 1 / chances->ratio(chances, (double)k - 1);
		k += is_up ? 1 : -1ULL;
		if (is_up ? k >= from : k <= from)
			sum += weight;
	}
	return sum;
}

/* How far the mode's neighbours downwards, or upwards, have to be left out until no more than TAIL is left. */
static uint64_t steps_to_tail(const struct chances *chances, double tail, bool is_up)
{
	double below = sum_beside_mode(chances, chances->mode, false);
	double above = sum_beside_mode(chances, chances->mode, true);
	double left = (is_up ? above : below) + 1, limit = tail * (below + above + 1), weight = 1;
	uint64_t n_steps = 0, max = is_up ? chances->last - chances->mode : chances->mode - chances->first;
	double k = (double)chances->mode;

	while (left > limit && n_steps <= max) {
		left -= weight;
		weight *= is_up ? chances->ratio(chances, k) : 1 / chances->ratio(chances, k - 1);
		k += is_up ? 1 : -1;
		n_steps++;
	}
	return n_steps;
}

static struct significance_ranks wide_ranks(const struct chances *chances, double tail)
{
	double quantile = significance_normal_quantile(tail);
	/* Rounded outwards, skewness included: its part is the next term of the expansion. */
	double reach = quantile * chances->deviation + (quantile * quantile + 2) / 6 + 1;
	double low = chances->mean - reach, high = chances->mean + reach + 1;

	return (struct significance_ranks){
		.low = low < 0 ? 0 : (uint64_t)low,
		.high = high > (double)chances->last ? chances->last + 1 : (uint64_t)high,
	};
}

struct significance_ranks significance_ranks_of(uint64_t n, double percent, double tail)
{
	struct chances n_below = binomial(n, percent / 100);

	if (n_below.deviation > MAX_WALK_DEVIATION)
		return wide_ranks(&n_below, tail);
	/*
	 * The sample of rank LOW is above the quantile when fewer than LOW are not: the largest LOW for which that is
	 * rare. That of rank HIGH is below it when at least HIGH are: the smallest HIGH for which that is.
	 */
	return (struct significance_ranks){
		.low = n_below.mode - steps_to_tail(&n_below, tail, false) + 1,
		.high = n_below.mode + steps_to_tail(&n_below, tail, true),
	};
}

/* What lies in a slot, as far as that is known. */
static void slot_bounds(uint32_t slot, uint64_t min, uint64_t max, double *low, double *high)
{
	uint64_t first = lat_slot_low(slot), last = slot == LAT_OVERFLOW_SLOT ? max : lat_slot_low(slot + 1) - 1;

	*low = (double)(first < min ? min : first);
	*high = (double)(last > max ? max : last);
}

struct significance_mean significance_mean_of(const uint64_t *slots, uint64_t count, uint64_t sum, uint64_t min, uint64_t max)
{
	double n = (double)count, low, high, off, worst, second = 0, third = 0, bound = 0, skewness;
	struct significance_mean mean = { .mean = (double)sum / n, .degrees = n - 1 };
	uint32_t slot;

	for (slot = 0; slot < LAT_N_SLOTS; slot++) {
		if (!slots[slot])
			continue;
		slot_bounds(slot, min, max, &low, &high);
		off = (low + high) / 2 - mean.mean;
		worst = fmax(fabs(low - mean.mean), fabs(high - mean.mean));
		second += (double)slots[slot] * off * off;
		third += (double)slots[slot] * off * off * off;
		bound += (double)slots[slot] * worst * worst;
	}
	if (count > 1)
		mean.variance = bound / (n - 1) / n;
	skewness = second > 0 ? third / n / pow(second / n, 1.5) : 0;
	mean.carried = n >= CARRIED_MEAN_MIN + CARRIED_MEAN_PER_SKEWNESS * skewness * skewness;
	return mean;
}

void significance_blocks_add(struct significance_blocks *blocks, double part, double size, double ratio)
{
	blocks->n++;
	blocks->squares += (part - ratio * size) * (part - ratio * size);
}

/* Of the ratio; the blocks are clusters of unequal sizes. */
static double blocks_variance(const struct significance_blocks *blocks, double total)
{
	return (double)blocks->n / (double)(blocks->n - 1) * blocks->squares / total / total;
}

void significance_mean_widen(struct significance_mean *mean, const struct significance_blocks *blocks, double total)
{
	double variance = blocks->n >= NOISE_MIN_BLOCKS ? blocks_variance(blocks, total) : 0;

	if (variance <= mean->variance)
		return;
	mean->variance = variance;
	mean->degrees = (double)blocks->n - 1;
}

double significance_effective_n(const struct significance_blocks *blocks, double share, uint64_t n, double tail)
{
	double effect, correction;

	if (blocks->n < NOISE_MIN_BLOCKS || share <= 0 || share >= 1)
		return (double)n;
	effect = blocks_variance(blocks, (double)n) / (share * (1 - share) / (double)n);
	correction = significance_student_quantile(tail, (double)blocks->n - 1) / significance_normal_quantile(tail);
	return effect > 0 ? fmin((double)n, (double)n / effect / correction / correction) : (double)n;
}

struct significance_ranks significance_scaled_ranks(uint64_t n, double n_effective, double percent, double tail)
{
	struct significance_ranks ranks, scaled = { .high = n + 1 };
	uint64_t n_whole = (uint64_t)n_effective;
	double scale;

	if (n_effective >= (double)n)
		return significance_ranks_of(n, percent, tail);
	if (!n_whole)
		return scaled;
	ranks = significance_ranks_of(n_whole, percent, tail);
	scale = (double)n / (double)n_whole;
	if (ranks.low)
		scaled.low = (uint64_t)((double)(ranks.low - 1) * scale);
	if (ranks.high <= n_whole)
		scaled.high = (uint64_t)ceil((double)ranks.high * scale);
	return scaled;
}

double significance_normal_quantile(double tail)
{
	double low = 0, high = MAX_NORMAL_QUANTILE, middle;
	int i;

	for (i = 0; i < 64; i++) {
		middle = (low + high) / 2;
		if (erfc(middle / M_SQRT2) / 2 > tail)
			low = middle;
		else
			high = middle;
	}
	return high;
}

/* The chance of more than T with a whole number of DEGREES of freedom. */
static double student_tail(double t, unsigned int degrees)
{
	double angle = atan(t / sqrt(degrees)), cosine = cos(angle), term, sum = 0;
	unsigned int i;

	term = degrees % 2 ? cosine : 1;
	for (i = degrees % 2 ? 1 : 0; i + 2 <= degrees; i += 2) {
		sum += term;
		term *= cosine * cosine * (i + 1) / (i + 2);
	}
	sum *= sin(angle);
	return (1 - (degrees % 2 ? (angle + sum) * M_2_PI : sum)) / 2;
}

double significance_student_quantile(double tail, double degrees)
{
	double x = significance_normal_quantile(tail), xx = x * x, low = 0, high = MAX_STUDENT_QUANTILE, middle;
	int i;

	if (degrees > MANY_DEGREES)
		return x + x * (xx + 1) / (4 * degrees) + x * ((5 * xx + 16) * xx + 3) / (96 * degrees * degrees);
	for (i = 0; i < 80; i++) {
		middle = (low + high) / 2;
		if (student_tail(middle, degrees < 1 ? 1 : (unsigned int)degrees) > tail)
			low = middle;
		else
			high = middle;
	}
	return high;
}

bool significance_means_differ(const struct significance_mean *one, const struct significance_mean *other, double tail)
{
	double variance = one->variance + other->variance, degrees;

	if (variance <= 0)
		return fabs(one->mean - other->mean) > 0;
	degrees = variance * variance / (one->variance * one->variance / one->degrees +
					 other->variance * other->variance / other->degrees);
	return fabs(one->mean - other->mean) / sqrt(variance) > significance_student_quantile(tail, degrees);
}

bool significance_shares_differ(uint64_t k, uint64_t n, uint64_t other_k, uint64_t other_n, double tail)
{
	struct chances chances = hypergeometric(n, k + other_k, n + other_n);
	double all, up, down, mode;

	if (chances.first == chances.last)
		return false;
	if (chances.deviation > MAX_WALK_DEVIATION)
		return fabs((double)k - chances.mean) > chances.deviation * significance_normal_quantile(tail);
	mode = (double)chances.mode;
	all = sum_beside_mode(&chances, chances.mode, true) + sum_beside_mode(&chances, chances.mode, false) + 1;
	/* The tail that begins at K, on its side of the mode; the other one is larger than half. */
	up = (double)k > mode ? sum_beside_mode(&chances, k, true) : all;
	down = (double)k < mode ? sum_beside_mode(&chances, k, false) : all;
	return fmin(up, down) <= tail * all;
}
