/* SPDX-License-Identifier: MIT */
/* Connections over loopback, all open at once, each waiting for accept and living for a known time; and refused ones. */
#include "work.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define SETTLE_NS 50000000

static void refuse(const char *family, uint64_t n)
{
	struct sockaddr_storage address;
	socklen_t length;
	int bound = work_bind(family, &address, &length), fd;

	for (; n; n--) {
		fd = socket(address.ss_family, SOCK_STREAM, 0);
		if (!connect(fd, (struct sockaddr *)&address, length))
			work_die("connected to nobody");
		close(fd);
	}
	close(bound);
}

/* Reset while they wait to be accepted. */
int work_resets(int argc, char **argv)
{
	const struct linger reset = { .l_onoff = 1 };
	struct sockaddr_storage address;
	socklen_t length;
	uint64_t n, i;
	int listener, fd;

	if (argc != 3)
		return 2;
	n = strtoull(argv[2], NULL, 10);
	listener = work_bind(argv[1], &address, &length);
	if (listen(listener, (int)n))
		work_die("listen");
	work_begin();
	for (i = 0; i < n; i++) {
		fd = socket(address.ss_family, SOCK_STREAM, 0);
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
		if (connect(fd, (struct sockaddr *)&address, length))
			work_die("connect");
		close(fd);
	}
	for (i = 0; i < n; i++) {
		fd = accept(listener, NULL, NULL);
		if (fd < 0)
			work_die("accept");
		close(fd);
	}
	work_end();
	printf("{\"port\": %d}\n", work_port(&address));
	return 0;
}

int work_connections(int argc, char **argv)
{
	uint64_t n, i, n_refused, delay_ns, *connects;
	struct rlimit files = { 4096, 4096 };
	struct sockaddr_storage address;
	int listener, *clients, *servers;
	socklen_t length;

	if (argc != 5)
		return 2;
	n = strtoull(argv[2], NULL, 10);
	n_refused = strtoull(argv[3], NULL, 10);
	delay_ns = strtoull(argv[4], NULL, 10);
	connects = calloc(n, sizeof(*connects));
	clients = calloc(n, sizeof(*clients));
	servers = calloc(n, sizeof(*servers));
	listener = work_bind(argv[1], &address, &length);
	if (!connects || !clients || !servers || setrlimit(RLIMIT_NOFILE, &files) || listen(listener, 16))
		work_die("listen");
	work_begin();
	for (i = 0; i < n; i++) {
		clients[i] = socket(address.ss_family, SOCK_STREAM, 0);
		connects[i] = work_now_ns();
		if (connect(clients[i], (struct sockaddr *)&address, length))
			work_die("connect");
		connects[i] = work_now_ns() - connects[i];
		work_sleep_ns(delay_ns);
		servers[i] = accept(listener, NULL, NULL);
		if (servers[i] < 0)
			work_die("accept");
	}
	work_sleep_ns(delay_ns);
	for (i = 0; i < n; i++) {
		close(clients[i]);
		close(servers[i]);
	}
	refuse(argv[1], n_refused);
	work_sleep_ns(SETTLE_NS);
	work_end();
	printf("{\"port\": %d, ", work_port(&address));
	work_print_samples("connect", connects, n);
	printf("}\n");
	return 0;
}
