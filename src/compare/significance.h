/* SPDX-License-Identifier: MIT */
/*
 * What chance alone makes of samples: the intervals and tests that tell a change from noise. Samples that follow each
 * other are seldom independent, as machines drift; how much that adds is known where a run is in blocks of time.
 */
#ifndef SIGNIFICANCE_H
#define SIGNIFICANCE_H

#include <stdbool.h>
#include <stdint.h>

/*
 * The ranks, from 1 to N, of the samples between which the quantile lies; 0 and N + 1 where there is no limit. Each end
 * is wrong with a chance of at most TAIL, whatever the distribution, ties included: the number of samples below the
 * quantile is binomial. W. J. Conover, Practical Nonparametric Statistics, 3rd ed., Wiley 1999, section 3.2;
 * H. A. David and H. N. Nagaraja, Order Statistics, 3rd ed., Wiley 2003, section 7.1.
 */
struct significance_ranks {
	uint64_t low, high;
};
struct significance_ranks significance_ranks_of(uint64_t n, double percent, double tail);

/*
 * A ratio between two sums over the blocks of a run, such as failed samples and all samples: how far the blocks are from
 * it. Blocks are few, so what they show counts with Student's t for N - 1 degrees of freedom.
 */
struct significance_blocks {
	uint64_t n;
	double squares; /* sum of (part - ratio * size)^2 */
};
#define NOISE_MIN_BLOCKS 8 /* fewer say too little of how they vary */
void significance_blocks_add(struct significance_blocks *blocks, double part, double size, double ratio);

/*
 * How many independent samples would say as much of a SHARE of N samples: from 0 to N; N where there are too few blocks.
 * The design effect of blocks, and the correction for few of them: E. L. Korn and B. I. Graubard, Survey Methodology 24
 * (1998), 193-201; for quantiles R. S. Woodruff, Journal of the American Statistical Association 47 (1952), 635-646; for
 * tests of shares J. N. K. Rao and A. J. Scott, Biometrics 48 (1992), 577-585.
 */
double significance_effective_n(const struct significance_blocks *blocks, double share, uint64_t n, double tail);

/* As significance_ranks_of(), when the N samples say as much as N_EFFECTIVE independent ones. */
struct significance_ranks significance_scaled_ranks(uint64_t n, double n_effective, double percent, double tail);

/*
 * A mean or a rate, the variance of it (not of the samples), and what that is known with. It is carried where the
 * central limit theorem holds: N >= 28 + 25 G^2 with the skewness G; W. G. Cochran, Sampling Techniques, 3rd ed., Wiley
 * 1977, section 2.15, with the 28 of R. A. Sugden, T. M. F. Smith and R. P. Jones, Journal of the Royal Statistical
 * Society B 62 (2000), 787-793. One sample that makes up the mean by itself fails that.
 */
struct significance_mean {
	double mean, variance, degrees;
	bool carried;
};

/* From slots: with the largest variance that they allow. */
struct significance_mean significance_mean_of(const uint64_t *slots, uint64_t count, uint64_t sum, uint64_t min, uint64_t max);

/* With the variance of the blocks, if that is larger; TOTAL is the sum of their sizes. */
void significance_mean_widen(struct significance_mean *mean, const struct significance_blocks *blocks, double total);

/* Whether the means differ, at TAIL for each direction: B. L. Welch, Biometrika 34 (1947), 28-35. */
bool significance_means_differ(const struct significance_mean *one, const struct significance_mean *other, double tail);

/* Whether K of N and OTHER_K of OTHER_N are different shares, at TAIL for each direction: Fisher's exact test. */
bool significance_shares_differ(uint64_t k, uint64_t n, uint64_t other_k, uint64_t other_n, double tail);

/* What a standard normal variable exceeds with a chance of TAIL, which is at most 0.5. */
double significance_normal_quantile(double tail);

/*
 * The same of Student's t, with DEGREES of freedom rounded down: 26.7.3 and 26.7.4 of M. Abramowitz and I. A. Stegun,
 * Handbook of Mathematical Functions, 1964; the expansion 26.7.5 for many.
 */
double significance_student_quantile(double tail, double degrees);

#endif
