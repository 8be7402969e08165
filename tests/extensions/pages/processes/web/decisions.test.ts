// @module-tag ci
import { randomBytes } from 'node:crypto';
import { appendFile, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { uuidToULID } from 'ulid';
import { expect, test } from 'vitest';
import { pageKey } from '../../../../../src/core/caller/facts/live-page.ts';
import type { NewEvent } from '../../../../../src/core/session/events/events.ts';
import { sessionPaths } from '../../../../../src/core/session/layout/paths.ts';
import { readEvents } from '../../../../../src/core/session/log/event-log.ts';
import { CREATED, DONE, PREPARED, writeEvents } from '../../../../core/unit/session/events.ts';
import { EffectCounter } from '../../../../support/counted.ts';
import { eventually } from '../../../../support/eventually.ts';
import { makeProject } from '../../../../support/project.ts';
import { reportedSession } from '../../../../support/report-session.ts';
import { startRig } from '../../../../support/session-rig.ts';
import { hiddenFields, keysIn, serveWeb, type Tab, webOf } from '../../../../support/web-rig.ts';
import { KINDS } from '../../clis/decision-scene.ts';

const NIGHTLY = { id: 'r', name: 'nightly', run: '2026-01-05T02:00:00.000Z' };

/** A UUID of version 7, as a tab makes one. */
function newActId(): string {
  const time = Date.now().toString(16).padStart(12, '0');
  const random = randomBytes(8).toString('hex');
  return `${time.slice(0, 8)}-${time.slice(8)}-7${random.slice(0, 3)}-8${random.slice(3, 6)}-${random.slice(6, 12)}${random.slice(0, 6)}`;
}

/** The rows of a tab in the order of the list. */
async function rowsIn(tab: Tab): Promise<string[]> {
  const order = await eventually(async () => {
    const found = tab.updates.findLast((update) => update.order !== undefined)?.order as string[] | undefined;
    return found?.every((id) => tab.parts.has(id)) && found;
  });
  return order.filter((id) => id.startsWith('r-')).map((id) => tab.parts.get(id) ?? '');
}

const groupIn = (row: string) => /data-in="g-([^"]*)"/.exec(row)?.[1];
const wordsIn = (row: string) => /<em>([^<]*)/.exec(row)?.[1];

test('the list begins with what needs the person, the longest wait first, and says of each session what it wants or does', async () => {
  const project = await makeProject();
  await using _ = project.repo;
  for (const [name, ends] of [
    ['asks', 'waiting'],
    ['stuck', 'blocked'],
    ['ready', 'done'],
    ['ended', 'stopped'],
  ] as const)
    await reportedSession({
      iterations: 4,
      name,
      ends,
      project,
      ...(name === 'stuck' && { recurring: NIGHTLY }),
    });
  await using web = await serveWeb(project.context);
  const tab = await web.open('/');
  const rows = await rowsIn(tab);
  const [needs, others] = [rows.slice(0, 3), rows.slice(3)];
  expect(needs.map(wordsIn).toSorted()).toEqual(['Answer 1 question', 'Blocked', 'Finished, proved']);
  expect(rows.map(groupIn)).toEqual(['needs-you', 'needs-you', 'finished', 'stopped']);
  expect(others.map(wordsIn)).toEqual(['stopped']);
  const since = needs.slice(0, 2).map((row) => /data-since="([^"]*)/.exec(row)?.[1] ?? '');
  expect(since).toEqual(since.toSorted());
  for (const row of rows) expect(row).toContain('Give every boat a name');
  const stuck = rows.find((row) => row.includes('Blocked'));
  expect(stuck).toContain('file is gone.');
  expect(stuck).toMatch(/<bdi>nightly, run of \w+ 01-0\d \d\d:\d\d<\/bdi>/);
  expect(rows.filter((row) => row.includes('nightly'))).toEqual([stuck]);
  tab.close();
});

test('a decision counts only in the state and for the questions that the person saw', async () => {
  await using rig = await startRig({ at: 'asking' });
  await using web = await serveWeb(rig.context('cli'));
  const key = pageKey(rig.paths);
  const refused = await web.decide(key, 'answer', { accept: 'suggestions', state: '0123456789ab' });
  expect([refused.status, refused.text]).toEqual([
    409,
    expect.stringContaining('has changed since this was shown'),
  ]);
  const tab = await web.open(`/s/${key}`);
  const seen = hiddenFields(await eventually(async () => tab.parts.get('p-gate')), 'answer');
  const path = rig.paths.qa;
  await writeFile(path, (await readFile(path, 'utf8')).replace(/^(### Q1.*)$/m, '$1 And why?'));
  const other = await web.act(`/s/${key}/answer`, { ...seen, accept: 'suggestions' });
  expect([other.status, other.text]).toEqual([
    409,
    expect.stringContaining('have changed since they were shown'),
  ]);
  expect((await rig.events()).map(({ type }) => type)).not.toContain('answers_recorded');
  const now = await eventually(async () => {
    const fields = hiddenFields(tab.parts.get('p-gate') ?? '', 'answer');
    return fields.hash !== seen.hash && fields;
  });
  const given = { ...now, Q1: 'B', 'Q1.text': 'but not for admins', accept: 'suggestions' };
  expect((await web.act(`/s/${key}/answer`, given)).status).toBe(200);
  const recorded = (await rig.events()).find((event) => event.type === 'answers_recorded');
  // A chosen option with words: the agent gets both.
  expect(recorded?.answers.find(({ id }) => id === 'Q1')?.text).toBe('B: but not for admins');
  tab.close();
});

const MERGE_ENDS = { into: 'main', reason: 'Both changed it.', files: [], commands: [] };
const PUBLISH_ENDS = { summary: 'Nothing was pushed.', commands: [] };

test.each<[kind: string, end: object, state: string]>([
  ['merge', { type: 'merge_ended', outcome: 'merged', ...MERGE_ENDS }, 'recorded'],
  ['merge', { type: 'merge_ended', outcome: 'ready', ...MERGE_ENDS }, 'recorded'],
  ['merge', { type: 'merge_ended', outcome: 'conflicts', ...MERGE_ENDS }, 'failed'],
  ['merge', { type: 'merge_ended', outcome: 'checks_failed', ...MERGE_ENDS }, 'failed'],
  ['merge', { type: 'merge_ended', outcome: 'stopped', ...MERGE_ENDS }, 'failed'],
  [
    'publish',
    { type: 'publish_ended', what: 'pull_request', outcome: 'published', ...PUBLISH_ENDS },
    'recorded',
  ],
  ['publish', { type: 'publish_ended', what: 'pull_request', outcome: 'failed', ...PUBLISH_ENDS }, 'failed'],
  ['publish', { type: 'publish_ended', what: 'pull_request', outcome: 'stopped', ...PUBLISH_ENDS }, 'failed'],
  ['archive', { type: 'finish_ended', kind: 'archive', code: 'x', reason: 'It is gone.' }, 'failed'],
])('a receipt of a %s that ended with %o says %s', async (kind, end, state) => {
  const { context, repo, sessionsDir } = await makeProject();
  await using _ = repo;
  const paths = sessionPaths(sessionsDir, '26-01-08-boats');
  const act = newActId();
  const by = { channel: 'web' } as const;
  const accepted = { type: 'command_accepted', id: uuidToULID(act), kind, by } as const;
  const events = [CREATED, PREPARED, DONE, accepted, { by, ...end } as NewEvent];
  await writeEvents(paths, events, undefined, { mainRepo: repo.path });
  await mkdir(paths.sessionDir, { recursive: true });
  await using web = await serveWeb(context);
  const { text } = await web.ask(`/s/${pageKey(paths)}/outcome/${act}`);
  expect(JSON.parse(text)).toMatchObject({ state });
});

test('the outcome of an act is what the log of its session says, also once the session is archived', async () => {
  await using rig = await startRig({ at: 'done' });
  await using web = await serveWeb(rig.context('cli'));
  const key = pageKey(rig.paths);
  const outcome = async (act: string) => {
    const { status, text } = await web.ask(`/s/${key}/outcome/${act}`);
    return [status, status === 200 ? JSON.parse(text).state : text];
  };
  const act = newActId();
  expect(await outcome(act)).toEqual([200, 'failed']);
  const kept = await web.decide(key, 'finish', { how: 'keep_branch', act });
  const previewed = await web.decide(key, 'preview', { how: 'keep_branch' });
  const form = hiddenFields(previewed.text, 'finish');
  expect(kept.status).toBe(409);
  const other = await web.act(`/s/${key}/finish`, { ...form, hash: '0123456789ab', act });
  expect([other.status, other.text]).toEqual([
    409,
    expect.stringContaining('has changed since it was shown'),
  ]);
  const done = await web.act(`/s/${key}/finish`, { ...form, act });
  expect([done.status, done.text]).toEqual([200, expect.stringContaining('is archived')]);
  expect(await outcome(act)).toEqual([200, 'recorded']);
  expect(await outcome(newActId())).toEqual([200, 'failed']);
  for (const hostile of ['..%2F..%2Fetc%2Fpasswd', 'x', '%00'])
    expect(await outcome(hostile)).toEqual([409, expect.stringContaining('not a UUID of version 7')]);
});

test('every view reports a session once when it begins to need the person', async () => {
  const { project, folder } = await reportedSession({ iterations: 3, name: 'ready', ends: 'done' });
  await using _ = project.repo;
  const { paths } = await reportedSession({ iterations: 3, name: 'late', ends: 'blocked', project });
  const key = pageKey(sessionPaths(paths.sessionsDir, folder));
  const aside = (each: string) => join(project.repo.root, basename(dirname(each)));
  for (const each of [paths.runDir, paths.sessionDir]) await rename(each, aside(each));
  await using web = await serveWeb(project.context);
  const tabs = [await web.open(`/s/${key}`), await web.open('/new'), await web.open('/')];
  for (const tab of tabs) await eventually(async () => tab.updates.some(({ needs }) => needs !== undefined));
  for (const each of [paths.sessionDir, paths.runDir]) await rename(aside(each), each);
  for (const tab of tabs) {
    const news = await eventually(async () => {
      const all = tab.updates.flatMap(({ news: each = [] }) => each as string[][]);
      return all.some(([, name]) => name === 'late') && all;
    });
    expect(news.filter(([, name]) => name === 'late').map(([, , words]) => words)).toEqual([
      expect.stringMatching(/^Blocked · /),
    ]);
    tab.close();
  }
});

test('a blocked session is resumed with another agent, whose CLI has to be installed', async () => {
  await using rig = await KINDS.blocked();
  await using web = await serveWeb(rig.context('cli'));
  const key = pageKey(rig.paths);
  const { status, text } = await web.decide(key, 'resume', { provider: 'codex' });
  expect([status, text]).toEqual([409, expect.stringMatching(/codex/i)]);
  expect((await web.decide(key, 'resume', { provider: 'rehearsal' })).status).toBe(200);
  expect((await rig.state()).chosen).toMatchObject({ provider: 'rehearsal' });
});

test('an act whose form belongs to another session is refused', async () => {
  await using rig = await startRig({ at: 'asking' });
  await using web = await serveWeb(rig.context('cli'));
  const key = pageKey(rig.paths);
  for (const act of ['message', 'stop', 'withdraw', 'answer', 'verify', 'review']) {
    const { status, text } = await web.act(`/s/${key}/${act}`, { text: 'stop', session: '0123456789ab' });
    expect([act, status, text]).toEqual([
      act,
      409,
      expect.stringContaining('has changed since this was shown'),
    ]);
  }
  expect((await rig.state()).stopWanted).toBeUndefined();
});

test('a new stream of a tab says what has come since the last update, and sends no row that the tab has', async () => {
  const { project, paths } = await reportedSession({ iterations: 3, name: 'ready', ends: 'done' });
  await using web = await webOf(project);
  const key = pageKey(paths);
  const stream = (at: string, got: number, after = '') =>
    web.open(at, new URLSearchParams({ at, tab: 'mine', got: String(got), after }));
  const tab = await stream('/', 0);
  await rowsIn(tab);
  tab.close();
  const again = await stream(`/s/${key}`, tab.updates.length, '2026-01-01T00:00:00.000Z');
  const news = await eventually(async () => again.updates.find((update) => update.news !== undefined));
  expect(news.news).toEqual([
    [key, 'ready', expect.stringMatching(/^Finished, proved · Give every boat a name/)],
  ]);
  expect(again.parts.has('p-head')).toBe(true);
  expect(keysIn(again)).toEqual([]);
  again.close();
  // One update was lost on the way: what the tab has is not known.
  const behind = await stream(`/s/${key}`, again.updates.length);
  await rowsIn(behind);
  expect(keysIn(behind)).toEqual([key]);
  behind.close();
});

test('an event of a session with forty iterations sends little to its tab, and starts no program', async () => {
  const { project, paths } = await reportedSession({ iterations: 40, ends: 'running' });
  await using web = await webOf(project);
  const tab = await web.open(`/s/${pageKey(paths)}`);
  await eventually(async () => tab.parts.has('i40'));
  const before = tab.updates.length;
  const [last] = (await readEvents(paths, 0)).slice(-1);
  using effects = new EffectCounter();
  const head = { v: 1, n: (last?.n ?? 0) + 1, at: '2026-01-09T10:00:00.000Z', lease: 1 };
  const event = { ...head, type: 'stop_requested', when: 'after_iteration', by: { channel: 'cli' } };
  await appendFile(paths.events, `${JSON.stringify(event)}\n`);
  const sent = await eventually(async () => tab.updates.length > before && tab.updates.slice(before));
  expect(effects.list('').filter((effect) => effect.startsWith('program'))).toEqual([]);
  expect(JSON.stringify(sent).length).toBeLessThan(20_000);
  tab.close();
});

test('a message that no agent has read is withdrawn from the page', async () => {
  await using rig = await startRig({ at: 'asking' });
  await using web = await serveWeb(rig.context('cli'));
  const key = pageKey(rig.paths);
  expect((await web.act(`/s/${key}/message`, { text: 'Name the ships too' })).status).toBe(200);
  const tab = await web.open(`/s/${key}`);
  const shown = await eventually(async () => {
    const part = tab.parts.get('p-do') ?? '';
    return part.includes('Name the ships too') && part;
  });
  const fields = hiddenFields(shown, 'withdraw');
  const done = await web.act(`/s/${key}/withdraw`, fields);
  expect([done.status, done.text]).toEqual([200, expect.stringContaining('withdrawn')]);
  expect((await web.act(`/s/${key}/withdraw`, fields)).status).toBe(409);
  await eventually(async () => !(tab.parts.get('p-do') ?? '').includes('Name the ships too'));
  tab.close();
});
