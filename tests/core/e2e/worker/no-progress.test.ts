import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { iterationPaths } from '../../../../src/core/session/layout/paths.ts';
import { ci } from '../../../support/ci.ts';
import { shell } from '../../../support/scenario-rules.ts';
import { LOOKS_FIRST, type SessionRig, startRig } from '../../../support/session-rig.ts';

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

/** The requirements agent waits for a file; the next one hangs. @param write a file that it creates first */
function waitsFor(file: string, write?: string): Promise<SessionRig> {
  const acts = [
    ...(write === undefined ? [] : [{ act: 'write', path: write, text: 'old\n' }]),
    {
      act: 'signal-file',
      text: JSON.stringify({ status: 'waiting', for: 'file_update', file, reason: 'key' }),
    },
    { act: 'result' },
  ];
  const rules = [
    { when: { phase: 'requirements', count: 1 }, do: acts },
    { when: { phase: 'requirements' }, do: [{ act: 'hang' }] },
    LOOKS_FIRST,
  ];
  return startRig({ supervised: true, scenario: { rules } });
}

const isWaiting = ({ status }: Awaited<ReturnType<SessionRig['state']>>) => status.kind === 'waiting';

test.each([
  ['even if given by a longer path', 'sub/../notes.md', 'notes.md'],
  ['even if its name begins like that of the log folder', '_logs-notes.md', '_logs-notes.md'],
])('a file of the session folder is waited for, %s', ci, async (_, named, file) => {
  await using rig = await waitsFor(named);
  const { status } = await rig.until(isWaiting);
  expect(status).toMatchObject({ for: 'file_update', file });
  await writeFile(join(rig.paths.sessionDir, file), 'here it is\n');
  await rig.until(({ openIteration }) => openIteration?.iteration === 3);
});

test.each([
  ['that the worker writes itself', '_overview.md', undefined],
  ['elsewhere on the machine', '/etc/boats.conf', undefined],
  ['outside the session folder', '../../boats.conf', undefined],
  ['of the worktree', 'boats.conf', 'worktree:boats.conf'],
])('for a file %s a person has to report the change', async (_where, file, write) => {
  await using rig = await waitsFor(file, write);
  const { status } = await rig.until(isWaiting);
  expect(status).toMatchObject({
    for: 'human_action',
    reason: `Change ${file} (key), then resume the session.`,
  });
  await rig.resume();
  await rig.until(({ openIteration }) => openIteration?.iteration === 3);
});
