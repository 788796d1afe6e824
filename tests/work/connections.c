/* SPDX-License-Identifier: MIT */
/* Connections over loopback, all open at once, each waiting for accept and living for a known time; and refused ones. */
#include "work.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define SETTLE_NS 50000000

static int make_socket(int family, struct sockaddr_storage *address, socklen_t *length)
{
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)address;
	struct sockaddr_in *v4 = (struct sockaddr_in *)address;
	int fd = socket(family, SOCK_STREAM, 0);

	memset(address, 0, sizeof(*address));
	address->ss_family = (sa_family_t)family;
	if (family == AF_INET6)
		v6->sin6_addr = in6addr_loopback;
	else
		v4->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	*length = family == AF_INET6 ? sizeof(*v6) : sizeof(*v4);
	if (fd < 0 || bind(fd, (struct sockaddr *)address, *length) || getsockname(fd, (struct sockaddr *)address, length))
		work_die("bind");
	return fd;
}

static void refuse(int family, uint64_t n)
{
	struct sockaddr_storage address;
	socklen_t length;
	int bound = make_socket(family, &address, &length), fd;

	for (; n; n--) {
		fd = socket(family, SOCK_STREAM, 0);
		if (!connect(fd, (struct sockaddr *)&address, length))
			work_die("connected to nobody");
		close(fd);
	}
	close(bound);
}

int work_connections(int argc, char **argv)
{
	uint64_t n, i, n_refused, delay_ns, *connects;
	struct rlimit files = { 4096, 4096 };
	struct sockaddr_storage address;
	int family, listener, *clients, *servers;
	socklen_t length;

	if (argc != 5)
		return 2;
	family = !strcmp(argv[1], "6") ? AF_INET6 : AF_INET;
	n = strtoull(argv[2], NULL, 10);
	n_refused = strtoull(argv[3], NULL, 10);
	delay_ns = strtoull(argv[4], NULL, 10);
	connects = calloc(n, sizeof(*connects));
	clients = calloc(n, sizeof(*clients));
	servers = calloc(n, sizeof(*servers));
	listener = make_socket(family, &address, &length);
	if (!connects || !clients || !servers || setrlimit(RLIMIT_NOFILE, &files) || listen(listener, 16))
		work_die("listen");
	work_begin();
	for (i = 0; i < n; i++) {
		clients[i] = socket(family, SOCK_STREAM, 0);
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
	refuse(family, n_refused);
	work_sleep_ns(SETTLE_NS);
	work_end();
	/* At the same place in the structs of both families. */
	printf("{\"port\": %d, ", ntohs(((struct sockaddr_in *)&address)->sin_port));
	work_print_samples("connect", connects, n);
	printf("}\n");
	return 0;
}
