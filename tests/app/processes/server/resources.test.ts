// @module-tag ci
import { appendFile, cp, mkdir, open, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { RESOURCE_KINDS, type ResourceKindName } from '../../../../src/app/server/resources/kinds.ts';
import { setupProject } from '../../../../src/core/acts/set-up/setup-project.act.ts';
import { systemClock } from '../../../../src/core/kernel/clock.ts';
import { writeWhole } from '../../../../src/core/kernel/files/atomic-file.ts';
import { runCommand } from '../../../../src/core/kernel/processes/run-command.ts';
import type { NewEvent } from '../../../../src/core/session/events/events.ts';
import { archiveRoot, sessionPaths } from '../../../../src/core/session/layout/paths.ts';
import { ASKING, BLOCKED, CREATED, DONE, eventLines, PREPARED } from '../../../core/unit/session/events.ts';
import { eventually } from '../../../support/eventually.ts';
import { INSIDE } from '../../../support/project.ts';
import { makeRepo } from '../../../support/temp-repo.ts';
import { makeServerRig, type ServerRig } from '../../unit/server/server-rig.ts';

const KINDS = Object.keys(RESOURCE_KINDS) as ResourceKindName[];
const BOAT = '26-01-08-boat';
const uriOf = (kind: string, session = BOAT) => `samocode://sessions/${session}/${kind}`;

/** A session with all kinds of content. */
async function layWhole(serverRig: ServerRig) {
  const { repo } = serverRig;
  const worktree = join(repo.root, 'worktree');
  const baseCommit = await repo.git(['rev-parse', 'HEAD']);
  await repo.git(['worktree', 'add', '-q', '-b', 'boat', worktree]);
  await writeFile(join(worktree, 'boat.txt'), 'one\ntwo\n');
  await repo.git(['add', '.'], worktree);
  await repo.git(['commit', '-q', '-m', 'Fold "the" boat'], worktree);
  const prepared: NewEvent = {
    ...PREPARED,
    type: 'prepared',
    phase: 'investigation',
    warnings: [],
    worktree: { path: worktree, branch: 'boat', base: 'main', baseCommit },
  };
  const paths = await serverRig.addSession(BOAT, [CREATED, prepared, ASKING]);
  await writeFile(paths.qa, '# Q&A: boat\n');
  await writeFile(join(paths.sessionDir, '01-08-1100-plan-boat.md'), '# Plan: boat\n');
  await writeFile(paths.signal, '{"status":"continue"}');
  await writeFile(paths.history, '{"iteration":1}\n');
  await writeFile(paths.sessionLog, '10:00 began\n');
  return { paths, worktree };
}

test('every kind of resource of a session can be read, each with its own type', async () => {
  await using serverRig = await makeServerRig();
  const { paths } = await layWhole(serverRig);
  const shown: Record<ResourceKindName, unknown> = {
    overview: `# Session: ${BOAT}\n`,
    qa: '# Q&A: boat\n',
    plan: '# Plan: boat\n',
    signal: '{"status":"continue"}',
    history: '{"iteration":1}\n',
    events: expect.stringContaining('"type":"session_created"'),
    log: '10:00 began\n',
    changes: expect.stringContaining('"subject": "Fold \\"the\\" boat"'),
  };
  for (const kind of KINDS) {
    const { contents } = await serverRig.client.readResource({ uri: uriOf(kind) });
    expect(contents).toEqual([
      {
        uri: uriOf(kind),
        mimeType: RESOURCE_KINDS[kind].mimeType,
        text: shown[kind],
        _meta: { 'samocode/writtenBy': RESOURCE_KINDS[kind].writtenBy },
      },
    ]);
  }
  expect(JSON.parse(await serverRig.text(uriOf('changes')))).toMatchObject({
    branch: 'boat',
    commitsInAll: 1,
    files: [{ path: 'boat.txt', insertions: 2, deletions: 0 }],
  });
  expect(await serverRig.text(uriOf('overview', 'boat'))).toContain(BOAT);
  await rm(paths.sessionDir, { recursive: true });
  await expect(serverRig.text(uriOf('overview'))).rejects.toThrow('Its overview is written when');
});

test('a session of any name has a URI', async () => {
  await using serverRig = await makeServerRig();
  for (const name of ['Old_Name.v2', 'a b', 'a%b', 'bötchen', 'x?y#z']) {
    const { sessionDir, runDir } = await serverRig.addSession(name);
    const { resources } = await serverRig.client.listResources();
    const uri = resources[1]?.uri ?? '';
    expect(await serverRig.text(uri)).toBe(`# Session: ${name}\n`);
    expect(await serverRig.text(new URL(uri).href)).toBe(`# Session: ${name}\n`);
    for (const dir of [sessionDir, runDir]) await rm(dir, { recursive: true });
  }
});

test('each kind has a template, and the list has the sessions that are not archived', async () => {
  await using serverRig = await makeServerRig();
  await serverRig.addSession('26-01-08-asks', [CREATED, PREPARED, ASKING]);
  await serverRig.addSession('26-01-08-works');
  await serverRig.addSession('26-01-08-over', [CREATED, PREPARED, DONE]);
  const { resourceTemplates } = await serverRig.client.listResourceTemplates();
  expect(resourceTemplates.map(({ uriTemplate }) => uriTemplate)).toEqual(
    KINDS.map((kind) => `samocode://sessions/{name}/${kind}`),
  );
  const { resources } = await serverRig.client.listResources();
  expect(resources.map(({ uri }) => uri)).toEqual([
    'samocode://sessions',
    uriOf('overview', '26-01-08-asks'),
    uriOf('overview', '26-01-08-works'),
  ]);
  expect(resources[1]).toMatchObject({ description: expect.stringContaining('waits for answers') });
  const both = { audience: ['user', 'assistant'], lastModified: expect.stringMatching(/^20.*Z$/) };
  expect(resources.map(({ annotations, size }) => ({ annotations, size }))).toEqual([
    { annotations: { audience: both.audience, priority: 1 } },
    { annotations: { ...both, priority: 0.95 }, size: '# Session: 26-01-08-asks\n'.length },
    { annotations: { ...both, priority: 0.8 }, size: '# Session: 26-01-08-works\n'.length },
  ]);
  for (const { annotations } of resourceTemplates) expect(annotations?.priority).toBeLessThan(0.95);
  const { sessions } = JSON.parse(await serverRig.text('samocode://sessions'));
  expect(sessions).toHaveLength(3);
  expect(sessions[0]).toEqual({
    session: '26-01-08-asks',
    project: serverRig.repo.path,
    state: 'waiting',
    for: 'qa_answers',
    needs_human: true,
    phase: 'investigation',
    iteration: 0,
    since: expect.any(String),
    cursor: '3',
    overview: uriOf('overview', '26-01-08-asks'),
  });
});

test('a long list comes in pages that contain every session once', async () => {
  await using serverRig = await makeServerRig();
  for (let index = 0; index < 105; index += 1) await serverRig.addSession(`26-01-08-s${index}`);
  const seen: string[] = [];
  for (let cursor: string | undefined; ; ) {
    const page = await serverRig.client.listResources(cursor === undefined ? {} : { cursor });
    seen.push(...page.resources.map(({ uri }) => uri));
    cursor = page.nextCursor;
    if (cursor === undefined) break;
  }
  expect(seen).toHaveLength(106);
  expect(new Set(seen).size).toBe(106);
  await expect(serverRig.client.listResources({ cursor: 'x' })).rejects.toThrow('not from resources/list');
});

/** A refusal changes nothing, so all rows share one session. */
let reading: ServerRig;
beforeAll(async () => {
  reading = await makeServerRig();
  await reading.addSession(BOAT);
});
afterAll(() => reading[Symbol.asyncDispose]());

test.each([
  ['samocode://sessions/boat', 'is not a resource'],
  ['samocode://sessions/boat/diary', 'overview, qa, plan, signal, history, events, log, changes'],
  ['file:///etc/passwd', 'is not a resource'],
  ['samocode://sessions/%E0%A4%A/overview', 'invalid % escape'],
  ['samocode://sessions/..%2F..%2Fetc/overview', 'There is no session'],
  [uriOf('overview', '26-01-08-baot'), 'Did you mean'],
  [uriOf('qa'), 'It has no questions yet'],
  [uriOf('plan'), 'There is no plan to read'],
  [uriOf('changes'), 'has no branch yet'],
  [`${uriOf('overview')}?project=%2Fnowhere`, 'project'],
])('reading %s is refused with a helpful message', async (uri, words) => {
  const failure = await reading.client.readResource({ uri }).catch((error: unknown) => error);
  expect(failure).toMatchObject({ code: -32602, message: expect.stringContaining(words) });
});

test('part of a file of any size is shown, with a note, and a link is not followed', async () => {
  await using serverRig = await makeServerRig();
  const paths = await serverRig.addSession(BOAT);
  const log = await open(paths.sessionLog, 'w');
  await log.truncate(1024 ** 3);
  await log.write('\nthe last line\n', 1024 ** 3);
  await log.close();
  expect(await serverRig.text(uriOf('log'))).toBe(
    `[${1024 ** 3 + 1} bytes above are omitted]\nthe last line\n`,
  );
  await writeFile(paths.history, '{"a":"b"}\n'.repeat(100_000));
  const lines = (await serverRig.text(uriOf('history'))).trimEnd().split('\n');
  expect(lines.map((line) => JSON.parse(line)).slice(0, 2)).toEqual([
    { note: expect.stringMatching(/^\d+ bytes above are omitted$/) },
    { a: 'b' },
  ]);
  await writeFile(paths.overview, '# A line\n'.repeat(100_000));
  const overview = await serverRig.text(uriOf('overview'));
  expect(overview).toMatch(/^# A line\n[\s\S]*\n\[\d+ bytes below are omitted\]\n$/);
  await symlink('/etc/passwd', paths.qa);
  await expect(serverRig.text(uriOf('qa'))).rejects.toThrow('not a plain file');
});

test('without any project the list is empty, and nothing fails', async () => {
  await using serverRig = await makeServerRig({ bare: true });
  const { resources } = await serverRig.client.listResources();
  expect(resources.map(({ uri }) => uri)).toEqual(['samocode://sessions']);
  expect(JSON.parse(await serverRig.text('samocode://sessions'))).toEqual({ sessions: [] });
  await serverRig.client.subscribeResource({ uri: 'samocode://sessions' });
  await expect(serverRig.text(uriOf('overview'))).rejects.toThrow('.samocode');
});

test('sessions of other projects are listed too, including those of the same name', async () => {
  await using serverRig = await makeServerRig();
  await using other = await makeRepo();
  const { context } = serverRig;
  await setupProject({ projectDir: other.path, ...INSIDE }, { ...context, cwd: other.path });
  await serverRig.addSession(BOAT);
  const mine = await serverRig.addSession('26-01-08-mine');
  const theirs = join(other.path, '_samocode/sessions');
  for (const folder of [BOAT, '26-01-08-kite']) {
    const { runDir } = sessionPaths(theirs, folder);
    await mkdir(dirname(runDir), { recursive: true });
    await rename(await copyOf(mine.runDir, join(other.root, 'run')), runDir);
    await mkdir(join(theirs, folder), { recursive: true });
    await writeFile(join(theirs, folder, '_overview.md'), `theirs: ${folder}\n`);
  }
  const { resources } = await serverRig.client.listResources();
  const uris = resources.map(({ uri }) => uri).slice(1);
  expect(uris).toHaveLength(4);
  const shown = await Promise.all(uris.map((uri) => serverRig.text(uri)));
  expect(shown.sort()).toEqual([
    `# Session: ${BOAT}\n`,
    `# Session: 26-01-08-mine\n`,
    'theirs: 26-01-08-boat\n',
    'theirs: 26-01-08-kite\n',
  ]);
  await serverRig.client.subscribeResource({ uri: uriOf('overview', '26-01-08-kite') });
  await writeWhole(join(theirs, '26-01-08-kite/_overview.md'), 'changed');
  await eventually(async () => serverRig.updated.includes(uriOf('overview', '26-01-08-kite')));
});

async function copyOf(from: string, to: string): Promise<string> {
  await cp(from, to, { recursive: true });
  return to;
}

test.concurrent('a subscriber is notified of every change of that resource, and of no other', async () => {
  await using serverRig = await makeServerRig();
  const { paths, worktree } = await layWhole(serverRig);
  const all = [...KINDS.map((kind) => uriOf(kind)), 'samocode://sessions'];
  for (const uri of all) await serverRig.client.subscribeResource({ uri });
  const changes: Record<ResourceKindName, () => Promise<unknown>> = {
    overview: () => writeWhole(paths.overview, 'new'),
    qa: () => appendFile(paths.qa, 'more\n'),
    plan: () => writeWhole(join(paths.sessionDir, '01-08-1200-plan-boat.md'), '# Plan: 2\n'),
    signal: () => writeFile(paths.signal, '{}'),
    history: () => appendFile(paths.history, '{}\n'),
    events: () =>
      appendFile(paths.events, `${eventLines([CREATED, PREPARED, ASKING, BLOCKED]).split('\n')[3]}\n`),
    log: () => appendFile(paths.sessionLog, 'more\n'),
    changes: () => serverRig.repo.git(['commit', '-q', '--allow-empty', '-m', 'x'], worktree),
  };
  for (const kind of KINDS) {
    // A late notification of the previous change must not count for this one.
    await systemClock.sleep(150);
    serverRig.updated.length = 0;
    await changes[kind]();
    await eventually(async () => serverRig.updated.includes(uriOf(kind)));
    await systemClock.sleep(100);
    const others = kind === 'events' ? ['samocode://sessions'] : [];
    expect(new Set(serverRig.updated)).toEqual(new Set([uriOf(kind), ...others]));
  }
  for (const uri of all) await serverRig.client.unsubscribeResource({ uri });
  serverRig.updated.length = 0;
  for (const kind of KINDS) await changes[kind]();
  await systemClock.sleep(200);
  expect(serverRig.updated).toEqual([]);
});

test.concurrent('an unsubscribe immediately after its subscribe ends the subscription', async () => {
  await using serverRig = await makeServerRig();
  const { overview } = await serverRig.addSession(BOAT);
  const uri = uriOf('overview');
  await Promise.all([
    serverRig.client.subscribeResource({ uri }),
    serverRig.client.unsubscribeResource({ uri }),
  ]);
  await appendFile(overview, 'more\n');
  await systemClock.sleep(300);
  expect(serverRig.updated).toEqual([]);
});

test.concurrent('a pipe at the path of .git does not block a subscriber', async () => {
  await using serverRig = await makeServerRig();
  const { worktree } = await layWhole(serverRig);
  await rm(join(worktree, '.git'));
  await runCommand('mkfifo', [join(worktree, '.git')], { cwd: serverRig.repo.path, env: serverRig.repo.env });
  expect(await serverRig.client.subscribeResource({ uri: uriOf('changes') })).toEqual({});
  expect(await serverRig.text(uriOf('changes'))).toContain('boat.txt');
});

test.concurrent('a subscription continues when its session is archived, restored and removed', async () => {
  await using serverRig = await makeServerRig();
  const paths = await serverRig.addSession(BOAT);
  const uri = uriOf('overview');
  await serverRig.client.subscribeResource({ uri });
  const archived = join(archiveRoot(serverRig.sessionsDir), BOAT);
  const reportOf = async (change: () => Promise<unknown>) => {
    await systemClock.sleep(150);
    const before = serverRig.updated.length;
    await change();
    await eventually(async () => serverRig.updated.length > before);
  };
  await mkdir(archiveRoot(serverRig.sessionsDir));
  await reportOf(() => rename(paths.sessionDir, archived));
  await reportOf(() => writeFile(join(archived, '_overview.md'), 'in the archive'));
  await reportOf(() => rename(archived, paths.sessionDir));
  await reportOf(() => rm(paths.sessionDir, { recursive: true }));
  await reportOf(async () => {
    await mkdir(paths.sessionDir);
    await writeFile(paths.overview, 'anew');
  });
  await reportOf(() => appendFile(paths.overview, 'more'));
});

test.concurrent('a client that has listed is notified when a session is added or removed, and not of other changes', async () => {
  await using serverRig = await makeServerRig();
  const paths = await serverRig.addSession(BOAT);
  await serverRig.addSession('26-01-09-early');
  await systemClock.sleep(200);
  expect(serverRig.listChanges()).toBe(0);
  await serverRig.client.listResources();
  const reportOf = async (change: () => Promise<unknown>) => {
    await systemClock.sleep(300);
    const before = serverRig.listChanges();
    await change();
    await eventually(async () => serverRig.listChanges() > before);
  };
  await reportOf(() => serverRig.addSession('26-01-09-kite'));
  const lines = eventLines([CREATED, PREPARED, ASKING, DONE]).split('\n');
  const before = serverRig.listChanges();
  await appendFile(paths.events, `${lines[2]}\n`);
  await systemClock.sleep(400);
  expect(serverRig.listChanges()).toBe(before);
  await reportOf(() => appendFile(paths.events, `${lines[3]}\n`));
  await reportOf(async () => {
    await rm(sessionPaths(serverRig.sessionsDir, '26-01-09-kite').runDir, { recursive: true });
    await rm(join(serverRig.sessionsDir, '26-01-09-kite'), { recursive: true });
  });
  const { resources } = await serverRig.client.listResources();
  expect(resources.map(({ name }) => name)).toEqual(['sessions', '26-01-09-early']);
});

test.concurrent('names are completed: the nearest first, then the newest, a hundred at most', async () => {
  await using serverRig = await makeServerRig();
  const complete = async (value: string) => {
    const ref = { type: 'ref/resource' as const, uri: 'samocode://sessions/{name}/qa' };
    return (await serverRig.client.complete({ ref, argument: { name: 'name', value } })).completion;
  };
  expect(await complete('')).toEqual({ values: [], total: 0, hasMore: false });
  for (const name of [
    '26-01-08-boat',
    '26-02-09-boat',
    '26-01-07-paper-boat',
    '25-01-01-bob-at-sea',
    '26-03-03-kite',
  ])
    await serverRig.addSession(name);
  expect((await complete('')).values[0]).toBe('26-03-03-kite');
  expect((await complete('BOAT')).values).toEqual(['26-02-09-boat', '26-01-08-boat', '26-01-07-paper-boat']);
  for (let index = 0; index < 110; index += 1) await serverRig.addSession(`26-01-08-s${index}`);
  const many = await complete('s');
  expect(many).toMatchObject({ total: 111, hasMore: true });
  expect(many.values).toHaveLength(100);
  const strange = { type: 'ref/resource' as const, uri: 'samocode://sessions/{name}/diary' };
  await expect(
    serverRig.client.complete({ ref: strange, argument: { name: 'name', value: '' } }),
  ).rejects.toThrow('can be completed');
});

test.concurrent('more subscriptions than a client could use are refused', async () => {
  await using serverRig = await makeServerRig();
  for (let index = 0; index < 33; index += 1) await serverRig.addSession(`26-01-08-s${index}`);
  const uris = KINDS.flatMap((kind) =>
    Array.from({ length: 33 }, (_, index) => uriOf(kind, `26-01-08-s${index}`)),
  );
  for (const uri of uris.slice(0, 256)) await serverRig.client.subscribeResource({ uri });
  await serverRig.client.subscribeResource({ uri: uris[0] ?? '' });
  await expect(serverRig.client.subscribeResource({ uri: uris[256] ?? '' })).rejects.toThrow(
    '256 subscriptions',
  );
  await serverRig.client.unsubscribeResource({ uri: uris[0] ?? '' });
  await expect(serverRig.client.subscribeResource({ uri: uriOf('overview', 'none') })).rejects.toThrow(
    'There is no session',
  );
  await serverRig.client.subscribeResource({ uri: uris[256] ?? '' });
});
