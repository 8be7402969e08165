import { expect, test } from 'vitest';
import { makeRunFolder } from '../../../../../src/core/acts/sessions/begin-session.ts';
import { sessionPaths } from '../../../../../src/core/session/layout/paths.ts';
import { sessionFileSample } from '../../../../support/session-file-sample.ts';
import { makeRepo } from '../../../../support/temp-repo.ts';

test('git ignores the run folders if SESSIONS is a separate repository', async () => {
  await using repo = await makeRepo();
  const file = sessionFileSample({ sessionsDir: repo.path });
  const first = {
    v: 1,
    id: '01JH0000000000000000000000',
    at: '2026-01-08T10:00:00.000Z',
    by: { channel: 'cli' },
    kind: 'start',
    run: true,
  } as const;
  expect(await makeRunFolder(sessionPaths(repo.path, file.folder), file, { first, home: repo.homeDir })).toBe(
    true,
  );
  expect(await repo.git(['status', '--porcelain', '--untracked-files=all'])).toBe('');
  await repo.git(['clean', '-fd']);
  expect(await makeRunFolder(sessionPaths(repo.path, file.folder), file, { first, home: repo.homeDir })).toBe(
    false,
  );
});
