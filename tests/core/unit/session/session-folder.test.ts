import { execFileSync } from 'node:child_process';
import { appendFile, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { systemClock as clock } from '../../../../src/core/kernel/clock.ts';
import { systemHost } from '../../../../src/core/kernel/processes/host.ts';
import type { Lease } from '../../../../src/core/kernel/processes/lease.ts';
import { isContinuedBy } from '../../../../src/core/session/folder/read-session.ts';
import {
  needsHuman,
  readSessionList,
  sessionFolders,
  unimportedFolders,
} from '../../../../src/core/session/folder/session-list.ts';
import { waitForEvents } from '../../../../src/core/session/folder/watch.ts';
import {
  handleOf,
  isFolderName,
  matchFolders,
  nameWithoutDate,
  normalizeNewName,
  resolveSessionFolder,
  sessionSlug,
  shortId,
} from '../../../../src/core/session/layout/names.ts';
import {
  archiveRoot,
  isWrittenDuringAgent,
  iterationPaths,
  runRoot,
  type SessionPaths,
  sessionPaths,
  travels,
} from '../../../../src/core/session/layout/paths.ts';
import { readSessionFile } from '../../../../src/core/session/log/read-session-file.ts';
import { hostWith } from '../../../support/hosts.ts';
import { sessionFileSample } from '../../../support/session-file-sample.ts';
import { tempDir } from '../../../support/temp-dir.ts';
import { tempLog } from '../../../support/temp-log.ts';
import { namesProperties } from '../../properties/names.ts';
import { ASKING, BLOCKED, CREATED, DONE, eventLines, PREPARED, writeEvents } from './events.ts';

const DAY_MS = 24 * 60 * 60_000;
const day = (number: number) => Date.UTC(2026, 0, number);

test('sessions that need a person come first, then the newest', async () => {
  await using dir = await tempDir();
  const at = (folder: string) => sessionPaths(dir.path, folder);
  await writeEvents(at('26-01-01-asks'), [CREATED, PREPARED, ASKING], day(1));
  await writeEvents(at('26-01-02-done'), [CREATED, PREPARED, DONE], day(2));
  await writeEvents(at('26-01-03-runs'), [CREATED, PREPARED], day(3));
  await writeEvents(at('25-12-31-blocked'), [CREATED, PREPARED, BLOCKED], day(1) - DAY_MS);
  const views = await readSessionList(dir.path, await systemHost());
  expect(views.map(({ folder }) => folder)).toEqual([
    '26-01-01-asks',
    '25-12-31-blocked',
    '26-01-03-runs',
    '26-01-02-done',
  ]);
  expect(views.map(needsHuman)).toEqual([true, true, false, false]);
});

test('folders with an overview and without records are listed as unimported, and others are not', async () => {
  await using dir = await tempDir();
  for (const folder of ['26-01-08-old', '_archive', '.git', 'notes']) await mkdir(join(dir.path, folder));
  await writeFile(join(dir.path, '26-01-08-old', '_overview.md'), '# Session: old\n');
  await writeFile(join(dir.path, 'README.md'), 'x');
  await mkdir(join(dir.path, '26-01-08-nested', '_samocode'), { recursive: true });
  await writeFile(join(dir.path, '26-01-08-nested', '_samocode', '_overview.md'), '# Session: old\n');
  await writeEvents(sessionPaths(dir.path, '26-01-09-new'), [CREATED]);
  await mkdir(join(runRoot(dir.path), '.26-01-10-half.draft'));
  const views = await readSessionList(dir.path, await systemHost());
  expect(views.map(({ folder }) => folder)).toEqual(['26-01-09-new']);
  expect(await unimportedFolders(dir.path)).toEqual(['26-01-08-nested', '26-01-08-old']);
  expect(await sessionFolders(dir.path)).toEqual([
    '26-01-08-nested',
    '26-01-08-old',
    '26-01-09-new',
    'notes',
  ]);
});

test('an empty or missing folder holds no sessions', async () => {
  await using dir = await tempDir();
  expect(await sessionFolders(join(dir.path, 'none'))).toEqual([]);
});

test('a session file is read back as it was written, and a missing one is reported as missing', async () => {
  await using log = await tempLog();
  expect(await readSessionFile(log.paths)).toBeUndefined();
  await writeFile(log.paths.sessionFile, JSON.stringify(sessionFileSample()));
  expect(await readSessionFile(log.paths)).toEqual(sessionFileSample());
});

test.each([
  ['torn', '{"v":1,"id":', 'It is not JSON'],
  ['a list', '[]', 'expected object'],
  ['without settings', JSON.stringify({ ...sessionFileSample(), settings: undefined }), 'settings'],
  ['with an unknown gate', JSON.stringify(sessionFileSample()).replace('"qa"', '"moat"'), 'gates'],
  ['of a newer samocode', '{"v":9}', 'A newer samocode wrote it (format 9)'],
])('a session file that is %s is an error that names the problem and the file', async (_, text, problem) => {
  await using log = await tempLog();
  await writeFile(log.paths.sessionFile, text);
  const error = await readSessionFile(log.paths).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: 'session_file_broken' });
  expect(String(error)).toContain(problem);
  expect(String(error)).toContain(log.paths.sessionFile);
});

test('a newer session file asks for an update, not for a backup', async () => {
  await using log = await tempLog();
  await writeFile(log.paths.sessionFile, '{"v":9}');
  await expect(readSessionFile(log.paths)).rejects.toMatchObject({
    hint: 'Update samocode on this machine.',
  });
});

test('a folder, link or pipe at its path is an error and does not block the reader', async () => {
  await using log = await tempLog();
  const { sessionFile } = log.paths;
  for (const plant of [['mkdir'], ['mkfifo'], ['ln', '-s', '/etc/hostname']]) {
    execFileSync(plant[0] ?? '', [...plant.slice(1), sessionFile]);
    await expect(readSessionFile(log.paths)).rejects.toMatchObject({ code: 'session_file_broken' });
    await rm(sessionFile, { recursive: true });
  }
});

const paths = sessionPaths('/sessions', '26-01-08-x');

test('files for people and agents are in the session folder, and machine state is in the run folder in the home', () => {
  const { folder: _, sessionsDir: __, ...files } = paths;
  const machine = Object.values(files).filter((path) => path.startsWith(paths.runDir));
  const visible = Object.values(files).filter((path) => path.startsWith('/sessions/26-01-08-x'));
  expect(machine.length + visible.length).toBe(Object.keys(files).length);
  expect(paths.events).toBe(`${paths.runDir}/events.jsonl`);
  expect(paths.signal).toBe('/sessions/26-01-08-x/_signal.json');
});

test('no two files share a path', () => {
  const all = [...Object.values(paths).slice(2), ...Object.values(iterationPaths(paths, 7))];
  expect(new Set(all).size).toBe(all.length);
});

test('an iteration has a numbered folder', () => {
  expect(iterationPaths(paths, 7).child).toBe(`${paths.runDir}/iterations/007/child.json`);
  expect(iterationPaths(paths, 1234).dir).toBe(`${paths.runDir}/iterations/1234`);
});

test('an archived session is in a folder whose name no session can have, and a running one in the state of its user', () => {
  expect(archiveRoot('/s')).toBe('/s/_archive');
  expect(runRoot('/s')).toMatch(/\/\.local\/state\/samocode\/[\da-f]{16}$/);
  expect(runRoot('/s')).not.toBe(runRoot('/t'));
});

test.each([
  ['events.jsonl', true],
  ['iterations/007/exit.4711', true],
  ['iterations/007/signal.json', false],
  ['iterations/006/child.json', false],
  ['session.json', false],
])('%s while the agent of iteration 7 runs: %s', (name, isWritten) => {
  expect(isWrittenDuringAgent(name, 7)).toBe(isWritten);
});

test.each([
  ['events.jsonl', true],
  ['base-checks/output', true],
  ['iterations/007/signal.json', true],
  ['iterations/007/checks/done', true],
  ['iterations/007/exit.4711', false],
  ['iterations/007/awake', false],
  ['state.json', false],
  ['services/web.txt', false],
  ['of-another-program', false],
])('%s moves to another machine: %s', (name, isMoved) => {
  expect(travels(name)).toBe(isMoved);
});

/** The lease of a worker, by default one whose session this supervisor may continue. */
function leaseOf(supervisor: string): Lease {
  const { hostId, bootId, pidNamespace } = hostWith([]);
  const owner = { hostId, bootId, pidNamespace, pid: 7, startTicks: '1' };
  return { v: 1, number: 1, owner, supervisor, acquiredAt: '2026-01-08T10:00:00.000Z' };
}

test.each<[what: string, lease: Lease | undefined, is: boolean]>([
  ['that never had a worker', undefined, true],
  ['of this supervisor', leaseOf('ours'), true],
  ['of another HOME', leaseOf('another'), false],
])('whether this supervisor continues a session %s', (_what, lease, is) => {
  expect(isContinuedBy({ lease }, 'ours')).toBe(is);
});

const LINES = eventLines([CREATED, PREPARED, DONE])
  .split('\n')
  .map((line) => `${line}\n`);
const long = { timeoutMs: 30_000, clock };

async function twoEvents(dir: string, folder: string): Promise<SessionPaths> {
  const paths = sessionPaths(dir, folder);
  await writeEvents(paths, [CREATED, PREPARED]);
  return paths;
}

test('events from before the wait are returned at once', async () => {
  await using dir = await tempDir();
  const paths = await twoEvents(dir.path, 'a');
  expect(await waitForEvents([{ paths, after: 1 }], { timeoutMs: 0, clock })).toEqual([0]);
});

test('a wait without events returns nothing', async () => {
  await using dir = await tempDir();
  const paths = await twoEvents(dir.path, 'a');
  expect(await waitForEvents([{ paths, after: 2 }], { timeoutMs: 20, clock })).toEqual([]);
  const gone = sessionPaths(dir.path, 'gone');
  expect(await waitForEvents([{ paths: gone, after: 0 }], { timeoutMs: 20, clock })).toEqual([]);
});

test('of several sessions the one with new events is named', async () => {
  await using dir = await tempDir();
  const [a, b] = [await twoEvents(dir.path, 'a'), await twoEvents(dir.path, 'b')];
  const seen = [
    { paths: a, after: 2 },
    { paths: b, after: 2 },
  ];
  const waiting = waitForEvents(seen, long);
  await clock.sleep(50);
  await appendFile(b.events, LINES[2] ?? '');
  expect(await waiting).toEqual([1]);
});

test('half a line is not an event; completed, it is', async () => {
  await using dir = await tempDir();
  const paths = await twoEvents(dir.path, 'a');
  const line = LINES[2] ?? '';
  await appendFile(paths.events, line.slice(0, 30));
  expect(await waitForEvents([{ paths, after: 2 }], { timeoutMs: 50, clock })).toEqual([]);
  const waiting = waitForEvents([{ paths, after: 2 }], long);
  await appendFile(paths.events, line.slice(30));
  expect(await waiting).toEqual([0]);
});

test('a session whose folder does not exist yet is found by polling', async () => {
  await using dir = await tempDir();
  const paths = sessionPaths(dir.path, 'later');
  const waiting = waitForEvents([{ paths, after: 0 }], long);
  await mkdir(paths.runDir, { recursive: true });
  await writeFile(paths.events, LINES[0] ?? '');
  expect(await waiting).toEqual([0]);
});

test('a wait ends with the reason of its abort', async () => {
  await using dir = await tempDir();
  const paths = await twoEvents(dir.path, 'a');
  const cut = new AbortController();
  const waiting = waitForEvents([{ paths, after: 2 }], { ...long, signal: cut.signal });
  cut.abort(new Error('enough'));
  await expect(waiting).rejects.toThrow('enough');
});

for (const property of namesProperties) test(property.name, () => property.run(500));

test.each([
  ['Add JWT auth to the login, please!', 'add-jwt-auth-to-the-login-please'],
  ['Fix the very long and winding description of a bug', 'fix-the-very-long-and-winding'],
  ['x'.repeat(60), 'x'.repeat(40)],
  ['Größe des Cafés', 'große-des-cafes'],
  ['コマンドのガイド', 'コマンドのガイド'],
  ['हिन्दी में लिखें', 'हिन्दी-में-लिखें'],
  ['Ёлка и йод', 'ёлка-и-йод'],
  ['!!!', 'session'],
])('the task %j gives the name %s', (task, name) => {
  expect(sessionSlug(task)).toBe(name);
});

test('spaces become hyphens and capitals become lower case', () => {
  expect(normalizeNewName('session', '  Add JWT  Auth ')).toBe('add-jwt-auth');
  expect(normalizeNewName('session', 'v2-api')).toBe('v2-api');
});

test.each([
  '',
  ' ',
  '.',
  '..',
  '../x',
  'a/b',
  'a\\b',
  '/etc',
  'C:\\x',
  '.hidden',
  '_archive',
  '~',
  'a\0b',
  'a\nb\u0007',
  '-x',
  'x-',
  'a..b',
  'a.b',
  'x'.repeat(61),
])('the name %j is refused for a new session', (name) => {
  expect(() => normalizeNewName('session', name)).toThrow(
    expect.objectContaining({ code: 'bad_session_name' }),
  );
});

test('a refusal suggests a valid name', () => {
  expect(() => normalizeNewName('session', 'Fix: login/../x')).toThrow(
    'Use "fix-login-x", for example, or leave the name out.',
  );
});

const FOLDERS = [
  '26-01-08-auth',
  '26-02-01-auth',
  '26-03-01-jwt-auth',
  'Old_One.v2',
  'auth-2',
  '.run',
  '_archive',
];

test.each([
  ['26-01-08-auth', '26-01-08-auth'],
  ['auth', '26-02-01-auth'],
  ['JWT Auth', '26-03-01-jwt-auth'],
  ['Old_One.v2', 'Old_One.v2'],
  ['old_one.v2', undefined],
  ['jwt', undefined],
  ['.run', undefined],
  ['_archive', undefined],
  ['../26-01-08-auth', undefined],
])('the name %j opens %s', (name, folder) => {
  expect(resolveSessionFolder(FOLDERS, name)).toBe(folder);
});

test('a date is not part of a name', () => {
  expect(nameWithoutDate('26-01-08-jwt-auth')).toBe('jwt-auth');
  expect(nameWithoutDate('jwt-auth')).toBe('jwt-auth');
});

test('old folders open, while hidden and outside folders do not', () => {
  expect(['My_Old.Session', '_odd', 'UPPER'].every(isFolderName)).toBe(true);
  expect(['', '.', '..', '.run', '_archive', 'a/b', 'a\\b', 'a\0'].some(isFolderName)).toBe(false);
});

test.each([
  ['jwt', ['26-03-01-jwt-auth']],
  ['JWT a', ['26-03-01-jwt-auth']],
  ['26-02', ['26-02-01-auth']],
  ['old', ['Old_One.v2']],
  // The newest session of a name represents the older ones, as for a full name.
  ['aut', ['26-02-01-auth', 'auth-2']],
  ['26-', ['26-01-08-auth', '26-02-01-auth', '26-03-01-jwt-auth']],
  ['j', []],
  ['uth', []],
  ['.r', []],
])('%j is a prefix of %j', (typed, folders) => {
  expect(matchFolders(FOLDERS, typed)).toEqual(folders);
});

test('a short id depends only on the name and identifies one folder', () => {
  const ids = FOLDERS.map(shortId);
  expect(ids).toEqual(FOLDERS.map(shortId));
  expect(ids.join(' ')).toMatch(/^[\da-f]{5}( [\da-f]{5})*$/);
  expect(matchFolders(FOLDERS, shortId('26-01-08-auth'))).toEqual(['26-01-08-auth']);
});

test('a session is typed by its name, or by its short id if the name is long or in another script', () => {
  expect(handleOf('26-03-01-jwt-auth')).toBe('jwt-auth');
  const long = '26-03-01-refactor-the-checkout-flow-number-3-so';
  for (const folder of [long, '26-03-01-日本語のreadme', 'Old_One.v2'])
    expect(handleOf(folder)).toBe(shortId(folder));
});
