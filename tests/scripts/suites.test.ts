import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import config from '../../vitest.config.ts';

// vitest ignores an unknown project name as long as another one matches.
test('.ci/run names every suite, and no other', () => {
  const { projects = [] } = (config as { test?: { projects?: { test: { name: string } }[] } }).test ?? {};
  const named = readFileSync('.ci/run', 'utf8').matchAll(/--project (\w+)/g);
  const run = new Set(['unit', ...[...named].map(([, name]) => name)]);
  expect([...run].sort()).toEqual(projects.map(({ test: { name } }) => name).sort());
});
