import { execFileSync } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { approvePlan } from '../../../../src/core/acts/gates/approve-plan.act.ts';
import { listSessions } from '../../../../src/core/acts/reading/list-sessions.act.ts';
import { resumeSession } from '../../../../src/core/acts/sessions/resume-session.act.ts';
import { getStatus } from '../../../../src/core/caller/facts/get-status.ts';
import { systemClock } from '../../../../src/core/kernel/clock.ts';
import { readEvents } from '../../../../src/core/session/events/event-log.ts';
import { readSessionFile } from '../../../../src/core/session/events/session-file.ts';
import type { SessionView } from '../../../../src/core/session/events/session-view.ts';
import { type Bench, makeBench } from '../../../support/bench.ts';
import { ci } from '../../../support/ci.ts';
import { eventually } from '../../../support/eventually.ts';

const FOLDER = '25-11-02-Old_one.v2';

const OVERVIEW = `# Session: old one
Started: 2025-11-02 10:00
Working Dir: /somewhere/else

## Status
Phase: investigation
Iteration: 1
Total Iterations: 1
Blocked: no
Last Action: Looked around
Next: Ask

## Task
Teach the boat to float.

## Flow Log
- [001 @ 11-02 10:01] Looked around
`;

test('a folder of the original tool is listed, shown, and taken over when it is resumed', ci, async () => {
  await using bench = await makeBench({ here: true });
  const { context, sessionsDir } = bench;
  await mkdir(join(sessionsDir, FOLDER));
  const overview = join(sessionsDir, FOLDER, '_overview.md');
  await writeFile(overview, OVERVIEW);
  const { sessions } = await listSessions({}, context);
  expect(sessions.map(({ folder }) => folder)).toEqual([FOLDER]);
  expect((await getStatus({ session: FOLDER }, context)).view.isForeign).toBe(true);
  expect(await readFile(overview, 'utf8')).toBe(OVERVIEW);

  const { outcome, view } = await resumeSession({ session: 'Old_one.v2', note: 'Mind the sail.' }, context);
  expect(outcome).toBe('resumed');
  expect(view.isForeign).toBe(false);
  expect(await readSessionFile(view.paths)).toMatchObject({
    folder: FOLDER,
    task: 'Teach the boat to float.',
    takenOver: { totalIterations: 1, decision: { kind: 'run', phase: 'investigation' } },
    settings: { branch: 'Old_one.v2' },
  });
  expect(await readFile(overview, 'utf8')).toContain('- [001 @ 11-02 10:01] Looked around');
});

const resumed = (bench: Bench) => resumeSession({ session: FOLDER }, bench.context);

async function settled({ view }: Bench): Promise<SessionView> {
  return await eventually(async () => {
    const now = await view(FOLDER);
    return now.state.status.kind === 'starting' || now.state.status.kind === 'running' ? undefined : now;
  });
}

test('the existing worktree of a folder is kept with its branch, whatever the branch is called', async () => {
  await using bench = await makeBench({ here: true });
  await mkdir(join(bench.sessionsDir, FOLDER));
  await writeFile(join(bench.sessionsDir, FOLDER, '_overview.md'), OVERVIEW);
  const path = join(bench.worktreesDir, FOLDER);
  await bench.repo.git(['worktree', 'add', '-q', '-b', 'feature/sails', path]);
  await resumed(bench);
  expect((await settled(bench)).state.worktree).toMatchObject({ path, branch: 'feature/sails' });
});

test('no second worktree is created if the overview names an existing one elsewhere', async () => {
  await using bench = await makeBench({ here: true });
  const elsewhere = join(bench.repo.root, 'else where');
  await mkdir(join(bench.sessionsDir, FOLDER));
  const overview = OVERVIEW.replace('/somewhere/else', elsewhere);
  await writeFile(join(bench.sessionsDir, FOLDER, '_overview.md'), overview);
  await bench.repo.git(['worktree', 'add', '-q', '-b', 'sails', elsewhere]);
  const refusal = await resumed(bench).catch((error: unknown) => error);
  expect(refusal).toMatchObject({ code: 'work_elsewhere' });
  const command = /git (worktree move .*)\.$/.exec(String(Object(refusal).hint))?.[1] ?? '';
  execFileSync('sh', ['-c', `git ${command}`], { cwd: bench.repo.path });
  await resumed(bench);
  expect((await settled(bench)).state.worktree).toMatchObject({ branch: 'sails' });
});

test('a missing branch is reported if work should be on it', async () => {
  await using bench = await makeBench({ here: true });
  await mkdir(join(bench.sessionsDir, FOLDER));
  const overview = OVERVIEW.replace('Phase: investigation', 'Phase: implementation');
  await writeFile(join(bench.sessionsDir, FOLDER, '_overview.md'), overview);
  await writeFile(join(bench.sessionsDir, FOLDER, '11-02-10:30-plan-boat.md'), '# Plan: boat\n');
  await resumed(bench);
  const { view } = await approvePlan({ session: FOLDER }, bench.context);
  const notice = await eventually(async () =>
    (await readEvents(view.paths, 0)).find(({ type }) => type === 'notice'),
  );
  expect(notice).toMatchObject({ text: expect.stringContaining('There was no branch Old_one.v2') });
});

test('new work for a finished folder begins with an investigation and keeps its earlier task', async () => {
  await using bench = await makeBench({ here: true });
  await mkdir(join(bench.sessionsDir, FOLDER));
  const overview = OVERVIEW.replace('Phase: investigation', 'Phase: done');
  await writeFile(join(bench.sessionsDir, FOLDER, '_overview.md'), overview);
  await writeFile(join(bench.sessionsDir, FOLDER, '11-02-10:30-plan-boat.md'), '# Plan: boat\n');
  await resumeSession({ session: FOLDER, goal: 'Give it a rudder.' }, bench.context);
  const { state, sessionFile } = await settled(bench);
  expect(state).toMatchObject({
    status: { kind: 'waiting', for: 'qa_answers' },
    goal: 'Give it a rudder.',
    oldPlans: ['11-02-10:30-plan-boat.md'],
  });
  expect(sessionFile?.task).toBe('Teach the boat to float.');
});

test('an unfinished folder is not taken over for other work', async () => {
  await using bench = await makeBench({ here: true });
  await mkdir(join(bench.sessionsDir, FOLDER));
  await writeFile(join(bench.sessionsDir, FOLDER, '_overview.md'), OVERVIEW);
  const refused = resumeSession({ session: FOLDER, goal: 'Give it a rudder.' }, bench.context);
  await expect(refused).rejects.toMatchObject({ code: 'not_done' });
  expect((await bench.view(FOLDER)).isForeign).toBe(true);
});

test('a folder is subject to the same checks as a new session', async () => {
  await using bench = await makeBench({ lines: { CHECK: 'no-such-program --all' } });
  await mkdir(join(bench.sessionsDir, FOLDER));
  await writeFile(join(bench.sessionsDir, FOLDER, '_overview.md'), OVERVIEW);
  await expect(resumed(bench)).rejects.toMatchObject({ code: 'command_not_found' });
  expect((await bench.view(FOLDER)).isForeign).toBe(true);
});

test('a folder is not changed if its worker cannot be started', async () => {
  await using bench = await makeBench();
  const overview = join(bench.sessionsDir, FOLDER, '_overview.md');
  await mkdir(dirname(overview));
  await writeFile(overview, OVERVIEW);
  const programs = { ...bench.context.programs, worker: '/nowhere/worker.js' };
  const clock = { ...systemClock, monotonic: () => systemClock.monotonic() * 20 };
  const failed = resumeSession({ session: FOLDER }, { ...bench.context, programs, clock });
  await expect(failed).rejects.toMatchObject({ code: 'worker_not_started' });
  expect(await readFile(overview, 'utf8')).toBe(OVERVIEW);
  expect((await bench.view(FOLDER)).isForeign).toBe(true);
});
