import type { ActionContext } from '../../core/caller/context/context.ts';
import { findProjectFor } from '../../core/caller/context/find-project-for.ts';
import { refuseFromInside } from '../../core/caller/context/refuse-from-inside.ts';
import { supervise } from '../../core/caller/context/supervision.ts';
import { isoUtc } from '../../core/kernel/clock.ts';
import type { SamocodeError } from '../../core/kernel/errors.ts';
import { fromExtensions } from '../../core/kernel/extension.ts';
import type { Project } from '../../core/project/finding/open-project.ts';
import { supervisorPaths } from '../../core/sandbox/programs/supervisor-folder.ts';
import type { Recurring, RecurringLimits, RecurringReport } from './recurring.ts';
import { RECURRING_ERRORS } from './recurring-errors.ts';
import {
  changeDefinition,
  readDefinitions,
  readRecurringState,
  removeDefinition,
} from './runs/recurring-files.ts';
import { newState, pauseOf, problemOf, totalsOf } from './runs/run-history.ts';
import { requireSafeguards } from './runs/safeguards.ts';
import { nextOccurrences } from './schedule/occurrences.ts';

const NOT_CHANGED = 'Nothing was changed.';

/** `which`: a name, or an id or its beginning. */
export interface RecurringQuestion {
  which: string;
}

/** Only later failures start a run. Reading it shows that the forge answers, too. */
export async function failedNow(
  { kind }: Recurring['when'],
  project: Project,
  context: ActionContext,
): Promise<string | undefined> {
  if (kind !== 'ci-failed') return undefined;
  const [forge] = fromExtensions('forge');
  return (await forge?.failedBaseChecks(project, context))?.commit;
}

export async function pauseRecurring(
  { which }: RecurringQuestion,
  context: ActionContext,
): Promise<RecurringReport> {
  const at = isoUtc(context.clock.now());
  return await change(which, (recurring) => ({ ...recurring, paused: { at, why: 'on request' } }), context);
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
    requireSafeguards({ ...recurring, limits: all }, project, NOT_CHANGED);
    return {
      ...recurring,
      limits: all,
      resumes: recurring.resumes + 1,
      resumedAt: isoUtc(context.clock.now()),
      seen: await failedNow(when, project, context),
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
  const report = await recurringReport(recurring, { next: 0 }, context);
  await removeDefinition(context.home, recurring.id);
  return report;
}

/** The recurring sessions of this machine, by name. @param options.next how many of the next times to compute */
export async function readRecurring(
  { which, next }: { which?: string | undefined; next?: number },
  context: Pick<ActionContext, 'home' | 'clock' | 'host'>,
): Promise<RecurringReport[]> {
  const all =
    which === undefined
      ? (await readDefinitions(context.home)).recurring
      : [await findRecurring(which, context.home)];
  const reports = await Promise.all(all.map((one) => recurringReport(one, { next }, context)));
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
  return await recurringReport(recurring, {}, context);
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

export async function recurringReport(
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
