// Starts the services of the place in the file named in its arguments, says that they run, and waits to be killed.
import { readFileSync } from 'node:fs';
import { systemClock } from '../../../../src/core/kernel/clock.ts';
import { systemHost } from '../../../../src/core/kernel/processes/host.ts';
import { startServices } from '../../../../src/extensions/application/services/run-services.ts';

// The bundler defines it for programs.
Object.assign(globalThis, { __FAULTS__: false });
const { place, prefixes } = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8'));
const insideFor = (serves: readonly number[]) => (command: readonly string[]) =>
  [...prefixes[serves.join()], ...command] as [string, ...string[]];
const host = await systemHost();
const { signal } = new AbortController();
const running = await startServices({ ...place, insideFor }, { clock: systemClock, host, signal });
console.log(JSON.stringify(running.failures));
setInterval(() => undefined, 1000);
