#!/bin/sh
# `npm start`: the service with a heap that is bounded (docs/operations.md), larger where the clients of servers are in it.
export MALLOC_ARENA_MAX=1
exec node --max-old-space-size=$([ "$EVENTSTORE_URL$EVENTSTORE_URL_FILE" ] && echo 384 || echo 192) --max-semi-space-size=8 --heap-growing-percent=100 --no-separate-gc-phases --no-parallel-scavenge --v8-pool-size=1 src/main.ts
