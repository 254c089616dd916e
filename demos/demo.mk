# The demos for the lecture hall: demos/README.md.

##@ In the lecture hall
demo: ## lists the demos; D=NUMBER or a part of the name shows one
	@$(if $(D),tools/setup --quick demo && $(MAKE) all programs)
	@demos/run --build $(BUILD) $(D)
demos-check: ## runs every demo, or D=..., and compares with what is expected
	@tools/setup --quick demo
	@$(MAKE) all programs
	@demos/run --build $(BUILD) --check $(D)
demo-site: ## pages of all demos, with what each showed: build/demos/site/index.html
	@tools/setup --quick demo
	@$(MAKE) all programs
	@demos/site $(BUILD)

.PHONY: demo demos-check demo-site
