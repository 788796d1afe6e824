/* SPDX-License-Identifier: MIT */
/*
 * What chance alone makes of samples: the intervals and tests that tell a change from noise. All assume independent
 * samples and nothing else of where they come from, save that the mean's needs the central limit theorem.
 */
#ifndef NOISE_H
#define NOISE_H

#include <stdbool.h>
#include <stdint.h>

/*
 * The ranks, from 1 to N, of the samples between which the quantile lies; 0 and N + 1 where there is no limit. Each end
 * is wrong with a chance of at most TAIL, whatever the distribution, ties included: the number of samples below the
 * quantile is binomial. W. J. Conover, Practical Nonparametric Statistics, 3rd ed., Wiley 1999, section 3.2;
 * H. A. David and H. N. Nagaraja, Order Statistics, 3rd ed., Wiley 2003, section 7.1.
 */
struct noise_ranks {
	uint64_t low, high;
};
struct noise_ranks noise_ranks_of(uint64_t n, double percent, double tail);

/*
 * What a mean's noise follows from. The variance is the largest that the slots allow. The mean is carried where the
 * central limit theorem holds for it: N >= 28 + 25 G^2 with the skewness G; W. G. Cochran, Sampling Techniques,
 * 3rd ed., Wiley 1977, section 2.15, with the 28 of R. A. Sugden, T. M. F. Smith and R. P. Jones, Journal of the
 * Royal Statistical Society B 62 (2000), 787-793. One sample that makes up the mean by itself fails that.
 */
struct noise_moments {
	double n, mean, variance;
	bool carried;
};
struct noise_moments noise_moments_of(const uint64_t *slots, uint64_t count, uint64_t sum, uint64_t min, uint64_t max);

/*
 * Whether the means differ, at TAIL for each direction: B. L. Welch, Biometrika 34 (1947), 28-35. The quantile of
 * Student's t is the expansion 26.7.5 of M. Abramowitz and I. A. Stegun, Handbook of Mathematical Functions, 1964.
 */
bool noise_means_differ(const struct noise_moments *one, const struct noise_moments *other, double tail);

/* Whether K of N and OTHER_K of OTHER_N are different shares, at TAIL for each direction: Fisher's exact test. */
bool noise_shares_differ(uint64_t k, uint64_t n, uint64_t other_k, uint64_t other_n, double tail);

/* What a standard normal variable exceeds with a chance of TAIL, which is at most 0.5. */
double noise_normal_quantile(double tail);

/* The same of Student's t with at least 20 DEGREES of freedom. */
double noise_student_quantile(double tail, double degrees);

#endif
