import { useExtensions } from '../../src/app/extensions/every-program.ts';
import { useForParents } from '../../src/app/extensions/parents.ts';
import { useSupervisorParts } from '../../src/app/extensions/supervisor.ts';

// As a main program does. Vitest runs this before each test file, and keeps modules from file to file.
let isDone = false;

export function handOver(): void {
  if (isDone) return;
  isDone = true;
  useExtensions();
  useForParents();
  useSupervisorParts();
}
