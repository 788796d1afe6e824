/* SPDX-License-Identifier: MIT */
/* Fields of kernel structs whose address is known as a plain number. */
#ifndef CORE_READ_BPF_H
#define CORE_READ_BPF_H

#include "vmlinux.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

/* New in 6.2 (fd264ca02094): what it returns is read by single instructions, a tenth of what the helper takes. */
extern void *bpf_rdonly_cast(const void *address, __u32 type_id) __ksym __weak;

#define KERNEL_HAS_CAST bpf_core_enum_value_exists(enum special_kfunc_type, KF_bpf_rdonly_cast)

/* Only where KERNEL_HAS_CAST. What is read of it may be followed further, and is 0 where the address is none. */
#define KERNEL_CAST(type, address) ((type *)bpf_rdonly_cast((void *)(address), bpf_core_type_id_kernel(type)))

/* FIELD is no array. The address has a variable, or it would be taken for a part of the path through kernel structs. */
#define KERNEL_READ(type, address, field) ({ \
	__u64 base = (__u64)(address); \
	KERNEL_HAS_CAST ? KERNEL_CAST(type, base)->field : BPF_CORE_READ((type *)base, field); \
})

/* What lies at VALUE, of which the verifier shall not know that it is an address: with those it is strict. */
static __always_inline __u64 plain_number(const void *value)
{
	__u64 number = 0;

	bpf_probe_read_kernel(&number, sizeof(number), value);
	return number;
}

#endif
