/* SPDX-License-Identifier: MIT */
/* Dimensions and the text of their values. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "model/label.h"

static struct device_name devices[] = {
	{ .device = 8 << 20, .name = "sda" },
	{ .device = 259 << 20 | 7, .name = "nvme0n1" },
};

static const struct label_names names = {
	.devices = devices,
	.n_devices = 2,
	.key_at = { [LAT_DIM_PID] = 1, [LAT_DIM_COMM] = 2, [LAT_DIM_SIZE] = 4, [LAT_DIM_DEVICE] = 5, [LAT_DIM_CPU] = 6 },
};

static void assert_text(enum lat_dim dim, uint64_t value, const char *expected)
{
	struct lat_key key = { 0 };
	char *text;

	key.words[names.key_at[dim]] = value;
	text = label_text(&names, dim, &key);
	assert_non_null(text);
	assert_string_equal(text, expected);
	free(text);
}

static void test_all_are_described(void **state)
{
	int i, j;

	(void)state;
	for (i = 0; i < LAT_N_DIMS; i++) {
		assert_non_null(dimensions[i].name);
		assert_non_null(dimensions[i].help);
		assert_in_range(dimensions[i].n_words, 1, LAT_KEY_WORDS - 1);
		for (j = 0; j < i; j++)
			assert_string_not_equal(dimensions[i].name, dimensions[j].name);
	}
	for (i = 0; i < LAT_N_RETS; i++)
		assert_non_null(ret_names[i]);
}

static void test_numbers(void **state)
{
	(void)state;
	assert_text(LAT_DIM_PID, 0, "0");
	assert_text(LAT_DIM_PID, 4194304, "4194304");
	assert_text(LAT_DIM_CPU, 511, "511");
}

static void test_sizes(void **state)
{
	(void)state;
	assert_text(LAT_DIM_SIZE, 0, "0B");
	assert_text(LAT_DIM_SIZE, 1 + lat_log2(1), "1B-2B");
	assert_text(LAT_DIM_SIZE, 1 + lat_log2(4096), "4KiB-8KiB");
	assert_text(LAT_DIM_SIZE, 1 + lat_log2(1023), "512B-1KiB");
	assert_text(LAT_DIM_SIZE, 1 + lat_log2(1 << 20), "1MiB-2MiB");
	assert_text(LAT_DIM_SIZE, 64, "8EiB-16EiB");
}

static void test_devices(void **state)
{
	(void)state;
	assert_text(LAT_DIM_DEVICE, 8 << 20, "sda");
	assert_text(LAT_DIM_DEVICE, 259 << 20 | 7, "nvme0n1");
	assert_text(LAT_DIM_DEVICE, 259 << 20 | 8, "259:8");
	assert_text(LAT_DIM_DEVICE, UINT32_MAX, "4095:1048575");
	assert_text(LAT_DIM_DEVICE, 0, "none");
}

static void test_connections(void **state)
{
	const __u64 words[5] = { 0, 0x0200000affff0000, 0xb80d0120, 1ULL << 56, 443U << 16 | 50000 };
	char text[LABEL_LEN];

	(void)state;
	assert_string_equal(label_conn(words, text), "10.0.0.2:443 -> [2001:db8::1]:50000");
	assert_text(LAT_DIM_ROLE, LAT_ROLE_CLIENT, "client");
	assert_text(LAT_DIM_ROLE, LAT_ROLE_SERVER, "server");
	assert_text(LAT_DIM_ROLE, LAT_ROLE_UNKNOWN, "unknown");
	assert_text(LAT_DIM_ROLE, UINT64_MAX, "unknown");
}

/* Raw bytes, and all sixteen of them where no NUL ends them. */
static void test_comm(void **state)
{
	static const char *const comms[] = { "", "nginx", "0123456789abcdef", "\xff\n\\\x1b" };
	struct lat_key key;
	char *text;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(comms) / sizeof(comms[0]); i++) {
		memset(&key, 0, sizeof(key));
		key.words[4] = UINT64_MAX;
		memcpy(&key.words[2], comms[i], strlen(comms[i]));
		text = label_text(&names, LAT_DIM_COMM, &key);
		assert_string_equal(text, comms[i]);
		free(text);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_are_described), cmocka_unit_test(test_numbers), cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_devices), cmocka_unit_test(test_connections), cmocka_unit_test(test_comm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
