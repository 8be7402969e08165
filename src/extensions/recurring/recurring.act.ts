import { ulid } from 'ulid';
import { givenTitle, readGivenPlan } from '../../core/acts/sessions/resolve-work.ts';
import type { ActionContext } from '../../core/caller/context/context.ts';
import { findProjectFor } from '../../core/caller/context/find-project-for.ts';
import { refuseFromInside } from '../../core/caller/context/refuse-from-inside.ts';
import { supervise } from '../../core/caller/context/supervision.ts';
import { namedFolder } from '../../core/caller/context/which-projects.ts';
import { readyProject } from '../../core/caller/refusals/ready-project.ts';
import { requireText } from '../../core/caller/refusals/require.ts';
import { isoUtc } from '../../core/kernel/clock.ts';
import type { SamocodeError } from '../../core/kernel/errors.ts';
import { fromExtensions } from '../../core/kernel/extension.ts';
import type { Project } from '../../core/project/finding/open-project.ts';
import { supervisorPaths } from '../../core/sandbox/programs/supervisor-folder.ts';
import { normalizeNewName, sessionSlug } from '../../core/session/layout/names.ts';
import type { Recurring, RecurringLimits, RecurringReport, RecurringWork } from './recurring.ts';
import { NOTHING_RECURS, RECURRING_ERRORS } from './recurring-errors.ts';
import { requireBoundedCost } from './runs/bounded-cost.ts';
import {
  changeDefinition,
  createDefinition,
  readDefinitions,
  readRecurringState,
  removeDefinition,
} from './runs/recurring-files.ts';
import { newState, pauseOf, problemOf, totalsOf } from './runs/run-history.ts';
import { requireSafeguards } from './runs/safeguards.ts';
import { nextOccurrences } from './schedule/occurrences.ts';
import { parseSchedule } from './schedule/parse-schedule.ts';

const NOT_CHANGED = 'Nothing was changed.';
const CATCH_UP_MS = 6 * 60 * 60_000;

export interface NewRecurring {
  /** `mon-fri 02:00`, `sun,wed 02:00,14:00 Europe/Berlin`, or the event `ci-failed`. */
  when: { schedule: string } | { on: 'ci-failed' };
  work: RecurringWork;
  /** Derived from the work if absent. */
  name?: string;
  /** The folder or `.samocode`, as in `ProjectQuestion`. */
  project?: string;
  choices?: Recurring['choices'];
  limits?: RecurringLimits;
  /** Six hours by default. */
  catchUpMs?: number;
  overlap?: boolean;
}

/** `which`: a name, or an id or its beginning. */
export interface RecurringQuestion {
  which: string;
}

/** Validates and records a recurring session of a person; the supervisor starts its runs. */
export async function addRecurring(input: NewRecurring, context: ActionContext): Promise<RecurringReport> {
  await requirePersonForRuns(context, NOTHING_RECURS);
  const { when, choices = {}, limits = {}, catchUpMs = CATCH_UP_MS, overlap = false } = input;
  const { home, clock, host, by } = context;
  const schedule = 'schedule' in when ? parseSchedule(when.schedule) : { kind: 'ci-failed' as const };
  const { settings: call, base } = choices;
  // With the settings of its sessions, so that what would refuse each run refuses now.
  const project = await readyProject({ projectDir: input.project, call, base }, context);
  const { work, words } = await usableWork(input, context);
  const { recurring: others } = await readDefinitions(home);
  const recurring: Recurring = {
    v: 1,
    id: ulid(clock.now()),
    name: freeName(input.name, words, others),
    project: project.filePath,
    supervisor: supervisorPaths(home, host).identity,
    when: schedule,
    work,
    choices,
    limits,
    catchUpMs,
    overlap,
    createdAt: isoUtc(clock.now()),
    by,
    resumes: 0,
    seen: await seenFailure(schedule, project, context),
  };
  await createDefinition(home, recurring);
  await supervise(context);
  return await reportOn(recurring, {}, context);
}

/** Only later failures start a run. Reading it shows that the forge answers, too. */
async function seenFailure(
  { kind }: Recurring['when'],
  project: Project,
  context: ActionContext,
): Promise<string | undefined> {
  if (kind !== 'ci-failed') return undefined;
  const found = await Promise.all(
    fromExtensions('forge').map((forge) => forge.failedBaseChecks(project, context)),
  );
  return found.find((failed) => failed !== undefined)?.commit;
}

export async function pauseRecurring(
  { which, why = 'on request' }: RecurringQuestion & { why?: string },
  context: ActionContext,
): Promise<RecurringReport> {
  const at = isoUtc(context.clock.now());
  return await change(which, (recurring) => ({ ...recurring, paused: { at, why } }), context);
}

/** Ends a pause, also one by the supervisor, whose count of failures begins again. */
export async function resumeRecurring(
  { which, limits }: RecurringQuestion & { limits?: RecurringLimits },
  context: ActionContext,
): Promise<RecurringReport> {
  const resumed = async ({ paused: _, ...recurring }: Recurring): Promise<Recurring> => {
    const { project: projectDir, choices, when } = recurring;
    const all = { ...recurring.limits, ...limits };
    const project = await findProjectFor({ projectDir, call: choices.settings }, context);
    requireBoundedCost(project, all, NOT_CHANGED);
    requireSafeguards(
      { ...recurring, limits: all, isByChecks: when.kind === 'ci-failed' },
      project,
      NOT_CHANGED,
    );
    return {
      ...recurring,
      limits: all,
      resumes: recurring.resumes + 1,
      resumedAt: isoUtc(context.clock.now()),
      seen: await seenFailure(when, project, context),
    };
  };
  return await change(which, resumed, context);
}

/** Removes the definition and its results; its sessions stay. */
export async function removeRecurring(
  { which }: RecurringQuestion,
  context: ActionContext,
): Promise<RecurringReport> {
  await requirePersonForRuns(context, 'Nothing was removed.');
  const recurring = await findRecurring(which, context.home);
  const report = await reportOn(recurring, { next: 0 }, context);
  await removeDefinition(context.home, recurring.id);
  return report;
}

/** One of them. */
export async function readRecurring(
  { which, next }: RecurringQuestion & { next?: number },
  context: Pick<ActionContext, 'home' | 'clock' | 'host'>,
): Promise<RecurringReport> {
  return await reportOn(await findRecurring(which, context.home), { next }, context);
}

/** All recurring sessions of this machine, by name. @param options.next how many of the next times to compute */
export async function readAllRecurring(
  options: { next?: number },
  context: Pick<ActionContext, 'home' | 'clock' | 'host'>,
): Promise<RecurringReport[]> {
  const { recurring } = await readDefinitions(context.home);
  const reports = await Promise.all(recurring.map((one) => reportOn(one, options, context)));
  return reports.sort((a, b) => a.recurring.name.localeCompare(b.recurring.name));
}

/** Those that cannot be read, each with its reason. */
export async function unreadableRecurring({ home }: Pick<ActionContext, 'home'>): Promise<SamocodeError[]> {
  const { broken } = await readDefinitions(home);
  return broken.map((path) => RECURRING_ERRORS.recurring_broken({ path }));
}

async function change(
  which: string,
  changed: (recurring: Recurring) => Recurring | Promise<Recurring>,
  context: ActionContext,
): Promise<RecurringReport> {
  await requirePersonForRuns(context, NOT_CHANGED);
  const recurring = await changed(await findRecurring(which, context.home));
  await changeDefinition(context.home, recurring);
  await supervise(context);
  return await reportOn(recurring, {}, context);
}

export async function requirePersonForRuns(context: ActionContext, what: string): Promise<void> {
  await refuseFromInside(context);
  if (context.by.channel !== 'cli') throw RECURRING_ERRORS.recurring_needs_person({ what });
}

async function findRecurring(which: string, home: string): Promise<Recurring> {
  const { recurring } = await readDefinitions(home);
  const wanted = which.trim().toLowerCase();
  const exact = recurring.find(({ id, name }) => name === wanted || id.toLowerCase() === wanted);
  if (exact !== undefined) return exact;
  const begins = recurring.filter(
    ({ id, name }) => wanted !== '' && (name.startsWith(wanted) || id.toLowerCase().startsWith(wanted)),
  );
  const [only, ...more] = begins;
  const namesOf = (all: readonly Recurring[]) => all.map(({ name }) => name).sort();
  if (only === undefined) throw RECURRING_ERRORS.recurring_unknown({ which, names: namesOf(recurring) });
  if (more.length > 0) throw RECURRING_ERRORS.recurring_ambiguous({ which, names: namesOf(begins) });
  return only;
}

async function usableWork(
  { work, choices }: NewRecurring,
  context: ActionContext,
): Promise<{ work: RecurringWork; words: string }> {
  switch (work.kind) {
    case 'task': {
      const task = requireText(work.task, 'task');
      return { work: { kind: 'task', task }, words: task };
    }
    case 'plan': {
      if (choices?.autoApprove) throw RECURRING_ERRORS.recurring_approves_plan();
      // Relative paths are those of the person's folder, which the supervisor does not know.
      const plan = namedFolder(work.plan, context);
      return { work: { ...work, plan }, words: givenTitle(await readGivenPlan(plan, context)) };
    }
    case 'label':
      return { work: { kind: 'label', label: requireText(work.label, 'label') }, words: work.label };
    default:
      return work satisfies never;
  }
}

function freeName(given: string | undefined, words: string, others: readonly Recurring[]): string {
  const isTaken = (name: string) => others.some((other) => other.name === name);
  if (given?.trim()) {
    const name = normalizeNewName('session', given);
    if (isTaken(name)) throw RECURRING_ERRORS.recurring_name_taken({ name });
    return name;
  }
  const first = sessionSlug(words);
  for (let number = 1; ; number += 1) {
    const name = number === 1 ? first : `${first}-${number}`;
    if (!isTaken(name)) return name;
  }
}

async function reportOn(
  recurring: Recurring,
  { next = 1 }: { next?: number },
  { home, clock, host }: Pick<ActionContext, 'home' | 'clock' | 'host'>,
): Promise<RecurringReport> {
  const state = (await readRecurringState(home, recurring.id)) ?? newState(recurring);
  const { when, supervisor } = recurring;
  const paused = pauseOf(recurring, state);
  const problem = problemOf(recurring, state);
  const isDue = when.kind === 'times' && paused === undefined && next > 0;
  return {
    recurring,
    runs: state.runs.toReversed(),
    totals: totalsOf(state),
    ...(paused !== undefined && { paused }),
    ...(problem !== undefined && { problem: problem.text }),
    ...(supervisor !== supervisorPaths(home, host).identity && { elsewhere: true as const }),
    next: isDue ? nextOccurrences(when, clock.now(), next).map(isoUtc) : [],
  };
}
