/* SPDX-License-Identifier: MIT */
/* The page of `report`, src/report/web/, with data in it. */
#ifndef REPORT_PAGE_H
#define REPORT_PAGE_H

#include <jansson.h>

struct out;

/* Takes over DATA. Errors stay in the stream. */
void report_page_write(struct out *out, json_t *data);

#endif
