# Fuzzers: part of the Makefile. Each tests/host/fuzz/fuzz_NAME.c is a target; its
# comments say what it needs, as in host tests. It is linked twice: with the host tests'
# own objects and tests/host/fuzz/main.c, for `make test`; and for libFuzzer, which looks
# at coverage and needs clang, for what runs at length.

FUZZERS := $(basename $(notdir $(wildcard tests/host/fuzz/fuzz_*.c)))
FUZZ_CHECKS := $(FUZZERS:%=$(BUILD)/host/fuzz/%)
FUZZ_PROGRAMS := $(FUZZERS:%=$(BUILD)/fuzz/%)
FUZZ_SAID := $(shell awk '/^\/\/ [A-Z]+: / { gsub(/ +/, "|"); print FILENAME $$0 }' \
    tests/host/fuzz/fuzz_*.c 2>/dev/null)
fuzz_file    = tests/host/fuzz/$(2).c//|$(1):|%
fuzz_comment = $(subst |, ,$(patsubst $(fuzz_file),%,$(filter $(fuzz_file),$(FUZZ_SAID))))

FUZZ_FLAGS = -O2 $(filter-out -O1 -fno-var-tracking -fsanitize=%,$(TFLAGS)) \
    -fsanitize=fuzzer-no-link,address,undefined

# In checksums, and in what reads inputs, comparisons say nothing of use, and often.
$(BUILD)/obj/fuzz/with/kernel/lib/crc32c.c.o $(BUILD)/obj/fuzz/with/kernel/fs/%.o \
$(BUILD)/obj/fuzz/with/mkfs/%.o $(BUILD)/obj/fuzz/with/tests/%.o: \
    private FUZZ_FLAGS += -fno-sanitize-coverage=trace-cmp
# What damages images, and sums what is in them, takes a fifth of the time with the
# sanitizers; `make test` runs it with them.
$(BUILD)/obj/fuzz/with/tests/damage/%.o: private FUZZ_FLAGS += -fno-sanitize=address,undefined
$(BUILD)/obj/fuzz/with/kernel/lib/crc32c.c.o: private FUZZ_FLAGS += -fno-sanitize=undefined \
    -fno-sanitize-coverage=inline-8bit-counters,pc-table,indirect-calls

define fuzz_target
$(1)_flags := $(call fuzz_comment,CFLAGS,$(1))
$(1)_with  := with$$(subst /,.,$$(subst =,.,$$(subst $$() ,.,$$($(1)_flags))))
$(1)_srcs  := tests/host/fuzz/$(1).c $(call fuzz_comment,SOURCES,$(1))
$(1)_objs  := $$(patsubst %,$(BUILD)/obj/tests/$$($(1)_with)/%.o,$$($(1)_srcs) tests/host/fuzz/main.c)
$(1)_fuzz  := $$($(1)_srcs:%=$(BUILD)/obj/fuzz/$$($(1)_with)/%.o)
$(BUILD)/host/fuzz/$(1): $$($(1)_objs)
	$$(call say,HOSTLD)$$(HOSTCC) $$(TFLAGS) $$^ -lcmocka $$(call fuzz_comment,LIBS,$(1)) -o $$@
$(BUILD)/fuzz/$(1): $$($(1)_fuzz)
	$$(call say,FUZZLD)clang -fsanitize=fuzzer,address,undefined $$^ -lcmocka $$(call \
	    fuzz_comment,LIBS,$(1)) -o $$@
$(BUILD)/obj/tests/$$($(1)_with)/%.c.o: %.c $$(FLAGS)
	$$(call say,HOSTCC)$$(HOSTCC) $$(TFLAGS) $$($(1)_flags) $$(DEPS) -c $$< -o $$@
$(BUILD)/obj/fuzz/$$($(1)_with)/%.c.o: %.c $$(FLAGS)
	$$(call say,FUZZCC)clang $$(FUZZ_FLAGS) $$($(1)_flags) $$(DEPS) -c $$< -o $$@
endef
$(foreach t,$(FUZZERS),$(eval $(call fuzz_target,$(t))))

# Inputs that need not be kept, for they are made of what is.
FUZZ_TREES := $(patsubst tests/host/dts/%.dts,$(BUILD)/fuzz/made/fdt/%.dtb, \
    $(if $(FUZZERS),$(wildcard tests/host/dts/*.dts)))
$(BUILD)/fuzz/made/fdt/%.dtb: tests/host/dts/%.dts | folders
	$(call say,DTC)dtc -q -I dts -O dtb -o $@ $<

HOST_TESTS += $(FUZZ_CHECKS)
tests: $(FUZZ_CHECKS) $(FUZZ_TREES)
DEP_FILES += $(FUZZ_PROGRAMS:=.d) $(FUZZ_TREES:=.d) $(patsubst %.o,%.d,$(sort $(foreach t,$(FUZZERS),$($(t)_objs) $($(t)_fuzz))))

##@ Fuzzing
fuzz-smoke: ## each fuzzer for half a minute; SECONDS=N, T=pattern chooses
	@tools/setup --quick fuzz
	@$(MAKE) $(FUZZ_PROGRAMS) $(FUZZ_TREES) && tests/host/fuzz/run --build $(BUILD) \
	    --seconds $(or $(SECONDS),30) '$(T)'
fuzz-long: ## one fuzzer after the other to 10,000,000 inputs, from where it stopped; RUNS=N, T=pattern
	@tools/setup --quick fuzz
	@$(MAKE) $(FUZZ_PROGRAMS) $(FUZZ_TREES) && tests/host/fuzz/run --build $(BUILD) \
	    --runs $(or $(RUNS),10000000) '$(T)'
.PHONY: fuzz-smoke fuzz-long
