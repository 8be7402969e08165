// @module-tag ci
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readChanges } from '../../../../src/core/acts/reading/read-changes.act.ts';
import { formatWhy } from '../../../../src/core/acts/reading/why.command.ts';
import { whyFile } from '../../../../src/core/acts/reading/why-file.act.ts';
import { makeStyle } from '../../../../src/core/faces/terminal/style.ts';
import { parseQa, questionHash } from '../../../../src/core/session/documents/qa.ts';
import type { NewEvent } from '../../../../src/core/session/events/events.ts';
import { sessionPaths } from '../../../../src/core/session/layout/paths.ts';
import { textOf } from '../../../support/event-samples.ts';
import { makeProject } from '../../../support/project.ts';
import { provedEvents } from '../../../support/proved-events.ts';
import { sessionFileSample } from '../../../support/session-file-sample.ts';

const QA = `# Q&A: boats
Status: answered

### Q1: Which colour?
A) red
B) blue

**Answer:** B

### Q2: Which sail?
A) white
B) brown

**Answer:** A
`;

const PLAN = `# Plan: boats

## Requirements
- [ ] R1: a boat is blue, as Q1 says
- [ ] R2: a boat floats

## Implementation Phases

### Phase 1: Hull
Files: src/hull.ts
- [ ] a failing check for R1
- [x] paint it

### Phase 2: Sail
Files: src/sail.ts
- [ ] sew it
`;

const ended = (iteration: number, head: string, did: string, outsidePlan: string[] = []): NewEvent => ({
  type: 'iteration_ended',
  iteration,
  phase: 'implementation',
  ending: 'signalled',
  exitCode: 0,
  signalNotes: [],
  decision: { kind: 'run', phase: 'implementation', notes: [], delay: 'none' },
  changed: true,
  treeChanged: true,
  cost: {},
  durationMs: 1,
  head,
  outsidePlan,
  lastAction: did,
  flowLines: [],
});

/** A project with a session of two agents: one builds the hull, one renames it, and a person fixes it afterwards. */
async function scene() {
  const { repo, context, sessionsDir } = await makeProject();
  await repo.write({ '.git/info/exclude': '.samocode\n_samocode\n' });
  const base = await repo.git(['rev-parse', 'HEAD']);
  await repo.git(['checkout', '-q', '-b', 'samocode/x']);
  const hull = 'one\ntwo\nthree\nfour\n';
  const first = await repo.commit('Build the hull', { 'src/old hull.ts': hull, 'ci.yml': 'x\n' });
  await repo.git(['mv', 'src/old hull.ts', 'src/hull.ts']);
  const second = await repo.commit('Rename the hull');
  const third = await repo.commit('Repair the hull', { 'src/hull.ts': `${hull}five\n` });
  await repo.git(['checkout', '-q', 'main']);
  const paths = sessionPaths(sessionsDir, '26-01-08-x');
  const [color, sail] = parseQa(QA).questions.map((question) => ({
    id: question.id,
    question: questionHash(question),
  }));
  const by = { channel: 'cli' } as const;
  const answers = [color, sail].flatMap((each, at) =>
    each ? [{ ...each, text: at === 0 ? 'B' : 'A' }] : [],
  );
  const ofFile = { mainRepo: repo.path, sessionsDir };
  const own = provedEvents({ proved: { commit: second, tree: second, base }, ofFile }).slice(0, 4);
  const more: NewEvent[] = [
    { type: 'answers_recorded', by, answers, open: [] },
    { type: 'plan_approved', by, plan: { name: 'plan.md', hash: 'ef'.repeat(32) }, phase: 'implementation' },
    ended(1, first, 'Built a hull', ['ci.yml']),
    ended(2, second, 'Renamed it', ['ci.yml']),
  ];
  const events = [
    ...own,
    ...more.map((event, at) => ({ ...own[0], ...event, n: own.length + at + 1 }) as never),
  ];
  await mkdir(paths.runDir, { recursive: true });
  await mkdir(paths.sessionDir, { recursive: true });
  await writeFile(paths.events, textOf(events));
  await writeFile(paths.sessionFile, JSON.stringify(sessionFileSample(ofFile)));
  await writeFile(paths.approvedPlan, PLAN);
  await writeFile(paths.qa, QA);
  return {
    repo,
    context,
    base,
    first,
    second,
    third,
    [Symbol.asyncDispose]: () => repo[Symbol.asyncDispose](),
  };
}

test('a file is explained by the iterations that changed it under any name, plan steps, requirements and answers', async () => {
  await using place = await scene();
  const { context, first, second, third } = place;
  const found = await whyFile({ path: 'src/hull.ts' }, context);
  expect(found.sessions).toMatchObject([
    {
      session: '26-01-08-x',
      plan: 'plan.md',
      approvedBy: { channel: 'cli' },
      iterations: [
        {
          iteration: 1,
          provider: 'rehearsal',
          did: 'Built a hull',
          commits: [{ hash: first, subject: 'Build the hull' }],
        },
        { iteration: 2, did: 'Renamed it', commits: [{ hash: second }] },
        { commits: [{ hash: third, subject: 'Repair the hull' }] },
      ],
      phases: [{ number: 1, name: 'Hull', steps: ['a failing check for R1', 'paint it'] }],
      requirements: [{ id: 'R1', text: 'a boat is blue, as Q1 says' }],
      answers: [{ id: 'Q1', question: 'Which colour?', answer: 'B' }],
    },
  ]);
  const words = formatWhy(found, makeStyle(false));
  expect(words).toContain('iteration 1 (implementation, rehearsal): Built a hull');
  expect(words).toContain('after the last iteration\n');
  expect(words).toContain('plan plan.md, approved by a person, in the terminal');
});

test('a file that the plan does not name is explained by all answers, and an unchanged one by no session', async () => {
  await using place = await scene();
  const [ci] = (await whyFile({ path: 'ci.yml', session: 'x' }, place.context)).sessions;
  expect(ci?.phases).toEqual([]);
  expect(ci?.answers.map(({ id }) => id)).toEqual(['Q1', 'Q2']);
  const none = await whyFile({ path: 'README.md' }, place.context);
  expect(formatWhy(none, makeStyle(false))).toBe('No session here changed README.md.');
});

test('changes of a merged session whose branch is gone are still explained', async () => {
  await using place = await scene();
  await place.repo.git(['merge', '-q', place.second]);
  await place.repo.git(['branch', '-D', 'samocode/x']);
  const [why] = (await whyFile({ path: 'src/hull.ts' }, place.context)).sessions;
  expect(why?.iterations.map(({ iteration }) => iteration)).toEqual([1, 2]);
});

test('a line is explained by the iteration of its commit, under any name of its file', async () => {
  await using place = await scene();
  const { context, repo, first, third } = place;
  const explain = async (path: string, session?: string) => {
    const { sessions } = await whyFile({ path, session }, context);
    return sessions.flatMap(({ iterations }) => iterations.map(({ commits }) => commits));
  };
  const built = [{ hash: first, subject: 'Build the hull' }];
  expect(await explain('src/hull.ts:2')).toEqual([built]);
  expect(await explain(join(repo.path, 'src/hull.ts:2'), 'x')).toEqual([built]);
  expect(await explain('src/hull.ts:5')).toEqual([[{ hash: third, subject: 'Repair the hull' }]]);
  const [why] = (await whyFile({ path: 'src/hull.ts:2' }, context)).sessions;
  expect(why).toMatchObject({
    iterations: [{ iteration: 1, did: 'Built a hull' }],
    phases: [{ number: 1, name: 'Hull' }],
    requirements: [{ id: 'R1' }],
    answers: [{ id: 'Q1' }],
  });
});

test('a line that no session changed is reported as such, before the session and in the present file', async () => {
  await using place = await scene();
  const { context, repo, first, third } = place;
  const words = async (path: string) => formatWhy(await whyFile({ path }, context), makeStyle(false));
  expect(await words('README.md:1')).toBe('No session here changed README.md:1.');
  expect(await words('src/hull.ts:77')).toBe('No session here changed src/hull.ts:77.');
  await repo.git(['merge', '-q', third]);
  await repo.commit('By hand', { 'src/hull.ts': 'mine\none\ntwo\nthree\nfour\nfive\n' });
  expect(await words('src/hull.ts:1')).toBe('No session here changed src/hull.ts:1.');
  expect(await words('src/hull.ts:2')).toContain(first.slice(0, 8));
});

test('changes since the last read are those of later commits, and files outside the plan are named', async () => {
  await using place = await scene();
  const { context, repo, first, third } = place;
  const all = await readChanges({ session: 'x', sinceLastSeen: true }, context);
  expect([all.commits.total, all.outsidePlan]).toEqual([3, ['ci.yml']]);
  await repo.git(['update-ref', 'refs/heads/samocode/x', first]);
  await readChanges({ session: 'x', markSeen: true }, context);
  await repo.git(['update-ref', 'refs/heads/samocode/x', third]);
  const since = await readChanges({ session: 'x', sinceLastSeen: true }, context);
  expect([since.since, since.commits.total]).toEqual(['you last looked', 2]);
});
