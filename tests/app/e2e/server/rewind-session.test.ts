import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { checkpointRef } from '../../../../src/core/project/checkpoints/checkpoint-refs.ts';
import { CREATED, PREPARED } from '../../../core/unit/session/events.ts';
import { hashIn } from '../../../support/as-parent.ts';
import { ci } from '../../../support/ci.ts';
import { type SessionRig, startRig } from '../../../support/session-rig.ts';
import { askTool } from '../../unit/server/ask-tool.ts';
import { makeServerRig } from '../../unit/server/server-rig.ts';

async function rewind(rig: SessionRig, args: Record<string, unknown> = {}): Promise<Record<string, unknown>> {
  return (await askTool('rewind_session', { session: rig.file.folder, ...args }, rig.context('tool'))).json;
}

test.concurrent(
  'checkpoints are listed, a rewind first shows what it undoes, and can be undone',
  ci,
  async () => {
    const signal = { status: 'blocked', reason: 'Enough is built.', needs: 'human_decision' };
    const blocks = [{ act: 'signal-file', text: JSON.stringify(signal) }, { act: 'result' }];
    const rules = [{ when: { phase: 'implementation', count: 2 }, do: blocks }];
    await using rig = await startRig({ at: 'asking', scenario: { rules } });
    await rig.answer();
    await rig.untilWaiting('plan_approval');
    await rig.approve();
    await rig.until(({ status }) => status.kind === 'blocked');
    const { totalIterations } = (await rig.state()).progress;
    const listed = await rewind(rig);
    expect(listed.says).toHaveLength(totalIterations + 1);
    expect(listed.says).toContain('0: before the first iteration');

    const preview = await rewind(rig, { to: 2 });
    expect(preview).toMatchObject({ summary: 'Nothing has been done yet.' });
    expect(preview.would).toEqual([
      expect.stringContaining('the end of iteration 2; the session is then stopped in requirements'),
      `Undone: iterations 3 to ${totalIterations}.`,
      'Undone: later answers of the user.',
      'Undone: a later approval of the plan.',
      expect.stringMatching(/^Removed from branch .+: \d+ commits?; the tip is kept\.$/),
      expect.stringContaining('undo restores it'),
    ]);
    expect((await rig.state()).status.kind).toBe('blocked');

    const cwd = (await rig.state()).worktree?.path ?? '';
    const tip = await rig.repo.git(['rev-parse', 'HEAD'], cwd);
    await writeFile(join(cwd, 'left.txt'), 'x');
    const done = await rewind(rig, { to: 2, confirm: hashIn(await rewind(rig, { to: 2 })) });
    expect(done).toMatchObject({ state: 'stopped', kept_before: expect.stringContaining('refs/samocode/') });
    expect(await rig.repo.git(['rev-parse', 'HEAD'], cwd)).not.toBe(tip);
    const undo = await rewind(rig, { undo: true });
    expect(String(undo.would)).toContain('before its last rewind');
    expect(await rewind(rig, { undo: true, confirm: hashIn(undo) })).toMatchObject({
      phase: 'implementation',
    });
    expect(await rig.repo.git(['rev-parse', 'HEAD'], cwd)).toBe(tip);
  },
);

test.concurrent('a missing checkpoint is an error that names the existing ones', async () => {
  await using rig = await startRig({ at: 'asking' });
  const missing = { code: 'checkpoint_gone', hint: expect.stringContaining('2, 1, 0') };
  expect(await rewind(rig, { to: 77 })).toMatchObject(missing);
  expect(await rewind(rig, { undo: true })).toMatchObject({ code: 'checkpoint_gone' });
  expect(await rewind(rig, { to: 1, undo: true })).toMatchObject({ code: 'bad_input' });
  expect(await rewind(rig, { to: 77, confirm: 'unseen' })).toMatchObject({ code: 'checkpoint_gone' });
});

test.concurrent('before its first agent a session lists no checkpoint that it would refuse', async () => {
  await using serverRig = await makeServerRig();
  const stopped = { type: 'stopped', by: { channel: 'cli' }, why: 'asked for' } as const;
  const { folder } = await serverRig.addSession('26-01-08-boat', [CREATED, PREPARED, stopped]);
  await serverRig.repo.git(['update-ref', checkpointRef(folder, { kind: 'after', iteration: 0 }), 'HEAD']);
  const ask = async (args: object) =>
    (await askTool('rewind_session', { session: folder, ...args }, serverRig.context)).json;
  const next = expect.stringContaining('resume_session');
  expect(await ask({})).toMatchObject({ summary: 'There is no checkpoint yet.', next });
  expect(await ask({ to: 0 })).toMatchObject({ hint: expect.stringContaining('It has no checkpoints yet') });
});

test.concurrent('a rewind is refused while an agent works', async () => {
  await using rig = await startRig({
    at: 'asking',
    scenario: { rules: [{ when: { iteration: 3 }, do: [{ act: 'hang' }] }] },
  });
  await rig.untilWaiting('qa_answers');
  await rig.answer();
  await rig.until(({ openIteration }) => openIteration?.iteration === 3);
  expect(await rewind(rig, { to: 1 })).toMatchObject({
    next: expect.stringContaining('stop_session'),
  });
});
