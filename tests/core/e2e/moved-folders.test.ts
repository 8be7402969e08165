import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { listSessions } from '../../../src/core/acts/reading/list-sessions.act.ts';
import { resumeSession } from '../../../src/core/acts/sessions/resume-session.act.ts';
import { stopSession } from '../../../src/core/acts/sessions/stop-session.act.ts';
import type { ActionContext } from '../../../src/core/caller/context/context.ts';
import { readSession } from '../../../src/core/session/folder/read-session.ts';
import { sessionPaths } from '../../../src/core/session/layout/paths.ts';
import { bringLog, readElsewhere } from '../../../src/extensions/import/bring-log.act.ts';
import { finishSession } from '../../support/as-shown.ts';
import { ci } from '../../support/ci.ts';
import { trustLines } from '../../support/project.ts';
import { type RigPlan, type SessionRig, startRig } from '../../support/session-rig.ts';
import { endOfWorker } from '../../support/supervisors.ts';

/** A session that waits for answers and was stopped, so that no worker runs. */
async function stoppedRig(plan: RigPlan = {}): Promise<SessionRig> {
  const rig = await startRig({ ...plan, at: 'stopped' });
  await endOfWorker(rig);
  return rig;
}

/** A person's view after moving folders: their working folder, and the session as found from there. */
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

/** Renames the project folder and corrects its name in .samocode, as a person would. */
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
  await trustLines(rig.repo);
  return movedTo(rig, { cwd: path, sessionsDir });
}

const GONE = { code: 'folder_gone' };

test(
  'a session of a project folder that was renamed is refused, and continues once the folder is restored',
  ci,
  async () => {
    await using rig = await stoppedRig();
    const mark = join('_samocode/worktrees', rig.file.folder, 'not-committed.txt');
    await rig.repo.write({ [mark]: 'kept\n' });
    const file = join(rig.repo.path, '.samocode');
    const lines = await readFile(file, 'utf8');
    const moved = await renameProject(rig);
    const { session, context } = moved;
    const elsewhere = { code: 'log_elsewhere' };
    await expect(resumeSession({ session }, context)).rejects.toMatchObject(elsewhere);
    for (const how of ['keep_branch', 'discard', 'merge'] as const)
      await expect(finishSession({ session, how, keep: [] }, context)).rejects.toMatchObject(elsewhere);
    await rename(context.cwd, rig.repo.path);
    await writeFile(file, lines);
    await trustLines({ path: rig.repo.path, homeDir: rig.repo.homeDir });
    await rig.resume();
    await rig.answer();
    await rig.untilWaiting('plan_approval');
    expect(await readFile(join(rig.repo.path, mark), 'utf8')).toBe('kept\n');
  },
);

test('a session whose WORKTREES folder was moved is not resumed without the work in it', async () => {
  await using rig = await stoppedRig();
  const { worktreesDir, folder: session } = rig.file;
  await rename(worktreesDir, `${worktreesDir}-moved`);
  const says = expect.stringMatching(
    `${worktreesDir} was moved or removed.*Move it back, or create the folder`,
  );
  await expect(resumeSession({ session }, rig.context())).rejects.toMatchObject({ ...GONE, message: says });
  await mkdir(worktreesDir);
  await rig.resume();
  await rig.answer();
  await rig.untilWaiting('plan_approval');
  expect((await readdir(worktreesDir)).filter((name) => !name.startsWith('.')).sort()).toEqual([session]);
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

test('a session whose SESSIONS folder was moved is archived at its new path, and leaves nothing at the old one', async () => {
  await using rig = await stoppedRig();
  await using moved = await moveSessions(rig);
  const found = (await readElsewhere({ session: moved.session }, moved.context)) ?? expect.fail();
  await bringLog(found, moved.context);
  await finishSession({ session: moved.session, how: 'keep_branch', keep: [] }, moved.context);
  expect(await readdir(join(rig.repo.root, 'notes/_archive'))).toEqual([moved.session]);
  expect(await readdir(join(rig.repo.root, 'notes'))).not.toContain(moved.session);
  expect(await readdir(join(rig.repo.path, '_samocode'))).not.toContain('sessions');
  expect((await listSessions({ filter: 'archived' }, moved.context)).sessions).toHaveLength(1);
});
