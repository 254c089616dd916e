# What only a course has.

##@ Course
submit: ## an archive of exactly the files that count
	@tools/submit '$(LAB)' $(BUILD)
hint: ## what to look at next; T=name for one test
	@tools/hint '$(LAB)' $(BUILD) '$(T)'
questions: ## what a lab without holes asks, of you and on your machine
	@labs/$(LAB)/tests/questions
course: ## which labs there are, and which is yours here
	@sed -n '/^| lab /,/^$$/p' README.md; echo 'yours here: $(or $(LABS),none)'
.PHONY: submit hint questions course
qemu-command:
	@echo '$(QEMU) $(subst ",,$(QEMU_ARGS))'
.PHONY: qemu-command
