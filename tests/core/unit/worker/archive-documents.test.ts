import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type Command, leaveCommand } from '../../../../src/core/session/commands/commands.ts';
import type { FinishingOf } from '../../../../src/core/session/events/bodies/finishing.ts';
import type { NewEvent } from '../../../../src/core/session/events/events.ts';
import { readEvents } from '../../../../src/core/session/log/event-log.ts';
import { takeCommands } from '../../../../src/core/worker/commands/take-commands.ts';
import { performDocuments, performWork } from '../../../../src/core/worker/finish/perform.ts';
import type { Worker } from '../../../../src/core/worker/state/worker.ts';
import { type TempLog, tempLog } from '../../../support/temp-log.ts';
import { CAME, CREATED, PREPARED } from '../session/events.ts';
import { workerOn } from './worker-on.ts';

/** The first bytes of a picture, enough not to be text. */
const PNG = Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex');
const CLI = { channel: 'cli' } as const;
const STOPPED: NewEvent = { type: 'stopped', by: CLI, why: 'x' };
const DOCUMENTS = ['01-08-1000-dive-x.md', '01-08-1001-plan-x.md'];
const COMMAND: Command = {
  v: 1,
  id: '01KEE000000000000000000001',
  by: CLI,
  at: '2026-01-08T10:00:00.000Z',
  kind: 'archive',
  what: 'documents',
  keep: [],
};
const ARCHIVED = {
  type: 'archived',
  by: CLI,
  what: 'documents',
  moved: DOCUMENTS,
  to: '_archive/26-01-08-x',
} as const satisfies NewEvent;
const WORK: FinishingOf<'documents'> = {
  kind: 'documents',
  by: CLI,
  moved: DOCUMENTS,
  kept: [],
  to: ARCHIVED.to,
};

const ASKED: NewEvent = { type: 'finish_asked', work: WORK };

/** The worker of a stopped session with two documents. */
async function stopped(log: TempLog, ...events: NewEvent[]): Promise<Worker> {
  await mkdir(log.paths.sessionDir, { recursive: true });
  for (const name of DOCUMENTS) await writeFile(join(log.paths.sessionDir, name), '# x\n');
  return await workerOn(log, [CREATED, PREPARED, STOPPED, ...events]);
}

const finish = performWork;
const documents = async ({ paths }: TempLog) =>
  (await readdir(paths.sessionDir)).filter((name) => name.includes('-x.md')).sort();
const archived = async ({ paths }: TempLog) => {
  const folders = await readdir(paths.archive).catch(() => []);
  return (await Promise.all(folders.map((name) => readdir(join(paths.archive, name))))).flat().sort();
};

test('a document is moved only once its archiving is recorded, not while the command is judged', async () => {
  await using log = await tempLog();
  const worker = await stopped(log);
  await leaveCommand(log.paths, COMMAND);
  await takeCommands(worker, 'no_agent');
  expect(await documents(log)).toEqual(DOCUMENTS);
  await finish(worker);
  const types = (await readEvents(log.paths, 3)).map(({ type }) => type);
  expect(types).toEqual(['command_accepted', 'finish_asked', 'archived']);
  expect([await documents(log), await archived(log)]).toEqual([[], DOCUMENTS]);
});

test('the pictures of documents move with the last of these documents, and are copied while one is kept', async () => {
  await using log = await tempLog();
  const worker = await stopped(log);
  const { screens, archive } = log.paths;
  await mkdir(screens);
  await writeFile(join(screens, 'home.png'), PNG);
  await symlink('/etc', join(screens, 'out'));
  const [first = '', last = ''] = DOCUMENTS;
  await performDocuments(worker, { ...WORK, moved: [first], to: '_archive/one' });
  expect(await readdir(join(archive, 'one/screens'))).toEqual(['home.png']);
  expect(await readFile(join(screens, 'home.png'))).toEqual(PNG);
  await performDocuments(worker, { ...WORK, moved: [last], to: '_archive/two' });
  expect(await readFile(join(archive, 'two/screens/home.png'))).toEqual(PNG);
  expect(await readdir(log.paths.sessionDir)).not.toContain('screens');
});

test('an archiving of documents that a crash cut short is completed', async () => {
  await using log = await tempLog();
  const worker = await stopped(log, ASKED, CAME);
  await finish(worker);
  await finish(worker);
  expect([await documents(log), await archived(log)]).toEqual([[], DOCUMENTS]);
});

test('a document that reappeared after the session continued stays', async () => {
  await using log = await tempLog();
  const went: NewEvent = { type: 'went_on', why: 'slot_free' };
  const worker = await stopped(log, ARCHIVED, CAME, went);
  await finish(worker);
  expect(await documents(log)).toEqual(DOCUMENTS);
});

test('archiving moves only documents, and only into the archive of their session', async () => {
  await using log = await tempLog();
  const work = { ...WORK, moved: ['../x', ...DOCUMENTS], to: '../../elsewhere' };
  const worker = await stopped(log, { type: 'finish_asked', work });
  await finish(worker);
  expect(await readdir(log.paths.archive)).toEqual(['elsewhere']);
  expect(await archived(log)).toEqual(DOCUMENTS);
});

test('an interrupted archiving is completed even after an earlier complete one', async () => {
  await using log = await tempLog();
  const worker = await stopped(log, ASKED, CAME);
  await finish(worker);
  await writeFile(join(log.paths.sessionDir, '01-08-1002-plan-x.md'), '# x\n');
  const work = { ...WORK, moved: ['01-08-1002-plan-x.md'], to: '_archive/26-01-08-x-2' };
  await worker.writer.append({ type: 'finish_asked', work }, CAME);
  await finish(worker);
  expect([await documents(log), await archived(log)]).toEqual([[], [...DOCUMENTS, '01-08-1002-plan-x.md']]);
});
