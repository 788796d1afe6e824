/* SPDX-License-Identifier: MIT */
/* Requests and answers of two sends each over loopback, with known delays between, and in the end a request of one. */
#include "work.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define HALF_BYTES 100
#define SETTLE_NS 50000000

static uint64_t delay_ns, *served;

static void send_half(int fd)
{
	static const char half[HALF_BYTES];

	if (send(fd, half, sizeof(half), 0) != (ssize_t)sizeof(half))
		work_die("send");
}

static bool receive_half(int fd)
{
	char half[HALF_BYTES];

	return recv(fd, half, sizeof(half), MSG_WAITALL) == (ssize_t)sizeof(half);
}

static void send_at_once(int fd)
{
	int one = 1;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
}

/* What it measures lies within what its side of the connection takes. */
static void *serve(void *listener)
{
	int fd = accept(*(int *)listener, NULL, NULL);
	uint64_t start;

	send_at_once(fd);
	while (receive_half(fd)) {
		start = work_now_ns();
		if (!receive_half(fd))
			break;
		work_sleep_ns(2 * delay_ns);
		*served++ = work_now_ns() - start;
		send_half(fd);
		send_half(fd);
	}
	close(fd);
	return NULL;
}

int work_requests(int argc, char **argv)
{
	uint64_t n, i, start, *requests, *first_served;
	struct sockaddr_storage address;
	int listener, fd;
	pthread_t thread;
	socklen_t length;

	if (argc != 4)
		return 2;
	n = strtoull(argv[2], NULL, 10);
	delay_ns = strtoull(argv[3], NULL, 10);
	requests = calloc(n, sizeof(*requests));
	first_served = served = calloc(n, sizeof(*served));
	listener = work_bind(argv[1], &address, &length);
	fd = socket(address.ss_family, SOCK_STREAM, 0);
	if (!requests || !served || listen(listener, 1) || pthread_create(&thread, NULL, serve, &listener) ||
	    connect(fd, (struct sockaddr *)&address, length))
		work_die("connect");
	send_at_once(fd);
	work_begin();
	for (i = 0; i < n; i++) {
		send_half(fd);
		work_sleep_ns(delay_ns);
		start = work_now_ns();
		send_half(fd);
		if (!receive_half(fd))
			work_die("recv");
		requests[i] = work_now_ns() - start;
		if (!receive_half(fd))
			work_die("recv");
	}
	send_half(fd);
	work_sleep_ns(SETTLE_NS);
	work_end();
	close(fd);
	pthread_join(thread, NULL);
	work_sleep_ns(SETTLE_NS);
	printf("{");
	work_print_samples("client", requests, n);
	printf(", ");
	work_print_samples("server", first_served, n);
	printf("}\n");
	return 0;
}
