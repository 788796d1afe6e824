/* SPDX-License-Identifier: MIT */
/* Block devices: their names, and which one a name means, from sysfs. */
#include "system/disks.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "model/label.h"
#include "latencyprobe/abi.h"

/* Larger than any file of sysfs. */
#define MAX_TEXT 4097
#define DISKS_ARRAYS "/dev/md"

/* What a file has in it without the newline at its end, to be freed; NULL when there is none. */
__attribute__((format(printf, 1, 2))) static char *read_text(const char *format, ...)
{
	char *path = NULL, *text = NULL;
	size_t n_bytes;
	va_list args;
	FILE *file;

	va_start(args, format);
	if (vasprintf(&path, format, args) < 0)
		path = NULL;
	va_end(args);
	file = path ? fopen(path, "re") : NULL;
	free(path);
	if (!file)
		return NULL;
	text = calloc(1, MAX_TEXT);
	n_bytes = text ? fread(text, 1, MAX_TEXT - 1, file) : 0;
	fclose(file);
	if (n_bytes && text[n_bytes - 1] == '\n')
		text[n_bytes - 1] = '\0';
	return text;
}

static bool is_there(const char *sys, const char *name, const char *what)
{
	char *path;
	bool answer;

	if (asprintf(&path, "%s/class/block/%s/%s", sys, name, what) < 0)
		return false;
	answer = !access(path, F_OK);
	free(path);
	return answer;
}

/* "nvme0c1n2": of the first namespace head (subsystem 0, namespace 2) the path by controller 1. */
static bool parse_path(const char *name, unsigned int numbers[static 3])
{
	int length = 0;

	return sscanf(name, "nvme%uc%un%u%n", &numbers[0], &numbers[1], &numbers[2], &length) == 3 && !name[length];
}

static int number_of(const char *sys, const char *name, uint32_t *device)
{
	char *text = read_text("%s/class/block/%s/dev", sys, name);
	unsigned int numbers[3];
	bool is_fine = text && sscanf(text, "%u:%u", &numbers[0], &numbers[1]) == 2;

	free(text);
	if (is_fine) {
		*device = numbers[0] << 20 | numbers[1];
		return 0;
	}
	if (!parse_path(name, numbers) || !is_there(sys, name, "hidden"))
		return -ENOENT;
	*device = lat_hidden_device(numbers[0], numbers[1], numbers[2]);
	return 0;
}

/* The last name of the path that this one, with its links followed, is. */
__attribute__((format(printf, 2, 3)))
static bool follow(char found[static NAME_MAX + 1], const char *format, ...)
{
	char *path = NULL, *real, *slash;
	va_list args;

	va_start(args, format);
	if (vasprintf(&path, format, args) < 0)
		path = NULL;
	va_end(args);
	real = path ? realpath(path, NULL) : NULL;
	slash = real ? strrchr(real, '/') : NULL;
	if (slash)
		snprintf(found, NAME_MAX + 1, "%s", slash + 1);
	free(real);
	free(path);
	return slash;
}

/* Of the links that udev makes for arrays, the name of the one that leads to this; to be freed, NULL when there is none. */
static char *array_name(const char *name)
{
	DIR *dir = opendir(DISKS_ARRAYS);
	char found[NAME_MAX + 1], *alias = NULL;
	struct dirent *entry;

	while (dir && !alias && (entry = readdir(dir)))
		if (entry->d_name[0] != '.' && follow(found, "%s/%s", DISKS_ARRAYS, entry->d_name) && !strcmp(found, name))
			alias = strdup(entry->d_name);
	if (dir)
		closedir(dir);
	return alias;
}

/* What people know the device by beside its kernel name; to be freed, NULL when there is nothing. */
static char *alias_of(const char *sys, const char *name)
{
	unsigned int numbers[3];
	char *alias = NULL;

	if (!strncmp(name, "dm-", strlen("dm-")))
		alias = read_text("%s/class/block/%s/dm/name", sys, name);
	else if (!strncmp(name, "md", strlen("md")))
		alias = array_name(name);
	else if (!strncmp(name, "loop", strlen("loop")))
		alias = read_text("%s/class/block/%s/loop/backing_file", sys, name);
	else if (parse_path(name, numbers) && asprintf(&alias, "nvme%un%u", numbers[0], numbers[2]) < 0)
		alias = NULL;
	return alias;
}

/* "loop3 (/path/of/file)"; to be freed, NULL when memory is short. */
static char *full_name(const char *name, const char *alias)
{
	char *full;

	return asprintf(&full, alias ? "%s (%s)" : "%s", name, alias) < 0 ? NULL : full;
}

/* A device that has lost what it was known by was that as long as it was in use. */
static bool is_known_better(const char *known, const char *name)
{
	size_t length = strlen(name);

	return !strncmp(known, name, length) && known[length] == ' ';
}

/* Takes over FULL. */
static int put_name(struct label_names *names, uint32_t device, char *full)
{
	struct device_name *known = names->devices, *end = known + names->n_devices, *grown;

	while (known < end && known->device != device)
		known++;
	if (known == end) {
		grown = realloc(names->devices, (names->n_devices + 1) * sizeof(*grown));
		if (!grown) {
			free(full);
			return -ENOMEM;
		}
		names->devices = grown;
		grown[names->n_devices++] = (struct device_name){ device, full };
	} else if (is_known_better(known->name, full)) {
		free(full);
	} else {
		free(known->name);
		known->name = full;
	}
	return 0;
}

static DIR *open_all(const char *sys)
{
	DIR *dir = NULL;
	char *path;

	if (asprintf(&path, "%s/class/block", sys) < 0)
		return NULL;
	dir = opendir(path);
	free(path);
	return dir;
}

bool disks_have_paths(const char *sys)
{
	DIR *dir = open_all(sys);
	unsigned int numbers[3];
	struct dirent *entry;
	bool has_paths = false;

	while (dir && !has_paths && (entry = readdir(dir)))
		has_paths = parse_path(entry->d_name, numbers);
	if (dir)
		closedir(dir);
	return has_paths;
}

int disks_read(struct label_names *names, const char *sys)
{
	DIR *dir = open_all(sys);
	struct dirent *entry;
	uint32_t device;
	int error = 0;
	char *alias, *full;

	if (!dir)
		return -errno;
	while (!error && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.' || number_of(sys, entry->d_name, &device))
			continue;
		alias = alias_of(sys, entry->d_name);
		full = full_name(entry->d_name, alias);
		error = full ? put_name(names, device, full) : -ENOMEM;
		free(alias);
	}
	closedir(dir);
	return error;
}

/* Whether NAME is what people know the device by, both names, or a path to a loop device's file. */
static bool is_called(const char *sys, const char *device, const char *name)
{
	char *alias = alias_of(sys, device), *full = full_name(device, alias), *real = realpath(name, NULL);
	bool answer = alias && full && (!strcmp(alias, name) || !strcmp(full, name) || (real && !strcmp(alias, real)));

	free(real);
	free(full);
	free(alias);
	return answer;
}

/* The kernel's name of the only device, or the first path, that is known by NAME. */
static bool find_alias(const char *sys, const char *name, char found[static NAME_MAX + 1])
{
	DIR *dir = open_all(sys);
	struct dirent *entry;
	bool is_found = false;

	while (dir && !is_found && (entry = readdir(dir)))
		if (entry->d_name[0] != '.' && is_called(sys, entry->d_name, name)) {
			snprintf(found, NAME_MAX + 1, "%s", entry->d_name);
			is_found = true;
		}
	if (dir)
		closedir(dir);
	return is_found;
}

/* The kernel's name of the device that is meant. */
static bool find_name(const char *sys, const char *name, char found[static NAME_MAX + 1])
{
	struct stat st;

	if (strchr(name, '/') && !stat(name, &st) && S_ISBLK(st.st_mode))
		return follow(found, "%s/dev/block/%u:%u", sys, major(st.st_rdev), minor(st.st_rdev));
	if (*name && *name != '.' && !strchr(name, '/') && follow(found, "%s/class/block/%s", sys, name))
		return true;
	return find_alias(sys, name, found);
}

/* "sda, sdb". */
static void list_below(const char *sys, const char *name, char others[static DISKS_OTHERS_LEN])
{
	struct dirent *entry;
	DIR *dir = NULL;
	size_t n = 0;
	char *path;

	*others = '\0';
	if (asprintf(&path, "%s/class/block/%s/slaves", sys, name) >= 0) {
		dir = opendir(path);
		free(path);
	}
	while (dir && n < DISKS_OTHERS_LEN && (entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			n += (size_t)snprintf(others + n, DISKS_OTHERS_LEN - n, "%s%s", n ? ", " : "", entry->d_name);
	if (dir)
		closedir(dir);
}

int disks_find(const char *name, const char *sys, uint32_t *device, uint32_t *mask, char others[static DISKS_OTHERS_LEN])
{
	char found[NAME_MAX + 1];
	unsigned int numbers[3];

	*mask = UINT32_MAX;
	if (!find_name(sys, name, found))
		return -ENOENT;
	if (is_there(sys, found, "partition")) {
		/* The folder of a partition is in that of its disk. */
		if (!follow(others, "%s/class/block/%s/..", sys, found))
			*others = '\0';
		return -EXDEV;
	}
	if (number_of(sys, found, device))
		return -ENOENT;
	/* Only devices with requests have queues of them (since 5.0: a1ce35fa4985). */
	if (*device & LAT_HIDDEN_DEVICE || is_there(sys, found, "mq"))
		return 0;
	if (sscanf(found, "nvme%un%u", &numbers[0], &numbers[2]) == 2) {
		*device = lat_hidden_device(numbers[0], 0, numbers[2]);
		*mask = ~lat_hidden_device(0, ~0U, 0) | LAT_HIDDEN_DEVICE;
		return 0;
	}
	list_below(sys, found, others);
	return -EOPNOTSUPP;
}
