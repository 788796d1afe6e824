/* SPDX-License-Identifier: MIT */
/* Workloads whose counts and latencies are known: what they did goes to stdout as one line of JSON. */
#ifndef WORK_H
#define WORK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

/*
 * Begins and ends what counts, for the calling thread: it is called lp-work meanwhile, so that a filter by name sees
 * nothing else.
 */
void work_begin(void);
void work_end(void);

uint64_t work_now_ns(void); /* CLOCK_MONOTONIC */
void work_sleep_ns(uint64_t ns); /* without timer slack */

/* "name": {"count": N, "p50_ns": N, "p90_ns": N, "p99_ns": N, "max_ns": N, "sum_ns": N}; sorts the samples. */
void work_print_samples(const char *name, uint64_t *samples, uint64_t n_samples);

/* Prints and ends the process with status 1. */
void work_die(const char *what) __attribute__((noreturn));

/* One read or write by aio, IOCB_CMD_PREAD or IOCB_CMD_PWRITE: its result, or -errno. */
int64_t work_aio(int command, int fd, void *bytes, size_t n_bytes, int64_t offset);

/* One request of io_uring, IORING_OP_..., with flags IOSQE_...: its result, or -errno. A link waits for the next one. */
int64_t work_uring(int opcode, int flags, int fd, void *bytes, size_t n_bytes, int64_t offset);
int64_t work_uring_submit(int opcode, int flags, int fd, void *bytes, size_t n_bytes, int64_t offset); /* 0 */
int64_t work_uring_wait(void);

/*
 * A TCP socket bound to a port of the loopback interface, and its address. FAMILY is "4", "6" or "mapped" (IPv4 over an
 * IPv6 socket), and may be followed by ":PORT"; else any free one is taken. Dies where it cannot.
 */
int work_bind(const char *family, struct sockaddr_storage *address, socklen_t *length);
uint16_t work_port(const struct sockaddr_storage *address);

/* Each takes its own arguments, argv[0] being its name. */
int work_calls(int argc, char **argv);
int work_files(int argc, char **argv);
int work_ftypes(int argc, char **argv);
int work_pattern(int argc, char **argv);
int work_pipe(int argc, char **argv);
int work_uring_pipe(int argc, char **argv);
int work_tcp(int argc, char **argv);
int work_connections(int argc, char **argv);
int work_resets(int argc, char **argv);
int work_requests(int argc, char **argv);
int work_direct(int argc, char **argv);
int work_blocked(int argc, char **argv);
int work_merge(int argc, char **argv);
int work_user(int argc, char **argv);
int work_syscalls(int argc, char **argv);
int work_calls32(int argc, char **argv);
int work_restart(int argc, char **argv);

#endif
