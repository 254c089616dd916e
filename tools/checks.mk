# Checks that take long, of the kernel as it runs and of its text: part of the
# Makefile.

##@ Checking at length
race: ## every program of the tests, RACE=1, 4 harts; ROUNDS=N P=pattern
	@tools/setup --quick test
	@$(MAKE) $(BUILD)/test.img
	@$(MAKE) RACE=1 BUILD=$(BUILD)/race kernel
	@tests/race $(BUILD) $(or $(ROUNDS),1) '$(P)'
analyze: ## clang-tidy, cppcheck, gcc -fanalyzer; what is known: tools/analyze.known
	@tools/setup --quick analyze
	@$(MAKE) kernel
	@LINT_KERNEL='$(CC) $(KFLAGS)' LINT_CLANG='$(LINT_CLANG)' tools/analyze $(BUILD)

.PHONY: race analyze
