// @module-tag ci
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { ParkDecision } from '../../../../src/core/kernel/phases/decision.ts';
import { planHash } from '../../../../src/core/session/documents/plan.ts';
import { isAsked, parseQa, questionHash } from '../../../../src/core/session/documents/qa.ts';
import { newQa, type QuestionDraft } from '../../../../src/core/session/documents/qa-change.ts';
import { withLedger } from '../../../../src/core/session/documents/requirements.ts';
import { unreviewed } from '../../../../src/core/worker/judge/claims.ts';
import { recordParked } from '../../../../src/core/worker/record/park.ts';
import { Evidence } from '../../../../src/core/worker/state/evidence.ts';
import type { Worker } from '../../../../src/core/worker/state/worker.ts';
import { ended } from '../../../support/proved-events.ts';
import { tempLog } from '../../../support/temp-log.ts';
import { makeRepo } from '../../../support/temp-repo.ts';
import { finished } from '../../unit/worker/finished-session.ts';

const DECISION: ParkDecision = {
  ...{ kind: 'park', phase: 'testing', for: 'qa_answers', resumePhase: 'quality' },
  reason: 'No check runs here, and tests or their settings were changed.',
  weakened: [{ path: 'a.test.js', what: 'is deleted', key: 'k' }],
  changedTests: ['b.test.js'],
};
const ASKED: QuestionDraft = {
  text: 'No check runs here, and tests or their settings were changed. They may prove less than before the work: a.test.js is deleted. Is that intended? Also changed: b.test.js.',
  options: ['no, an agent restores the earlier version', 'yes, accept these changes'],
};

async function parked(worker: Worker, planted: QuestionDraft[]) {
  await writeFile(worker.paths.qa, newQa({ title: 'x', questions: planted }));
  const events = await recordParked(worker, DECISION);
  const { questions } = parseQa(await readFile(worker.paths.qa, 'utf8'));
  const wait = events.find((event) => event.type === 'parked');
  return { events, asked: questions.find((each) => wait?.asks?.some((ask) => isAsked(ask, each))) };
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

test('whether there is nothing to clarify is asked once, even if the step is repeated after a crash', async () => {
  await using log = await tempLog();
  await using repo = await makeRepo();
  const worker = await finished(log, repo);
  const decision: ParkDecision = {
    ...{ kind: 'park', phase: 'requirements', for: 'qa_answers', resumePhase: 'planning' },
    askNothingToClarify: true,
  };
  const waits = [await recordParked(worker, decision), await recordParked(worker, decision)].flat();
  expect(waits).toMatchObject([{ openQuestions: ['Q1'] }, { openQuestions: ['Q1'] }]);
});

/** With a check that failed on its base. */
async function workerOnRedBase(log: Parameters<typeof finished>[0], repo: Parameters<typeof finished>[1]) {
  const worker = await finished(log, repo);
  const run = { command: 'npm test', exitCode: 1, how: 'exit status 1', output: 'base-checks/base-1.txt' };
  await worker.writer.append({
    ...{ type: 'checks_ran', set: 'base', in: 'clone', commit: 'c', tree: 't', sandbox: 'none' },
    runs: [{ ...run, durationMs: 1, outputHash: 'h', outputBytes: 1 }],
  });
  return worker;
}

const ABOUT_BASE: ParkDecision = {
  ...{ kind: 'park', phase: 'requirements', for: 'qa_answers', resumePhase: 'requirements' },
  asksAboutBase: true,
};

test('a red base is asked about once, even after a crash, and the wait records the fingerprint of the question', async () => {
  await using log = await tempLog();
  await using repo = await makeRepo();
  const worker = await workerOnRedBase(log, repo);
  const waits = [await recordParked(worker, ABOUT_BASE), await recordParked(worker, ABOUT_BASE)].flat();
  const { questions } = parseQa(await readFile(worker.paths.qa, 'utf8'));
  expect(questions).toMatchObject([{ id: 'Q1', suggestion: { letters: ['A'] } }]);
  expect(questions[0]?.text).toContain('`npm test` (exit status 1) already fails');
  const hash = questions.map(questionHash)[0];
  const asks = [{ kind: 'red_base', question: hash }];
  expect(waits).toMatchObject([{ asks }, { asks }]);
});

test('a question about a red base that an agent wrote with its options swapped is not the one that counts', async () => {
  await using log = await tempLog();
  await using repo = await makeRepo();
  const worker = await workerOnRedBase(log, repo);
  await recordParked(worker, ABOUT_BASE);
  const [asked] = parseQa(await readFile(worker.paths.qa, 'utf8')).questions;
  const options = (asked?.options ?? []).map(({ text }) => text).toReversed();
  const planted = { text: asked?.text ?? '', options, suggestion: { letters: ['A'], reason: 'fine' } };
  await writeFile(worker.paths.qa, newQa({ title: 'x', questions: [planted] }));
  const [wait] = await recordParked(worker, ABOUT_BASE);
  const ours = parseQa(await readFile(worker.paths.qa, 'utf8')).questions.find(({ id }) => id === 'R2Q1');
  expect(ours?.options).toEqual(asked?.options);
  expect(wait).toMatchObject({
    openQuestions: ['Q1', 'R2Q1'],
    asks: [{ question: ours && questionHash(ours) }],
  });
});

const UNASKED: ParkDecision = {
  ...{ kind: 'park', phase: 'requirements', for: 'plan_approval', resumePhase: 'implementation' },
  unasked: true,
};
const { unasked: _, ...WAS_ASKED } = UNASKED;
const AT_START = { autoApprove: true };
const BOTH = { autoApprove: true, acceptSuggestions: true };

test.each<[string, ParkDecision, Partial<Worker['file']['settings']>, string[]]>([
  ['waits', UNASKED, {}, ['parked']],
  ['waits for more than auto_approve', UNASKED, AT_START, ['parked']],
  ['waits for more than a gate that GATES omits', UNASKED, { gates: ['qa'] }, ['parked']],
  ['is opened by auto_approve and accept_suggestions', UNASKED, BOTH, ['parked', 'plan_approved']],
  ['is opened where GATES names no gate', UNASKED, { gates: [] }, ['parked', 'plan_approved']],
  [
    'is opened by GATES and accepted suggestions',
    UNASKED,
    { gates: ['qa'], acceptSuggestions: true },
    ['parked', 'plan_approved'],
  ],
  ['that follows questions is opened by auto_approve', WAS_ASKED, AT_START, ['parked', 'plan_approved']],
])('a plan without a question %s', async (_, decision, chosen, wanted) => {
  await using log = await tempLog();
  await using repo = await makeRepo();
  const worker = await finished(log, repo, { events: [] });
  await writeFile(
    join(worker.paths.sessionDir, '01-08-1000-plan-x.md'),
    '# Plan: x\n\n### Phase 1: it\n- [ ] it\n\nTesting: none - words\n',
  );
  const settings = { ...worker.file.settings, ...chosen };
  const events = await recordParked({ ...worker, file: { ...worker.file, settings } }, decision);
  expect(events.map(({ type }) => type)).toEqual(wanted);
  expect(events[0]).toHaveProperty('unasked', decision.unasked);
  if (events[1]) expect(events[1]).toMatchObject({ testing: 'Testing: none - words' });
});

const PLAN = '01-08-1000-plan-x.md';
const TEXT = '# Plan: x\n\n### Phase 1: it\n- [x] it\n';
const LEDGER = JSON.stringify({ requirements: [{ id: 'R1', text: 'It reads well', check: 'reviewed' }] });

/** A session whose R1 a quality agent has confirmed for the current commit of its branch. */
async function reviewedSession(
  log: Awaited<ReturnType<typeof tempLog>>,
  repo: Awaited<ReturnType<typeof makeRepo>>,
) {
  const worker = await finished(log, repo, { events: [] });
  await writeFile(join(worker.paths.sessionDir, PLAN), TEXT);
  await writeFile(worker.paths.requirements, LEDGER);
  const plan = { name: PLAN, hash: planHash(withLedger(TEXT, LEDGER)) };
  const head = await repo.git(['rev-parse', 'samocode/x']);
  await worker.writer.append({ type: 'plan_approved', by: { channel: 'cli' }, plan, phase: 'quality' }, {
    ...ended({ kind: 'run', phase: 'testing', notes: [], delay: 'none' }, head),
    phase: 'quality',
    signal: { status: 'continue', phase: 'testing', reviewed: ['R1'] },
  } as Parameters<typeof worker.writer.append>[0]);
  return worker;
}

test.each<[string, Record<string, string> | undefined, string[]]>([
  ['nothing is committed after it', undefined, []],
  ['an empty commit follows', {}, []],
  ['a commit adds nothing but a document', { 'docs/Summary x.md': '# Done\n' }, []],
  ['a commit changes an existing document', { 'README.md': '# Other\n' }, ['R1']],
  ['a commit changes the code', { 'a.txt': 'other\n' }, ['R1']],
  ['a commit adds code', { 'b.md': '# B\n', 'b.txt': 'more\n' }, ['R1']],
])('if %s, the reviews that count are those of the present code', async (_, files, open) => {
  await using log = await tempLog();
  await using repo = await makeRepo();
  const worker = await reviewedSession(log, repo);
  await repo.git(['switch', '--quiet', '--detach'], join(repo.root, 'worktree of samocode x'));
  await repo.git(['switch', '--quiet', 'samocode/x']);
  if (files && Object.keys(files).length > 0) await repo.commit('Later', files);
  else if (files) await repo.git(['commit', '--quiet', '--allow-empty', '-m', 'Later']);
  expect((await unreviewed(new Evidence(worker))).map((line) => line.split(' ')[1])).toEqual(open);
  expect(await unreviewed(new Evidence(worker), ['R1'])).toEqual([]);
});

test('a missing branch invalidates no review, and is reported as such', async () => {
  await using log = await tempLog();
  await using repo = await makeRepo();
  const worker = await reviewedSession(log, repo);
  await repo.git(['update-ref', '-d', 'refs/heads/samocode/x']);
  expect(await unreviewed(new Evidence(worker))).toEqual([]);
});
