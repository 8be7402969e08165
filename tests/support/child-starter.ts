// Starts one child as a worker does and exits, or dies at the point in SAMOCODE_CRASH_AT.
import { systemClock } from '../../src/core/kernel/clock.ts';
import { systemHost } from '../../src/core/kernel/processes/host.ts';
import { type RunChildOptions, runChild } from '../../src/core/sandbox/programs/run-child.ts';

const options = JSON.parse(process.argv[2] ?? '') as Omit<RunChildOptions, 'host' | 'clock'>;
await runChild({ ...options, host: await systemHost(), clock: systemClock });
