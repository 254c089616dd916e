# Ways to look at the kernel: part of the Makefile.

##@ Looking around
boot-chart: ## boot, and draw what took how long: build/boot-chart.svg
	@tools/setup --quick test
	@$(MAKE) all
	@tools/boot-chart $(BUILD) $(CPUS)
book: ## docs/ as a book: build/book/html/index.html, build/book/umbra.pdf
	@tools/setup --quick book
	@$(MAKE) all
	@tools/book $(BUILD)
map: ## one line for each header: what it is for
	@tools/map

.PHONY: boot-chart book map
