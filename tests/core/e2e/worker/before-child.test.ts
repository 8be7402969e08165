import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { refNameOf } from '../../../../src/core/session/layout/names.ts';
import { ci } from '../../../support/ci.ts';
import { shell } from '../../../support/scenario-rules.ts';
import { type SessionRig, startRig } from '../../../support/session-rig.ts';

const stays = { act: 'signal-file', text: '{"status":"continue"}' };

test.concurrent(
  "a person's changes between two agents are saved before the next one, and do not count as its work",
  ci,
  async () => {
    const rules = [
      { when: { iteration: 1 }, do: [shell('echo child > child.txt'), stays, { act: 'result' }] },
      { when: {}, do: [shell('rm -f person.txt && git checkout -q .'), stays, { act: 'result' }] },
      { when: {}, do: [stays, { act: 'result' }] },
    ];
    await using rig = await startRig({ here: true, scenario: { rules } });
    await rig.until(({ progress }) => progress.totalIterations >= 1);
    await rig.stop('after_iteration');
    const { worktree, progress } = await rig.until(({ status }) => status.kind === 'stopped');
    const next = progress.totalIterations + 1;
    await writeFile(join(worktree?.path ?? '', 'person.txt'), 'by hand\n');
    await rig.resume();
    await rig.until(({ progress }) => progress.totalIterations > next);
    const ref = `refs/samocode/${refNameOf(rig.file)}/${String(next).padStart(3, '0')}-before`;
    expect(await rig.repo.git(['show', `${ref}:worktree/person.txt`])).toBe('by hand');
  },
);

test.concurrent("an agent that only finds a person's changes has changed nothing", async () => {
  await using rig = await startRig({
    here: true,
    scenario: { rules: [{ when: {}, do: [stays, { act: 'result' }] }] },
  });
  await rig.until(({ progress }) => progress.totalIterations >= 1);
  await rig.stop('after_iteration');
  const { worktree, progress } = await rig.until(({ status }) => status.kind === 'stopped');
  await writeFile(join(worktree?.path ?? '', 'person.txt'), 'by hand\n');
  await rig.resume();
  const next = progress.totalIterations + 1;
  await rig.until(({ progress }) => progress.totalIterations > next);
  expect(await endOf(rig, next)).toMatchObject({ treeChanged: false });
});

test.concurrent('between two consecutive agents only the files that the first one left are saved', async () => {
  const rules = [
    { when: {}, do: [shell('echo "$SAMOCODE_ITERATION" > child.txt'), stays, { act: 'result' }] },
  ];
  await using rig = await startRig({ here: true, scenario: { rules } });
  await rig.until(({ progress }) => progress.totalIterations > 3);
  const refs = await rig.repo.git(['for-each-ref', '--format=%(refname:lstrip=3)', 'refs/samocode']);
  expect(refs.split('\n').slice(0, 4)).toEqual(['000', '001', '002', '003']);
});

async function endOf(rig: SessionRig, iteration: number) {
  const events = await rig.events();
  return events.find((event) => event.type === 'iteration_ended' && event.iteration === iteration);
}
