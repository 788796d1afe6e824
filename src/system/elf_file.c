/* SPDX-License-Identifier: MIT */
/* What programs and libraries say of themselves: functions, USDT probes, the language. */
#include "system/elf_file.h"

#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"

#define USDT_NOTE_TYPE 3

struct elf_file {
	char *path;
	int fd;
	Elf *elf;
};

static bool is_file(const char *path)
{
	struct stat st;

	return !stat(path, &st) && S_ISREG(st.st_mode);
}

/* In one of the folders that colons stand between. NULL when it is in none. */
static char *look_up(const char *folders, const char *name)
{
	char *copy = strdup(folders), *rest = copy, *folder, *path = NULL;

	while (copy && !path && (folder = strsep(&rest, ":"))) {
		if (asprintf(&path, "%s/%s", folder, name) < 0)
			path = NULL;
		if (path && !is_file(path)) {
			free(path);
			path = NULL;
		}
	}
	free(copy);
	return path;
}

static char *find(const char *name)
{
	const char *programs = getenv("PATH");

	if (strchr(name, '/'))
		return strdup(name);
	if (strstr(name, ".so"))
		return look_up("/lib/x86_64-linux-gnu:/usr/lib/x86_64-linux-gnu:/lib/aarch64-linux-gnu:/usr/lib/aarch64-linux-gnu:"
			       "/lib64:/usr/lib64:/lib:/usr/lib:/usr/local/lib", name);
	return look_up(programs ? programs : "/usr/bin:/bin", name);
}

int elf_file_open(struct elf_file **result, const char *name)
{
	struct elf_file *file = calloc(1, sizeof(*file));
	int error = -ENOENT;

	if (!file)
		return fail(-ENOMEM, "%s", name);
	file->fd = -1;
	file->path = find(name);
	if (file->path) {
		file->fd = open(file->path, O_RDONLY | O_CLOEXEC);
		error = file->fd < 0 ? -errno : 0;
	}
	if (error) {
		elf_file_close(file);
		return fail(error, "program or library %s", name);
	}
	elf_version(EV_CURRENT);
	file->elf = elf_begin(file->fd, ELF_C_READ_MMAP, NULL);
	if (file->elf && gelf_getclass(file->elf) == ELFCLASS64) {
		*result = file;
		return 0;
	}
	if (file->elf && elf_kind(file->elf) == ELF_K_ELF)
		fail(0, "%s is of 32 bits, whose calls are not understood", file->path);
	else
		fail(0, "%s is neither a program nor a library (no ELF file)", file->path);
	elf_file_close(file);
	return -ENOEXEC;
}

const char *elf_file_path(const struct elf_file *file)
{
	return file->path;
}

void elf_file_close(struct elf_file *file)
{
	if (!file)
		return;
	elf_end(file->elf);
	if (file->fd >= 0)
		close(file->fd);
	free(file->path);
	free(file);
}

static int each_symbol(Elf *elf, Elf_Scn *section, const GElf_Shdr *header,
		       int (*consider)(void *context, const char *name), void *context)
{
	Elf_Data *data = elf_getdata(section, NULL);
	const char *name;
	GElf_Sym symbol;
	int status = 0;
	size_t i;

	for (i = 0; data && header->sh_entsize && i < header->sh_size / header->sh_entsize && !status; i++) {
		if (!gelf_getsym(data, (int)i, &symbol) || GELF_ST_TYPE(symbol.st_info) != STT_FUNC ||
		    symbol.st_shndx == SHN_UNDEF)
			continue;
		name = elf_strptr(elf, header->sh_link, symbol.st_name);
		if (name && *name)
			status = consider(context, name);
	}
	return status;
}

int elf_file_each_function(struct elf_file *file, int (*consider)(void *context, const char *name), void *context)
{
	Elf_Scn *section = NULL;
	GElf_Shdr header;
	int status = 0;

	while (!status && (section = elf_nextscn(file->elf, section)))
		if (gelf_getshdr(section, &header) && (header.sh_type == SHT_SYMTAB || header.sh_type == SHT_DYNSYM))
			status = each_symbol(file->elf, section, &header, consider, context);
	return status;
}

static Elf_Scn *find_section(Elf *elf, const char *wanted, GElf_Shdr *header)
{
	Elf_Scn *section = NULL;
	const char *name;
	size_t names;

	if (elf_getshdrstrndx(elf, &names))
		return NULL;
	while ((section = elf_nextscn(elf, section))) {
		name = gelf_getshdr(section, header) ? elf_strptr(elf, names, header->sh_name) : NULL;
		if (name && !strcmp(name, wanted))
			return section;
	}
	return NULL;
}

/* Words with spaces between; none in an empty text. */
static int count_words(const char *text)
{
	int n = 0;

	for (; *(text += strspn(text, " ")); text += strcspn(text, " "))
		n++;
	return n;
}

/*
 * A note's description: three addresses, then provider, name and arguments, a NUL behind each
 * (https://sourceware.org/systemtap/wiki/UserSpaceProbeImplementation). NULL when it is not whole.
 */
static const char *note_text(const char *description, size_t size, int which)
{
	const char *at = description + 3 * sizeof(uint64_t), *end = description + size;

	for (; at < end && memchr(at, '\0', (size_t)(end - at)); at += strlen(at) + 1)
		if (!which--)
			return at;
	return NULL;
}

int elf_file_each_usdt(struct elf_file *file,
		       int (*consider)(void *context, const char *provider, const char *probe, int n_args), void *context)
{
	size_t at = 0, next, name_at, text_at;
	const char *provider, *probe, *args, *text;
	GElf_Shdr header;
	Elf_Scn *section = find_section(file->elf, ".note.stapsdt", &header);
	Elf_Data *data = section ? elf_getdata(section, NULL) : NULL;
	GElf_Nhdr note;
	int status = 0;

	for (; !status && data && (next = gelf_getnote(data, at, &note, &name_at, &text_at)); at = next) {
		text = (const char *)data->d_buf + text_at;
		if (note.n_type != USDT_NOTE_TYPE || strcmp((const char *)data->d_buf + name_at, "stapsdt"))
			continue;
		provider = note_text(text, note.n_descsz, 0);
		probe = note_text(text, note.n_descsz, 1);
		args = note_text(text, note.n_descsz, 2);
		if (provider && probe && args)
			status = consider(context, provider, probe, count_words(args));
	}
	return status;
}

bool elf_file_is_go(struct elf_file *file)
{
	GElf_Shdr header;

	return find_section(file->elf, ".go.buildinfo", &header) || find_section(file->elf, ".gopclntab", &header);
}
