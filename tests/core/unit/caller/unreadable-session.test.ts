import { chmod, mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { listedSessions, sessionsText } from '../../../../src/app/server/resources/session-rows.ts';
import { completeSession } from '../../../../src/core/acts/reading/complete-session.act.ts';
import { listSessions } from '../../../../src/core/acts/reading/list-sessions.act.ts';
import { waitForAny } from '../../../../src/core/acts/reading/wait-for-change.act.ts';
import { resumeSession } from '../../../../src/core/acts/sessions/resume-session.act.ts';
import type { ActionContext } from '../../../../src/core/caller/context/context.ts';
import { findSession } from '../../../../src/core/caller/context/find-session.ts';
import { getStatus } from '../../../../src/core/caller/facts/get-status.ts';
import { nextSteps } from '../../../../src/core/caller/facts/next-steps.ts';
import { systemClock } from '../../../../src/core/kernel/clock.ts';
import { configFolder, stateRoot } from '../../../../src/core/kernel/config-folder.ts';
import { systemHost } from '../../../../src/core/kernel/processes/host.ts';
import { rememberProject } from '../../../../src/core/project/finding/known-projects.ts';
import { needsHuman } from '../../../../src/core/session/folder/session-list.ts';
import { sessionPaths } from '../../../../src/core/session/layout/paths.ts';
import { statusSentence } from '../../../../src/core/session/words/words.ts';
import { readSupervisorStatus } from '../../../../src/core/supervisor/status.ts';
import { cursorFor } from '../../../support/cursor-for.ts';
import { silentDisk } from '../../../support/failing-disk.ts';
import { asOrdinaryUser } from '../../../support/ordinary-user.ts';
import { tempDir } from '../../../support/temp-dir.ts';
import { ASKING, CREATED, DONE, PREPARED, writeEvents } from '../session/events.ts';

const REFUSED = '26-01-08-refused';
const OTHER = '26-01-07-other';

/** Two projects; of the first one's two sessions, one belongs to another user. */
async function machine(): Promise<
  AsyncDisposable & { context: ActionContext; at(...names: string[]): string; refused: string }
> {
  const dir = await tempDir();
  const at = (...names: string[]) => join(dir.path, ...names);
  await chmod(dir.path, 0o755);
  const host = await systemHost();
  const home = at('home');
  for (const name of ['one', 'two']) {
    const [sessions, mainRepo] = [at(name, 'sessions'), at(name, 'repo')];
    await mkdir(mainRepo, { recursive: true });
    const filePath = join(at(name), '.samocode');
    await writeFile(filePath, `MAIN_REPO=${mainRepo}\nWORKTREES=${at(name)}\nSESSIONS=${sessions}\n`);
    await rememberProject({ filePath, mainRepo, sessions }, { homeDir: home, clock: systemClock });
    await writeEvents(sessionPaths(sessions, `26-01-09-${name}`), [CREATED, PREPARED, DONE]);
  }
  const state = [join(home, '.local'), join(home, '.local/state'), stateRoot(home)];
  for (const folder of [home, join(home, '.config'), configFolder(home), ...state])
    await chmod(folder, 0o755);
  const records = join(configFolder(home), 'projects');
  await chmod(records, 0o755);
  for (const name of await readdir(records)) await chmod(join(records, name), 0o644);
  const one = at('one', 'sessions');
  for (const name of [REFUSED, OTHER])
    await writeEvents(sessionPaths(one, name), [CREATED, PREPARED, ASKING]);
  const refused = sessionPaths(one, REFUSED).runDir;
  await chmod(refused, 0);
  const programs = { worker: at('worker.js'), rehearsal: at('worker.js') };
  const cwd = at('one', 'repo');
  const context: ActionContext = {
    clock: systemClock,
    host,
    env: {},
    home,
    cwd,
    by: { channel: 'cli' },
    programs,
  };
  const dispose = async () => {
    for (const folder of [one, refused]) await chmod(folder, 0o755);
    await dir[Symbol.asyncDispose]();
  };
  return { context, at, refused, [Symbol.asyncDispose]: dispose };
}

test('an unreadable session is listed as such, and hides no other', async () => {
  await using given = await machine();
  const { sessions } = await asOrdinaryUser(() => listSessions({}, given.context));
  expect(sessions.map(({ folder }) => folder)).toEqual([OTHER, REFUSED, '26-01-09-one']);
  const view = sessions.find(({ folder }) => folder === REFUSED);
  expect(view && statusSentence(view)).toBe(`${REFUSED} cannot be read.`);
  expect(view?.problems).toEqual([expect.stringMatching(/\/26-01-08-refused.* \(EACCES\)/)]);
  expect(view && nextSteps(view)).toMatchObject([{ act: 'fix_problems' }]);
  expect(view && needsHuman(view)).toBe(true);
});

test('commands over all sessions show the others next to an unreadable one', async () => {
  await using given = await machine();
  const { context } = given;
  const all = [OTHER, REFUSED, '26-01-09-one', '26-01-09-two'].sort();
  const found = await asOrdinaryUser(async () => ({
    every: await listedSessions(context),
    completed: await completeSession('26-', context),
    rows: await sessionsText(context),
    watched: await readSupervisorStatus(context),
  }));
  expect(found.every.map(({ view }) => view.folder).sort()).toEqual(all);
  expect(found.completed.values.toSorted()).toEqual(all);
  for (const folder of all) expect(found.rows).toContain(folder);
  expect(found.watched.sessions.map(({ view, waits }) => [view.folder, waits.for])).toEqual([
    [REFUSED, 'person'],
    [OTHER, 'edit'],
  ]);
});

test('a wait for several is not ended by an unreadable session', async () => {
  await using given = await machine();
  const { context } = given;
  const sessions = [REFUSED, OTHER];
  const cursor = cursorFor({ [OTHER]: 1, [REFUSED]: 1 });
  const input = { sessions, cursor, until: 'change' } as const;
  const result = await asOrdinaryUser(() => waitForAny({ ...input, timeoutMs: 10_000 }, context));
  expect(result).toMatchObject({ changed: true, view: { folder: OTHER } });
  const still = { sessions: [REFUSED], cursor: '0', until: 'change', timeoutMs: 0 } as const;
  expect(await asOrdinaryUser(() => waitForAny(still, context))).toMatchObject({ changed: false });
});

test('status names an unreadable session, and acts are refused with the fix', async () => {
  await using given = await machine();
  const { context } = given;
  const { view } = await asOrdinaryUser(() => getStatus({ session: REFUSED }, context));
  expect(view).toMatchObject({ folder: REFUSED, isUnreadable: true, needsWorker: false });
  await asOrdinaryUser(() =>
    expect(resumeSession({ session: REFUSED }, context)).rejects.toMatchObject({
      why: expect.stringContaining('EACCES'),
    }),
  );
});

test('an unreadable SESSIONS folder hides no session of another project', async () => {
  await using given = await machine();
  await chmod(given.at('one', 'sessions'), 0);
  const elsewhere = { ...given.context, cwd: given.at('home') };
  const list = () => listSessions({ allProjects: true }, elsewhere);
  const { sessions } = await asOrdinaryUser(list);
  expect(sessions.map(({ folder }) => folder)).toEqual(['26-01-09-two']);
  const find = () => findSession({ session: 'two' }, elsewhere);
  expect(await asOrdinaryUser(find)).toMatchObject({ folder: '26-01-09-two' });
  const own = () => listSessions({}, given.context);
  await asOrdinaryUser(() => expect(own()).rejects.toMatchObject({ code: 'setting_invalid' }));
});

test('a project on a disk that does not respond holds up no act on another project', async () => {
  await using given = await machine();
  const { context } = given;
  await chmod(given.refused, 0o755);
  using disk = silentDisk(given.at('two'));
  expect(await findSession({ session: 'one' }, context)).toMatchObject({ folder: '26-01-09-one' });
  expect((await listSessions({}, context)).sessions).toHaveLength(3);
  expect(disk.asked()).toBe(0);
  await expect(findSession({ session: 'two' }, context)).rejects.toMatchObject({ code: 'session_not_found' });
  expect((await listSessions({ allProjects: true }, context)).sessions).toHaveLength(3);
});
