import { useActs } from '../../src/app/extensions/acts.ts';
import { useForParents } from '../../src/app/extensions/parents.ts';
import { useProviders } from '../../src/app/extensions/providers.ts';
import { useSupervisorParts } from '../../src/app/extensions/supervisor.ts';
import { useSessionExtensions } from '../../src/app/extensions/worker.ts';

// As a main program does. Vitest runs this before each test file, and keeps modules from file to file.
let isDone = false;

export function handOver(): void {
  if (isDone) return;
  isDone = true;
  useProviders();
  useActs();
  useForParents();
  useSupervisorParts();
  useSessionExtensions();
}
