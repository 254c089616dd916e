# Seeing a recorded trace: part of the Makefile.

# The viewer of traces: docs/trace-view.md. What npm brings is in
# $(VIEW)/node_modules, by tools/setup; nothing else here needs Node.js.
VIEW = $(BUILD)/trace-view
VIEW_SRCS := $(sort $(shell find tools/trace-view/src -type f)) tools/trace-view/build.mjs
# The recording that is shown, and the disk that the machine left with it.
RECORDED = $(if $(TRACE),$(TRACE),$(VIEW)/recorded.trace)
RECORDED_WITH = $(if $(TRACE),$(if $(DISK),--disk vda=$(DISK)), \
    --disk vda=$(VIEW)/recorded.img --about $(VIEW)/recorded.json)

$(VIEW)/app.html: $(VIEW_SRCS) tools/trace-view/package.json
	$(call say,GEN)node tools/trace-view/build.mjs $(VIEW)

##@ Seeing inside
trace-view: ## record a boot, and make a page that shows it; TRACE=file DISK=image for another
	@tools/setup --quick view
	@$(MAKE) all $(VIEW)/app.html
	$(if $(TRACE),,@tools/trace-view/record.py $(BUILD) $(CPUS) $(VIEW)/recorded)
	@tools/trace-view/embed.py --efs $(BUILD)/host/efs $(RECORDED_WITH) \
	    $(VIEW)/app.html $(RECORDED) $(BUILD)/trace-view.html
	@ls -l $(BUILD)/trace-view.html
trace-view-check: ## the viewer in a browser without a window, and pictures of it
	@tools/setup --quick view-check
	@$(MAKE) $(VIEW)/app.html
	@node --test tools/trace-view/test/model.test.mjs >$(VIEW)/model.log || { cat $(VIEW)/model.log; exit 1; }
	@node tools/trace-view/test/check.mjs chromium $(VIEW)/app.html $(VIEW)/pictures \
	    $(wildcard $(BUILD)/trace-view.html)
.PHONY: trace-view trace-view-check
