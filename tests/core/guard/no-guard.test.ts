import { copyFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readSession } from '../../../src/core/session/folder/read-session.ts';
import { ciIf } from '../../support/ci.ts';
import { eventually } from '../../support/eventually.ts';
import { endSessionsBelow } from '../../support/live-session.ts';
import { startRig } from '../../support/session-rig.ts';
import { startSession } from '../../support/start-session.ts';
import { type Behaviour, fakeBwrap, NO_NAMESPACES } from './fake-bwrap.ts';

// Machines without a working guard when a session starts.

const WHY: Array<[behaviour: Behaviour, why: string, isRepresentative: boolean]> = [
  ['refused', NO_NAMESPACES, true],
  // It is waited for ten seconds.
  ['hangs', 'did not answer', false],
];

for (const [behaviour, why, isRepresentative] of WHY)
  test.concurrent(
    `with SANDBOX=auto and a bubblewrap of the kind "${behaviour}" a session starts without a guard, and says why`,
    ciIf(isRepresentative),
    async () => {
      using fake = fakeBwrap(behaviour);
      await using rig = await startRig({ sandbox: 'auto', start: { run: false } });
      const context = rig.context();
      const env = { ...context.env, ...fake.env };
      try {
        const { view, warnings } = await startSession(
          { task: 'Paint every boat', run: false },
          { ...context, env },
        );
        expect(view.state.sandbox).toBe('none');
        expect(warnings[0]).toContain('Agents run without the guard');
        expect(warnings[0]).toContain(why);
      } finally {
        await endSessionsBelow(rig.file.sessionsDir, context.host);
      }
    },
  );

test.concurrent.each(WHY)(
  'with SANDBOX=guard and a bubblewrap of the kind "%s" nothing is started',
  async (behaviour, why) => {
    using fake = fakeBwrap(behaviour);
    const beginning = startRig({ sandbox: 'guard', firstEnv: fake.env });
    await expect(beginning).rejects.toMatchObject({
      code: 'guard_unavailable',
      message: expect.stringContaining(why),
    });
  },
);

test('without a guard no session starts on a commit whose files do not match their hashes', async () => {
  await using rig = await startRig({ start: { run: false }, repo: { files: { 'setup.sh': 'true\n' } } });
  await rig.until(({ status }) => status.kind === 'stopped');
  const pathOf = (hash: string) => join(rig.repo.path, '.git/objects', hash.slice(0, 2), hash.slice(2));
  await writeFile(join(rig.repo.root, 'false'), 'touch planted\n');
  const forged = await rig.repo.git(['hash-object', '-w', join(rig.repo.root, 'false')]);
  const real = pathOf(await rig.repo.git(['rev-parse', 'HEAD:setup.sh']));
  await rm(real);
  await copyFile(pathOf(forged), real);
  const context = rig.context();
  try {
    const { view } = await startSession({ task: 'Paint another boat', run: false }, context);
    await eventually(
      async () => {
        const status = (await readSession(view.paths, context.host))?.state.status;
        return status?.kind === 'blocked' && status.rule === 'git_damaged';
      },
      { what: 'the refusal' },
    );
  } finally {
    await endSessionsBelow(rig.file.sessionsDir, context.host);
  }
});
