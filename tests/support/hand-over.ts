import { useProviders, useSupervisorParts } from '../../src/app/extensions.ts';

// As a main program does. Vitest runs this before each test file, and keeps modules from file to file.
let isDone = false;

export async function handOver(): Promise<void> {
  if (isDone) return;
  isDone = true;
  useProviders();
  await useSupervisorParts();
}
