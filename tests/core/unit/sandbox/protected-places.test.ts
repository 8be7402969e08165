import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { systemClock } from '../../../../src/core/kernel/clock.ts';
import { NO_OPENINGS } from '../../../../src/core/kernel/sandbox-level.ts';
import { rememberProject } from '../../../../src/core/project/finding/known-projects.ts';
import { commonDirOf } from '../../../../src/core/project/git/repository.ts';
import { findProtectedPlaces } from '../../../../src/core/sandbox/places.ts';
import { makeRepo, type TempRepo } from '../../../support/temp-repo.ts';

const placesOf = async ({ path, root, homeDir, env }: TempRepo) =>
  await findProtectedPlaces(
    {
      mainRepo: path,
      sessionsDir: join(root, 'sessions'),
      worktreesDir: join(root, 'worktrees'),
      settings: { sandbox: 'guard', openings: NO_OPENINGS },
    },
    {
      ...{ env, home: homeDir, runRoot: join(root, 'sessions/.run'), programFolder: join(root, 'dist') },
      commonDir: () => commonDirOf(path, { baseEnv: env }),
    },
  );

test("checkouts of the user and sessions of other projects are found, samocode's own worktrees are not", async () => {
  await using repo = await makeRepo({ files: { a: '1' } });
  await repo.git(['worktree', 'add', '-q', join(repo.root, 'beside')]);
  await repo.git(['worktree', 'add', '-q', join(repo.root, 'worktrees/one')]);
  const sessions = join(repo.root, 'third/sessions');
  await mkdir(sessions, { recursive: true });
  const other = {
    filePath: join(repo.root, 'third/.samocode'),
    mainRepo: join(repo.root, 'third'),
    sessions,
  };
  await rememberProject(other, { homeDir: repo.homeDir, clock: systemClock });
  const places = await placesOf(repo);
  expect(places.otherCheckouts).toEqual([join(repo.root, 'beside')]);
  expect(places.otherSessions).toEqual([sessions]);
  expect(places.commonDir).toBe(join(repo.path, '.git'));
});

test('the units that start the supervisor are protected', async () => {
  await using repo = await makeRepo();
  const { programs } = await placesOf(repo);
  const units = [
    join(repo.homeDir, '.config/systemd/user/samocode-supervisor.service'),
    join(repo.homeDir, 'Library/LaunchAgents/dev.samocode.supervisor.plist'),
  ];
  expect(programs).toEqual(expect.arrayContaining(units));
});
