import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { sparsePartialClone } from '../../support/kinds-of-checkouts.ts';
import { startRig } from '../../support/session-rig.ts';
import { addLibraries } from '../../support/with-libraries.ts';

const sh = (command: string) => ({ act: 'run', command: ['sh', '-ec', command] });

test('an agent in the guard commits in a submodule that borrows the objects of the main checkout, and the proof has its commit', async () => {
  await using rig = await startRig({
    here: true,
    sandbox: 'guard',
    phase: 'done',
    lines: { CHECK: 'grep newer libs/outer/lib.txt && grep inner libs/outer/inner/lib.txt' },
    repo: { files: { 'a.txt': 'a\n' }, rearrange: addLibraries },
    scenario: {
      rules: [
        {
          when: { phase: 'done' },
          do: [
            sh('cd libs/outer; git log -p >/dev/null; echo newer >lib.txt'),
            sh('cd libs/outer; git -c user.name=x -c user.email=x@example.invalid commit -qam Newer'),
            sh('git add libs/outer; git commit -qm "A newer library"'),
            { act: 'end', did: 'Closed it', signal: { status: 'done', summary: 'Done.' } },
          ],
        },
      ],
    },
  });
  const main = () => readFile(join(rig.repo.path, '.git/modules/libs/outer/config'), 'utf8');
  const before = await main();
  await rig.until(({ status }) => status.kind === 'done');
  expect(await main()).toBe(before);
  const branch = rig.file.settings.branch;
  expect(await rig.repo.git(['log', '-1', '--format=%s', branch])).toBe('A newer library');
});

test('an agent in the guard works in a sparse and partial clone, whose proof fetches nothing beyond the patterns', async () => {
  await using rig = await startRig({
    here: true,
    sandbox: 'guard',
    phase: 'done',
    lines: { CHECK: 'test -e src/work.txt && ! test -e other' },
    repo: { files: { 'src/a.txt': 'a\n', 'other/b.txt': 'b\n' }, rearrange: sparsePartialClone },
    scenario: {
      rules: [
        {
          when: { phase: 'done' },
          do: [
            sh('echo work >src/work.txt; git add src; git commit -qm Work'),
            { act: 'end', did: 'Closed it', signal: { status: 'done', summary: 'Done.' } },
          ],
        },
      ],
    },
  });
  await rig.until(({ status }) => status.kind === 'done');
  const { branch } = rig.file.settings;
  expect(await rig.repo.git(['log', '-1', '--format=%s', branch])).toBe('Work');
  const objects = await rig.repo.git(['rev-list', '--objects', '--missing=print', branch]);
  expect(objects.match(/^\?\w+$/gm)).toHaveLength(1);
});
