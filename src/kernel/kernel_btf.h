/* SPDX-License-Identifier: MIT */
/* What the running kernel's own type information says, and what its verifier takes. Loaded once, on first use. */
#ifndef KERNEL_BTF_H
#define KERNEL_BTF_H

#include <stdbool.h>

/* Whether fentry programs can be attached to this function: it is in BTF and a trial load is accepted. */
bool kernel_btf_can_fentry(const char *function);

/* Whether there is a struct of that name. */
bool kernel_btf_has_struct(const char *name);

/* The number of a function in the kernel's BTF, or -ENOENT. */
int kernel_btf_function_id(const char *function);

/* Whether fentry programs can have cookies here; tried with this function. */
bool kernel_btf_has_cookies(const char *function);

/* What a function returns, and what its value can say; an unknown one RETURNS_WORD. */
enum kernel_returns { RETURNS_NOTHING, RETURNS_INT, RETURNS_WORD };
enum kernel_returns kernel_btf_returns(const char *function);

/* Parameters of a function, or -ENOENT. */
int kernel_btf_n_args(const char *function);

/* Parameters of a tracepoint (by its name without "btf_trace_"), or -ENOENT. */
int kernel_btf_tracepoint_n_args(const char *tracepoint);

/* Whether maps are charged to RLIMIT_MEMLOCK, as before 5.11; libbpf raises the limit there itself. */
bool kernel_btf_maps_need_memlock(void);

/* Gives the type information's memory back, 6 MiB; it is loaded again when it is needed once more. */
void kernel_btf_release(void);

#endif
