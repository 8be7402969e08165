import { useExtensions } from '../../src/app/extensions/extensions.ts';
import { useProviders } from '../../src/app/extensions/providers.ts';
import { useSupervisorParts } from '../../src/app/extensions/supervisor.ts';
import { useSessionExtensions } from '../../src/app/extensions/worker.ts';
import { furtherProviders } from '../../src/core/agents/registry.ts';
import { extensions } from '../../src/core/kernel/extension.ts';
import type { Registry } from '../../src/core/kernel/registry.ts';
import { furtherSettings } from '../../src/core/project/settings/settings.ts';
import { supervisorParts } from '../../src/core/supervisor/part.ts';
import { sessionExtensions } from '../../src/core/worker/state/extension.ts';
import { HAS_EXTENSIONS } from './has-extensions.ts';

const REGISTRIES: readonly Pick<Registry<never>, 'handOver'>[] = [
  ...[furtherProviders, furtherSettings, extensions, supervisorParts, sessionExtensions],
];

// As a main program does. Vitest runs this before each test file, and keeps modules from file to file.
let isDone = false;

export function handOver(): void {
  if (isDone) return;
  isDone = true;
  if (!HAS_EXTENSIONS) {
    handOverNothing();
    return;
  }
  useProviders();
  useExtensions();
  useSupervisorParts();
  useSessionExtensions();
}

/** As a build without extensions does. */
function handOverNothing(): void {
  for (const registry of REGISTRIES) registry.handOver([]);
}
