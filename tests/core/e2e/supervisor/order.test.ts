import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { previewFinish } from '../../../../src/core/acts/finish/finish-session.act.ts';
import { resumeSession } from '../../../../src/core/acts/sessions/resume-session.act.ts';
import { getStatus } from '../../../../src/core/caller/facts/get-status.ts';
import { nextSteps } from '../../../../src/core/caller/facts/next-steps.ts';
import { gitLine } from '../../../../src/core/project/git/git.ts';
import type { SessionState } from '../../../../src/core/session/events/state.ts';
import { readSession } from '../../../../src/core/session/folder/read-session.ts';
import type { SessionPaths } from '../../../../src/core/session/layout/paths.ts';
import { readEvents } from '../../../../src/core/session/log/event-log.ts';
import { viewFacts } from '../../../../src/core/session/words/facts.ts';
import { answerQa, finishSession } from '../../../support/as-shown.ts';
import { builtPrograms } from '../../../support/built-programs.ts';
import { endSessionsBelow, PATIENT_CLOCK, untilState, workerPidOf } from '../../../support/live-session.ts';
import { makeProject } from '../../../support/project.ts';
import { type Start, startSession } from '../../../support/start-session.ts';
import { endProcessesOf, killSupervisors, SUPERVISED } from '../../../support/supervisors.ts';

const BLOCKED = JSON.stringify({ status: 'blocked', reason: 'The sail is torn', needs: 'human_decision' });
const QUICK = { paceMs: 0, rules: [{ do: [{ act: 'run', command: ['true'] }, { act: 'normal' }] }] };
const STUCK = { paceMs: 0, rules: [{ do: [{ act: 'signal-file', text: BLOCKED }, { act: 'result' }] }] };

/** Its first agent meets the usage limit of its account, which ends in a few seconds. */
const LIMITED = {
  paceMs: 0,
  rules: [{ when: { iteration: 1 }, do: [{ act: 'limit', resetsInSeconds: 20 }] }, ...QUICK.rules],
};

/** Sessions of one project, known by their short names, and a supervisor. */
async function fleet(gates = 'none') {
  const { worker, rehearsal } = await builtPrograms();
  const acting = { programs: { worker, rehearsal }, clock: PATIENT_CLOCK };
  const { repo, context, sessionsDir } = await makeProject({
    lines: { GATES: gates },
    env: SUPERVISED,
    acting,
  });
  const paths = new Map<string, SessionPaths>();
  const scenarios = {
    quick: join(repo.root, 'quick.json'),
    stuck: join(repo.root, 'stuck.json'),
    limited: join(repo.root, 'limited.json'),
  };
  await writeFile(scenarios.quick, JSON.stringify(QUICK));
  await writeFile(scenarios.stuck, JSON.stringify(STUCK));
  await writeFile(scenarios.limited, JSON.stringify(LIMITED));
  const pathsOf = (name: string) => paths.get(name) ?? expect.fail(`there is no ${name}`);
  return {
    context,
    repo,
    async start(name: string, more: Partial<Start> = {}, scenario: keyof typeof scenarios = 'quick') {
      const env = { ...context.env, REHEARSAL_SCENARIO: scenarios[scenario] };
      const begun = await startSession(
        { dive: `How is boat ${name} rigged?`, name, ...more },
        { ...context, env },
      );
      paths.set(name, begun.view.paths);
      return begun;
    },
    pathsOf,
    until: async (name: string, holds: (state: SessionState) => boolean) =>
      await untilState({ paths: pathsOf(name), host: context.host }, holds, { withinMs: 600_000 }),
    view: async (name: string) =>
      (await readSession(pathsOf(name), context.host)) ?? expect.fail('no session'),
    workerOf: async (name: string) => await workerPidOf({ paths: pathsOf(name), host: context.host }),
    events: async (name: string) => await readEvents(pathsOf(name), 0),
    async [Symbol.asyncDispose]() {
      await killSupervisors(repo.homeDir);
      await endSessionsBelow(sessionsDir, context.host);
      await endProcessesOf(repo.homeDir);
      await repo[Symbol.asyncDispose]();
    },
  };
}

type Fleet = Awaited<ReturnType<typeof fleet>>;

const isDone = ({ status }: SessionState) => status.kind === 'done';
const isAsked = ({ status, asks }: SessionState) => status.kind === 'waiting' && asks?.[0]?.kind === 'order';
const isBlocked = ({ status }: SessionState) => status.kind === 'blocked';

async function answer(boats: Fleet, name: string, text: string) {
  const session = boats.pathsOf(name).folder;
  await answerQa({ session, answers: [{ id: 'Q1', text }] }, boats.context);
}

async function timeOf(boats: Fleet, name: string, type: string): Promise<string> {
  return (await boats.events(name)).find((event) => event.type === type)?.at ?? `${name}: no ${type}`;
}

test('a chain of ten stops behind the blocked one in its middle, asks once, and goes on when a person says so', async () => {
  await using boats = await fleet();
  const names = Array.from({ length: 10 }, (_, index) => `boat-${index + 1}`);
  const [first, ...others] = names;
  await boats.start(first ?? '');
  for (const [index, name] of others.entries()) {
    const after = names[index];
    // Of the third, the base is a branch that does not exist yet.
    const base = index === 1 ? `samocode/${after}` : undefined;
    const { view } = await boats.start(name, { after, base }, index === 3 ? 'stuck' : 'quick');
    expect(viewFacts(view).starts).toBe(`starts after ${boats.pathsOf(after ?? '').folder}`);
  }
  await boats.until('boat-5', isBlocked);
  await boats.until('boat-6', isAsked);
  const states = await Promise.all(names.map(async (name) => (await boats.view(name)).state.status.kind));
  const rest = ['queued', 'queued', 'queued', 'queued'];
  expect(states).toEqual(['done', 'done', 'done', 'done', 'blocked', 'waiting', ...rest]);
  // What is queued costs no process.
  const workers = await Promise.all(names.slice(6).map(boats.workerOf));
  expect(workers.filter((pid) => pid !== undefined)).toEqual([]);
  const { worktree } = (await boats.view('boat-3')).state;
  const git = { cwd: boats.repo.path, baseEnv: boats.context.env };
  expect(worktree).toMatchObject({ base: 'samocode/boat-2' });
  expect(worktree?.baseCommit).toBe(await gitLine(['rev-parse', 'samocode/boat-2'], git));
  await answer(boats, 'boat-6', 'B');
  await boats.until('boat-10', isDone);
  const questions = (await Promise.all(names.map(boats.events))).map(
    (events) => events.filter((event) => event.type === 'parked' && event.asks?.[0]?.kind === 'order').length,
  );
  expect(questions).toEqual([0, 0, 0, 0, 0, 1, 0, 0, 0, 0]);
  for (const [one, next] of [...'1234', ...'6789'].map((n) => [`boat-${n}`, `boat-${Number(n) + 1}`])) {
    if (one === undefined || next === undefined || next === 'boat-5') continue;
    expect([one, (await timeOf(boats, one, 'done')) <= (await timeOf(boats, next, 'prepared'))]).toEqual([
      one,
      true,
    ]);
  }
});

test('a question is withdrawn when its person acts on the other session, and what is discarded is in the archive', async () => {
  await using boats = await fleet();
  await boats.start('torn', {}, 'stuck');
  await boats.until('torn', isBlocked);
  await boats.start('sails', { after: 'torn' });
  await boats.start('oars', { after: 'torn' });
  await boats.start('anchor', { after: 'oars' });
  await boats.until('sails', isAsked);
  await boats.until('oars', isAsked);
  await answer(boats, 'oars', 'C');
  await boats.until('oars', ({ archived }) => archived);
  // Discarded before it began, it has neither a branch nor a worktree.
  expect(await timeOf(boats, 'oars', 'prepared')).toBe('oars: no prepared');
  await boats.until('anchor', isAsked);
  const { readQa } = await import('../../../../src/core/acts/gates/read-qa.act.ts');
  const asked = await readQa({ session: boats.pathsOf('anchor').folder }, boats.context);
  expect(asked.questions.map(({ text }) => text)).toEqual([
    `This session is waiting to start after ${boats.pathsOf('oars').folder}, but ${boats.pathsOf('oars').folder} is in the archive and not done. What should happen?`,
  ]);
  // It is blocked again at once, which is another question.
  await resumeSession({ session: boats.pathsOf('torn').folder }, boats.context);
  await boats.until(
    'sails',
    ({ status }) => status.kind === 'waiting' && status.openQuestions.includes('R2Q1'),
  );
  const withdrawn = (await boats.events('sails')).filter(({ type }) => type === 'answers_recorded');
  expect(withdrawn).toMatchObject([{ by: { channel: 'settings' }, open: [] }]);
});

test('a session that is started anyway still asks its own questions', async () => {
  await using boats = await fleet('qa,plan');
  await boats.start('torn', {}, 'stuck');
  await boats.until('torn', isBlocked);
  await boats.start('sails', { after: 'torn' });
  await boats.until('sails', isAsked);
  await answer(boats, 'sails', 'B');
  await boats.until('sails', ({ status, prepared }) => prepared && status.kind === 'waiting');
  const { status, answers } = (await boats.view('sails')).state;
  expect(status).toMatchObject({ for: 'qa_answers', openQuestions: ['R2Q1', 'R2Q2', 'R2Q3'] });
  expect(answers).toEqual([]);
});

test('a session that starts at the limit begins when the limit of another agent of the account ends', async () => {
  await using boats = await fleet();
  await boats.start('first', {}, 'limited');
  await boats.until('first', ({ status }) => status.kind === 'limited');
  const { status } = (await boats.view('first')).state;
  const until = status.kind === 'limited' ? status.until : expect.fail('it met no limit');
  const { view, warnings } = await boats.start('second', { at: 'limit' });
  expect(warnings).toEqual([]);
  expect(viewFacts(view).starts).toMatch(/^starts at \d{4}-\d\d-\d\d \d\d:\d\d \(/);
  await boats.until('second', isDone);
  const queued = (await boats.events('second')).find((event) => event.type === 'queued');
  const ends = Number(queued?.type === 'queued' && queued.order?.at);
  // The limited session spreads its own retry over the time after the end.
  expect(until).toBeGreaterThanOrEqual(ends);
  expect(ends).toBeGreaterThan(Date.parse(queued?.at ?? ''));
  expect(Date.parse(await timeOf(boats, 'second', 'prepared'))).toBeGreaterThanOrEqual(ends);
});

test('a merge by hand is what a session waits for; then the other one is offered to the archive, and from there it holds nobody up', async () => {
  await using boats = await fleet();
  const { repo, context } = boats;
  await boats.start('hull');
  await boats.until('hull', isDone);
  const { folder } = boats.pathsOf('hull');
  const stepsOf = async () => nextSteps((await getStatus({ session: folder }, context)).view);
  const { worktree } = (await boats.view('hull')).state;
  await repo.git(['commit', '-q', '--allow-empty', '-m', 'Hull'], worktree?.path);
  expect(await stepsOf()).toContainEqual(expect.objectContaining({ act: 'finish' }));
  await boats.start('sails', { afterMerge: 'hull' });
  await repo.git(['merge', '-q', '--no-ff', worktree?.branch ?? '']);
  await boats.until('sails', isDone);
  expect(await stepsOf()).toMatchObject([{ act: 'archive' }, { act: 'resume' }]);
  await boats.start('oars', { afterMerge: 'hull', at: '2099-12-01T07:00Z' });
  const how = { how: 'keep_branch', keep: [], session: folder } as const;
  const { would } = await previewFinish(how, context);
  expect(would.join(' ')).toContain(`Branch ${worktree?.branch} will stay: all its commits are in main`);
  await finishSession(how, context);
  await boats.until('hull', ({ archived }) => archived);
  // The supervisor has looked at all of them once this one is done.
  await boats.start('flags', { after: 'sails' });
  await boats.until('flags', isDone);
  expect((await boats.view('oars')).state.status).toMatchObject({ kind: 'queued' });
  expect((await boats.events('oars')).filter(({ type }) => type === 'parked')).toEqual([]);
});
