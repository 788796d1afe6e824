/* SPDX-License-Identifier: MIT */
/* Requests and answers over loopback, the answer coming a known time later. */
#include "work.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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

static int listen_on(int family, struct sockaddr_storage *address, socklen_t *length)
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
	if (fd < 0 || bind(fd, (struct sockaddr *)address, *length) || listen(fd, 1) ||
	    getsockname(fd, (struct sockaddr *)address, length))
		work_die("listen");
	return fd;
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
	listener = listen_on(!strcmp(argv[1], "6") ? AF_INET6 : AF_INET, &address, &length);
	fd = socket(address.ss_family, SOCK_STREAM, 0);
	if (!sends || !recvs || pthread_create(&thread, NULL, server, &listener) ||
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
	printf(", \"bytes\": %d}\n", REQUEST_BYTES);
	return 0;
}
