/* SPDX-License-Identifier: MIT */
/* Names of block devices, from a tree as sysfs has it. */
#include "system/disks.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "model/label.h"
#include "latencyprobe/abi.h"

#define NUMBER(major, minor) ((major) << 20 | (minor))

static char sys[] = "/tmp/latencyprobe-disks.XXXXXX";

/* Below the tree's root; folders are made. */
static void write_file(const char *path, const char *text)
{
	char full[256], *slash;
	FILE *file;

	snprintf(full, sizeof(full), "%s/%s", sys, path);
	for (slash = full + strlen(sys) + 1; (slash = strchr(slash, '/')); *slash++ = '/') {
		*slash = '\0';
		mkdir(full, 0755);
	}
	file = fopen(full, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

/* A device with that number, NULL for none, which class/block leads to. */
static void add_device(const char *folder, const char *number)
{
	const char *name = strrchr(folder, '/') ? strrchr(folder, '/') + 1 : folder;
	char path[256], target[256];

	snprintf(path, sizeof(path), "devices/%s/%s", folder, number ? "dev" : "size");
	write_file(path, number ? number : "0\n");
	snprintf(path, sizeof(path), "%s/class/block/%s", sys, name);
	snprintf(target, sizeof(target), "../../devices/%s", folder);
	assert_int_equal(symlink(target, path), 0);
}

static int make_tree(void **state)
{
	(void)state;
	assert_non_null(mkdtemp(sys));
	write_file("class/block/.keep", "");
	add_device("sda", "8:0\n");
	write_file("devices/sda/mq/0/nr_tags", "1\n");
	add_device("sda/sda1", "8:1\n");
	write_file("devices/sda/sda1/partition", "1\n");
	add_device("sdb", "8:16\n");
	write_file("devices/sdb/mq/0/nr_tags", "1\n");
	add_device("dm-0", "253:0\n");
	write_file("devices/dm-0/dm/name", "vg-root\n");
	write_file("devices/dm-0/slaves/sda1/dev", "8:1\n");
	add_device("md127", "9:127\n");
	add_device("loop0", "7:0\n");
	write_file("devices/loop0/mq/0/nr_tags", "1\n");
	write_file("devices/loop0/loop/backing_file", "/tmp/a\033[2J\n\"b (deleted)\n");
	add_device("loop1", "7:1\n");
	write_file("devices/loop1/mq/0/nr_tags", "1\n");
	add_device("nvme0n1", "259:0\n");
	add_device("nvme0c1n1", NULL);
	write_file("devices/nvme0c1n1/hidden", "1\n");
	add_device("nvme1n1", "259:4\n");
	write_file("devices/nvme1n1/mq/0/nr_tags", "1\n");
	add_device("broken", "x\n");
	return 0;
}

static int remove_tree(void **state)
{
	char command[256];

	(void)state;
	snprintf(command, sizeof(command), "rm -r '%s'", sys);
	return system(command);
}

static void require_name(const struct label_names *names, uint32_t device, const char *expected)
{
	char buffer[32];

	assert_string_equal(label_device(names, device, buffer), expected);
}

static void test_names(void **state)
{
	struct label_names names = { 0 };

	(void)state;
	assert_int_equal(disks_read(&names, sys), 0);
	require_name(&names, NUMBER(8, 0), "sda");
	require_name(&names, NUMBER(8, 1), "sda1");
	require_name(&names, NUMBER(253, 0), "dm-0 (vg-root)");
	require_name(&names, NUMBER(9, 127), "md127");
	require_name(&names, NUMBER(7, 0), "loop0 (/tmp/a\033[2J\n\"b (deleted))");
	require_name(&names, NUMBER(7, 1), "loop1");
	require_name(&names, NUMBER(259, 0), "nvme0n1");
	require_name(&names, lat_hidden_device(0, 1, 1), "nvme0c1n1 (nvme0n1)");
	require_name(&names, lat_hidden_device(0, 2, 1), "2048:8193");
	assert_int_equal(names.n_devices, 10);
	label_names_free(&names);
	assert_int_equal(disks_read(&names, "/nonexistent"), -ENOENT);
}

/* What is detached keeps what it was known by, and what comes in its place takes over. */
static void test_names_change(void **state)
{
	struct label_names names = { 0 };
	char path[256];

	(void)state;
	assert_int_equal(disks_read(&names, sys), 0);
	write_file("devices/loop1/loop/backing_file", "/one\n");
	assert_int_equal(disks_read(&names, sys), 0);
	require_name(&names, NUMBER(7, 1), "loop1 (/one)");
	snprintf(path, sizeof(path), "%s/devices/loop1/loop/backing_file", sys);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(disks_read(&names, sys), 0);
	require_name(&names, NUMBER(7, 1), "loop1 (/one)");
	write_file("devices/loop1/loop/backing_file", "/two\n");
	assert_int_equal(disks_read(&names, sys), 0);
	require_name(&names, NUMBER(7, 1), "loop1 (/two)");
	assert_int_equal(unlink(path), 0);
	snprintf(path, sizeof(path), "%s/class/block/sdb", sys);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(disks_read(&names, sys), 0);
	require_name(&names, NUMBER(8, 16), "sdb");
	assert_int_equal(names.n_devices, 10);
	label_names_free(&names);
}

static void require_found(const char *name, uint32_t expected)
{
	char others[DISKS_OTHERS_LEN];
	uint32_t device, mask;

	assert_int_equal(disks_find(name, sys, &device, &mask, others), 0);
	assert_int_equal(device, expected);
	assert_int_equal(mask, UINT32_MAX);
}

static void require_refused(const char *name, int error, const char *expected_others)
{
	char others[DISKS_OTHERS_LEN] = "";
	uint32_t device, mask;

	assert_int_equal(disks_find(name, sys, &device, &mask, others), error);
	assert_string_equal(others, expected_others);
}

static void test_find(void **state)
{
	(void)state;
	require_found("sda", NUMBER(8, 0));
	require_found("loop1", NUMBER(7, 1));
	require_found("/tmp/a\033[2J\n\"b (deleted)", NUMBER(7, 0));
	require_found("loop0 (/tmp/a\033[2J\n\"b (deleted))", NUMBER(7, 0));
	require_found("nvme1n1", NUMBER(259, 4));
	require_found("nvme0c1n1", lat_hidden_device(0, 1, 1));
	require_refused("sda1", -EXDEV, "sda");
	require_refused("dm-0", -EOPNOTSUPP, "sda1");
	require_refused("vg-root", -EOPNOTSUPP, "sda1");
	require_refused("md127", -EOPNOTSUPP, "");
	require_refused("", -ENOENT, "");
	require_refused("..", -ENOENT, "");
	require_refused("../block/sda", -ENOENT, "");
	require_refused("/dev/null", -ENOENT, "");
	require_refused("vg", -ENOENT, "");
	require_refused("broken", -ENOENT, "");
}

/* All paths to a namespace, and none of another's. */
static void test_find_multipath(void **state)
{
	char others[DISKS_OTHERS_LEN];
	uint32_t device, mask;

	(void)state;
	assert_int_equal(disks_find("nvme0n1", sys, &device, &mask, others), 0);
	assert_int_equal(lat_hidden_device(0, 1, 1) & mask, device);
	assert_int_equal(lat_hidden_device(0, 2047, 1) & mask, device);
	assert_int_not_equal(lat_hidden_device(0, 1, 2) & mask, device);
	assert_int_not_equal(lat_hidden_device(1, 1, 1) & mask, device);
	assert_int_not_equal(NUMBER(259, 0) & mask, device);
	assert_true(disks_have_paths(sys));
	assert_false(disks_have_paths("/nonexistent"));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names), cmocka_unit_test(test_find), cmocka_unit_test(test_find_multipath),
		cmocka_unit_test(test_names_change),
	};

	return cmocka_run_group_tests(tests, make_tree, remove_tree);
}
