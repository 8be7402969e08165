import { appendFile, readFile, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readPlan } from '../../../../src/core/acts/gates/read-plan.act.ts';
import { readQa } from '../../../../src/core/acts/gates/read-qa.act.ts';
import { readDocument } from '../../../../src/core/acts/reading/read-document.act.ts';
import {
  readTranscript,
  type TranscriptPage,
} from '../../../../src/core/acts/reading/read-transcript.act.ts';
import { run } from '../../../../src/core/kernel/phases/verdict.ts';
import type { NewEvent } from '../../../../src/core/session/events/events.ts';
import { MAX_DOCUMENT_BYTES } from '../../../../src/core/session/layout/paths.ts';
import { makeServerRig } from '../../../app/unit/server/server-rig.ts';
import { makeBench } from '../../../support/bench.ts';
import { ci } from '../../../support/ci.ts';
import { eventually } from '../../../support/eventually.ts';
import { type SessionRig, startRig } from '../../../support/session-rig.ts';
import { startSession } from '../../../support/start-session.ts';
import { CREATED } from '../../unit/session/events.ts';

const PLAN = '01-08-1437-plan-x.md';
/** Larger than the former limit of four megabytes for readers, and below the limit of a worker. */
const LONG = 5 * 1024 * 1024;

async function session() {
  const bench = await makeBench({ here: true });
  const { view } = await startSession({ task: 'x', run: false }, bench.context);
  // The worker writes the overview, whose content these tests determine.
  const { folder } = view;
  const hasLeft = async () => {
    const { worker, state } = await bench.view(folder);
    return worker === 'none' && state.status.kind === 'stopped';
  };
  await eventually(hasLeft, { what: 'a worker that has left' });
  return { bench, ...view.paths, question: { session: folder } };
}

test('people can read every document that the worker reads, however long', ci, async () => {
  const { bench, sessionDir, overview, qa, question } = await session();
  await using _ = bench;
  const filler = 'word '.repeat(LONG / 5);
  await writeFile(overview, filler);
  await writeFile(qa, `# Q&A: x\nStatus: waiting\n\n${filler}\n`);
  await writeFile(join(sessionDir, PLAN), `# Plan: x\n\n${filler}\n`);
  const overviewAsked = { ...question, name: '_overview.md' };
  expect(await readDocument(overviewAsked, bench.context)).toMatchObject({ text: filler });
  expect((await readQa(question, bench.context)).problems).not.toContainEqual(
    expect.stringContaining('too large'),
  );
  expect(await readPlan(question, bench.context)).toMatchObject({ name: PLAN, state: 'draft' });
});

test('a document that is too large is reported as such, and a missing one as missing', async () => {
  const { bench, sessionDir, overview, qa, question } = await session();
  await using _ = bench;
  for (const path of [overview, qa, join(sessionDir, PLAN)]) {
    await writeFile(path, '');
    await truncate(path, MAX_DOCUMENT_BYTES + 1);
  }
  const tooLarge = { why: expect.stringContaining('too large') };
  for (const name of ['_overview.md', 'plan'])
    await expect(readDocument({ ...question, name }, bench.context)).rejects.toMatchObject(tooLarge);
  await expect(readPlan(question, bench.context)).rejects.toMatchObject(tooLarge);
  expect((await readQa(question, bench.context)).problems).toEqual([expect.stringContaining('too large')]);
});

async function allPages(rig: SessionRig, limit: number): Promise<TranscriptPage[]> {
  const pages: TranscriptPage[] = [];
  for (let from = 0; ; ) {
    const page = await readTranscript({ session: rig.file.folder, iteration: 1, from, limit }, rig.context());
    pages.push(page);
    if (!page.hasMore) return pages;
    from = page.next;
  }
}

test('a transcript is the same in one page and in many, grows with its log, and is bounded', ci, async () => {
  await using rig = await startRig({ at: 'asking', here: true });
  const [whole] = await allPages(rig, 10_000);
  expect(whole).toMatchObject({ iteration: 1, phase: 'investigation', isRunning: false, hasMore: false });
  expect(whole?.lines.some((line) => line.startsWith('• '))).toBe(true);
  const pages = await allPages(rig, 1);
  expect(pages.length).toBeGreaterThan(2);
  expect(pages.flatMap(({ entries }) => entries)).toEqual(whole?.entries);

  const { logPath = '', next = 0 } = whole ?? {};
  expect(next).toBe((await stat(logPath)).size);
  await appendFile(logPath, 'x'.repeat(5 * 1024 * 1024));
  const more = await readTranscript({ session: rig.file.folder, iteration: 1, from: next }, rig.context());
  expect(more.lines).toEqual([expect.stringContaining('is left out')]);
  expect((await readFile(logPath)).length).toBe(more.next);
});

test("a running agent's transcript is read up to its current end, and a missing iteration is named", async () => {
  await using rig = await startRig({
    here: true,
    scenario: { rules: [{ when: { iteration: 1 }, do: [{ act: 'hang' }] }] },
  });
  await rig.until(({ openIteration }) => openIteration !== undefined);
  const question = { session: rig.file.folder };
  expect(await readTranscript(question, rig.context())).toMatchObject({ iteration: 1, isRunning: true });
  const missing = readTranscript({ ...question, iteration: 99 }, rig.context());
  await expect(missing).rejects.toMatchObject({ code: 'iteration_not_found' });
});

test('iterations of the original tool have no log, and none of them is offered', async () => {
  await using serverRig = await makeServerRig();
  const adopted: NewEvent = { type: 'taken_over', totalIterations: 7, decision: run('investigation') };
  await serverRig.addSession('26-01-08-boat', [CREATED, adopted]);
  const reading = (iteration?: number) => readTranscript({ session: 'boat', iteration }, serverRig.context);
  await expect(reading(3)).rejects.toMatchObject({
    what: '26-01-08-boat has no iteration 3.',
    why: 'Nothing has been recorded so far.',
  });
  await expect(reading()).rejects.toMatchObject({ what: 'No iteration of 26-01-08-boat is on record.' });
});
