/* SPDX-License-Identifier: MIT */
/* The page of `report`, src/report/web/, with data in it. */
#ifndef PAGE_H
#define PAGE_H

#include <jansson.h>

struct out;

/* Takes over DATA. Errors stay in the stream. */
void page_write(struct out *out, json_t *data);

#endif
