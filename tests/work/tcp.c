/* SPDX-License-Identifier: MIT */
/* Requests and answers over loopback, the answer coming a known time later. */
#include "work.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define REQUEST_BYTES 100

static uint64_t delay_ns;

static void *server(void *socket)
{
	int fd = accept(*(int *)socket, NULL, NULL);
	char request[REQUEST_BYTES];

	if (fd < 0)
		work_die("accept");
	while (recv(fd, request, sizeof(request), MSG_WAITALL) == (ssize_t)sizeof(request)) {
		work_sleep_ns(delay_ns);
		if (send(fd, request, sizeof(request), 0) != (ssize_t)sizeof(request))
			work_die("send");
	}
	close(fd);
	return NULL;
}

int work_tcp(int argc, char **argv)
{
	uint64_t n, i, start, *sends, *recvs;
	struct sockaddr_storage address;
	char request[REQUEST_BYTES] = "";
	int listener, fd, one = 1;
	pthread_t thread;
	socklen_t length;

	if (argc != 4)
		return 2;
	n = strtoull(argv[2], NULL, 10);
	delay_ns = strtoull(argv[3], NULL, 10);
	sends = calloc(n, sizeof(*sends));
	recvs = calloc(n, sizeof(*recvs));
	listener = work_bind(argv[1], &address, &length);
	fd = socket(address.ss_family, SOCK_STREAM, 0);
	if (!sends || !recvs || listen(listener, 1) || pthread_create(&thread, NULL, server, &listener) ||
	    connect(fd, (struct sockaddr *)&address, length))
		work_die("connect");
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	work_begin();
	for (i = 0; i < n; i++) {
		start = work_now_ns();
		if (send(fd, request, sizeof(request), 0) != (ssize_t)sizeof(request))
			work_die("send");
		sends[i] = work_now_ns() - start;
		start = work_now_ns();
		if (recv(fd, request, sizeof(request), MSG_WAITALL) != (ssize_t)sizeof(request))
			work_die("recv");
		recvs[i] = work_now_ns() - start;
	}
	work_end();
	close(fd);
	pthread_join(thread, NULL);
	printf("{");
	work_print_samples("send", sends, n);
	printf(", ");
	work_print_samples("recv", recvs, n);
	printf(", \"bytes\": %d, \"port\": %d}\n", REQUEST_BYTES, work_port(&address));
	return 0;
}
