# SPDX-License-Identifier: MIT
# Builds latencyprobe and its tests; everything made is below .output. `make help` lists the goals.

OUTPUT := .output
CC ?= gcc
CLANG ?= clang
BPFTOOL ?= $(shell PATH=$$PATH:/usr/sbin command -v bpftool)
PKG_CONFIG ?= pkg-config
CFLAGS ?= -O2 -g
PREFIX ?= /usr/local
FUZZ_SECONDS ?= 60

ARCH ?= $(shell uname -m)
BPF_ARCH := $(patsubst x86_64,x86,$(patsubst aarch64,arm64,$(ARCH)))

ifeq ($(V),1)
Q :=
say = @:
else
Q := @
say = @printf '  %-8s %s\n' $(1) $(2)
endif

BPF_OBJECTS := $(patsubst bpf/%.bpf.c,$(OUTPUT)/bpf/%.bpf.o,$(wildcard bpf/*.bpf.c))
SKELETONS := $(patsubst $(OUTPUT)/bpf/%.bpf.o,$(OUTPUT)/skel/%.skel.h,$(BPF_OBJECTS))
PAGE := $(OUTPUT)/skel/report_page.inc
SOURCES := $(wildcard src/*.c src/*/*.c)
OBJECTS := $(SOURCES:%.c=$(OUTPUT)/%.o)

# All but what needs a running kernel; the unit tests link these and nothing else.
PURE := $(filter-out src/main.c src/kernel/% src/targets/% src/trace/%,$(SOURCES))
PURE_OBJECTS := $(PURE:%.c=$(OUTPUT)/%.o)
UNIT_TESTS := $(patsubst tests/unit/%.c,$(OUTPUT)/tests/unit/%,$(wildcard tests/unit/test_*.c))
UNIT_HELPERS := $(filter-out tests/unit/test_%,$(wildcard tests/unit/*.c))
WORK := $(OUTPUT)/tests/work
LOOP := $(OUTPUT)/tests/loop

BPF_CFLAGS := -target bpf -mcpu=v3 -O2 -g -Wall -Wextra -Wno-unused-parameter $(if $(CI),-Werror) \
	-D__TARGET_ARCH_$(BPF_ARCH) -Iinclude -isystem vmlinux/$(ARCH) -idirafter /usr/include/$(ARCH)-linux-gnu
LIBRARIES := libbpf jansson tinfo libdw
ALL_CFLAGS = -std=gnu11 -D_GNU_SOURCE -Wall -Wextra -Wno-missing-field-initializers -Wshadow -Wstrict-prototypes \
	$(if $(CI),-Werror) $(CFLAGS) -Iinclude -Isrc -I$(OUTPUT)/skel $(shell $(PKG_CONFIG) --cflags $(LIBRARIES))
LDLIBS = $(shell $(PKG_CONFIG) --libs $(LIBRARIES)) -lelf -lz -lm -lpthread
STATIC_LDLIBS = $(shell $(PKG_CONFIG) --libs --static $(LIBRARIES)) -lelf -lz -lm -lpthread

.PHONY: all
all: $(OUTPUT)/latencyprobe ## the program, .output/latencyprobe (default)

$(OUTPUT)/latencyprobe: $(OBJECTS) $(OUTPUT)/sources
	$(call say,LINK,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(LDFLAGS) $(OBJECTS) $(LDLIBS) -o $@

.PHONY: static
static: $(OUTPUT)/latencyprobe-static ## one file that runs on another distribution

$(OUTPUT)/latencyprobe-static: $(OBJECTS) $(OUTPUT)/sources
	$(call say,LINK,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -static $(OBJECTS) $(STATIC_LDLIBS) -o $@

# Changes when a source file comes or goes, so that a deleted one is no longer linked.
$(OUTPUT)/sources: FORCE
	@mkdir -p $(@D)
	@echo '$(SOURCES) $(LDFLAGS)' | cmp -s - $@ || echo '$(SOURCES) $(LDFLAGS)' > $@

# SYSCALL(ABI, NUMBER, NAME) for each system call that the C library's headers know.
SYSCALLS := $(OUTPUT)/skel/syscalls.inc
$(SYSCALLS):
	$(call say,GEN,$@)
	@mkdir -p $(@D)
	$(Q)for abi in 64 32 x32; do \
		echo "#include <asm/unistd_$$abi.h>" | $(CC) -E -dM - | sed -n -E \
		"s/^#define __NR_(\w+) \(?(__X32_SYSCALL_BIT \+ )?([0-9]+)\)?$$/SYSCALL(ABI_$$abi, \3, \1)/p"; \
	done > $@

$(OUTPUT)/src/%.o: src/%.c | $(SKELETONS) $(SYSCALLS) $(PAGE)
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -MMD -MP -c $< -o $@

$(OUTPUT)/bpf/%.bpf.o: bpf/%.bpf.c
	$(call say,BPF,$<)
	@mkdir -p $(@D)
	$(Q)$(CLANG) $(BPF_CFLAGS) -MMD -MP -c $< -o $@

$(OUTPUT)/bpf/%.o: $(OUTPUT)/bpf/%.bpf.o
	$(Q)$(BPFTOOL) gen object $@ $<

$(OUTPUT)/skel/%.skel.h: $(OUTPUT)/bpf/%.o
	$(call say,SKEL,$@)
	@mkdir -p $(@D)
	$(Q)$(BPFTOOL) gen skeleton $< name $*_bpf > $@.tmp && mv $@.tmp $@

$(PAGE): $(wildcard src/report/web/*)
	$(call say,PAGE,$@)
	@mkdir -p $(@D)
	$(Q)src/report/web/embed > $@.tmp && mv $@.tmp $@

$(OUTPUT)/tests/unit/%: tests/unit/%.c $(UNIT_HELPERS) $(PURE_OBJECTS)
	$(call say,TEST,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -Itests/unit -MMD -MP -MF $@.d $< $(UNIT_HELPERS) $(PURE_OBJECTS) -lcmocka $(LDLIBS) -o $@

$(WORK): $(wildcard tests/work/*.c tests/work/*.h)
	$(call say,TEST,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 -D_GNU_SOURCE -Wall -Wextra $(CFLAGS) $(filter %.c,$^) -lpthread -o $@

$(LOOP): tests/bench/loop.c
	@mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 -D_GNU_SOURCE -Wall -Wextra $(CFLAGS) $< -o $@

.PHONY: test
test: ## all tests: check, then this kernel, and 6.12, 6.1, 5.10 and 7.2 in a VM (installs what is missing)
	$(Q)tests/deps
	$(Q)$(MAKE) -j$(shell nproc) all $(WORK) $(LOOP)
	$(Q)tests/all

.PHONY: test-kernels
test-kernels: all $(WORK) ## only the tests in a VM, on all four kernels
	$(Q)for kernel in 5.10 6.1 6.12 7.2; do tests/e2e/vm $$kernel || exit; done
	$(Q)tests/e2e/vm 6.12 --icount

.PHONY: bench
bench: ## what tracing costs beside other tracers, on 6.1, 6.12 and 7.2 (KERNEL=6.12: only there), for the README
	$(Q)tests/deps
	$(Q)$(MAKE) all $(WORK) $(LOOP)
	$(Q)tests/bench/run $(KERNEL)

.PHONY: check
check: unit fuzz-corpus layers stack covered example ## what needs neither root nor BPF: unit tests, layers, requirements

.PHONY: unit
unit: $(UNIT_TESTS)
	$(Q)for test in $^; do $$test || exit; done

# Where the compiler has it, what is not freed fails, too.
LEAK_CHECK = $(shell echo 'int main(void) { return 0; }' | $(CC) -fsanitize=leak -x c - -o /dev/null 2>/dev/null && \
	echo -fsanitize=leak)

.PHONY: fuzz-corpus
fuzz-corpus: $(OUTPUT)/tests/fuzz/replay
	$(Q)$< tests/fuzz/corpus/* >$<.out 2>&1 || { tail -3 $<.out; exit 1; }
	$(Q)echo "fuzz: $$(ls tests/fuzz/corpus | wc -l) recordings of the corpus are read or refused"

$(OUTPUT)/tests/fuzz/replay: tests/fuzz/replay.c tests/fuzz/recording.c $(PURE_OBJECTS)
	$(call say,TEST,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) $(LEAK_CHECK) $^ $(LDLIBS) -o $@

.PHONY: fuzz
fuzz: $(OUTPUT)/tests/fuzz/recording ## fuzzes the reader of recordings for FUZZ_SECONDS (60); needs clang's libclang-rt-dev
	@mkdir -p $(OUTPUT)/tests/fuzz/found
	$(Q)cd $(OUTPUT)/tests/fuzz && ./recording -max_total_time=$(FUZZ_SECONDS) -max_len=16384 -timeout=10 \
		-close_fd_mask=2 -print_final_stats=1 found $(CURDIR)/tests/fuzz/corpus

$(OUTPUT)/tests/fuzz/recording: tests/fuzz/recording.c $(PURE) $(wildcard src/*/*.h)
	$(call say,FUZZ,$@)
	@mkdir -p $(@D)
	$(Q)$(CLANG) $(ALL_CFLAGS) -g -O1 -fsanitize=fuzzer,address,undefined -fno-sanitize=pointer-overflow \
		-fno-sanitize-recover=undefined \
		$(filter %.c,$^) $(LDLIBS) -o $@

.PHONY: layers
layers: $(OBJECTS)
	$(Q)tests/layers $(OUTPUT)

.PHONY: stack
stack: $(BPF_OBJECTS)
	$(Q)tests/stack $^

.PHONY: covered
covered:
	$(Q)tests/covered

.PHONY: example
example: all
	$(Q)tests/example

.PHONY: demo
demo: ## installs what is missing, builds, and traces real work with vfs, tcp and block
	$(Q)tests/demo

.PHONY: deps
deps: ## installs what building and testing need (apt; prints the names for dnf)
	$(Q)tests/deps

.PHONY: vmlinux
vmlinux: ## regenerates the kernel's types from BTF=FILE (default: the Debian 6.12 kernel of the test VM)
	$(Q)btf="$(BTF)"; $(BPFTOOL) btf dump file "$${btf:-$$(tests/vm/btf 6.12)}" format c > vmlinux/$(ARCH)/vmlinux.h

.PHONY: install
install: all ## into DESTDIR and PREFIX: program, man page, bash completion
	install -D -m 755 $(OUTPUT)/latencyprobe $(DESTDIR)$(PREFIX)/bin/latencyprobe
	mkdir -p $(DESTDIR)$(PREFIX)/share/man/man8 $(DESTDIR)$(PREFIX)/share/bash-completion/completions
	$(OUTPUT)/latencyprobe man > $(DESTDIR)$(PREFIX)/share/man/man8/latencyprobe.8
	$(OUTPUT)/latencyprobe completion > $(DESTDIR)$(PREFIX)/share/bash-completion/completions/latencyprobe

.PHONY: clean
clean: ## removes .output
	rm -rf $(OUTPUT)

.PHONY: help
help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | expand -t 15

.PHONY: FORCE
FORCE:

.SECONDARY:
-include $(OBJECTS:.o=.d) $(BPF_OBJECTS:.o=.d) $(UNIT_TESTS:=.d)
