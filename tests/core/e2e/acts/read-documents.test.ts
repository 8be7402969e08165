import { truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readPlan } from '../../../../src/core/acts/gates/read-plan.act.ts';
import { readQa } from '../../../../src/core/acts/gates/read-qa.act.ts';
import { readDocument } from '../../../../src/core/acts/reading/read-document.act.ts';
import { MAX_DOCUMENT_BYTES } from '../../../../src/core/session/layout/paths.ts';
import { makeBench } from '../../../support/bench.ts';
import { ci } from '../../../support/ci.ts';
import { eventually } from '../../../support/eventually.ts';
import { startSession } from '../../../support/start-session.ts';

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
