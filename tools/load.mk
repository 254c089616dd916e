# A machine under load for hours: part of the Makefile.

##@ Under load
load: ## a mixed load for HOURS (24) of a clock that leaps over sleeps, then of one that hurries on 4 harts, then ROUNDS at the host's pace: all must come back
	@tools/setup --quick test
	@$(MAKE) tests
	@tools/load $(BUILD) $(HOURS)
	@tools/load $(BUILD) $(HOURS) --harts 4
	@tools/load $(BUILD) --harts 4 --rounds $(or $(ROUNDS),1000)

.PHONY: load
