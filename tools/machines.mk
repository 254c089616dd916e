# Machines that nobody has written down: part of the Makefile.

# Where what boots on them is staged: a disk with no more than their script needs.
MACHINE_BINS := cat dd free lsdev mount nproc sh sha256sum umount
MACHINE_FS := $(BUILD)/machinefs

$(BUILD)/machines.img: $(MACHINE_BINS:%=$(BUILD)/user/bin/%) tests/machines/guest.sh \
                       $(BUILD)/host/mkfs.eclipsefs
	@rm -rf $@ $(MACHINE_FS) && mkdir -p $(addprefix $(MACHINE_FS)/,dev proc sys tmp mnt data etc)
	@$(call install,$(MACHINE_FS)/bin,$(filter $(BUILD)/user/bin/%,$^))
	@cp tests/machines/guest.sh $(MACHINE_FS)/ && chmod 755 $(MACHINE_FS)/guest.sh
	@cat $(MACHINE_FS)/bin/* | head -c 100000 >$(MACHINE_FS)/data/blob
	$(call say,MKFS)$(BUILD)/host/mkfs.eclipsefs --reproducible -s 4M -d $(MACHINE_FS) $@

tests: $(if $(wildcard tests/machines/guest.sh),$(BUILD)/machines.img)

##@ Checking
machines: ## boot on N machines made up by SEED; CHROOT=debian:trixie with that system's QEMU
	@tools/setup --quick $(if $(CHROOT),machines,test)
	@$(MAKE) all $(BUILD)/machines.img
	$(if $(CHROOT),@tools/other-qemu $(BUILD)/roots $(CHROOT))
	@$(if $(CHROOT),QEMU=$(CURDIR)/$(BUILD)/roots/$(subst :,-,$(CHROOT)).qemu) \
	    tests/machines/run --build $(BUILD) $(or $(N),200) $(or $(SEED),1) $(ONLY)
.PHONY: machines
