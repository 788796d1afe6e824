/* SPDX-License-Identifier: MIT */
/* A series as an HdrHistogram in its V2 compressed encoding. */
#ifndef HLOG_ENCODE_H
#define HLOG_ENCODE_H

struct series;

/* Base64, without line breaks; the caller frees it. NULL when memory is short. */
char *hlog_encode(const struct series *series);

#endif
