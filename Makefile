# SPDX-License-Identifier: MIT
# Builds latencyprobe and its tests; everything made is below .output. `make help` lists the goals.

OUTPUT := .output
CC ?= gcc
CLANG ?= clang
BPFTOOL ?= $(shell command -v bpftool || echo /usr/sbin/bpftool)
PKG_CONFIG ?= pkg-config
CFLAGS ?= -O2 -g
PREFIX ?= /usr/local

MACHINE := $(shell uname -m)
ARCH := $(MACHINE)
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
SOURCES := $(wildcard src/*.c src/*/*.c)
OBJECTS := $(SOURCES:%.c=$(OUTPUT)/%.o)

BPF_CFLAGS := -target bpf -mcpu=v3 -O2 -g -Wall -Wextra -Wno-unused-parameter -D__TARGET_ARCH_$(BPF_ARCH) \
	-Iinclude -isystem vmlinux/$(ARCH)
LIBRARIES := libbpf jansson
ALL_CFLAGS := -std=gnu11 -D_GNU_SOURCE -Wall -Wextra -Wno-missing-field-initializers -Wshadow -Wstrict-prototypes $(if $(CI),-Werror) $(CFLAGS) \
	-Iinclude -Isrc -I$(OUTPUT)/skel $(shell $(PKG_CONFIG) --cflags $(LIBRARIES))
LDLIBS = $(shell $(PKG_CONFIG) --libs $(LIBRARIES)) -lelf -lz
STATIC_LDLIBS = $(shell $(PKG_CONFIG) --libs --static $(LIBRARIES)) -lelf -lz

.PHONY: all
all: $(OUTPUT)/latencyprobe

$(OUTPUT)/latencyprobe: $(OBJECTS) $(OUTPUT)/sources
	$(call say,LINK,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(LDFLAGS) $(OBJECTS) $(LDLIBS) -o $@

.PHONY: static
static: $(OUTPUT)/latencyprobe-static

$(OUTPUT)/latencyprobe-static: $(OBJECTS) $(OUTPUT)/sources
	$(call say,LINK,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -static $(OBJECTS) $(STATIC_LDLIBS) -o $@

# Changes when a source file comes or goes, so that a deleted one is no longer linked.
$(OUTPUT)/sources: FORCE
	@mkdir -p $(@D)
	@echo '$(SOURCES) $(LDFLAGS)' | cmp -s - $@ || echo '$(SOURCES) $(LDFLAGS)' > $@

$(OUTPUT)/src/%.o: src/%.c | $(SKELETONS)
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

.PHONY: FORCE
FORCE:

.SECONDARY:
-include $(OBJECTS:.o=.d) $(BPF_OBJECTS:.o=.d)
