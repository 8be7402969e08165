import { basename } from 'node:path';
import { expect, test } from 'vitest';
import { nodePath } from '../../src/providers/starting/node-path.ts';

/** Runs `act` as a program does whose Node was replaced since it started. */
async function withNodeGone<T>(act: () => Promise<T>): Promise<T> {
  const { execPath } = process;
  process.execPath = '/usr/lib/node-20.19.0/bin/node';
  return await act().finally(() => {
    process.execPath = execPath;
  });
}

test('a program whose Node was upgraded away starts others with the Node of now', async () => {
  const found = await withNodeGone(() => nodePath({ PATH: process.env.PATH }));
  expect(basename(found)).toMatch(/^node/);
  expect(found).not.toBe('/usr/lib/node-20.19.0/bin/node');
});
