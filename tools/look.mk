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

gdb-server: all ## boot stopped, the console here, for an editor's debugger: .vscode
	@echo 'stopped at the first instruction'
	@echo 'waiting for a debugger at localhost:$(or $(PORT),1234)'
	@exec $(QEMU) $(QEMU_ARGS) -S -gdb tcp:127.0.0.1:$(or $(PORT),1234)

##@ The same run again
record: all ## boot on one hart and record the run; Ctrl-C ends it
	@exec tools/record record $(BUILD)/record $(QEMU) $(QEMU_ARGS)
replay: ## what was recorded, the same to the instruction; GDB=1 under gdb, R=folder another
	@exec tools/record replay $(or $(R),$(BUILD)/record)
replay-check: all ## record a run and replay it 100 times, N=number; all must be the same
	@exec tools/record check $(or $(N),100) $(BUILD)/replay-check $(QEMU) $(QEMU_ARGS)

.PHONY: boot-chart book map gdb-server record replay replay-check
