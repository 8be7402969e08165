// @module-tag ci
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { fingerprint } from '../../../../src/core/kernel/files/fingerprint.ts';
import { documentFingerprint } from '../../../../src/core/session/documents/documents.ts';
import type { NewEvent } from '../../../../src/core/session/events/events.ts';
import { readSession } from '../../../../src/core/session/folder/read-session.ts';
import type { SessionPaths } from '../../../../src/core/session/layout/paths.ts';
import {
  type NextWake,
  nextWake,
  readFilesNow,
  waitsFor,
} from '../../../../src/core/session/waits/next-wake.ts';
import { Scan } from '../../../../src/core/supervisor/scan.ts';
import { BLOCKED, CREATED, PREPARED } from '../../unit/session/events.ts';
import { MINUTE_MS, type Scene, type SessionPlan, scene } from '../../unit/supervisor/scene.ts';

const QUESTIONS = `# Q&A: boats

Status: waiting

## Round 1 — requirements

### Q1: Which names?
- A) Short ones
- B) Long ones
Suggestion: A
Answer:

### Q2: Which boats?
- A) All
- B) The large ones
Suggestion: A
Answer:
`;

const answered = (count: number, text = QUESTIONS): string => {
  let left = count;
  return text.replace(/^Answer:$/gm, (line) => (left-- > 0 ? `${line} A` : line));
};
const marked = (text: string): string => text.replace('Status: waiting', 'Status: answered');

const asking = (fileHash = fingerprint(QUESTIONS)): NewEvent => ({
  ...{ type: 'parked', for: 'qa_answers', resumePhase: 'requirements', openQuestions: ['Q1', 'Q2'] },
  ...{ unconfirmed: [], fileHash },
});

async function waiting(here: Scene, more: Partial<SessionPlan> = {}): Promise<SessionPaths> {
  return await here.session('s', { events: [CREATED, PREPARED, asking()], qa: QUESTIONS, ...more });
}

async function dueNow(here: Scene, paths: SessionPaths): Promise<NextWake['kind']> {
  const view = await readSession(paths, here.supervisor.host);
  if (view?.sessionFile === undefined) throw new Error('There is no session.');
  const { state, sessionFile: session } = view;
  const waits = waitsFor(view, here.supervisor.identity);
  const files = await readFilesNow(waits, state);
  const restedMs = () => MINUTE_MS;
  return nextWake(waits, { state, session, files, others: [] }, { atMs: 0, restedMs }).kind;
}

/** Often enough where no worker is to be started at all. */
const SECONDS = { stepMs: 1000 };

/** Scans like the supervisor. @returns the milliseconds until a worker was started; undefined: not within `ms` */
async function startsAfter(
  here: Scene,
  scan: Scan,
  ms: number,
  { stepMs = 100 } = {},
): Promise<number | undefined> {
  const { clock } = here.supervisor;
  const begun = clock.monotonic();
  const before = here.started().length;
  while (clock.monotonic() - begun <= ms) {
    await scan.run();
    if (here.started().length > before) return clock.monotonic() - begun;
    clock.pass(stepMs);
  }
  return undefined;
}

test('answers marked as complete count after two seconds without a change, others after thirty', async () => {
  for (const [text, ms] of [
    [marked(answered(2)), 2000],
    [answered(2), 30_000],
  ] as const) {
    await using here = await scene();
    const { qa } = await waiting(here);
    const scan = new Scan(here.supervisor);
    await scan.run();
    await writeFile(qa, text);
    expect(await startsAfter(here, scan, MINUTE_MS)).toBe(ms);
  }
});

test('an incomplete set of answers never counts, however long it stays unchanged', async () => {
  await using here = await scene();
  const { qa } = await waiting(here);
  const scan = new Scan(here.supervisor);
  for (const text of [marked(answered(1)), answered(1), marked(QUESTIONS)]) {
    await writeFile(qa, text);
    expect(await startsAfter(here, scan, MINUTE_MS, SECONDS)).toBeUndefined();
  }
  expect(await readFile(qa, 'utf8')).toBe(marked(QUESTIONS));
});

test('further typing restarts the wait', async () => {
  await using here = await scene();
  const { qa } = await waiting(here);
  const scan = new Scan(here.supervisor);
  for (let round = 1; round < 5; round += 1) {
    await writeFile(qa, answered(2).replace('Answer: A', `Answer: A ${'and more '.repeat(round)}`));
    expect(await startsAfter(here, scan, 20_000, SECONDS)).toBeUndefined();
  }
  expect(await startsAfter(here, scan, 20_000)).toBeDefined();
});

test('the text that was in the file when the session began to wait does not count as an edit', async () => {
  await using here = await scene();
  const qa = marked(answered(2));
  const paths = await waiting(here, { qa, events: [CREATED, PREPARED, asking(fingerprint(qa))] });
  expect(await dueNow(here, paths)).toBe('not_yet');
});

test('if people may not answer by file, typed answers do not count', async () => {
  await using here = await scene();
  const paths = await waiting(here, { qa: marked(answered(2)), settings: { gateChannels: ['cli'] } });
  expect(await dueNow(here, paths)).toBe('not_yet');
});

test('the same answers start a worker again only after a while, different ones at once', async () => {
  await using here = await scene();
  const { qa } = await waiting(here);
  const scan = new Scan(here.supervisor);
  await writeFile(qa, marked(answered(2)));
  const times: Array<number | undefined> = [];
  for (let round = 0; round < 3; round += 1) times.push(await startsAfter(here, scan, 5 * MINUTE_MS));
  expect(times).toEqual([2000, 2000, 10_000]);
  expect(await startsAfter(here, scan, 5 * MINUTE_MS, SECONDS)).toBeUndefined();
  await writeFile(qa, marked(answered(2)).replace('Answer: A', 'Answer: B'));
  expect(await startsAfter(here, scan, 5000)).toBe(2000);
});

test('answers that are typed after workers have died again and again are taken once that is long ago', async () => {
  await using here = await scene();
  const paths = await waiting(here);
  for (const number of [2, 3, 4]) await here.lease(paths, { number });
  await here.lease(paths, { number: 5, released: true });
  const scan = new Scan(here.supervisor);
  await writeFile(paths.qa, marked(answered(2)));
  expect(await startsAfter(here, scan, MINUTE_MS, SECONDS)).toBeUndefined();
  here.supervisor.clock.pass(60 * MINUTE_MS);
  await writeFile(paths.qa, marked(answered(2)).replace('Answer: A', 'Answer: B'));
  expect(await startsAfter(here, scan, MINUTE_MS)).toBe(2000);
});

test('a start that the system refused is retried after ten seconds, without a new wait', async () => {
  await using here = await scene();
  const { qa } = await waiting(here);
  const scan = new Scan(here.supervisor);
  await writeFile(qa, answered(2));
  const { execPath } = process;
  process.execPath = join(here.root, 'node');
  await writeFile(process.execPath, 'not executable');
  try {
    expect(await startsAfter(here, scan, 41_000, SECONDS)).toBeUndefined();
  } finally {
    process.execPath = execPath;
  }
  expect(await startsAfter(here, scan, 11_000)).toBeDefined();
});

test('an awaited file counts once it was changed, created or removed', async () => {
  await using here = await scene();
  const parked = (fileHash: string): NewEvent => ({
    ...{ type: 'parked', for: 'file_update', resumePhase: 'testing', file: 'data.md', fileHash },
    ...{ openQuestions: [], unconfirmed: [] },
  });
  const paths = await here.session('s', { events: [CREATED, PREPARED, parked('')] });
  const file = join(paths.sessionDir, 'data.md');
  const edit = async () => await dueNow(here, paths);
  expect(await edit()).toBe('not_yet');
  await writeFile(file, 'one');
  expect(await edit()).toBe('file');
  await here.session('s', { events: [CREATED, PREPARED, parked((await documentFingerprint(file)) ?? '')] });
  expect(await edit()).toBe('not_yet');
  await writeFile(file, 'two');
  expect(await edit()).toBe('file');
});

test.each([
  ['waiting', asking()],
  ['blocked', BLOCKED],
  ['blocked because of its tools', { ...BLOCKED, rule: 'credentials_changed' } as NewEvent],
] satisfies Array<[string, NewEvent]>)(
  'a Phase line that a person changes starts a session that is %s',
  async (_, event) => {
    await using here = await scene();
    const paths = await here.session('s', { events: [CREATED, PREPARED, event], qa: QUESTIONS });
    const phase = async (name: string) => {
      await writeFile(paths.overview, `# Session: x\n\n## Status\nPhase: ${name}\n`);
      return await dueNow(here, paths);
    };
    expect(await phase('investigation')).toBe('not_yet');
    expect(await phase('no such phase')).toBe('not_yet');
    expect(await phase('implementation')).toBe('phase');
  },
);
