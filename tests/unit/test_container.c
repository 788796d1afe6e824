/* SPDX-License-Identifier: MIT */
/* Containers by the paths of cgroups as container engines make them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "model/container_id.h"

#define ID "3f4e1b0c9a8d7e6f5a4b3c2d1e0f9a8b7c6d5e4f3a2b1c0d9e8f7a6b5c4d3e2f"
#define OTHER "0000000000000000000000000000000000000000000000000000000000000001"
#define POD "pod2b6c2d0e_7a0f_4d2e_8a52_0d3c3c8d2c11"

static void test_found(void **state)
{
	static const char *const paths[] = {
		"/system.slice/docker-" ID ".scope",
		"/docker/" ID,
		"/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-" POD ".slice/cri-containerd-" ID ".scope",
		"/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-" POD ".slice/crio-" ID ".scope",
		"/kubepods/burstable/pod2b6c2d0e-7a0f-4d2e-8a52-0d3c3c8d2c11/" ID,
		"/system.slice/containerd.service/kubepods-burstable-" POD ".slice:cri-containerd:" ID,
		"/machine.slice/libpod-" ID ".scope",
		"/machine.slice/libpod-" ID ".scope/container",
		"/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-" ID ".scope/container",
		"/system.slice/docker-" ID ".scope/init.scope",
		"/system.slice/docker-" OTHER ".scope/docker/" ID,
	};
	const char *found;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		found = container_id_find(paths[i]);
		if (!found || strncmp(found, ID, CONTAINER_ID_LEN))
			fail_msg("%s: %s", paths[i], found ? found : "none");
	}
}

static void test_none(void **state)
{
	static const char *const paths[] = {
		"", "/", "/system.slice/ssh.service", "/user.slice/user-1000.slice/session-3.scope", "/init.scope", ".scope",
		"/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-" POD ".slice",
		"/machine.slice/libpod-conmon-" ID ".scope",
		"/machine.slice/crio-conmon-" ID ".scope",
		"/system.slice/docker-" ID ".service",
		"/system.slice/docker-" ID "0.scope",
		"/system.slice/dockerx" ID ".scope",
		"/docker/3f4e1b0c9a8d",
		"/docker/3F4E1B0C9A8D7E6F5A4B3C2D1E0F9A8B7C6D5E4F3A2B1C0D9E8F7A6B5C4D3E2F",
		"cgroup 1234",
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		if (container_id_find(paths[i]))
			fail_msg("%s: %s", paths[i], container_id_find(paths[i]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_found),
		cmocka_unit_test(test_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
