/* SPDX-License-Identifier: MIT */
/* From a key's words to labels: the dimensions by name, and the text of each value. */
#include "model/label.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"

#define DEVICE_MINOR_BITS 20 /* of the kernel's dev_t, which differs from the one of user space */
#define FIRST_RESTART 512 /* ERESTARTSYS, the first of the kernel's own in its include/linux/errno.h */

const struct dimension dimensions[LAT_N_DIMS] = {
	[LAT_DIM_OP] = { .name = "op", .help = "operation; always", .n_words = 1 },
	[LAT_DIM_PID] = { .name = "pid", .help = "process", .n_words = 1 },
	[LAT_DIM_TID] = { .name = "tid", .help = "thread", .n_words = 1 },
	[LAT_DIM_COMM] = { .name = "comm", .help = "name of the thread", .n_words = 2 },
	[LAT_DIM_CPU] = { .name = "cpu", .help = "CPU that it ended on", .n_words = 1 },
	[LAT_DIM_SIZE] = { .name = "size", .help = "bytes, by powers of two", .n_words = 1 },
	[LAT_DIM_DEVICE] = { .name = "device", .help = "block device; of files, that of the file system", .n_words = 1 },
	[LAT_DIM_CGROUP] = { .name = "cgroup", .help = "cgroup v2 of the thread: a service, a container", .n_words = 1 },
	[LAT_DIM_ERRNO] = { .name = "errno", .help = "error that it returned", .n_words = 1 },
	[LAT_DIM_FLAGS] = { .name = "flags", .help = "of a request: sync, meta, readahead, fua", .n_words = 1 },
	[LAT_DIM_ARG] = { .name = "arg", .help = "the argument that --arg names", .n_words = 1 },
	[LAT_DIM_CONN] = { .name = "conn", .help = "both ends of the connection", .n_words = 5 },
	[LAT_DIM_PEER] = { .name = "peer", .help = "remote address", .n_words = 2 },
	[LAT_DIM_LPORT] = { .name = "lport", .help = "local port", .n_words = 1 },
	[LAT_DIM_RPORT] = { .name = "rport", .help = "remote port", .n_words = 1 },
	[LAT_DIM_FAMILY] = { .name = "family", .help = "4 or 6", .n_words = 1 },
	[LAT_DIM_ROLE] = { .name = "role", .help = "client: it connected; server: it was accepted; unknown: neither was seen,"
			   " nor does the socket tell", .n_words = 1 },
	[LAT_DIM_FTYPE] = { .name = "ftype", .help = "type of the file: regular, pipe, socket...", .n_words = 1 },
	[LAT_DIM_FS] = { .name = "fs", .help = "type of the file system: ext4, tmpfs...", .n_words = 2 },
	[LAT_DIM_PATTERN] = { .name = "pattern", .help = "sequential: begins where the last access of the open file or the"
			      " disk ended, or at 0 when there was none; random; none: no position", .n_words = 1 },
	[LAT_DIM_FILE] = { .name = "file", .help = "file, by its path when first seen", .n_words = 2 },
};

const char *const ftype_names[LAT_N_FTYPES] = {
	[LAT_FTYPE_NONE] = "none",
	[LAT_FTYPE_PIPE] = "pipe",
	[LAT_FTYPE_CHAR] = "char",
	[LAT_FTYPE_DIRECTORY] = "directory",
	[LAT_FTYPE_BLOCK] = "block",
	[LAT_FTYPE_REGULAR] = "regular",
	[LAT_FTYPE_LINK] = "link",
	[LAT_FTYPE_SOCKET] = "socket",
	[LAT_FTYPE_ANON] = "anon",
};

static const char *const role_names[LAT_N_ROLES] = {
	[LAT_ROLE_UNKNOWN] = "unknown",
	[LAT_ROLE_CLIENT] = "client",
	[LAT_ROLE_SERVER] = "server",
};

const char *const ret_names[LAT_N_RETS] = {
	[LAT_RET_OK] = "ok",
	[LAT_RET_EOF] = "eof",
	[LAT_RET_AGAIN] = "again",
	[LAT_RET_ERROR] = "error",
};

bool labels_add(struct label **labels, size_t *n_labels, const char *name, char *value)
{
	struct label *more = value ? realloc(*labels, (*n_labels + 1) * sizeof(*more)) : NULL;

	if (!more) {
		free(value);
		return false;
	}
	*labels = more;
	more[(*n_labels)++] = (struct label){ .name = name, .value = value };
	return true;
}

const char *labels_find(const struct label *labels, size_t n_labels, const char *name)
{
	size_t i;

	for (i = 0; i < n_labels; i++)
		if (!strcmp(labels[i].name, name))
			return labels[i].value;
	return NULL;
}

bool labels_are_special(const struct label *labels, size_t n_labels)
{
	const char *ftype = labels_find(labels, n_labels, dimensions[LAT_DIM_FTYPE].name);

	return ftype && !strcmp(ftype, LABEL_SPECIAL);
}

void labels_free(struct label *labels, size_t n_labels)
{
	size_t i;

	for (i = 0; i < n_labels; i++)
		free(labels[i].value);
	free(labels);
}

const char *label_device(const struct label_names *names, uint32_t device, char buffer[static 32])
{
	size_t i;

	for (i = 0; i < names->n_devices; i++)
		if (names->devices[i].device == device)
			return names->devices[i].name;
	snprintf(buffer, 32, "%u:%u", device >> DEVICE_MINOR_BITS, device & ((1U << DEVICE_MINOR_BITS) - 1));
	return buffer;
}

/* [2^n, 2^(n+1)) bytes for 1 + n. */
static void size_text(uint64_t value, char text[static LABEL_LEN])
{
	char low[UNITS_LEN], high[UNITS_LEN];

	if (value == 0 || value > 64)
		snprintf(text, LABEL_LEN, "0B");
	else
		snprintf(text, LABEL_LEN, "%s-%s", units_power(low, (unsigned int)value - 1),
			 units_power(high, (unsigned int)value));
}

unsigned int label_size(const char *text)
{
	size_t length = strcspn(text, "-");
	char low[UNITS_LEN];
	unsigned int log2;

	for (log2 = 0; log2 < 64; log2++)
		if (strlen(units_power(low, log2)) == length && !strncmp(low, text, length))
			return log2 + 1;
	return 0;
}

const char *label_site(const struct label_names *names, uint32_t site)
{
	return site < names->n_sites && names->sites[site] ? names->sites[site] : "?";
}

/* Errors of the kernel's own that a tracer sees, but a program does not: the call is made again, or gives EINTR. */
static const char *errno_text(uint64_t error, char text[static LABEL_LEN])
{
	static const char *const restarts[] = { "ERESTARTSYS", "ERESTARTNOINTR", "ERESTARTNOHAND", "ENOIOCTLCMD",
						"ERESTART_RESTARTBLOCK" };
	const char *name = error < FIRST_RESTART ? strerrorname_np((int)error) : NULL;

	if (!error)
		return "none";
	if (error >= FIRST_RESTART && error - FIRST_RESTART < sizeof(restarts) / sizeof(restarts[0]))
		return restarts[error - FIRST_RESTART];
	snprintf(text, LABEL_LEN, "errno %" PRIu64, error);
	return name ? name : text;
}

static const char *cgroup_text(const struct label_names *names, uint64_t id, char text[static LABEL_LEN])
{
	const struct cgroup_name wanted = { .id = id }, *found = NULL;

	if (!id)
		return "unknown";
	if (names->n_cgroups)
		found = bsearch(&wanted, names->cgroups, names->n_cgroups, sizeof(wanted), label_compare_cgroups);
	snprintf(text, LABEL_LEN, "cgroup %" PRIu64, id);
	return found ? found->path : text;
}

static const char *ftype_text(uint64_t type)
{
	return type < LAT_N_FTYPES && ftype_names[type] ? ftype_names[type] : "unknown";
}

int label_compare_files(const void *left, const void *right)
{
	return memcmp(&((const struct file_name *)left)->key, &((const struct file_name *)right)->key,
		      sizeof(struct lat_file_key));
}

/* A file without a path: there was no room for it in the kernel, or it is of another file system's making. */
static const char *file_text(const struct label_names *names, const __u64 words[2], char text[static LABEL_LEN])
{
	const struct file_name wanted = {
		.key = { .inode = words[0], .device = (uint32_t)words[1], .generation = (uint32_t)(words[1] >> 32) },
	};
	const struct file_name *found = NULL;
	char device[32];

	if (!words[0] && !words[1])
		return "none";
	if (names->n_files)
		found = bsearch(&wanted, names->files, names->n_files, sizeof(wanted), label_compare_files);
	snprintf(text, LABEL_LEN, "inode %" PRIu64 " of %.31s", (uint64_t)wanted.key.inode,
		 label_device(names, wanted.key.device, device));
	return found ? found->path : text;
}

/* IPv4 addresses come mapped into IPv6. Those of IPv6 are in brackets before a port. */
static void address_text(const __u64 words[static 2], bool in_brackets, char text[static INET6_ADDRSTRLEN + 2])
{
	struct in6_addr address;
	char ip[INET6_ADDRSTRLEN] = "?";

	memcpy(&address, words, sizeof(address));
	if (IN6_IS_ADDR_V4MAPPED(&address)) {
		inet_ntop(AF_INET, &address.s6_addr[12], ip, sizeof(ip));
		in_brackets = false;
	} else {
		inet_ntop(AF_INET6, &address, ip, sizeof(ip));
	}
	snprintf(text, INET6_ADDRSTRLEN + 2, in_brackets ? "[%s]" : "%s", ip);
}

const char *label_conn(const __u64 words[static 5], char text[static LABEL_LEN])
{
	char local[INET6_ADDRSTRLEN + 2], remote[INET6_ADDRSTRLEN + 2];

	address_text(words, true, local);
	address_text(words + 2, true, remote);
	snprintf(text, LABEL_LEN, "%s:%u -> %s:%u", local, (unsigned int)(words[4] >> 16 & 0xffff), remote,
		 (unsigned int)(words[4] & 0xffff));
	return text;
}

int label_compare_cgroups(const void *left, const void *right)
{
	uint64_t a = ((const struct cgroup_name *)left)->id, b = ((const struct cgroup_name *)right)->id;

	return (a > b) - (a < b);
}

void label_files_free(struct file_name *files, size_t n_files)
{
	size_t i;

	for (i = 0; i < n_files; i++)
		free(files[i].path);
	free(files);
}

void label_names_free(struct label_names *names)
{
	while (names->n_cgroups)
		free(names->cgroups[--names->n_cgroups].path);
	free(names->cgroups);
	label_files_free(names->files, names->n_files);
	while (names->n_devices)
		free(names->devices[--names->n_devices].name);
	free(names->devices);
}

/* "sync+meta", "none". */
static void flags_text(uint64_t flags, char text[static LABEL_LEN])
{
	static const char *const names[LAT_N_FLAGS] = { "sync", "meta", "readahead", "fua" };
	size_t n = 0, i;

	for (i = 0; i < LAT_N_FLAGS; i++)
		if (flags & 1U << i)
			n += (size_t)snprintf(text + n, LABEL_LEN - n, "%s%s", n ? "+" : "", names[i]);
	if (!n)
		snprintf(text, LABEL_LEN, "none");
}

char *label_text(const struct label_names *names, enum lat_dim dim, const struct lat_key *key)
{
	const __u64 *words = &key->words[names->key_at[dim]];
	char text[LABEL_LEN], buffer[32];

	switch (dim) {
	case LAT_DIM_COMM:
		return strndup((const char *)words, LAT_COMM_LEN);
	case LAT_DIM_DEVICE:
		return strdup(words[0] ? label_device(names, (uint32_t)words[0], buffer) : "none");
	case LAT_DIM_CGROUP:
		return strdup(cgroup_text(names, words[0], text));
	case LAT_DIM_ERRNO:
		return strdup(errno_text(words[0], text));
	case LAT_DIM_ARG:
		snprintf(text, sizeof(text), words[0] >> 32 ? "0x%" PRIx64 : "%" PRIu64, (uint64_t)words[0]);
		break;
	case LAT_DIM_PATTERN:
		return strdup(words[0] == LAT_PATTERN_SEQUENTIAL ? "sequential" :
			      words[0] == LAT_PATTERN_RANDOM ? "random" : "none");
	case LAT_DIM_ROLE:
		return strdup(words[0] < LAT_N_ROLES ? role_names[words[0]] : "unknown");
	case LAT_DIM_FTYPE:
		return strdup(ftype_text(words[0]));
	case LAT_DIM_FS:
		return words[0] ? strndup((const char *)words, LAT_FS_LEN) : strdup("none");
	case LAT_DIM_FILE:
		return strdup(file_text(names, words, text));
	case LAT_DIM_FLAGS:
		flags_text(words[0], text);
		break;
	case LAT_DIM_CONN:
		return strdup(label_conn(words, text));
	case LAT_DIM_PEER:
		address_text(words, false, text);
		break;
	case LAT_DIM_SIZE:
		size_text(words[0], text);
		break;
	default:
		snprintf(text, sizeof(text), "%" PRIu64, (uint64_t)words[0]);
		break;
	}
	return strdup(text);
}
