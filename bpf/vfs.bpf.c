/* SPDX-License-Identifier: MIT */
/* Target vfs: where file operations enter and leave the kernel's virtual file system. */
#define LAT_FILE_KINDS 2
#include "lib/async.bpf.h"
#include "lib/programs.bpf.h"

/* As in src/targets/vfs.c. */
enum vfs_op {
	VFS_OPEN, VFS_READ, VFS_WRITE, VFS_FSYNC, VFS_CLOSE, VFS_STAT,
	VFS_AIO_READ, VFS_AIO_WRITE, VFS_URING_READ, VFS_URING_WRITE,
};

PROBE_FILE_CALL(open, VFS_OPEN, OUTCOME_POINTER, NESTS, FILE_RESULT);
PROBE_FILE_CALL(read, VFS_READ, OUTCOME_BYTES, NEVER_NESTS, FILE_POSITION);
PROBE_FILE_CALL(readv, VFS_READ, OUTCOME_BYTES, NEVER_NESTS, FILE_POSITION);
PROBE_FILE_CALL(write, VFS_WRITE, OUTCOME_BYTES, NEVER_NESTS, FILE_POSITION);
PROBE_FILE_CALL(writev, VFS_WRITE, OUTCOME_BYTES, NEVER_NESTS, FILE_POSITION);
PROBE_FILE_CALL(fsync, VFS_FSYNC, OUTCOME_STATUS, NESTS, FILE_ARGUMENT);
PROBE_FILE_CALL(fsync_range, VFS_FSYNC, OUTCOME_STATUS, NESTS, FILE_ARGUMENT);
PROBE_FILE_CALL(close, VFS_CLOSE, OUTCOME_STATUS, NESTS, FILE_SYSCALL);
PROBE_FILE_CALL(close_file, VFS_CLOSE, OUTCOME_STATUS, NESTS, FILE_CLOSED);
PROBE_CALL(stat, VFS_STAT, OUTCOME_STATUS, NESTS);
PROBE_FILE_CALL(fstat, VFS_STAT, OUTCOME_STATUS, NESTS, FILE_ARGUMENT);

/* Only with --by pattern. */
static __always_inline void forget_end(__u64 file)
{
	bpf_map_delete_elem(&lat_ends, &file);
}

SEC("fentry")
int opened__fentry(__u64 *ctx)
{
	forget_end(ctx[0]);
	return 0;
}

SEC("kprobe")
int opened__kprobe(struct pt_regs *ctx)
{
	forget_end(PT_REGS_PARM1(ctx));
	return 0;
}

/* From include/uapi/linux/io_uring.h; newer than the vmlinux.h that this is built with. */
#define URING_READV_FIXED 60
#define URING_WRITEV_FIXED 61
#define URING_SKIPS_COMPLETION (1 << 6) /* IOSQE_CQE_SKIP_SUCCESS; failures show, and take it back */

/* As a plain number: with what the verifier takes as an address it is strict. */
static __always_inline __u64 word_of(const __u64 *ctx, __u32 number)
{
	__u64 word = 0;

	bpf_probe_read_kernel(&word, sizeof(word), ctx + number);
	return word;
}

/* Which of the two a request is whose beginning was not seen, it does not tell. */
static __always_inline void aio_end(__u64 request, __s64 result, bool in_interrupt)
{
	async_end(request, result, (__u64)BPF_CORE_READ((struct kiocb *)request, ki_filp), in_interrupt);
}

/*
 * aio: what is refused before the file system gets it never completes, but fails there and then; kretprobes do not see
 * which it was.
 */
#define PROBE_AIO(name, op) \
	const volatile __u8 name##__n_args = 0; \
	SEC("fentry") int name##__fentry(void *ctx) \
	{ \
		async_begin(word_of(ctx, 0), op); \
		return 0; \
	} \
	SEC("fexit") int name##__fexit(void *ctx) \
	{ \
		__s32 result = fexit_result(ctx, name##__n_args); \
		if (result) \
			aio_end(word_of(ctx, 0), result, false); \
		return 0; \
	} \
	SEC("kprobe") int name##__kprobe(struct pt_regs *ctx) \
	{ \
		async_begin(PT_REGS_PARM1(ctx), op); \
		return 0; \
	} \
	extern int name##__needs_a_semicolon

PROBE_AIO(aio_read, VFS_AIO_READ);
PROBE_AIO(aio_write, VFS_AIO_WRITE);

SEC("fentry")
int aio_done__fentry(void *ctx)
{
	aio_end(word_of(ctx, 0), word_of(ctx, 1), true);
	return 0;
}

SEC("kprobe")
int aio_done__kprobe(struct pt_regs *ctx)
{
	aio_end(PT_REGS_PARM1(ctx), PT_REGS_PARM2(ctx), true);
	return 0;
}

/* Operations of io_uring that are none of these are somebody else's: -1. */
static __always_inline int uring_op(__u8 opcode)
{
	switch (opcode) {
	case IORING_OP_READ:
	case IORING_OP_READV:
	case IORING_OP_READ_FIXED:
	case IORING_OP_READ_MULTISHOT:
	case URING_READV_FIXED:
		return VFS_URING_READ;
	case IORING_OP_WRITE:
	case IORING_OP_WRITEV:
	case IORING_OP_WRITE_FIXED:
	case URING_WRITEV_FIXED:
		return VFS_URING_WRITE;
	default:
		return -1;
	}
}

static __always_inline bool uring_is_asked(int op)
{
	return op >= 0 && lat_config.op_mask & 1U << op;
}

static __always_inline void uring_begin(struct io_kiocb *request)
{
	__u8 opcode = BPF_CORE_READ(request, opcode), flags = 0;
	int op = uring_op(opcode);

	if (!uring_is_asked(op))
		return;
	bpf_core_read(&flags, sizeof(flags), &request->flags);
	if (opcode == IORING_OP_READ_MULTISHOT || flags & URING_SKIPS_COMPLETION)
		async_begin_unseen(op);
	else
		async_begin((__u64)request, op);
}

SEC("tp_btf/io_uring_submit_req")
int uring_submit(__u64 *ctx)
{
	uring_begin((struct io_kiocb *)word_of(ctx, 0));
	return 0;
}

/*
 * What it was called up to 6.2. Before 5.19 (in 5.10, that is) the other does not say which request is completed; then
 * here the operation is the second argument, or the third behind the request's address.
 */
SEC("tp_btf/io_uring_submit_sqe")
int uring_submit_sqe(__u64 *ctx)
{
	__u64 second;
	int op;

	if (bpf_core_field_exists(((struct io_kiocb *)0)->cqe)) {
		uring_begin((struct io_kiocb *)word_of(ctx, 0));
		return 0;
	}
	second = word_of(ctx, 1);
	op = uring_op((__s64)second < 0 ? word_of(ctx, 2) : second);
	if (uring_is_asked(op))
		async_begin_unseen(op);
	return 0;
}

SEC("tp_btf/io_uring_complete")
int uring_complete(__u64 *ctx)
{
	struct io_kiocb *request = (struct io_kiocb *)word_of(ctx, 1);
	__u8 opcode;
	__s32 result;
	int op;

	if (!request || !bpf_core_field_exists(request->cqe))
		return 0;
	opcode = BPF_CORE_READ(request, opcode);
	op = uring_op(opcode);
	if (!uring_is_asked(op) || opcode == IORING_OP_READ_MULTISHOT)
		return 0;
	result = BPF_CORE_READ(request, cqe.res);
	/* What is refused before it begins ends, too. */
	if (!async_end((__u64)request, result, (__u64)BPF_CORE_READ(request, file), false) && result >= 0 && !lat_config.has_filter)
		lat_count(op, LAT_UNMATCHED);
	return 0;
}
