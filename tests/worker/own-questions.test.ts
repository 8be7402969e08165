import { readFile, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import type { ParkDecision } from '../../src/phases/decision.ts';
import { parseQa } from '../../src/session/documents/qa.ts';
import { newQa, type QuestionDraft } from '../../src/session/documents/qa-change.ts';
import type { Worker } from '../../src/worker/core/worker.ts';
import { recordParked } from '../../src/worker/recording/park.ts';
import { tempLog } from '../support/temp-log.ts';
import { makeRepo } from '../support/temp-repo.ts';
import { finished } from './finished-session.ts';

const DECISION: ParkDecision = {
  ...{ kind: 'park', phase: 'testing', for: 'qa_answers', resumePhase: 'quality' },
  reason: 'No check runs here, and tests or their settings were changed.',
  weakened: [{ path: 'a.test.js', what: 'is deleted', key: 'k' }],
  changedTests: ['b.test.js'],
};
const ASKED: QuestionDraft = {
  text: 'No check runs here, and tests or their settings were changed. They may show less than before the work: a.test.js is deleted. Is that meant? Also changed: b.test.js.',
  options: ['no, an agent brings back what was there', 'yes, accept these changes'],
};

async function parked(worker: Worker, planted: QuestionDraft[]) {
  await writeFile(worker.paths.qa, newQa({ title: 'x', questions: planted }));
  const events = await recordParked(worker, DECISION);
  const { questions } = parseQa(await readFile(worker.paths.qa, 'utf8'));
  const wait = events.find((event) => event.type === 'parked');
  return { events, asked: questions.find(({ id }) => id === wait?.weakened?.question) };
}

test.each<[string, Partial<QuestionDraft>]>([
  ['with a suggestion', { suggestion: { letters: ['B'], reason: 'fine' } }],
  ['with its options swapped', { options: ASKED.options.toReversed() }],
])(
  "a question about weakened checks that an agent has written %s is not mistaken for samocode's own",
  async (_, as) => {
    await using log = await tempLog();
    await using repo = await makeRepo();
    const worker = await finished(log, repo);
    const gates = { ...worker.file.settings, gates: [] };
    const atOpenGates = { ...worker, file: { ...worker.file, settings: gates } };
    const { events, asked } = await parked(atOpenGates, [{ ...ASKED, ...as }]);
    expect(asked).toMatchObject({ id: 'R2Q1', options: ASKED.options.map((text) => ({ text })) });
    expect(asked?.suggestion).toBeUndefined();
    const given = events.flatMap((event) => (event.type === 'answers_recorded' ? event.answers : []));
    expect(given.map(({ id }) => id)).not.toContain('R2Q1');
  },
);

test('a question that was written before a crash is not asked again', async () => {
  await using log = await tempLog();
  await using repo = await makeRepo();
  const { asked } = await parked(await finished(log, repo), [ASKED]);
  expect(asked?.id).toBe('Q1');
});
