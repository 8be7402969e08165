import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { ApplicationRunner } from '../../../../src/core/sandbox/application-runner.ts';
import { SessionServices } from '../../../../src/core/worker/state/session-services.ts';
import type { Worker } from '../../../../src/core/worker/state/worker.ts';
import { tempDir } from '../../../support/temp-dir.ts';

const asked = (restartServices: string) =>
  new SessionServices({ paths: { restartServices } } as Worker, {} as ApplicationRunner).whileAgent(
    'implementation',
  );

test('an agent restarts services by a file, not by a folder', async () => {
  await using dir = await tempDir();
  const path = join(dir.path, '_restart_services');
  mkdirSync(path);
  await asked(path);
  expect(existsSync(path)).toBe(true);
});

test.skipIf(process.platform !== 'linux')(
  'a file that cannot be deleted is a failure that the watch of the agent reports once',
  async () => {
    // A plain file that not even root can delete.
    await expect(asked('/proc/self/status')).rejects.toThrow(/EPERM|EACCES/);
  },
);
