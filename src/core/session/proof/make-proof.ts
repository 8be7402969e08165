import { basename } from 'node:path';
import { fingerprint } from '../../kernel/files/fingerprint.ts';
import type { Decision } from '../../kernel/phases/decision.ts';
import { isAccepted } from '../../kernel/phases/progress.ts';
import { type CheckRun, failedRuns } from '../../kernel/phases/proving.ts';
import { asPlan, isAsGiven } from '../documents/as-plan.ts';
import { boxesIn, notSteps } from '../documents/given-plan.ts';
import type { PagePictures, PicturesTaken } from '../events/bodies/pictures.ts';
import type { EventOf, SessionEvent } from '../events/events.ts';
import { fold } from '../events/fold.ts';
import { emptyState, type SessionState } from '../events/state.ts';
import { type Approval, type ProvedSet, SessionProof } from './proof.ts';

/** Makes the proof of a session from its events alone. @returns undefined if it was never done */
export function makeProof(all: readonly SessionEvent[]): SessionProof | undefined {
  const events = untilDone(all);
  const state = events.reduce(fold, emptyState());
  const created = of(events, 'session_created')[0];
  const { worktree, cost } = state;
  const done = events.at(-1);
  const file = created?.file;
  if (done === undefined || created === undefined || file === undefined || worktree === undefined)
    return undefined;
  const [full, base] = countingSets(events, state);
  const checks = provedSet(full);
  const ended = of(events, 'iteration_ended');
  const judged = decisionsIn(events);
  const last = judged.findLast((decision) => decision.kind === 'done');
  const commit =
    checks?.commit ?? ended.findLast(({ head }) => head !== undefined)?.head ?? worktree.baseCommit;
  const { setup, copy, home, timeoutMs, application } = state.proving ?? file.settings.proving;
  // Parsing puts the keys in the order of the schema.
  return SessionProof.parse({
    samocodeProof: 1,
    session: file.folder,
    sessionId: created.sessionId,
    doneAt: done.at,
    branch: worktree.branch,
    base: worktree.base,
    baseCommit: worktree.baseCommit,
    commit,
    tree: checks?.tree,
    checks,
    baseChecks: provedSet(base),
    requirements: requirementsOf(done, events),
    given: givenOf(created, state),
    clone: { setup, copy, home, timeoutMs, application },
    approvals: events.flatMap(approvalOf),
    testing: of(events, 'plan_approved').findLast(({ plan }) => plan.hash === state.approvedPlan?.hash)
      ?.testing,
    quick: state.progress.way === 'quick' && state.startedBy ? { by: state.startedBy } : undefined,
    outsidePlan: state.outsidePlan,
    acceptedWeakenings: acceptedOf(judged, state.acceptedWeakenings),
    changedTests: last?.changedTests?.length ? last.changedTests : undefined,
    oldTests: last?.oldTests,
    bite: last?.bite,
    pictures: state.pictures?.commit === commit ? inProof(state.pictures) : undefined,
    agents: agentsOf(events),
    workedOn: state.workedOn,
    samocode: [...new Set(of(events, 'worker_took_over').map(({ version }) => version))],
    durationMs: ended.reduce((sum, { durationMs }) => sum + durationMs, 0),
    cost,
  } satisfies SessionProof);
}

/** Work is not done before every step is ticked, so those of the approved text are. */
function givenOf(
  { file: { way, givenPlan }, given }: EventOf<'session_created'>,
  { approvedPlan, goal }: SessionState,
): SessionProof['given'] {
  if (way !== 'plan' || givenPlan === undefined || goal !== undefined) return undefined;
  const { name, hash: sha256 } = givenPlan;
  const text = given?.plan ?? '';
  if (approvedPlan === undefined || !isAsGiven({ text }, approvedPlan.hash)) return { name, sha256 };
  const total = boxesIn(text).length;
  return { name, sha256, boxes: { done: total - notSteps(asPlan(text)).length, total } };
}

/** The pictures with their names in the folder of the proof. */
function inProof({ pages, ...taken }: PicturesTaken): PicturesTaken {
  const named = (picture: PagePictures['before']) =>
    picture && { ...picture, file: `pictures/${picture.hash}.png` };
  return {
    ...taken,
    pages: pages.map(({ before, after, difference, ...page }) => ({
      ...page,
      before: named(before),
      after: named(after),
      difference: named(difference),
    })),
  };
}

function of<T extends SessionEvent['type']>(events: readonly SessionEvent[], type: T): EventOf<T>[] {
  return events.filter((event): event is EventOf<T> => event.type === type);
}

function requirementsOf(done: SessionEvent, events: readonly SessionEvent[]): SessionProof['requirements'] {
  if (done.type !== 'done' || !done.requirements?.length) return undefined;
  const started = new Map(of(events, 'iteration_started').map((event) => [event.iteration, event]));
  const ended = of(events, 'iteration_ended');
  const reviews = ended.filter((event) => event.phase === 'quality' && isAccepted(event));
  return done.requirements.map((each) => {
    const review = reviews.findLast(({ signal }) => signal?.reviewed?.includes(each.id));
    if (each.check !== 'reviewed' || review === undefined) return each;
    const { iteration, cost } = review;
    const { provider = '', model = '' } = started.get(iteration) ?? {};
    return { ...each, reviewer: { iteration, provider, model: cost.model ?? model } };
  });
}

/**
 * The check runs that count at the end, and those on the base. A run that failed, used other checks, or ran on a commit
 * other than the last one of the work does not count.
 */
export function provingEvents(all: readonly SessionEvent[]): (EventOf<'checks_ran'> | undefined)[] {
  const events = untilDone(all);
  return countingSets(events, events.reduce(fold, emptyState()));
}

function countingSets(
  events: readonly SessionEvent[],
  { proved }: Pick<SessionState, 'proved'>,
): (EventOf<'checks_ran'> | undefined)[] {
  const sets = of(events, 'checks_ran');
  const full = sets.findLast(({ set }) => set === 'full');
  const isGreen = full !== undefined && failedRuns(full).length === 0;
  const head = of(events, 'iteration_ended').at(-1)?.head ?? full?.commit;
  const counts = isGreen && full.commit === proved?.commit && full.commit === head;
  return [counts ? full : undefined, sets.findLast(({ set }) => set === 'base')];
}

/** The events up to the last `done`: since then the session may have begun another goal. */
function untilDone(events: readonly SessionEvent[]): SessionEvent[] {
  return events.slice(0, events.findLastIndex(({ type }) => type === 'done') + 1);
}

function provedSet(event: EventOf<'checks_ran'> | undefined): ProvedSet | undefined {
  if (event === undefined) return undefined;
  const { in: place, sandbox, commit, tree, unsigned, onBase } = event;
  const at = event.ranAt ?? event.at;
  const kept = <Run extends Pick<CheckRun, 'output'>>(run: Run) => ({
    ...run,
    output: `outputs/${basename(run.output)}`,
  });
  const named = (runs: readonly CheckRun[]) =>
    runs.map(({ again, ...run }) => ({ ...kept(run), ...(again && { again: kept(again) }) }));
  const base = onBase && { commit: onBase.commit, runs: named(onBase.runs) };
  return { at, in: place, sandbox, commit, tree, runs: named(event.runs), unsigned, onBase: base };
}

function approvalOf(event: SessionEvent): Approval[] {
  const { at, type } = event;
  switch (type) {
    case 'session_created':
      return [{ what: 'start', at, by: event.by }];
    case 'plan_approved':
      return [{ what: 'plan', at, by: event.by, plan: event.plan }];
    case 'answers_recorded': {
      const answers = event.answers.map(({ id, question, text }) => ({
        id,
        question,
        answer: fingerprint(text),
      }));
      return [{ what: 'answers', at, by: event.by, answers }];
    }
    case 'resumed':
      return [{ what: 'resume', at, by: event.by }];
    default:
      return [];
  }
}

/** Of agents, and after answers of a person. */
function decisionsIn(events: readonly SessionEvent[]): Decision[] {
  return events.flatMap((event) =>
    event.type === 'iteration_ended' || event.type === 'judged_again' ? [event.decision] : [],
  );
}

function acceptedOf(
  judged: readonly Decision[],
  keys: readonly string[] = [],
): SessionProof['acceptedWeakenings'] {
  const found = new Map(
    judged.flatMap((decision) =>
      decision.kind === 'park' ? (decision.weakened ?? []).map((each) => [each.key, each] as const) : [],
    ),
  );
  return keys.flatMap((key) => {
    const { path, what } = found.get(key) ?? {};
    return path === undefined || what === undefined ? [] : [{ path, what }];
  });
}

function agentsOf(events: readonly SessionEvent[]): SessionProof['agents'] {
  const costs = new Map(of(events, 'iteration_ended').map(({ iteration, cost }) => [iteration, cost]));
  const rows = new Map<string, SessionProof['agents'][number]>();
  for (const { iteration, provider, model, sandbox } of of(events, 'iteration_started')) {
    const { model: used = model, version } = costs.get(iteration) ?? {};
    const row = { provider, model: used, version, sandbox, iterations: 0 };
    const key = JSON.stringify(row);
    const known = rows.get(key) ?? row;
    known.iterations += 1;
    rows.set(key, known);
  }
  return [...rows.values()];
}
