# Checks that look at the kernel while it runs, and at its text: part of the
# Makefile.

##@ Checking at length
race: ## every program of the tests, RACE=1, 4 harts; ROUNDS=N P=pattern
	@tools/setup --quick test
	@$(MAKE) $(BUILD)/test.img
	@$(MAKE) RACE=1 BUILD=$(BUILD)/race kernel
	@tests/race $(BUILD) $(or $(ROUNDS),1) '$(P)'
.PHONY: race
