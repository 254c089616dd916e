# Umbra's one makefile. `make` lists what it can do.
#
# Everything is written under $(BUILD); the two products are kernel.elf and
# root.img. Sources are found by folder, so a new file needs no line here.

ifneq ($(filter 3.%,$(MAKE_VERSION)),)
$(error GNU make 4.0 or newer is needed, this is $(MAKE_VERSION); \
        on macOS: brew install make, then run gmake)
endif

BUILD ?= build
CPUS  ?= 4
MEM   ?= 256M

# `make clean all` cleans here, before make starts a job or looks for a file.
CLEAN := rm -rf $(BUILD) compile_commands.json
ifneq ($(and $(filter clean,$(MAKECMDGOALS)),$(filter-out \
    clean,$(MAKECMDGOALS))),)
ifeq ($(findstring n,$(firstword -$(MAKEFLAGS))),)
CLEAN := @: $(shell $(CLEAN))
endif
endif

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.SECONDARY:
MAKEFLAGS += --no-builtin-rules --no-print-directory
ifeq ($(MAKELEVEL)$(filter -j% --jobs% --jobserver%,$(MAKEFLAGS)),0)
MAKEFLAGS += -j$(shell getconf _NPROCESSORS_ONLN)
endif

# $(call say,CC) before a command shows "CC file"; V=1 shows the command.
say = $(if $(V),,@printf '  %-7s %s\n' '$(1)' \
      '$(patsubst obj/%.o,%,$(@:$(BUILD)/%=%))' &&)
found = $(shell command -v $(1) 2>/dev/null)
# $(call sources,folder,extension): the files below a folder, sorted.
sources = $(sort $(shell find $(1) -name '*.$(2)' 2>/dev/null))

# ---- The cross toolchain ---------------------------------------------------

TOOLCHAIN ?= $(or \
    $(if $(call found,riscv64-unknown-elf-gcc),gnu-elf), \
    $(if $(call found,riscv64-linux-gnu-gcc),gnu-linux), \
    $(if $(call found,riscv64-elf-gcc),gnu-elf), \
    $(if $(call found,ld.lld),$(if $(call found,clang),clang)))
TOOLCHAIN := $(strip $(TOOLCHAIN))

ifeq ($(TOOLCHAIN),clang)
CC      := clang --target=riscv64-unknown-elf
LD      := ld.lld
llvm     = $(shell clang -print-prog-name=llvm-$(1))
NM      := $(call llvm,nm)
STRIP   := $(call llvm,strip)
OBJDUMP := $(call llvm,objdump)
# Older clang knows these two extensions only as part of the base, and its
# linker does not relax.
ZEXT    := $(shell echo | $(CC) -march=rv64imac_zicsr_zifencei -E - \
             >/dev/null 2>&1 && echo _zicsr_zifencei)
# It calls the files of a unit ./FILE where gcc says FILE.
TCFLAGS := -mno-relax -ffile-prefix-map=./=
QUICK   := -O1
FAST    := -O2
SMALL   := -Os
TINY    := -Os
else
CROSS := $(if $(filter gnu-linux,$(TOOLCHAIN)),riscv64-linux-gnu-,$(if \
    $(call found,riscv64-unknown-elf-gcc),riscv64-unknown-elf-,riscv64-elf-))
CC      := $(CROSS)gcc
LD      := $(CROSS)ld
NM      := $(CROSS)nm
STRIP   := $(CROSS)strip
OBJDUMP := $(CROSS)objdump
ZEXT    := _zicsr_zifencei
# Keeps gcc from turning memset's own loop into a call of memset; has only once
# what several ways through a function end with; lets no string start at words.
TCFLAGS := -fno-tree-loop-distribute-patterns -fcrossjumping \
           -gno-statement-frontiers -malign-data=natural
# Passes that find next to nothing in this code.
LEAN    := -fno-ipa-modref -fno-ipa-profile -fno-ipa-reference
# Takes half the time to compile of what is FAST.
QUICK   := -Og $(LEAN) -fno-cprop-registers -fno-forward-propagate -fno-ipa-pure-const \
           -fno-split-wide-types -fno-tree-ccp -fno-tree-copy-prop -fno-tree-fre
# Nearly as small as -Os, in half the time. Not for programs: a function that names itself would be gone.
SMALL   := -Og $(LEAN) -fno-cprop-registers -fno-forward-propagate -fno-guess-branch-probability \
           -fno-ipa-pure-const -fno-split-wide-types -fno-tree-ccp -fno-tree-copy-prop -fdse -fno-reorder-blocks \
           -finline-functions-called-once -finline-small-functions
TINY    := -Os $(LEAN) -fno-gcse -fno-tree-pre -fno-tree-pta -fno-tree-vrp
# As fast as -O2 makes the kernel, in less than two thirds of the time to compile it.
FAST    := -O1 $(LEAN) -fno-tree-pta -finline-functions -finline-small-functions -findirect-inlining \
           -freorder-blocks-algorithm=stc -foptimize-sibling-calls
endif
ifeq ($(TOOLCHAIN),)
CC = $(error no RISC-V compiler was found; `make setup` installs one)
endif
HOSTCC ?= cc

# ---- Flags -----------------------------------------------------------------

WARNINGS := -std=gnu11 -Wall -Wextra -Werror -Wshadow -Wmissing-prototypes \
            -Wstrict-prototypes -Wundef -Wvla
DEPS      = -MMD -MP -MF $(@:.o=.d)
# Only the compiler's own headers (stddef.h, stdint.h), nobody's C library.
# Following variables through optimized code would take an eighth of the time;
# gdb finds most of them all the same, and every line.
FREESTAND = -ffreestanding -nostdinc -isystem $(CCINCLUDE) -fno-pic -fno-pie -fno-common \
            -fno-stack-protector -ffunction-sections -fdata-sections -g -fno-var-tracking \
            -ffile-prefix-map=$(CURDIR)=. -Wredundant-decls $(TCFLAGS)
CCINCLUDE := $(if $(TOOLCHAIN),$(shell $(CC) -print-file-name=include))

# SAN=1: undefined behaviour and wrong addresses end in a named panic
# (lib/ubsan.c, mm/kasan.c). Every access calls a check; stacks and globals are
# left to the page table. clang has no address checks for bare metal.
SANFLAGS := $(if $(SAN),-DSAN=1 -fsanitize=undefined -fno-sanitize=alignment \
    $(if $(filter-out clang,$(TOOLCHAIN)),-fsanitize=kernel-address --param asan-stack=0 \
    --param asan-globals=0 --param asan-instrumentation-with-call-threshold=0))
# RACE=1: accesses that race with other harts' are reported (mm/race.c). Locks
# are what it believes in, so they are not looked at. Both have stack canaries.
SANFLAGS += $(if $(RACE),-DRACE=1 -fsanitize=thread --param tsan-distinguish-volatile=1 \
    --param tsan-instrument-func-entry-exit=0 -Wno-tsan) \
    $(if $(SAN)$(RACE),-DCANARY=1 -fstack-protector-strong)
$(patsubst %,$(BUILD)/obj/kernel/%.o,mm/kasan mm/race sync/hot): SANFLAGS := $(if $(SAN),-DSAN=1) \
    $(if $(RACE),-DRACE=1)

# A kernel that watches itself is slow, however it is compiled: as quickly as can be.
$(if $(SAN)$(RACE),$(foreach kind,FAST SMALL TINY,$(eval $(kind) := $(QUICK))))
$(BUILD)/obj/kernel/%/hot.o: private QUICK = $(FAST)
# Copies of long functions would make these larger and hardly faster.
$(patsubst %,$(BUILD)/obj/kernel/%/hot.o,arch fs proc sys): private QUICK = $(filter-out -finline-functions,$(FAST))
KFLAGS = $(WARNINGS) $(QUICK) -march=rv64imac$(ZEXT) -mabi=lp64 \
          -mcmodel=medany -fno-omit-frame-pointer $(FREESTAND) $(SANFLAGS) -DTRACE -Ikernel -I$(BUILD)/gen $(KCFLAGS)
# Small is fast enough for these.
$(patsubst %,$(BUILD)/obj/kernel/%.o,dev fs fs/eclipsefs ipc main sys trace virtio): private QUICK = $(SMALL)
$(BUILD)/obj/kernel/lib.o: private QUICK = $(TINY)
# A function that calls no other has nothing to save in a frame.
$(BUILD)/obj/kernel/lib/hot.o $(BUILD)/obj/kernel/trace/hot.o: private KFLAGS += $(if $(RACE),,-fomit-frame-pointer)
# -g1, lines but no variables, for there are many: UCFLAGS=-g for a debugger.
# The C library has none: each link of a program would go through them all.
ULINES := -g1
$(BUILD)/obj/user/lib.o: private ULINES := -g0
UFLAGS = $(WARNINGS) $(QUICK) -march=rv64gc -mabi=lp64d -mcmodel=medany \
         $(FREESTAND) $(ULINES) -Iuser/lib -Ikernel $(UCFLAGS)
# It is to measure the kernel, not itself.
$(BUILD)/obj/user/tests/bench.o: UCFLAGS += -O2
# Checksums are what an mkfs of many files waits for, beside the disk; the rest
# is compiled as quickly as can be. HCFLAGS=-g for a debugger.
$(BUILD)/obj/host/%.o: private QUICK = -O0
$(BUILD)/obj/host/kernel/lib.o: private QUICK = -O1
HFLAGS = $(WARNINGS) $(QUICK) -D_GNU_SOURCE -Ikernel -Imkfs $(HCFLAGS)
TFLAGS := $(WARNINGS) -O1 -g -fno-var-tracking -D_GNU_SOURCE -Ikernel -Imkfs -Itests/host \
          -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all

LDFLAGS := -nostdlib -static --gc-sections --build-id=none -z max-page-size=4096 -z noexecstack

# ---- Sources ---------------------------------------------------------------

OFFSETS_C  := kernel/arch/asm-offsets.c
KERNEL_LD  := kernel/kernel.ld
HOST_TOOLS := $(addprefix $(BUILD)/host/,mkfs.eclipsefs efs fsck.eclipsefs)

# Starting a compiler costs more than most files do, so it reads the files of a
# unit one after the other, as one text. A unit is the .c files of one folder,
# or one file: kernel/fs is the unit of kernel/fs/*.c. What is static is then
# not hidden from the neighbours, so its name may occur only once in a unit;
# but each file also compiles by itself, lint makes sure. Files in ALONE are
# units of their own. Those in HOT, which every program's calls go through, are
# the unit FOLDER/hot and compiled FAST.
#
# HOLES are the files that a lab leaves to its students (lab.mk in a course, or
# the command line): what they call their own clashes with no neighbour's.
-include lab.mk

# Written by the owners of mkfs: HOSTFS_SRCS, the file-system code that the
# kernel, the host tools and the host tests share, and EFS_SRCS, the part of
# them that tests name in their SOURCES.
-include mkfs/sources.mk

ALONE := kernel/main.c kernel/mm/kasan.c kernel/mm/race.c $(filter kernel/%.c user/%.c,$(HOLES))
HOT   := $(filter-out $(OFFSETS_C) $(ALONE),$(wildcard $(addprefix kernel/, \
         arch/*.c dev/random.c lib/string.c trace/ring.c lib/tree.c mm/*.c proc/*.c sync/*.c \
         $(addprefix fs/,buf.c context.c dentry.c fdtable.c file.c inode.c \
             names.c pagecache.c path.c pipe.c readahead.c) \
         $(addprefix sys/,dispatch.c elf.c exec.c fdctl.c fileargs.c memory.c \
             open.c process.c rw.c stat.c))))
# $(call in,folder,list): what the list has of the folder.
in     = $(foreach f,$(2),$(if $(filter $(1)/,$(dir $(f))),$(f)))
files  = $(if $(filter %/hot,$(1)),$(call in,$(subst /hot,,$(1)),$(HOT)), \
         $(sort $(wildcard $(1).c) $(filter-out $(OFFSETS_C) $(ALONE) $(HOT), \
         $(wildcard $(1)/*.c))))
units  = $(patsubst %/,%/hot,$(sort $(dir $(filter $(HOT),$(1))))) \
         $(basename $(filter $(ALONE),$(1))) $(patsubst %/,%,$(sort $(dir \
         $(filter %.c,$(filter-out $(ALONE) $(HOT) $(OFFSETS_C),$(1))))))
objs   = $(patsubst %,$(BUILD)/obj/%.o,$(1))

VDSO_SRCS    := $(call sources,kernel/arch/vdso,[cS])
KERNEL_SRCS  := $(filter-out $(VDSO_SRCS),$(call sources,kernel,[cS]))
KERNEL_UNITS := $(call units,$(KERNEL_SRCS))

# $(call names,folder): programs in a folder, one for each .c file or folder.
names   = $(sort $(basename $(notdir $(wildcard $(1)/*.c))) \
          $(notdir $(patsubst %/,%,$(dir $(wildcard $(1)/*/*.c)))))
BINS   := $(call names,user/bin)
DAEMONS := $(call names,user/services)
UTESTS := $(call names,user/tests)
TESTS  := $(sort $(basename $(notdir $(wildcard tests/host/test_*.c))))
GLIBC  := $(if $(call found,riscv64-linux-gnu-gcc),$(basename $(notdir $(wildcard tests/linux/*.c))))

FSCK          := $(BUILD)/user/fsck.eclipsefs
PROGRAMS      := $(BINS:%=$(BUILD)/user/bin/%) $(DAEMONS:%=$(BUILD)/user/services/%) \
                 $(if $(wildcard user/init/*.c),$(BUILD)/user/init) $(FSCK)
RECOVERY      := $(if $(wildcard user/recovery/*.c),$(BUILD)/user/recovery)
TEST_PROGRAMS := $(UTESTS:%=$(BUILD)/user/tests/%)
HOST_TESTS    := $(TESTS:%=$(BUILD)/host/tests/%)
LINUX_TESTS   := $(GLIBC:%=$(BUILD)/linux/%)

# Where all the files go: made in one step, which is cheaper than one by one.
FOLDERS = $(dir $(DEP_FILES) $(LINKED) $(HOST_TOOLS) $(HOST_TESTS) $(LINUX_TESTS) $(MUSL_TESTS))
folders:
	@mkdir -p $(sort $(FOLDERS))

# Stamps: rewritten only when flags, the set of sources, or anything in rootfs
# change, so that each rebuilds what it touches.
define stamp
$(BUILD)/$(1): FORCE | folders
	@echo '$(subst ','\'',$(2))' | cmp -s - $$@ || \
	    echo '$(subst ','\'',$(2))' >$$@
endef
FLAGS := $(BUILD)/flags
LISTS := $(BUILD)/lists
TREE  := $(BUILD)/tree
$(eval $(call stamp,flags,$$(CC) $(HOSTCC) $(KFLAGS) $(UFLAGS) $(HFLAGS) \
    $(TFLAGS) $(FAST) $(SMALL) $(TINY) $(LDFLAGS) $(ALONE) $(HOT) $(SEALED)))
$(eval $(call stamp,lists,$(KERNEL_SRCS) $(BINS) $(DAEMONS) $(UTESTS) $(GLIBC) $(HOSTFS_SRCS)))
$(eval $(call stamp,tree,$$(MKFSFLAGS) $(shell LC_ALL=C ls -lR rootfs 2>/dev/null)))

# ---- Compiling -------------------------------------------------------------

# $(call unit,compiler and flags,sources): compiles the sources as one text.
unit = printf '\#include "%s"\n' $(2) | $(1) $(DEPS) -x c -c - -o $@

# The folder itself is named because it changes when a file comes or goes.
.SECONDEXPANSION:
$(BUILD)/obj/kernel/%.o: $$(call files,kernel/$$*) $(FLAGS) \
                         $$(wildcard kernel/$$(subst /hot,,$$*)/.) \
                         | $(BUILD)/gen/asm-offsets.h
	$(call say,CC)$(call unit,$(CC) $(KFLAGS),$(call files,kernel/$*))

$(BUILD)/obj/user/%.o: $$(call files,user/$$*) $$(wildcard user/$$*/.) $(FLAGS)
	$(call say,CC)$(call unit,$(CC) $(UFLAGS),$(call files,user/$*))

# Assembly may name the FPU's registers, to save them; compiled code may not.
$(BUILD)/obj/kernel/%.S.o: kernel/%.S $(FLAGS) | $(BUILD)/gen/asm-offsets.h
	$(call say,AS)$(CC) $(KFLAGS) -march=rv64gc $(DEPS) -c $< -o $@

$(BUILD)/obj/user/%.S.o: user/%.S $(FLAGS)
	$(call say,AS)$(CC) $(UFLAGS) $(DEPS) -c $< -o $@

$(BUILD)/obj/gen/%.o: $(BUILD)/gen/%.S $(FLAGS)
	$(call say,AS)$(CC) $(KFLAGS) -c $< -o $@

# The sizes and offsets that assembly needs, out of the compiler's mouth:
# DEFINE(NAME, value) in asm-offsets.c leaves .ascii "->NAME value" behind.
$(BUILD)/gen/asm-offsets.h: $(wildcard $(OFFSETS_C)) $(FLAGS)
ifneq ($(wildcard $(OFFSETS_C)),)
	$(call say,GEN)$(CC) $(KFLAGS) -MMD -MP -MT $@ -MF $(@:.h=.d) \
	    -g0 -S $< -o $(@:.h=.s)
endif
	@touch $(@:.h=.s)
	@{ echo '#pragma once'; sed -nE \
	    's/^.*->([A-Za-z0-9_]+) ([-0-9]+).*/#define \1 \2/p' \
	    $(@:.h=.s); } >$@

# ---- The kernel ------------------------------------------------------------

KERNEL_OBJS := $(call objs,$(KERNEL_UNITS) $(filter %.S,$(KERNEL_SRCS))) \
               $(BUILD)/obj/gen/recovery.o $(BUILD)/obj/gen/vdso.o

# The table of function names lies behind everything else that is read-only,
# so the link that includes it moves no function. The last step proves that.
$(BUILD)/kernel.elf: $(BUILD)/kernel.pass1 $(BUILD)/obj/gen/ksyms.o
	$(call say,LD)$(LD) $(LDFLAGS) -T $(KERNEL_LD) \
	    $(KERNEL_OBJS) $(BUILD)/obj/gen/ksyms.o -o $@
	@$(NM) $@ | grep ' [tTwW] [A-Za-z_]' | cmp -s - $(BUILD)/gen/functions || \
	    { echo '$@: the second link moved functions' >&2; exit 1; }

$(BUILD)/kernel.pass1: $(KERNEL_OBJS) $(KERNEL_LD) $(LISTS)
	$(call say,LD)$(LD) $(LDFLAGS) -S -T $(KERNEL_LD) $(KERNEL_OBJS) -o $@

$(BUILD)/gen/ksyms.S: $(BUILD)/kernel.pass1 tools/ksyms
	$(call say,GEN)$(NM) $< >$@.nm && tools/ksyms <$@.nm >$@ && \
	    grep ' [tTwW] [A-Za-z_]' $@.nm >$(BUILD)/gen/functions

# The program of last resort, carried inside the kernel.
$(BUILD)/gen/recovery.S: $(RECOVERY:=.stripped) | folders
	$(call say,GEN){ \
	    echo '.section .rodata.recovery, "a"'; \
	    echo '.globl recovery_elf_start, recovery_elf_end'; \
	    echo '.balign 16'; echo 'recovery_elf_start:'; \
	    $(if $<,echo '.incbin "$<"';) echo 'recovery_elf_end:'; } >$@

# The page of code that every program is given. The kernel needs to know where
# two of its symbols are.
VDSO_OBJS := $(call objs,kernel/arch/vdso $(filter %.S,$(VDSO_SRCS)))
$(VDSO_OBJS): SANFLAGS :=
$(VDSO_OBJS): KFLAGS += -mno-relax -g0

$(BUILD)/vdso.so: $(VDSO_OBJS) kernel/arch/vdso/vdso.ld
	$(call say,LD)$(LD) $(filter-out --gc-sections,$(LDFLAGS)) \
	    -T kernel/arch/vdso/vdso.ld $(VDSO_OBJS) -o $@

$(BUILD)/gen/vdso.S: $(BUILD)/vdso.so.stripped $(BUILD)/vdso.so
	$(call say,GEN){ \
	    echo '.section .rodata.vdso, "a"'; echo '.balign 8'; \
	    echo '.globl vdso_start, vdso_end, vdso_data_at, vdso_sigreturn_at'; \
	    echo 'vdso_start: .incbin "$<"'; echo 'vdso_end: .balign 8'; \
	    $(NM) $(BUILD)/vdso.so | sed -nE \
	        -e 's/^([0-9a-f]+) . vdso_data$$/vdso_data_at: .quad 0x\1/p' -e \
	        's/^([0-9a-f]+) . __vdso_rt_(sigreturn).*/vdso_\2_at: .quad 0x\1/p'; \
	    } >$@

$(BUILD)/%.stripped: $(BUILD)/%
	$(call say,STRIP)$(STRIP) -o $@ $<

$(BUILD)/kernel.asm: $(BUILD)/kernel.elf
	$(call say,GEN)$(OBJDUMP) -d -S $< >$@

# ---- Programs --------------------------------------------------------------

# The C library is one unit: what a program does not call, the linker drops.
LIBC     := $(call objs,user/lib $(wildcard user/lib/*.S))
# What is a unit of its own in a program's folder.
apart = $(call objs,$(basename $(call in,$(1),$(ALONE))))
LINKED   := $(filter-out $(FSCK),$(PROGRAMS)) $(TEST_PROGRAMS) $(RECOVERY)
$(LINKED): $(BUILD)/%: $(BUILD)/obj/%.o $$(call apart,$$*) $(LIBC)
	$(call say,LD)$(LD) $(LDFLAGS) $^ -o $@

# Programs for Linux as they are, to hold the kernel to its word. That they are
# compiled in half the time of -O2 is of no matter to it.
$(BUILD)/linux/%: tests/linux/%.c | folders
	$(call say,LINUXCC)riscv64-linux-gnu-gcc -static -Og -Wall -Wextra \
	    -Werror -s -MMD -MP -MT $@ -MF $@.d $< -o $@

# The same with another C library, musl, most of them with all they need in one
# file. Of Debian's packages for riscv64, only what the compiler reads is used.
MUSL     := $(BUILD)/debs-musl/usr
MUSL_LIB := $(MUSL)/lib/riscv64-linux-musl
MUSL_CC   = riscv64-linux-gnu-gcc -Og -Wall -Wextra -Werror -s -nostdlib \
    -nostdinc -isystem $(MUSL)/include/riscv64-linux-musl -isystem $(shell \
    riscv64-linux-gnu-gcc -print-file-name=include) -isystem $(MUSL)/include \
    -isystem $(MUSL)/include/riscv64-linux-gnu -L$(MUSL_LIB)
# musl knows no policies of scheduling.
MUSL_TESTS   := $(patsubst %,$(BUILD)/musl/%,$(filter-out sched%,$(GLIBC)))
MUSL_DYNAMIC := $(addprefix $(BUILD)/musl/,dynamic threads signals_handlers)

$(filter-out $(MUSL_DYNAMIC),$(MUSL_TESTS)): MUSL_LINK = -static -no-pie \
    $(MUSL_LIB)/crt1.o
$(MUSL_DYNAMIC): MUSL_LINK = -pie $(MUSL_LIB)/Scrt1.o \
    -Wl,--dynamic-linker=/lib/ld-musl-riscv64.so.1
$(BUILD)/musl/%: tests/linux/%.c $(BUILD)/debs-musl | folders
	$(call say,MUSLCC)$(MUSL_CC) -MMD -MP -MT $@ -MF $@.d $(MUSL_LINK) \
	    $(MUSL_LIB)/crti.o $< -lc -lgcc -lgcc_eh -lc $(MUSL_LIB)/crtn.o -o $@

# ---- Host tools ------------------------------------------------------------

# $(call host,folder,compiler and flags,list): how the files below obj/FOLDER
# are compiled: those of the list as units, others, and holes, one by one.
define host
$(BUILD)/obj/$(1)/%.c.o: %.c $(FLAGS)
	$$(call say,HOSTCC)$(2) $$(DEPS) -c $$< -o $$@
$(BUILD)/obj/$(1)/%.o: $$$$(call in,$$$$*,$(filter-out $(HOLES),$(3))) $(LISTS) $(FLAGS)
	$$(call say,HOSTCC)$$(call unit,$(2),$$(call in,$$*,$(filter-out $(HOLES),$(3))))
endef
# $(call hostobjs,folder,more files,list): the shared ones and a tool's own.
hostobjs = $(patsubst %,$(BUILD)/obj/$(1)/%.o,$(patsubst %/,%,$(sort $(dir $(filter-out \
    $(HOLES),$(or $(3),$(HOSTFS_SRCS)))))) $(filter $(HOLES),$(or $(3),$(HOSTFS_SRCS))) $(2))

MKFS_MAINS := mkfs/mkfs.c mkfs/efs.c mkfs/fsck.c
$(eval $(call host,host,$$(HOSTCC) $$(HFLAGS),$(HOSTFS_SRCS)))
$(BUILD)/host/mkfs.eclipsefs: $(call hostobjs,host,mkfs/mkfs.c)
$(BUILD)/host/efs: $(call hostobjs,host,mkfs/efs.c)
$(BUILD)/host/fsck.eclipsefs: $(call hostobjs,host,mkfs/fsck.c)
$(HOST_TOOLS):
	$(call say,HOSTLD)$(HOSTCC) $(HFLAGS) $^ -o $@

# fsck.eclipsefs once more, for the guest: 8 MiB of it are cache.
FSCK_SRCS := $(EFS_SRCS) $(CHECK_SRCS)
FSCK_OBJS := $(call hostobjs,guest,mkfs/fsck.c,$(FSCK_SRCS))
$(eval $(call host,guest,$$(CC) $$(UFLAGS) -Imkfs -Wno-redundant-decls -DCACHE_BLOCKS=2048u,$(FSCK_SRCS)))
$(FSCK): $(FSCK_OBJS) $(LIBC)
	$(call say,LD)$(LD) $(LDFLAGS) $^ -o $@

# ---- Checkers of many images ------------------------------------------------

# One is built with sanitizers and shares the objects of the host tests. What looks
# at crash images is not: that is the kernel's code as it is, and they are many.
CRASH_SRCS  := $(call sources,tests/crash,c)
DAMAGE_SRCS := $(call sources,tests/damage,c) tests/host/crash_disk.c
CHECKERS    := $(BUILD)/host/crash-check $(BUILD)/host/damage

$(eval $(call host,crash,$$(HOSTCC) $$(HFLAGS) -O2,$(FSCK_SRCS)))
$(BUILD)/host/crash-check: $(call hostobjs,crash,$(CRASH_SRCS),$(FSCK_SRCS))
	$(call say,HOSTLD)$(HOSTCC) $(HFLAGS) $^ -o $@

$(BUILD)/host/damage: $(patsubst %,$(BUILD)/obj/tests/with/%.o,$(DAMAGE_SRCS) $(FSCK_SRCS))
	$(call say,HOSTLD)$(HOSTCC) $(TFLAGS) $^ -o $@

# ---- Disk images -----------------------------------------------------------

# $(call install,folder,programs): puts stripped copies into the staged tree.
install = $(if $(2),mkdir -p $(1) && cp $(2) $(1) && \
          $(STRIP) $(addprefix $(1)/,$(notdir $(2))),true)

# $(call stage,tree): everything both images hold.
define stage
	@rm -rf $(1) && mkdir -p $(addprefix $(1)/,bin sbin dev proc sys tmp run root etc mnt \
	    home/student var/log var/lib/init)
	@if test -d rootfs; then cp -R rootfs/. $(1)/; fi
	@$(call install,$(1)/bin,$(filter $(BUILD)/user/bin/%,$(PROGRAMS)))
	@$(call install,$(1)/sbin,$(filter-out $(BUILD)/user/bin/%,$(PROGRAMS)))
endef
# A new file each time: a running QEMU keeps the old one. Most of it is a hole.
# Whoever builds, and with whatever umask: the files are root's. A lab whose starter
# cannot make an image of the usual kind says so in MKFSFLAGS.
mkfs = rm -f $@ && chmod -R u=rwX,go=rX $(1) && $(BUILD)/host/mkfs.eclipsefs \
       --reproducible $(MKFSFLAGS) -s $(or $(2),64M) -d $(1) -D mkfs/image.modes $@

# What takes longest to compile comes first, so that no job is left alone.
$(BUILD)/root.img: $(BUILD)/host/mkfs.eclipsefs $(PROGRAMS) $(LISTS) $(TREE) \
                   mkfs/image.modes
	$(call stage,$(BUILD)/rootfs)
	$(call say,MKFS)$(call mkfs,$(BUILD)/rootfs)

$(BUILD)/test.img: $(PROGRAMS) $(TEST_PROGRAMS) $(LINUX_TESTS) \
                   $(BUILD)/host/mkfs.eclipsefs $(LISTS) $(TREE) mkfs/image.modes \
                   $(wildcard tests/guest/tools/*)
	$(call stage,$(BUILD)/testfs)
	@$(call install,$(BUILD)/testfs/tests,$(TEST_PROGRAMS))
	@cp -R tests/guest/tools $(BUILD)/testfs/tests/
	@head -c 1048576 /dev/zero >$(BUILD)/testfs/bench.dat
	@$(if $(LINUX_TESTS),mkdir -p $(BUILD)/testfs/linux && \
	    cp $(LINUX_TESTS) $(BUILD)/testfs/linux/)
	$(call say,MKFS)$(call mkfs,$(BUILD)/testfs)

# Images with programs of Debian's, unmodified, in /usr/bin, beside what the
# others hold.
DEBIAN_busybox := busybox-static
DEBIAN_debian  := busybox-static coreutils dash lua5.4 sqlite3
DEBIAN_musl    := --alone musl musl-dev linux-libc-dev

$(BUILD)/debs-%: tools/debian | folders
	$(call say,DEBIAN)tools/debian $@ $(DEBIAN_$*) && touch $@

DEBIAN_IMAGES := $(BUILD)/busybox.img $(BUILD)/debian.img
$(DEBIAN_IMAGES): $(BUILD)/%.img: $(BUILD)/debs-% $(PROGRAMS) $(TEST_PROGRAMS) \
                  $(BUILD)/host/mkfs.eclipsefs $(LISTS) $(TREE) \
                  $(wildcard tests/guest/busybox/* tests/guest/debian/*)
	$(call stage,$(BUILD)/$*fs)
	@$(call install,$(BUILD)/$*fs/tests,$(TEST_PROGRAMS))
	@cd $(BUILD)/$*fs && ln -s usr/lib lib && \
	    cp -R ../debs-$*/usr ../debs-$*/etc .
	@cp -R tests/guest/busybox tests/guest/debian $(BUILD)/$*fs/tests/
	$(call say,MKFS)$(call mkfs,$(BUILD)/$*fs,160M)

# What tests/linux makes of musl, where the others are.
$(BUILD)/musl.img: $(PROGRAMS) $(MUSL_TESTS) $(BUILD)/host/mkfs.eclipsefs \
                   $(LISTS) $(TREE)
	$(call stage,$(BUILD)/muslfs)
	@mkdir $(BUILD)/muslfs/lib $(BUILD)/muslfs/linux && \
	    cp $(MUSL_LIB)/libc.so $(BUILD)/muslfs/lib/ld-musl-riscv64.so.1 && \
	    cp $(MUSL_TESTS) $(BUILD)/muslfs/linux/
	$(call say,MKFS)$(call mkfs,$(BUILD)/muslfs)

# ---- Host tests ------------------------------------------------------------

# A test says in its own comments what it needs:
#   // SOURCES: kernel/lib/fdt.c      // CFLAGS: -DX      // LIBS: -lfdt
# Those with the same CFLAGS share their objects, in a folder of that name.
COMMENTS := $(shell awk '/^\/\/ [A-Z]+: / { gsub(/ +/, "|"); print FILENAME $$0 }' \
    tests/host/test_*.c 2>/dev/null)
said    = tests/host/$(2).c//|$(1):|%
comment = $(subst |, ,$(patsubst $(said),%,$(filter $(said),$(COMMENTS))))

define host_test
$(1)_flags := $(call comment,CFLAGS,$(1))
$(1)_with  := with$$(subst /,.,$$(subst =,.,$$(subst $$() ,.,$$($(1)_flags))))
$(1)_srcs  := tests/host/$(1).c $(call comment,SOURCES,$(1))
$(1)_objs  := $$($(1)_srcs:%=$(BUILD)/obj/tests/$$($(1)_with)/%.o)
$(BUILD)/host/tests/$(1): $$($(1)_objs)
	$$(call say,HOSTLD)$$(HOSTCC) $$(TFLAGS) $$^ -lcmocka $$(call comment,LIBS,$(1)) -o $$@
$(BUILD)/obj/tests/$$($(1)_with)/%.c.o: %.c $$(FLAGS)
	$$(call say,HOSTCC)$$(HOSTCC) $$(TFLAGS) $$($(1)_flags) $$(DEPS) -c $$< -o $$@
endef
$(foreach t,$(TESTS),$(eval $(call host_test,$(t))))

# ---- Graders, demos, ways to look ------------------------------------------

MORE := $(wildcard grading/grade.mk demos/demo.mk tools/*.mk)
-include $(MORE)

DEP_FILES += $(LINUX_TESTS:=.d) $(MUSL_TESTS:=.d) $(BUILD)/gen/asm-offsets.d $(patsubst %.o,%.d, \
    $(KERNEL_OBJS) $(VDSO_OBJS) $(LIBC) $(FSCK_OBJS) $(LINKED:$(BUILD)/%=$(BUILD)/obj/%.o) \
    $(call objs,$(basename $(filter user/%,$(ALONE)))) \
    $(call hostobjs,host,$(MKFS_MAINS)) $(call hostobjs,crash,$(CRASH_SRCS),$(FSCK_SRCS)) \
    $(DAMAGE_SRCS:%=$(BUILD)/obj/tests/with/%.o) $(sort $(foreach t,$(TESTS),$($(t)_objs))))
-include $(wildcard $(DEP_FILES))

# ---- Running ---------------------------------------------------------------

QEMU ?= qemu-system-riscv64
QEMU_ARGS = -machine virt -bios default -kernel $(BUILD)/kernel.elf \
    -smp $(CPUS) -m $(MEM) -nographic -global virtio-mmio.force-legacy=false \
    -drive file=$(BUILD)/root.img,if=none,format=raw,id=vda \
    -device virtio-blk-device,drive=vda -device virtio-rng-device \
    $(QEMU_EXTRA) -append "root=vda$(if $(ARGS), $(ARGS))"

# The kernel's flags as any clang understands them, for lint's second opinion.
LINT_CLANG = clang --target=riscv64-unknown-elf -march=rv64imac -mabi=lp64 \
    -mcmodel=medany -DTRACE $(WARNINGS) -ffreestanding -nostdinc -isystem \
    $(shell clang -print-file-name=include) -Ikernel -I$(BUILD)/gen

##@ Building
all: $(BUILD)/kernel.elf $(BUILD)/root.img $(HOST_TOOLS) ## kernel, programs, host tools and root.img
kernel: $(BUILD)/kernel.elf ## only the kernel
programs: $(PROGRAMS) $(TEST_PROGRAMS) ## only what runs on it
tests: all $(BUILD)/test.img $(HOST_TESTS) $(CHECKERS) $(COUNTER) graders debian-if-offered ## all, and what the tests run
image-busybox: $(BUILD)/busybox.img ## a disk with Debian's busybox, unmodified, for riscv64
image-debian: $(BUILD)/debian.img ## one with Lua, SQLite, dash and coreutils as well
image-musl: $(BUILD)/musl.img ## one with the tests' programs for Linux, made with musl
# A machine may have no way to Debian's packages; the tests that need them say
# so and are skipped.
debian-if-offered: all $(TEST_PROGRAMS)
	@$(MAKE) -s image-busybox image-debian $(if $(GLIBC),image-musl) || \
	    echo 'without the images that need Debian packages for riscv64' >&2
asm: $(BUILD)/kernel.asm ## disassembly with source: build/kernel.asm
compile_commands.json: ## how each file is compiled, for clangd
	@mkdir -p $(BUILD)
	$(call say,GEN)$(MAKE) -Bn V=1 $(if $(wildcard tests/run),tests,all) | tools/compdb $(BUILD)/$@
	@ln -sf $(BUILD)/$@ $@
clean: ## remove everything that was built
	$(CLEAN)

##@ Running
# The second make sees the compiler that setup may just have installed.
run: ## build and boot to a shell; Ctrl-A x leaves QEMU
	@tools/setup --quick run
	@$(MAKE) boot
boot: all
	@echo '$(QEMU) $(QEMU_ARGS)'
	@exec $(QEMU) $(QEMU_ARGS)
gdb: ## boot under gdb, stopped at the first instruction
	@tools/setup --quick gdb
	@$(MAKE) all
	@exec tools/debug $(BUILD) $(QEMU) $(QEMU_ARGS)

##@ Checking
test: ## every test; T=pattern chooses some; RECORD=1 keeps recordings of those that fail
	@tools/setup --quick test
	@$(MAKE) -k tests; tests/run --build $(BUILD) $(if $(RECORD),--record) --made $$? '$(T)'
lint: ## style, layers, citations, cross-references
	@tools/setup --quick test
	@$(MAKE) findings
findings: tests
	@export LINT_KERNEL='$(CC) $(KFLAGS)' LINT_USER='$(CC) $(UFLAGS)' \
	    LINT_HOST='$(HOSTCC) $(HFLAGS)' LINT_CLANG='$(LINT_CLANG)'; \
	    tools/layers $(BUILD); layers=$$?; $(if $(filter clang,$(TOOLCHAIN)),, \
	    tools/stack-depth $(BUILD) $(OBJDUMP) || layers=1;) \
	    tools/lint $(BUILD) && exit $$layers
crashtest: ## every crash image, a million operations, 100 ends, damage: hours; IMAGES=N for less
	@tools/setup --quick test
	@$(MAKE) tests
	@cd $(BUILD)/host/tests && ./test_fs_model 1000000 && ./test_fs_full 1000 && \
	    ./test_efs_names_crash 100 && ./test_pagecache_crash 100
	@tests/crash/errors --build $(BUILD) && INIT_ROUNDS=100 tests/run --build $(BUILD) init_end.often
	@tests/crash/run --build $(BUILD) $(if $(IMAGES),--images $(IMAGES))
	@$(BUILD)/host/damage -j $$(nproc) -n $(or $(IMAGES),100000)
fuzz: ## a million random system calls, SAN=1, 4 harts; CALLS=N SEED=N
	@tools/setup --quick test
	@$(MAKE) $(BUILD)/test.img
	@$(MAKE) SAN=1 BUILD=$(BUILD)/san kernel
	@tests/fuzz $(BUILD) $(or $(CALLS),1000000) $(or $(SEED),1)
leaks: ## run every program of the tests over and over: no frame may be lost
	@tools/setup --quick test
	@$(MAKE) tests
	@LEAKS=all tests/run --build $(BUILD) --patience 10 leaks
format: ## lay out every C file by .clang-format
	git -c safe.directory='*' ls-files -co --exclude-standard '*.c' '*.h' | \
	    xargs clang-format -i

##@ Setting up
doctor: ## check this machine and print versions
	@tools/setup doctor
setup: ## install what is missing for run and test
	@tools/setup test
help: ## this list
	@tools/help $(firstword $(MAKEFILE_LIST)) $(MORE)

FORCE:
.PHONY: folders all kernel programs tests image-busybox image-debian debian-if-offered asm \
        compile_commands.json clean run boot gdb test lint findings crashtest fuzz leaks \
        format doctor setup help FORCE
