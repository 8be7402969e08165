import { basename } from 'node:path';
import { expect, test } from 'vitest';
import { nodePath } from '../../../../src/core/sandbox/programs/node-path.ts';

/** Runs `act` in a program whose Node was replaced since its start. */
async function withNodeGone<T>(act: () => Promise<T>): Promise<T> {
  const { execPath } = process;
  process.execPath = '/usr/lib/node-20.19.0/bin/node';
  return await act().finally(() => {
    process.execPath = execPath;
  });
}

test('a program whose Node was replaced by an upgrade starts others with the current Node', async () => {
  const found = await withNodeGone(() => nodePath({ PATH: process.env.PATH }));
  expect(basename(found)).toMatch(/^node/);
  expect(found).not.toBe('/usr/lib/node-20.19.0/bin/node');
});
