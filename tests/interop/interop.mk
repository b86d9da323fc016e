# Other implementations, and the working group's vectors. Included by the Makefile at the top.

.PHONY: vectors interop vectors-regenerate

vectors: ## the working group's test vectors (MLS_TEST_VECTORS names their folder) and our own transcripts
	@python3 tests/run.py transcripts vectors

interop: ## live with OpenMLS, Bouncy Castle and ts-mls, and by the working group's harness; MLS_TORTURE=1: hundreds of scripts
	@python3 tests/run.py interop interop-bouncycastle interop-ts-mls interop-grpc interop-grpc-bouncycastle

vectors-regenerate: ## make the transcripts in tests/vectors anew
	cargo run --quiet --locked --manifest-path tests/interop/live/Cargo.toml --target-dir $(TARGET) --features openmls -- transcripts tests/vectors
