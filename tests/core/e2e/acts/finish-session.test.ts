import { existsSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { listSessions } from '../../../../src/core/acts/reading/list-sessions.act.ts';
import { sessionPaths } from '../../../../src/core/session/layout/paths.ts';
import { finishSession } from '../../../support/as-shown.ts';
import { ci } from '../../../support/ci.ts';
import { type SessionRig, startRig } from '../../../support/session-rig.ts';

const whole = (rig: SessionRig) => ({ session: rig.paths.folder, how: 'keep_branch', keep: [] }) as const;

test('an archived session leaves the list, keeps its branch, and is restored unchanged', ci, async () => {
  await using rig = await startRig({ at: 'stopped', here: true });
  const before = await readdir(rig.paths.sessionDir);
  const { worktree } = await rig.state();
  await finishSession(whole(rig), rig.context());
  const away = sessionPaths(rig.file.sessionsDir, rig.paths.folder, true);
  expect(existsSync(rig.paths.sessionDir)).toBe(false);
  expect(await readdir(away.sessionDir)).toEqual(before);
  expect(existsSync(worktree?.path ?? '')).toBe(false);
  expect(await rig.repo.git(['branch', '--list', worktree?.branch ?? ''])).toContain(worktree?.branch);
  expect((await listSessions({}, rig.context())).sessions).toEqual([]);
  expect((await listSessions({ filter: 'archived' }, rig.context())).sessions).toHaveLength(1);
  await finishSession({ session: rig.paths.folder, how: 'unarchive', keep: [] }, rig.context());
  expect(await readdir(rig.paths.sessionDir)).toEqual(before);
  await rig.resume();
  await rig.untilWaiting('qa_answers');
  await rig.answer();
  await rig.untilWaiting('plan_approval');
});

test('a worktree with uncommitted work is not removed, and the work is named', async () => {
  await using rig = await startRig({ at: 'stopped', here: true });
  const { worktree } = await rig.state();
  await writeFile(join(worktree?.path ?? '', 'unsaved.txt'), 'work');
  await expect(finishSession(whole(rig), rig.context())).rejects.toThrow(/unsaved\.txt/);
  expect(existsSync(join(worktree?.path ?? '', 'unsaved.txt'))).toBe(true);
  expect(existsSync(rig.paths.sessionDir)).toBe(true);
});

test('a running or waiting session must be stopped before it is archived', async () => {
  await using rig = await startRig({ at: 'asking', here: true });
  await expect(finishSession(whole(rig), rig.context())).rejects.toMatchObject({
    code: 'not_at_rest',
    next: [{ act: 'stop' }],
  });
});

test('an archived session accepts only the command that restores it', async () => {
  await using rig = await startRig({ at: 'stopped', here: true });
  await finishSession(whole(rig), rig.context());
  await expect(rig.resume()).rejects.toThrow(/archive/);
  await expect(finishSession(whole(rig), rig.context())).rejects.toThrow(/archive/);
});

test('documents are archived except for those that are kept, and the overview says so', async () => {
  await using rig = await startRig({ at: 'stopped', here: true });
  const [dive] = (await readdir(rig.paths.sessionDir)).filter((name) => name.includes('-dive-'));
  await writeFile(join(rig.paths.sessionDir, '11-20-0900-plan-x.md'), '# Plan: x\n');
  const keep = ['11-20-0900-plan-x.md'];
  const { moved, place } = await finishSession(
    { session: rig.paths.folder, how: 'archive_documents', keep },
    rig.context(),
  );
  expect(moved).toEqual([dive]);
  expect(await readdir(join(rig.paths.sessionDir, place))).toEqual([dive]);
  const left = await readdir(rig.paths.sessionDir);
  expect(left).toContain('11-20-0900-plan-x.md');
  expect(left).toContain('_qa.md');
  expect(await readFile(rig.paths.overview, 'utf8')).toContain('kept: 11-20-0900-plan-x.md');
});

test('a missing document in the list of those to keep is refused, and the refusal names the existing ones', async () => {
  await using rig = await startRig({ at: 'stopped', here: true });
  const input = { session: rig.paths.folder, how: 'archive_documents', keep: ['nothing.md'] } as const;
  await expect(finishSession(input, rig.context())).rejects.toThrow(/nothing\.md.*dive/s);
});

test('a session whose folder cannot be moved is not reported as archived, and keeps its worktree', async () => {
  await using rig = await startRig({ at: 'stopped', here: true });
  const { worktree } = await rig.state();
  await writeFile(join(rig.file.sessionsDir, '_archive'), 'no folder');
  await expect(finishSession(whole(rig), rig.context())).rejects.toMatchObject({ code: 'file_refused' });
  expect(existsSync(worktree?.path ?? '')).toBe(true);
  expect((await rig.state()).archived).toBe(false);
});
