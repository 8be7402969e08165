import { existsSync } from 'node:fs';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { prune } from '../../../../src/core/acts/clean-up/prune.act.ts';
import { refNameOf } from '../../../../src/core/session/layout/names.ts';
import { typed } from '../../../app/unit/cli/typed.ts';
import { ci } from '../../../support/ci.ts';
import { type SessionRig, startRig } from '../../../support/session-rig.ts';
import { endOfWorker } from '../../../support/supervisors.ts';

const command = (rig: SessionRig, ...argv: string[]) => {
  const { path: cwd, homeDir: home, env } = rig.repo;
  return typed([...argv], { cwd, home, env, programs: rig.context().programs });
};

const kindsOf = (list: readonly { kind: string }[]) => list.map(({ kind }) => kind).sort();

test(
  'prune shows the space used by old sessions, frees it with --yes, and the session is still proved and continued',
  ci,
  async () => {
    await using rig = await startRig({ at: 'done', lines: { CHECK: 'test -e README.md' } });
    await endOfWorker(rig);
    const { paths, repo, file } = rig;
    const interrupted = join(file.worktreesDir, '_checks', 'checks-left');
    await mkdir(interrupted, { recursive: true });
    await writeFile(join(interrupted, 'README.md'), 'Boats\n');

    const young = await command(rig, 'prune');
    expect(young.stdout).toBe('Nothing to remove: no session ended more than 30 days ago.\n');

    const shown = await prune({ remove: false, days: 0, projectDir: repo.path }, rig.context());
    expect(kindsOf(shown.found)).toEqual(['cache', 'checkpoints', 'clone', 'iterations']);
    expect(shown.found.every(({ bytes = 0 }) => bytes > 0)).toBe(true);
    expect(shown.removed).toEqual([]);
    const result = await command(rig, 'prune', '--days', '0');
    expect(result.stdout).toContain(
      `${file.folder}: checkpoints; without them the session cannot be rewound\n`,
    );
    expect(result.stdout).toContain('To remove this: samocode prune --days 0 --yes\n');
    expect(await readdir(paths.iterations)).not.toEqual([]);

    const removed = await command(rig, 'prune', '--days', '0', '--yes');
    expect(removed.stdout).toContain('removed; git frees the space');
    expect(await readdir(paths.iterations)).toEqual([]);
    expect(await readdir(paths.logs)).toEqual([]);
    expect(existsSync(interrupted)).toBe(false);
    expect(await repo.git(['for-each-ref', `refs/samocode/${refNameOf(file)}`])).toBe('');
    expect((await command(rig, 'prune', '--days', '0')).stdout).toContain('Nothing to remove');

    expect((await command(rig, 'verify', file.folder)).exitCode).toBe(0);
    const { totalIterations } = (await rig.state()).progress;
    await rig.resume({ goal: 'Name the rafts too' });
    await rig.until(({ progress }) => progress.totalIterations > totalIterations);
  },
);

test('prune does not touch an unfinished session', async () => {
  await using rig = await startRig({ at: 'done' });
  const { totalIterations } = (await rig.state()).progress;
  await rig.resume({ goal: 'Name the rafts too' });
  await rig.until(({ progress }) => progress.totalIterations > totalIterations);
  const { found } = await prune({ remove: true, days: 0, projectDir: rig.repo.path }, rig.context());
  expect(found).toEqual([]);
  expect(await readdir(rig.paths.iterations)).not.toEqual([]);
});
