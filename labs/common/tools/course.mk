# What only a course has; lab.mk includes it.

submit: ## an archive of exactly the files that count
	@tools/submit '$(LAB)' $(BUILD)
hint: ## what to look at next; T=name for one test
	@tools/hint '$(LAB)' $(BUILD) '$(T)'
course: ## which labs there are, and which is yours here
	@sed -n '/^| lab /,/^$$/p' README.md; echo 'yours here: $(or $(LABS),none)'
.PHONY: submit hint course
qemu-command:
	@echo '$(QEMU) $(subst ",,$(QEMU_ARGS))'
.PHONY: qemu-command
