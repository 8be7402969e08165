import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { iterationPaths } from '../../../../src/core/session/layout/paths.ts';
import { ci } from '../../../support/ci.ts';
import { shell } from '../../../support/scenario-rules.ts';
import { startRig } from '../../../support/session-rig.ts';

const stays = {
  act: 'signal-file',
  text: '{"status":"continue","phase":"investigation","note":"Nearly there"}',
};

test.concurrent(
  'an agent without progress gets the finding after three iterations, and is stopped after two more',
  ci,
  async () => {
    await using rig = await startRig({
      here: true,
      scenario: { rules: [{ when: {}, do: [stays, { act: 'result' }] }] },
    });
    const { status, progress } = await rig.until(({ status }) => status.kind === 'blocked');
    expect(status).toMatchObject({ rule: 'no_progress', needs: 'human_decision' });
    expect(progress.totalIterations).toBe(5);
    const prompt = await readFile(iterationPaths(rig.paths, 4).prompt, 'utf8');
    expect(prompt).toContain('The last 3 iterations changed nothing: worktree');
    expect(await readFile(iterationPaths(rig.paths, 3).prompt, 'utf8')).not.toContain('changed nothing');
  },
);

test.concurrent('empty commits and lines in the overview are not progress', async () => {
  const busy = shell('git commit -q --allow-empty -m again');
  const chat = {
    act: 'write',
    path: 'overview',
    text: '\n- [001 @ 01-08 10:00] Thought about it\n',
    append: true,
  };
  const rules = [{ when: {}, do: [busy, chat, stays, { act: 'result' }] }];
  await using rig = await startRig({ here: true, scenario: { rules } });
  const { status } = await rig.until(({ status }) => status.kind === 'blocked');
  expect(status).toMatchObject({ rule: 'no_progress' });
});

test.concurrent('a commit in each iteration of a repository inside the worktree counts as progress', async () => {
  const commit = 'git -C sub -c user.name=x -c user.email=x@example.invalid commit -q --allow-empty -m work';
  const busy = shell(`[ -e sub ] || git init -q sub; ${commit}`);
  const rules = [
    { when: { iteration: 6 }, do: [{ act: 'hang' }] },
    { when: {}, do: [busy, stays, { act: 'result' }] },
  ];
  await using rig = await startRig({ here: true, scenario: { rules } });
  const { status } = await rig.until(
    ({ openIteration, status }) => openIteration?.iteration === 6 || status.kind === 'blocked',
  );
  expect(status.kind).toBe('running');
});
