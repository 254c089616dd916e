# Measuring: part of the Makefile.

# Part of a QEMU, which has what it calls. A course has no bench/.
COUNTER := $(patsubst bench/%.c,$(BUILD)/host/%.so,$(wildcard bench/*.c))
$(COUNTER): $(BUILD)/host/%.so: bench/%.c $(FLAGS)
	$(call say,HOSTLD)$(HOSTCC) $(HFLAGS) -O2 -MMD -MP -MF $@.d -shared -fPIC $< -o $@

##@ Measuring
bench: ## measure, compare with the last baseline; SAVE=1 renews it
	@tools/setup --quick test
	@$(MAKE) tests
	@tools/bench $(BUILD) $(if $(SAVE),--save)

.PHONY: bench
