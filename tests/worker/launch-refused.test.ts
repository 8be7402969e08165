import { expect, test } from 'vitest';
import { sessionPaths } from '../../src/session/paths.ts';
import { launchWorker } from '../../src/worker/launch.ts';
import { tempDir } from '../support/temp-dir.ts';

/** Runs `act` as a program does whose Node was replaced since it started. */
async function withNodeGone<T>(act: () => Promise<T>): Promise<T> {
  const { execPath } = process;
  process.execPath = '/usr/lib/node-20.19.0/bin/node';
  return await act().finally(() => {
    process.execPath = execPath;
  });
}

test('a Node that was upgraded away is named as what is missing (core C11)', async () => {
  await using dir = await tempDir();
  const paths = sessionPaths(dir.path, '26-01-08-x');
  const launched = withNodeGone(() => launchWorker(paths, { program: '/nowhere/worker.cjs', env: {} }));
  await expect(launched).rejects.toMatchObject({
    code: 'worker_not_launched',
    why: 'Node is no longer at /usr/lib/node-20.19.0/bin/node; it was probably upgraded.',
    hint: expect.stringContaining('Restart'),
  });
});
