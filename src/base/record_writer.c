/* SPDX-License-Identifier: MIT */
/* Records written to a file by a thread of its own, so that whoever has them never waits for a disk. */
#include "base/record_writer.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"

struct item {
	struct item *next;
	char *bytes; /* NULL: open the path anew */
	size_t n_bytes;
};

struct record_writer {
	const char *path;
	uint64_t n_per_flush;
	bool is_synced, is_file;
	pthread_t thread;
	pthread_mutex_t lock; /* of all below but what is the thread's */
	pthread_cond_t is_wanted;
	struct item *first, **end;
	uint64_t n_given, n_waiting, n_lost;
	size_t n_queued_bytes;
	bool is_ready, is_closing;
	struct stat file; /* as it was opened */
	/* The thread's own. */
	int fd;
	bool is_failing;
};

static int open_path(struct record_writer *writer, int flags)
{
	struct stat file;
	/* Appending, so that one who empties the file meanwhile finds no hole at its start. */
	int fd = open(writer->path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | flags, 0666);

	if (fd < 0 || fstat(fd, &file))
		return -errno;
	pthread_mutex_lock(&writer->lock);
	writer->file = file;
	pthread_mutex_unlock(&writer->lock);
	return fd;
}

static void reopen(struct record_writer *writer)
{
	int fd = open_path(writer, 0);

	if (fd < 0) {
		fail(fd, "%s: cannot be opened again, the old file is written on", writer->path);
		return;
	}
	close(writer->fd);
	writer->fd = fd;
}

/* 0 or -errno. A part of a record is taken back, where that is possible. */
static int write_record(struct record_writer *writer, const struct item *item)
{
	size_t n_done = 0;
	struct stat before;
	ssize_t n_written;
	int error;

	if (fstat(writer->fd, &before))
		return -errno;
	while (n_done < item->n_bytes) {
		n_written = write(writer->fd, item->bytes + n_done, item->n_bytes - n_done);
		if (n_written < 0 && errno == EINTR)
			continue;
		if (n_written <= 0) {
			error = n_written ? -errno : -EIO;
			return n_done && writer->is_file && ftruncate(writer->fd, before.st_size) ? -errno : error;
		}
		n_done += (size_t)n_written;
	}
	return 0;
}

static void lose(struct record_writer *writer, uint64_t n_records)
{
	pthread_mutex_lock(&writer->lock);
	writer->n_lost += n_records;
	pthread_mutex_unlock(&writer->lock);
}

/* Once for each time that it gets worse or better, not for each record. */
static void judge(struct record_writer *writer, int error)
{
	if (error && !writer->is_failing)
		fail(error, "%s: tracing goes on, what cannot be written is counted", writer->path);
	else if (!error && writer->is_failing)
		warn("%s: is written again", writer->path);
	writer->is_failing = error;
}

static void write_all(struct record_writer *writer, struct item *item)
{
	struct item *next;
	uint64_t n_written = 0;
	int error = 0;

	for (; item; item = next) {
		next = item->next;
		if (item->bytes) {
			error = write_record(writer, item);
			judge(writer, error);
			if (error)
				lose(writer, 1);
			else
				n_written++;
		} else {
			reopen(writer);
		}
		free(item->bytes);
		free(item);
	}
	/* A disk that fails says so once; what it had to take since the last time may be gone. */
	if (n_written && writer->is_synced && fsync(writer->fd) && errno != EINVAL) {
		judge(writer, -errno);
		lose(writer, n_written);
	}
}

static void *work(void *context)
{
	struct record_writer *writer = context;
	struct item *items;
	bool is_closing;

	do {
		pthread_mutex_lock(&writer->lock);
		while (!writer->is_ready && !writer->is_closing)
			pthread_cond_wait(&writer->is_wanted, &writer->lock);
		is_closing = writer->is_closing;
		items = writer->first;
		writer->first = NULL;
		writer->end = &writer->first;
		writer->n_waiting = 0;
		writer->n_queued_bytes = 0;
		writer->is_ready = false;
		pthread_mutex_unlock(&writer->lock);
		write_all(writer, items);
	} while (!is_closing);
	return NULL;
}

/* Signals are for the thread that started it. */
static int start(struct record_writer *writer)
{
	sigset_t all, before;
	int error;

	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &before);
	error = pthread_create(&writer->thread, NULL, work, writer);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return -error;
}

struct record_writer *record_writer_open(const char *path, uint64_t n_per_flush, bool is_synced)
{
	struct record_writer *writer = calloc(1, sizeof(*writer));
	int error;

	if (!writer)
		return NULL;
	writer->path = path;
	writer->n_per_flush = n_per_flush;
	writer->is_synced = is_synced;
	writer->end = &writer->first;
	pthread_mutex_init(&writer->lock, NULL);
	pthread_cond_init(&writer->is_wanted, NULL);
	writer->fd = open_path(writer, O_TRUNC);
	writer->is_file = writer->fd >= 0 && S_ISREG(writer->file.st_mode);
	error = writer->fd < 0 ? writer->fd : start(writer);
	if (!error)
		return writer;
	if (writer->fd >= 0)
		close(writer->fd);
	free(writer);
	errno = -error;
	return NULL;
}

/* Takes over BYTES. What has no room is lost; an order to open the path anew has none of its own. */
static void put(struct record_writer *writer, char *bytes, size_t n_bytes)
{
	struct item *item = calloc(1, sizeof(*item));

	pthread_mutex_lock(&writer->lock);
	writer->n_given += bytes != NULL;
	if (!item || writer->n_queued_bytes + n_bytes > WRITER_MAX_QUEUED) {
		writer->n_lost += bytes != NULL;
		free(bytes);
		free(item);
	} else {
		*item = (struct item){ .bytes = bytes, .n_bytes = n_bytes };
		*writer->end = item;
		writer->end = &item->next;
		writer->n_queued_bytes += n_bytes;
		if (++writer->n_waiting >= writer->n_per_flush || writer->n_queued_bytes > WRITER_MAX_QUEUED / 2 || !bytes)
			writer->is_ready = true;
	}
	if (writer->is_ready)
		pthread_cond_signal(&writer->is_wanted);
	pthread_mutex_unlock(&writer->lock);
}

void record_writer_give(struct record_writer *writer, char *bytes, size_t n_bytes)
{
	put(writer, bytes, n_bytes);
}

bool record_writer_is_file(const struct record_writer *writer)
{
	return writer->is_file;
}

bool record_writer_reopen(struct record_writer *writer)
{
	struct stat now, opened;

	pthread_mutex_lock(&writer->lock);
	opened = writer->file;
	pthread_mutex_unlock(&writer->lock);
	if (!stat(writer->path, &now) && now.st_dev == opened.st_dev && now.st_ino == opened.st_ino)
		return false;
	put(writer, NULL, 0);
	return true;
}

int record_writer_close(struct record_writer *writer)
{
	uint64_t n_lost;

	pthread_mutex_lock(&writer->lock);
	writer->is_closing = true;
	pthread_cond_signal(&writer->is_wanted);
	pthread_mutex_unlock(&writer->lock);
	pthread_join(writer->thread, NULL);
	n_lost = writer->n_lost;
	/* A file system may say only now that it could not. */
	if (close(writer->fd) && !n_lost)
		n_lost = 1;
	if (n_lost)
		fail(0, "%s: %" PRIu64 " of %" PRIu64 " reports could not be written", writer->path, n_lost,
		     writer->n_given);
	pthread_mutex_destroy(&writer->lock);
	pthread_cond_destroy(&writer->is_wanted);
	free(writer);
	return n_lost ? -EIO : 0;
}
