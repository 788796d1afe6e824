/* SPDX-License-Identifier: MIT */
/* TCP sockets of the loopback interface. */
#include "work.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

int work_bind(const char *family, struct sockaddr_storage *address, socklen_t *length)
{
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)address;
	struct sockaddr_in *v4 = (struct sockaddr_in *)address;
	const char *port = strchr(family, ':');
	bool is_v6 = *family != '4';
	int fd = socket(is_v6 ? AF_INET6 : AF_INET, SOCK_STREAM, 0);

	memset(address, 0, sizeof(*address));
	address->ss_family = is_v6 ? AF_INET6 : AF_INET;
	v4->sin_port = htons((uint16_t)(port ? atoi(port + 1) : 0)); /* at the same place in the structs of both families */
	if (*family == 'm')
		inet_pton(AF_INET6, "::ffff:127.0.0.1", &v6->sin6_addr);
	else if (is_v6)
		v6->sin6_addr = in6addr_loopback;
	else
		v4->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	*length = is_v6 ? sizeof(*v6) : sizeof(*v4);
	if (fd < 0 || bind(fd, (struct sockaddr *)address, *length) || getsockname(fd, (struct sockaddr *)address, length))
		work_die("bind");
	return fd;
}

uint16_t work_port(const struct sockaddr_storage *address)
{
	return ntohs(((const struct sockaddr_in *)address)->sin_port);
}
