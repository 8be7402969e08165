import { statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { makeRunFolder } from '../../../../../src/core/acts/sessions/begin-session.ts';
import { sessionPaths } from '../../../../../src/core/session/layout/paths.ts';
import { sessionFileSample } from '../../../../support/session-file-sample.ts';
import { tempDir } from '../../../../support/temp-dir.ts';
import { makeRepo } from '../../../../support/temp-repo.ts';

const start = {
  v: 1,
  id: '01JH0000000000000000000000',
  at: '2026-01-08T10:00:00.000Z',
  by: { channel: 'cli' },
  kind: 'start',
  run: true,
} as const;

test('no other user can read the folders that a start makes', async () => {
  await using dir = await tempDir();
  const file = sessionFileSample({ sessionsDir: join(dir.path, 'sessions') });
  const { sessionsDir } = file;
  const { runDir } = sessionPaths(sessionsDir, file.folder);
  expect(
    await makeRunFolder(sessionPaths(sessionsDir, file.folder), file, {
      given: {},
      first: start,
      home: dir.path,
    }),
  ).toBe(true);
  const modes = [sessionsDir, dirname(runDir), runDir].map((path) => statSync(path).mode & 0o777);
  expect(modes).toEqual([0o700, 0o700, 0o700]);
});

test('git ignores the run folders if SESSIONS is a separate repository', async () => {
  await using repo = await makeRepo();
  const file = sessionFileSample({ sessionsDir: repo.path });
  const made = { given: {}, first: start, home: repo.homeDir };
  expect(await makeRunFolder(sessionPaths(repo.path, file.folder), file, made)).toBe(true);
  expect(await repo.git(['status', '--porcelain', '--untracked-files=all'])).toBe('');
  await repo.git(['clean', '-fd']);
  expect(await makeRunFolder(sessionPaths(repo.path, file.folder), file, made)).toBe(false);
});
