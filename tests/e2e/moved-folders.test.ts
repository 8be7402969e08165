import { readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { ActionContext } from '../../src/actions/acting/context.ts';
import { finishSession } from '../../src/actions/finishing/finish-session.ts';
import { answerQa } from '../../src/actions/gates/answer-qa.ts';
import { listSessions } from '../../src/actions/reading/list-sessions.ts';
import { resumeSession } from '../../src/actions/sessions/resume-session.ts';
import { stopSession } from '../../src/actions/sessions/stop-session.ts';
import { readEvents } from '../../src/session/events/event-log.ts';
import { sessionPaths } from '../../src/session/layout/paths.ts';
import { readSession } from '../../src/session/status.ts';
import { askingRig } from '../support/asking-rig.ts';
import { eventually } from '../support/eventually.ts';
import { trustLines } from '../support/project.ts';
import { type RigPlan, type SessionRig, startRig } from '../support/session-rig.ts';
import { endOfWorker } from '../support/supervisors.ts';

/** A session that waits for answers and was stopped, so that no worker lives. */
async function stoppedRig(plan: RigPlan = {}): Promise<SessionRig> {
  const rig = plan.lines ? await startRig(plan) : await askingRig();
  await rig.untilWaiting('qa_answers');
  await rig.stop();
  await endOfWorker(rig);
  return rig;
}

/** What a person has after moving folders: where they stand, and the session as found from there. */
function movedTo(rig: SessionRig, { cwd, sessionsDir }: { cwd: string; sessionsDir: string }) {
  const context: ActionContext = { ...rig.context(), cwd };
  const paths = sessionPaths(sessionsDir, rig.file.folder);
  const session = rig.file.folder;
  return {
    context,
    paths,
    session,
    view: () => readSession(paths, context.host),
    async [Symbol.asyncDispose]() {
      await stopSession({ session, when: 'now' }, context).catch(() => undefined);
      await expect.poll(async () => (await readSession(paths, context.host))?.worker).toBe('none');
    },
  };
}

/** Renames the project folder and puts its name right in .samocode, as a person would. */
async function renameProject(rig: SessionRig) {
  const { path } = rig.repo;
  const cwd = `${path}-renamed`;
  await rename(path, cwd);
  const file = join(cwd, '.samocode');
  await writeFile(file, (await readFile(file, 'utf8')).replaceAll(`${path}`, cwd));
  await trustLines({ path: cwd, homeDir: rig.repo.homeDir });
  return movedTo(rig, { cwd, sessionsDir: join(cwd, '_samocode/sessions') });
}

async function moveSessions(rig: SessionRig) {
  const { path, root } = rig.repo;
  const sessionsDir = join(root, 'notes');
  await rename(join(path, '_samocode/sessions'), sessionsDir);
  const file = join(path, '.samocode');
  await writeFile(
    file,
    `${(await readFile(file, 'utf8')).replace(/^SESSIONS=.*\n/m, '')}SESSIONS=${sessionsDir}\n`,
  );
  return movedTo(rig, { cwd: path, sessionsDir });
}

test('a session of a project folder that was renamed goes on in the new one after a resume', async () => {
  await using rig = await stoppedRig();
  const mark = join('_samocode/worktrees', rig.file.folder, 'not-committed.txt');
  await rig.repo.write({ [mark]: 'kept\n' });
  await using moved = await renameProject(rig);
  await resumeSession({ session: moved.session }, moved.context);
  await answerQa({ session: moved.session, answers: [], acceptSuggestions: true }, moved.context);
  await expect
    .poll(async () => (await moved.view())?.state.status, { timeout: 60_000 })
    .toMatchObject({ kind: 'waiting', for: 'plan_approval' });
  const { cwd } = moved.context;
  expect(await readFile(join(cwd, mark), 'utf8')).toBe('kept\n');
  expect((await moved.view())?.state.worktree?.path).toBe(join(cwd, '_samocode/worktrees', moved.session));
  expect(await readEvents(moved.paths.events, 0)).toContainEqual(
    expect.objectContaining({ type: 'resumed', places: expect.objectContaining({ mainRepo: cwd }) }),
  );
  expect((await readEvents(moved.paths.events, 0)).filter(({ type }) => type === 'forgery_seen')).toEqual([]);
  expect(await rig.repo.git(['worktree', 'list', '--porcelain'], cwd)).not.toContain('prunable');
});

test('a session of a project folder that was renamed goes on under its rules', async () => {
  const repo = { files: { 'README.md': '# A project\n', 'rules.md': 'Boats have no wheels.\n' } };
  await using rig = await stoppedRig({ repo, lines: { CONSTRAINTS: 'rules.md' } });
  await using moved = await renameProject(rig);
  await resumeSession({ session: moved.session }, moved.context);
  await answerQa({ session: moved.session, answers: [], acceptSuggestions: true }, moved.context);
  const prompt = await eventually(async () => {
    const { openIteration, progress } = (await moved.view())?.state ?? {};
    const newest = String(openIteration?.iteration ?? progress?.totalIterations).padStart(3, '0');
    return newest > '002' && readFile(join(moved.paths.runDir, 'iterations', newest, 'prompt.md'), 'utf8');
  });
  expect(prompt).toContain('Boats have no wheels.');
});

test('no agent runs without the rules of its project', async () => {
  const repo = { files: { 'README.md': '# A project\n', 'rules.md': 'Boats have no wheels.\n' } };
  await using rig = await stoppedRig({ repo, lines: { CONSTRAINTS: 'rules.md' } });
  await rm(join(rig.repo.path, 'rules.md'));
  await rig.resume();
  await rig.answer();
  const { status } = await rig.until(({ status: { kind } }) => kind === 'blocked');
  expect(status).toMatchObject({ rule: 'constraints_gone' });
});

test('a session of a project folder that was renamed can be archived there', async () => {
  await using rig = await stoppedRig();
  await using moved = await renameProject(rig);
  await finishSession({ session: moved.session, how: 'keep_branch', keep: [] }, moved.context);
  const { cwd } = moved.context;
  expect(await readdir(join(cwd, '_samocode/sessions/_archive'))).toEqual([moved.session]);
  expect(await readdir(join(cwd, '_samocode/worktrees'))).toEqual([]);
  await expect(stat(rig.repo.path)).rejects.toMatchObject({ code: 'ENOENT' });
});

test('a session whose SESSIONS folder was moved is archived at its new place, and leaves nothing at the old one', async () => {
  await using rig = await stoppedRig();
  await using moved = await moveSessions(rig);
  await finishSession({ session: moved.session, how: 'keep_branch', keep: [] }, moved.context);
  expect(await readdir(join(rig.repo.root, 'notes/_archive'))).toEqual([moved.session]);
  expect(await readdir(join(rig.repo.root, 'notes'))).not.toContain(moved.session);
  expect(await readdir(join(rig.repo.path, '_samocode'))).not.toContain('sessions');
  expect((await listSessions({ filter: 'archived' }, moved.context)).sessions).toHaveLength(1);
});

test('a resume does not move a session to another repository that stands in for its own', async () => {
  await using rig = await stoppedRig();
  await using moved = await renameProject(rig);
  const other = join(rig.repo.root, 'other');
  await rig.repo.git(['init', '--quiet', other], rig.repo.root);
  await rig.repo.git(
    ['-c', 'user.name=x', '-c', 'user.email=x@x', 'commit', '--quiet', '--allow-empty', '-m', 'x'],
    other,
  );
  const file = join(moved.context.cwd, '.samocode');
  await writeFile(
    file,
    `${(await readFile(file, 'utf8')).replace(/^MAIN_REPO=.*\n/m, '')}MAIN_REPO=${other}\n`,
  );
  await expect(resumeSession({ session: moved.session }, moved.context)).rejects.toMatchObject({
    code: 'repository_gone',
  });
});
