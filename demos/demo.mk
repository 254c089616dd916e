# The demos for the lecture hall: demos/README.md.

##@ In the lecture hall
demo: ## lists the demos; D=NUMBER or a part of the name shows one; REPLAY=1 as recorded
	@$(if $(D),tools/setup --quick demo && $(MAKE) all programs)
	@demos/run --build $(BUILD) $(if $(REPLAY),--replay) $(D)
demo-record: ## records the demos whose machines have one hart, or D=...: build/demos/NAME/recording
	@tools/setup --quick demo
	@$(MAKE) all programs
	@demos/run --build $(BUILD) --record $(D)
demos-check: ## runs every demo, or D=..., and compares: with what is expected, and replays
	@tools/setup --quick demo
	@$(MAKE) all programs
	@demos/run --build $(BUILD) --check $(D)
demo-site: ## pages of all demos, with what each showed and its trace: build/demos/site/index.html
	@tools/setup --quick demo
	@$(MAKE) all programs
	@if tools/setup --quick view; then $(MAKE) $(VIEW)/app.html; \
	    else echo 'the pages are made without traces: there is no viewer'; fi
	@demos/site $(BUILD)
demo-site-check: ## these pages in a browser without a window, and pictures of them
	@tools/setup --quick view-check
	@node demos/check.mjs chromium $(BUILD)/demos/site $(BUILD)/demos/pictures

.PHONY: demo demo-record demos-check demo-site demo-site-check
