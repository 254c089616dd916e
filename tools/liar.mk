# Disks that lie, for QEMU: part of the Makefile.

LIAR_SRCS := $(call sources,tests/liar,c)
$(BUILD)/host/liar: $(LIAR_SRCS:%=$(BUILD)/obj/tests/with/%.o)
	$(call say,HOSTLD)$(HOSTCC) $(TFLAGS) $^ -o $@
DEP_FILES += $(LIAR_SRCS:%=$(BUILD)/obj/tests/with/%.d)
# Other hosts' QEMU has no vhost-user.
tests: $(if $(filter Linux,$(shell uname)),$(BUILD)/host/liar)

##@ Devices that lie
liar: ## every lie of a disk, on old and new transports, on 1, 2 and 4 harts; SEEDS=n
	@tools/setup --quick test
	@$(MAKE) tests
	@tests/liar/run $(BUILD) $(or $(SEEDS),3)
.PHONY: liar
