#!/bin/sh
exec sh "$(dirname "$0")/../shared/run.sh" "$(dirname "$0")" "$@"
