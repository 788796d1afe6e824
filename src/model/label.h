/* SPDX-License-Identifier: MIT */
/* From a key's words to labels: the dimensions by name, and the text of each value. */
#ifndef LABEL_H
#define LABEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "latencyprobe/abi.h"

struct dimension {
	const char *name;    /* as in --by and as label name */
	const char *help;
	unsigned int n_words;
};
extern const struct dimension dimensions[LAT_N_DIMS];
extern const char *const ftype_names[LAT_N_FTYPES]; /* by enum lat_ftype; some are NULL */
extern const char *const ret_names[LAT_N_RETS]; /* "ok" "eof" "again" "error" */

/* What the label "ftype" is of all that are no regular files, where these are apart only from those. */
#define LABEL_SPECIAL "special"

struct label {
	const char *name; /* static, or as long-lived as what it belongs to */
	char *value;      /* owned; raw bytes from outside, escaped by formats */
};

/* Appends a label and takes over VALUE; false when that is NULL or memory is short. */
bool labels_add(struct label **labels, size_t *n_labels, const char *name, char *value);

/* The value of the label, or NULL. */
const char *labels_find(const struct label *labels, size_t n_labels, const char *name);

/* Whether they are of files that are not regular, where these are apart only from those. */
bool labels_are_special(const struct label *labels, size_t n_labels);

void labels_free(struct label *labels, size_t n_labels);

/* What only the user side knows: names of devices, cgroups, sites. The caller owns it; see label_names_free(). */
struct label_names {
	struct device_name {
		uint32_t device; /* kernel dev_t */
		char *name;
	} *devices;
	size_t n_devices;
	struct cgroup_name {
		uint64_t id;
		char *path; /* from the root of cgroup v2 on */
	} *cgroups; /* in the order of label_compare_cgroups() */
	size_t n_cgroups;
	struct file_name {
		struct lat_file_key key;
		char *path;
	} *files; /* in the order of label_compare_files() */
	size_t n_files;
	const char *site_name;    /* what kind of thing sites are: "syscall"; NULL: there are none */
	char *const *sites;       /* somebody else's */
	size_t n_sites;
	uint8_t key_at[LAT_N_DIMS]; /* as in lat_config */
};

int label_compare_cgroups(const void *left, const void *right);
int label_compare_files(const void *left, const void *right);
void label_files_free(struct file_name *files, size_t n_files);
void label_names_free(struct label_names *names); /* what it holds, not the struct itself */

/*
 * What word 0 of a key says. Of the series `other`, which have no operation, it counts down from the largest number: by
 * their return class and, for each of these, the bank.
 */
static inline struct lat_key key_of_other(unsigned int ret)
{
	return (struct lat_key){ .words = { ~((uint64_t)ret * LAT_MAX_BANKS) } };
}

static inline bool key_is_other(const struct lat_key *key)
{
	return ~key->words[0] < LAT_N_RETS * LAT_MAX_BANKS;
}

static inline unsigned int key_other_bank(const struct lat_key *key)
{
	return (unsigned int)(~key->words[0] % LAT_MAX_BANKS);
}

static inline unsigned int key_op(const struct lat_key *key)
{
	return key->words[0] & 0xff;
}

static inline unsigned int key_ret(const struct lat_key *key)
{
	return key_is_other(key) ? (unsigned int)(~key->words[0] / LAT_MAX_BANKS) : key->words[0] >> 8 & 0xff;
}

static inline bool key_is_special(const struct lat_key *key)
{
	return key->words[0] >> 16 & 1;
}

static inline uint32_t key_site(const struct lat_key *key)
{
	return (uint32_t)(key->words[0] >> 32);
}

/* The dimension's value in the key, as new text that the caller frees; NULL when memory is short. */
char *label_text(const struct label_names *names, enum lat_dim dim, const struct lat_key *key);

/* What LAT_DIM_SIZE is where this is its text: 13 for "4KiB-8KiB". 0 for none, and for what is no such text. */
unsigned int label_size(const char *text);

/* The name of a site; "?" for one that there is not. */
const char *label_site(const struct label_names *names, uint32_t site);

/* The text of LAT_DIM_CONN, in the caller's buffer. */
#define LABEL_LEN 128
const char *label_conn(const __u64 words[static 5], char text[static LABEL_LEN]);

/* The device's name, or "MAJOR:MINOR" in the caller's buffer. */
const char *label_device(const struct label_names *names, uint32_t device, char buffer[static 32]);

#endif
