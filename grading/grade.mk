# Kernels and programs that ask the questions of a lab's tests.
#
# Included by the Makefile. GRADE_TESTS is a lab's folder of tests, guest/*.c in
# it are linked with the kernel, user/*.c with the C library:
#
#   make GRADE_TESTS=labs/07-virtqueue/tests graders
#
# builds $(BUILD)/grade/rings.elf of guest/rings.c and $(BUILD)/grade/user/copy
# of user/copy.c. The calls of kmain and of startup go to grading/guest/grade.c;
# those of functions that a line "// WRAP: f g" in guest/rings.c names go to
# __wrap_f and __wrap_g there. A program that includes grade.h answers questions
# (grading/guest/program.c); what "// WITH: user/init/graph.c" names is linked
# with it, and "// WRAP: f" is as above.
# Without a lab they are those of the grader's own tests.

GRADE_TESTS  ?= $(if $(LAB),labs/$(LAB)/tests,tests/grading/90-toy/tests)
# What a file of tests says of itself: functions to wrap, objects to link.
grade_says = $(shell sed -n 's|^// $(1): ||p' $(GRADE_TESTS)/$(2))
grade_wrap = $(addprefix --wrap=,$(call grade_says,WRAP,$(1)))
grade_with = $(call objs,$(basename $(call grade_says,WITH,$(1))) \
    $(if $(shell grep '^\#include "grade.h"' $(GRADE_TESTS)/$(1)),$(addprefix grade/program/,program pieces)))
GRADE_KERNELS := $(addprefix $(BUILD)/grade/,$(addsuffix .elf,$(basename \
    $(notdir $(wildcard $(GRADE_TESTS)/guest/*.c)))))
GRADE_PROGRAMS := $(addprefix $(BUILD)/grade/user/,$(basename \
    $(notdir $(wildcard $(GRADE_TESTS)/user/*.c))))

$(BUILD)/obj/grade/guest/%.o: $(GRADE_TESTS)/guest/%.c $(FLAGS) | folders
	$(call say,CC)$(CC) $(KFLAGS) -Igrading/guest $(DEPS) -c $< -o $@

$(BUILD)/obj/grade/%.o: grading/guest/%.c $(FLAGS) | folders
	$(call say,CC)$(CC) $(KFLAGS) -Igrading/guest $(DEPS) -c $< -o $@

$(BUILD)/obj/grade/user/%.o: $(GRADE_TESTS)/user/%.c $(FLAGS) | folders
	$(call say,CC)$(CC) $(UFLAGS) -I. -Igrading/guest $(DEPS) -c $< -o $@

# What answers questions in user land.
$(BUILD)/obj/grade/program/%.o: grading/guest/%.c $(FLAGS) | folders
	$(call say,CC)$(CC) $(UFLAGS) -Igrading/guest $(DEPS) -c $< -o $@

# Nobody measures these, so the linker need not look for shorter ways to say it.
GRADE_OBJS := $(addprefix $(BUILD)/obj/grade/,grade.o pieces.o setup.o)
$(GRADE_KERNELS): $(BUILD)/grade/%.elf: $(BUILD)/obj/grade/guest/%.o \
        $(GRADE_OBJS) $(KERNEL_OBJS) $(KERNEL_LD)
	$(call say,LD)$(LD) $(LDFLAGS) --no-relax -T $(KERNEL_LD) --wrap=kmain --wrap=startup \
	    $(call grade_wrap,guest/$*.c) \
	    $(filter %.o,$^) -o $@

$(GRADE_PROGRAMS): $(BUILD)/grade/user/%: $(BUILD)/obj/grade/user/%.o $$(call grade_with,user/$$*.c) $(LIBC)
	$(call say,LD)$(LD) $(LDFLAGS) $(call grade_wrap,user/$*.c) $^ -o $@

GRADERS   := $(GRADE_KERNELS) $(GRADE_PROGRAMS)
GRADE_DEPS := $(if $(GRADERS),$(GRADE_OBJS:.o=.d)) $(sort $(patsubst %.o,%.d, \
    $(foreach p,$(GRADE_PROGRAMS),$(call grade_with,user/$(notdir $(p)).c)))) \
    $(GRADE_KERNELS:$(BUILD)/grade/%.elf=$(BUILD)/obj/grade/guest/%.d) \
    $(GRADE_PROGRAMS:$(BUILD)/grade/%=$(BUILD)/obj/grade/%.d)
DEP_FILES += $(GRADE_DEPS) $(addsuffix .d,$(GRADERS))
graders: $(GRADERS)

# What every image of the grader's holds, as a folder.
$(BUILD)/userland/.stamp: $(PROGRAMS) $(LISTS) $(TREE)
	$(call stage,$(BUILD)/userland)
	@touch $@
userland: $(BUILD)/userland/.stamp
host-tools: $(HOST_TOOLS)
.PHONY: graders userland host-tools

##@ Grading
grade: ## grade a lab: LAB=7, T=name for a test or a step, SUBMISSION=path, SEED=n
	@tools/setup --quick grade
	@grading/grade $(if $(LAB),--lab $(LAB)) $(if $(T),--test '$(T)') \
	    $(if $(SUBMISSION),--submission '$(SUBMISSION)') $(if $(SEED),--seed $(SEED)) \
	    --out '$(BUILD)/graded$(if $(T),/$(T))'
labs-check: ## all that is promised of the labs; LAB=7, WHAT=mutants for a part
	@tools/setup --quick test
	@labs/check $(LAB) $(WHAT)
mutation: ## each mutant of each lab: what it loses in which test: build/mutation.md
	@tools/setup --quick test
	@labs/check $(LAB) mutants --table $(BUILD)/mutation.md
redteam: ## submissions that try to cheat or do harm; ATTACK=name for one
	@tools/setup --quick test
	@PYTHONDONTWRITEBYTECODE=1 python3 -m grading.redteam $(ATTACK)
class: ## grade a class: LAB=7 SUBMISSIONS=folder OUT=folder, HIDDEN=folder
	@tools/setup --quick grade
	@grading/class --lab $(LAB) $(SUBMISSIONS) --out $(OUT) $(if $(HIDDEN),--hidden $(HIDDEN))
class-check: ## a made-up class, killed and resumed: LAB=, COUNT=200, KILLS=5
	@tools/setup --quick test
	@nice tests/class-check $(if $(LAB),--lab $(LAB)) $(if $(COUNT),--count $(COUNT)) \
	    $(if $(KILLS),--kills $(KILLS))
soak: ## grade trunk over and over on a busy machine: LAB= RUNS= LOADED=1
	@tools/setup --quick test
	@$(MAKE) all
	@nice tests/soak $(if $(LAB),--lab $(LAB)) $(if $(RUNS),--runs $(RUNS)) \
	    $(if $(LOADED),--loaded)
.PHONY: soak grade labs-check redteam mutation class class-check
