/* SPDX-License-Identifier: MIT */
/* An output stream that remembers its first error, so that formats need not check every write. */
#include "base/out.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/escape.h"

#define MAX_NAME 240 /* of 255, so that what is put around a name fits as well */

struct out {
	FILE *stream;
	bool is_owned;
	char *final_path;     /* NULL: nothing to rename */
	char *temporary_path;
	int error;
};

void out_fail(struct out *out, int error)
{
	if (!out->error)
		out->error = error;
}

/* libc does not know a reason for everything. */
static void remember(struct out *out, bool is_bad)
{
	if (is_bad)
		out_fail(out, errno ? -errno : -EIO);
}

struct out *out_wrap(FILE *stream)
{
	struct out *out = calloc(1, sizeof(*out));

	if (out)
		out->stream = stream;
	return out;
}

static void free_all(struct out *out)
{
	int kept = errno;

	free(out->final_path);
	free(out->temporary_path);
	free(out);
	errno = kept;
}

/* ".NAME.XXXXXX" in the folder of PATH. */
static char *temporary_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	int n_folder = slash ? (int)(slash - path) + 1 : 0;
	char *name;

	return asprintf(&name, "%.*s.%.*s.XXXXXX", n_folder, path, MAX_NAME, path + n_folder) < 0 ? NULL : name;
}

/* Owner and rights as open(2) would have made them, or as those of the file that is replaced. */
static int set_rights(int fd, const struct stat *replaced)
{
	mode_t mask;

	if (replaced) {
		/* Only root may give files away: whoever may not, owns the new one, as he would own any. */
		if (fchown(fd, replaced->st_uid, replaced->st_gid))
			errno = 0;
		return fchmod(fd, replaced->st_mode & 0777) ? -errno : 0;
	}
	mask = umask(0);
	umask(mask);
	return fchmod(fd, 0666 & ~mask) ? -errno : 0;
}

/* Opens the temporary file; 0 or -errno. */
static int open_temporary(struct out *out, const char *path, const struct stat *replaced)
{
	int fd, error;

	/* Through a symbolic link: what it leads to is replaced, not the link. */
	out->final_path = replaced ? realpath(path, NULL) : strdup(path);
	out->temporary_path = out->final_path ? temporary_name(out->final_path) : NULL;
	if (!out->temporary_path)
		return -errno;
	/* rename(2) would not ask. */
	if (replaced && access(out->final_path, W_OK))
		return -errno;
	fd = mkostemp(out->temporary_path, O_CLOEXEC);
	if (fd < 0)
		return -errno;
	error = set_rights(fd, replaced);
	if (!error) {
		out->stream = fdopen(fd, "w");
		error = out->stream ? 0 : -errno;
	}
	if (error) {
		unlink(out->temporary_path);
		close(fd);
	}
	return error;
}

struct out *out_open(const char *path)
{
	struct out *out = out_wrap(NULL);
	struct stat st, link;
	bool exists;
	int error = 0;

	if (!out)
		return NULL;
	if (!strcmp(path, "-")) {
		out->stream = stdout;
		return out;
	}
	out->is_owned = true;
	exists = !stat(path, &st);
	if (!exists && (errno != ENOENT || !*path))
		error = -errno;
	/* A link that leads nowhere yet is for open(2) to follow; rename(2) would replace it. */
	else if (exists ? !S_ISREG(st.st_mode) : !lstat(path, &link))
		error = (out->stream = fopen(path, "we")) ? 0 : -errno;
	else
		error = open_temporary(out, path, exists ? &st : NULL);
	if (!error)
		return out;
	errno = -error;
	free_all(out);
	return NULL;
}

void out_printf(struct out *out, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	remember(out, vfprintf(out->stream, format, args) < 0);
	va_end(args);
}

void out_puts(struct out *out, const char *text)
{
	remember(out, fputs(text, out->stream) == EOF);
}

void out_write(struct out *out, const void *bytes, size_t n_bytes)
{
	remember(out, fwrite(bytes, 1, n_bytes, out->stream) != n_bytes);
}

void out_escaped(struct out *out, const char *text, int width)
{
	char *clean = escape_text(text);
	const char *at;
	int n_columns = 0;

	if (!clean) {
		out_fail(out, -ENOMEM);
		return;
	}
	for (at = clean; *at; at++)
		n_columns += (*at & 0xC0) != 0x80; /* not the rest of a character */
	out_puts(out, clean);
	if (n_columns < width)
		out_printf(out, "%*s", width - n_columns, "");
	free(clean);
}

int out_flush(struct out *out)
{
	remember(out, fflush(out->stream) == EOF);
	return out->error;
}

int out_close(struct out *out)
{
	int error;

	out_flush(out);
	if (out->is_owned) {
		/* On the disk before the rename, or a crash could leave an empty file in the place of the old one. */
		remember(out, out->temporary_path && fsync(fileno(out->stream)));
		remember(out, fclose(out->stream) == EOF);
	}
	if (out->temporary_path && !out->error)
		remember(out, rename(out->temporary_path, out->final_path));
	if (out->temporary_path && out->error)
		unlink(out->temporary_path);
	error = out->error;
	free_all(out);
	return error;
}

void out_abandon(struct out *out)
{
	if (out->is_owned)
		fclose(out->stream);
	if (out->temporary_path)
		unlink(out->temporary_path);
	free_all(out);
}
