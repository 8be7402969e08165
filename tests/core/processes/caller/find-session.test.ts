import { mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { listedSessions } from '../../../../src/app/server/resources/session-rows.ts';
import { listSessions } from '../../../../src/core/acts/reading/list-sessions.act.ts';
import { setupProject } from '../../../../src/core/acts/set-up/setup-project.act.ts';
import type { Elsewhere } from '../../../../src/core/caller/context/context.ts';
import { findSession } from '../../../../src/core/caller/context/find-session.ts';
import { shortId } from '../../../../src/core/session/layout/names.ts';
import { sessionPaths } from '../../../../src/core/session/layout/paths.ts';
import { typed } from '../../../app/unit/cli/typed.ts';
import { askTool } from '../../../app/unit/server/ask-tool.ts';
import { makeServerRig, type ServerRig } from '../../../app/unit/server/server-rig.ts';
import { ci } from '../../../support/ci.ts';
import { INSIDE } from '../../../support/project.ts';
import { tempDir } from '../../../support/temp-dir.ts';
import { makeRepo, type TempRepo } from '../../../support/temp-repo.ts';
import { ARCHIVED, CREATED, DONE, PREPARED, writeEvents } from '../../unit/session/events.ts';

const FOLDER = '26-01-08-boat';

/** A second project, with a session of the same name. */
async function withSameName({ context, addSession }: ServerRig, other: TempRepo): Promise<void> {
  await setupProject({ projectDir: other.path, ...INSIDE, lines: { PROVIDER: 'rehearsal' } }, context);
  await addSession(FOLDER, [CREATED, PREPARED, DONE]);
  const paths = sessionPaths(join(other.path, '_samocode/sessions'), FOLDER);
  await writeEvents(paths, [CREATED, PREPARED, DONE]);
}

test(
  'a name in two projects is ambiguous until a project is named or contains the working folder',
  ci,
  async () => {
    await using serverRig = await makeServerRig();
    await using other = await makeRepo();
    await withSameName(serverRig, other);
    const { context, repo } = serverRig;
    const nowhere = { ...context, cwd: '/' };
    const unclear = { code: 'session_ambiguous', next: [{ act: 'name_project' }] };
    await expect(findSession({ session: 'boat' }, nowhere)).rejects.toMatchObject(unclear);
    await expect(findSession({ session: FOLDER }, nowhere)).rejects.toThrow(other.path);
    const placeOf = async (question: { projectDir?: string }, at = nowhere) =>
      (await findSession({ session: 'boat', ...question }, at)).paths.sessionsDir;
    expect(await placeOf({ projectDir: other.path })).toContain(other.path);
    expect(await placeOf({ projectDir: repo.path })).toContain(repo.path);
    expect(await placeOf({}, context)).toContain(repo.path);
    expect(await placeOf({}, { ...context, cwd: other.path })).toContain(other.path);
    const both = { ...context, roots: [repo.path, other.path] };
    await expect(findSession({ session: 'boat' }, both)).rejects.toMatchObject(unclear);
    expect((await listedSessions(nowhere)).map(({ isShadowed }) => isShadowed)).toEqual([true, true]);
  },
);

test('the address of a session names its project if an archived one of another project has its name', async () => {
  await using serverRig = await makeServerRig();
  await using other = await makeRepo();
  await withSameName(serverRig, other);
  await writeEvents(sessionPaths(serverRig.sessionsDir, FOLDER), [CREATED, PREPARED, DONE, ARCHIVED]);
  const listed = await listedSessions({ ...serverRig.context, cwd: '/' });
  expect(listed.map(({ place, isShadowed }) => [place.filePath, isShadowed])).toEqual([
    [join(other.path, '.samocode'), true],
  ]);
});

test('a list of several projects names the project of each session, and says what it covers if no project is chosen', async () => {
  await using serverRig = await makeServerRig();
  await using other = await makeRepo();
  await using bare = await makeRepo();
  await withSameName(serverRig, other);
  const { context, repo } = serverRig;
  const { json } = await askTool('list_sessions', { all_projects: true }, context);
  const rows = [repo.path, other.path].map((project) =>
    expect.objectContaining({ session: FOLDER, project }),
  );
  expect(json.sessions).toHaveLength(2);
  expect(json.sessions).toEqual(expect.arrayContaining(rows));
  const own = await askTool('list_sessions', {}, context);
  expect(own.json).toMatchObject({
    summary: expect.stringMatching(/^One session\. Read at /),
    sessions: [expect.not.objectContaining({ project: expect.anything() })],
  });
  const unasked = await askTool('list_sessions', {}, { ...context, cwd: bare.path });
  expect(unasked.json.summary).toMatch(
    /^2 sessions\. There is no project here, so this is about every project/,
  );

  const place = { cwd: bare.path, home: repo.homeDir };
  const listed = await typed(['list'], place);
  expect(listed.stderr).toContain('There is no project here');
  expect(listed.stdout).toContain(other.path);
  const facts = JSON.parse((await typed(['list', '--all', '--json'], place)).stdout);
  expect(facts.sessions.map(({ project }: { project: string }) => project).sort()).toEqual(
    [repo.path, other.path].sort(),
  );
  await rename(join(other.path, '.samocode'), join(other.path, 'away'));
  expect((await typed(['list'], place)).stderr).toContain(`this is about ${repo.path}.`);
});

test('sessions in a SESSIONS folder shared by two .samocode files are listed once', async () => {
  await using serverRig = await makeServerRig();
  await using other = await makeRepo();
  const sessions = serverRig.sessionsDir;
  await setupProject(
    { projectDir: other.path, sessions, lines: { PROVIDER: 'rehearsal' } },
    serverRig.context,
  );
  await serverRig.addSession(FOLDER, [CREATED, PREPARED, DONE]);
  const nowhere = { ...serverRig.context, cwd: '/' };
  expect((await listSessions({}, nowhere)).sessions).toHaveLength(1);
  expect((await findSession({ session: 'boat' }, nowhere)).folder).toBe(FOLDER);
});

test('for an unknown name, the newest sessions of the current project are suggested before those of others', async () => {
  await using serverRig = await makeServerRig();
  await using other = await makeRepo();
  await setupProject(
    { projectDir: other.path, ...INSIDE, lines: { PROVIDER: 'rehearsal' } },
    serverRig.context,
  );
  for (const n of [1, 2, 3, 4, 5, 6]) {
    const paths = sessionPaths(join(other.path, '_samocode/sessions'), `26-02-0${n}-theirs`);
    await writeEvents(paths, [CREATED, PREPARED, DONE]);
  }
  for (const n of [1, 2]) await serverRig.addSession(`26-01-0${n}-own`, [CREATED, PREPARED, DONE]);
  const asked = findSession({ session: 'qqqqqqqq' }, serverRig.context);
  await expect(asked).rejects.toThrow(/newest ones are: 26-01-02-own, 26-01-01-own, 26-02-06-theirs,/);
});

test('folders that are not sessions are not suggested', async () => {
  await using serverRig = await makeServerRig();
  await serverRig.addSession(FOLDER);
  await mkdir(join(serverRig.sessionsDir, 'node_modules'));
  const refused = await findSession({ session: 'node_modules' }, serverRig.context).catch((error) => error);
  expect(refused).toMatchObject({ code: 'session_not_found', why: expect.stringContaining(FOLDER) });
  expect(`${refused.why} ${refused.hint}`).not.toContain('node_modules');
});

test('a unique prefix of a name is enough, and a full name always wins', async () => {
  await using serverRig = await makeServerRig();
  for (const name of ['boat', 'boat-race', 'bench']) await serverRig.addSession(`26-01-08-${name}`);
  const find = async (session: string, isWholeName = false) =>
    (await findSession({ session, isWholeName }, serverRig.context)).folder;
  expect(await find('be')).toBe('26-01-08-bench');
  expect(await find('boat')).toBe('26-01-08-boat');
  expect(await find('boat-')).toBe('26-01-08-boat-race');
  expect(await find(shortId('26-01-08-boat-race'))).toBe('26-01-08-boat-race');
  await expect(find('be', true)).rejects.toMatchObject({ code: 'session_not_found' });
  await expect(find('bo')).rejects.toMatchObject({
    code: 'session_ambiguous',
    why: 'These names begin with it: 26-01-08-boat, 26-01-08-boat-race.',
    next: [],
  });
});

test('a prefix matches an archived session only if it matches no other', async () => {
  await using serverRig = await makeServerRig();
  await serverRig.addSession('26-01-08-boat', [CREATED, PREPARED, DONE, ARCHIVED]);
  await serverRig.addSession('26-01-09-boats');
  await serverRig.addSession('26-01-09-tent', [CREATED, PREPARED, DONE, ARCHIVED]);
  const find = async (session: string) => (await findSession({ session }, serverRig.context)).folder;
  expect(await find('boa')).toBe('26-01-09-boats');
  expect(await find('ten')).toBe('26-01-09-tent');
});

test('any match in the current project takes precedence over a session of another project', async () => {
  await using serverRig = await makeServerRig();
  await using other = await makeRepo();
  await setupProject(
    { projectDir: other.path, ...INSIDE, lines: { PROVIDER: 'rehearsal' } },
    serverRig.context,
  );
  const paths = sessionPaths(join(other.path, '_samocode/sessions'), '26-02-01-boat');
  await writeEvents(paths, [CREATED, PREPARED, DONE]);
  await serverRig.addSession('26-01-08-boat-race');
  const find = async (session: string) => (await findSession({ session }, serverRig.context)).folder;
  expect(await find('boat')).toBe('26-01-08-boat-race');
  expect(await find('26-02-01-boat')).toBe('26-02-01-boat');
});

describe('an act on a session of another project', () => {
  const TENT = '26-02-01-tent';

  async function twoProjects(): Promise<AsyncDisposable & { serverRig: ServerRig; path: string }> {
    const serverRig = await makeServerRig();
    const other = await makeRepo();
    await setupProject(
      { projectDir: other.path, ...INSIDE, lines: { PROVIDER: 'rehearsal' } },
      serverRig.context,
    );
    const paths = sessionPaths(join(other.path, '_samocode/sessions'), TENT);
    await writeEvents(paths, [CREATED, PREPARED, DONE]);
    return {
      serverRig,
      path: other.path,
      async [Symbol.asyncDispose]() {
        await serverRig[Symbol.asyncDispose]();
        await other[Symbol.asyncDispose]();
      },
    };
  }
  const act = { session: 'tent', isAct: true };

  test('is refused with the call that would do it, while a read finds the session', async () => {
    await using projects = await twoProjects();
    const { serverRig, path } = projects;
    expect((await findSession({ session: 'tent' }, serverRig.context)).folder).toBe(TENT);
    await expect(findSession(act, serverRig.context)).rejects.toMatchObject({
      code: 'other_project',
      why: `Session ${TENT} belongs to another project, ${path}.`,
      next: [{ act: 'name_project', args: { project_dir: path } }],
    });
  });

  test('is done if the project is named or a person agrees, and the project is reported', async () => {
    await using projects = await twoProjects();
    const { serverRig, path } = projects;
    const asked: string[] = [];
    const reached: string[] = [];
    const elsewhere = (isAgreed: boolean): Elsewhere => ({
      async agrees({ session, projectDir }) {
        asked.push(`${session} in ${projectDir}`);
        return isAgreed;
      },
      command: (projectDir) => `samocode stop --project ${projectDir} tent`,
      reached: (projectDir) => reached.push(projectDir),
    });
    const find = async (isAgreed: boolean, more = {}) =>
      (await findSession({ ...act, ...more }, { ...serverRig.context, elsewhere: elsewhere(isAgreed) }))
        .folder;
    await expect(find(false)).rejects.toMatchObject({
      hint: `If you mean it: samocode stop --project ${path} tent`,
    });
    expect(reached).toEqual([]);
    expect(await find(true)).toBe(TENT);
    expect(asked).toEqual([`${TENT} in ${path}`, `${TENT} in ${path}`]);
    expect(await find(false, { projectDir: path })).toBe(TENT);
    expect(reached).toEqual([path, path]);
  });

  test('needs no project name outside any project', async () => {
    await using projects = await twoProjects();
    await using nowhere = await tempDir();
    const context = { ...projects.serverRig.context, cwd: nowhere.path };
    expect((await findSession(act, context)).folder).toBe(TENT);
  });
});

test('without a confirmation, a full name or a short id is required, and the error gives the full name', async () => {
  await using serverRig = await makeServerRig();
  await serverRig.addSession('26-01-08-boat-race');
  const find = async (session: string) =>
    (await findSession({ session, isExact: true }, serverRig.context)).folder;
  expect(await find('boat-race')).toBe('26-01-08-boat-race');
  expect(await find(shortId('26-01-08-boat-race'))).toBe('26-01-08-boat-race');
  await expect(find('boat')).rejects.toMatchObject({
    code: 'whole_name_needed',
    hint: 'Give the full name: 26-01-08-boat-race.',
  });
});
