/* SPDX-License-Identifier: MIT */
/* What filters by file and user are given as, and the `!` in front of what is not wanted. */
#include "cli/filter_values.h"

#include <errno.h>
#include <pwd.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "model/label.h"

const char *filter_values_negation(struct lat_config *config, enum lat_not filter, const char *text)
{
	config->negated &= ~(1U << filter);
	if (*text != '!')
		return text;
	config->negated |= 1U << filter;
	return text + 1;
}

static __u32 find_ftype(const char *name, size_t length)
{
	int type;

	for (type = 0; type < LAT_N_FTYPES; type++)
		if (ftype_names[type] && strlen(ftype_names[type]) == length && !strncmp(ftype_names[type], name, length))
			return 1U << type;
	return 0;
}

bool filter_values_parse_ftypes(struct lat_config *config, const char *text)
{
	const __u32 all = (1U << LAT_N_FTYPES) - 1;
	bool is_negated = *text == '!';
	__u32 types = 0, found;
	size_t length;

	for (text += is_negated;; text += length + 1) {
		length = strcspn(text, ",");
		found = find_ftype(text, length);
		if (!found)
			return false;
		types |= found;
		if (!text[length])
			break;
	}
	config->ftypes = is_negated ? all & ~types : types;
	return true;
}

bool filter_values_parse_fs(struct lat_config *config, const char *text)
{
	size_t length, n = 0;

	text = filter_values_negation(config, LAT_NOT_FS, text);
	memset(config->fs, 0, sizeof(config->fs));
	for (;; text += length + 1) {
		length = strcspn(text, ",");
		if (!length || length >= LAT_FS_LEN || n == LAT_MAX_FS)
			return false;
		memcpy(config->fs[n++], text, length);
		if (!text[length])
			break;
	}
	config->has_fs = 1;
	return true;
}

bool filter_values_parse_uid(struct lat_config *config, const char *text)
{
	const struct passwd *user;
	unsigned long number;
	char *end;

	text = filter_values_negation(config, LAT_NOT_UID, text);
	errno = 0;
	number = strtoul(text, &end, 10);
	if (*text < '0' || *text > '9' || *end || errno || number >= UINT32_MAX) {
		user = getpwnam(text);
		if (!user)
			return false;
		number = user->pw_uid;
	}
	config->uid = (__u32)number;
	config->filter_uid = 1;
	return true;
}
