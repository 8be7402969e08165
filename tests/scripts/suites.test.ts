import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import config from '../../vitest.config.ts';

// vitest passes a name over that no suite has, as long as another one fits.
test('.ci/run names every suite but the soak, and no other', () => {
  const { projects = [] } = (config as { test?: { projects?: { test: { name: string } }[] } }).test ?? {};
  const named = readFileSync('.ci/run', 'utf8').matchAll(/--project (\w+)/g);
  const run = ['soak', 'unit', ...[...named].map(([, name]) => name)];
  expect(run.sort()).toEqual(projects.map(({ test: { name } }) => name).sort());
});
