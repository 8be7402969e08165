#!/bin/sh
exec sh "$(dirname "$0")/../hello-agent/make.sh" "$@"
