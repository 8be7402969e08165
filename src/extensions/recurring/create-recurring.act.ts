import { ulid } from 'ulid';
import { givenTitle, readGivenPlan } from '../../core/acts/sessions/resolve-work.ts';
import type { ActionContext } from '../../core/caller/context/context.ts';
import { supervise } from '../../core/caller/context/supervision.ts';
import { namedFolder } from '../../core/caller/context/which-projects.ts';
import { readyProject } from '../../core/caller/refusals/ready-project.ts';
import { requireText } from '../../core/caller/refusals/require.ts';
import { isoUtc } from '../../core/kernel/clock.ts';
import { readPresence, supervisorPaths } from '../../core/sandbox/programs/supervisor-folder.ts';
import { normalizeNewName, sessionSlug } from '../../core/session/layout/names.ts';
import { failedNow, recurringReport, requirePersonForRuns } from './recurring.act.ts';
import type { Recurring, RecurringLimits, RecurringReport, RecurringWork } from './recurring.ts';
import { NOTHING_RECURS, RECURRING_ERRORS } from './recurring-errors.ts';
import { createDefinition, readDefinitions } from './runs/recurring-files.ts';
import { requireSafeguards } from './runs/safeguards.ts';
import { workOfRun } from './runs/start-run.ts';
import { parseSchedule } from './schedule/parse-schedule.ts';

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

/** Records a recurring session of a person, unless its runs could not begin, or could not be bounded as its person wants. */
export async function createRecurring(input: NewRecurring, context: ActionContext): Promise<RecurringReport> {
  await requirePersonForRuns(context, NOTHING_RECURS);
  const { when, choices = {}, limits = {}, catchUpMs = CATCH_UP_MS, overlap = false } = input;
  const { home, clock, host, by } = context;
  const schedule = 'schedule' in when ? parseSchedule(when.schedule) : { kind: 'ci-failed' as const };
  const { settings: call, base } = choices;
  if ((await supervisorHere(context)) !== 'stays') throw RECURRING_ERRORS.recurring_needs_supervisor();
  // With the settings of its sessions, so that what would refuse each run refuses now.
  const project = await readyProject({ projectDir: input.project, call, base }, context);
  requireSafeguards({ ...input, when: schedule }, project, NOTHING_RECURS);
  const { work, words } = await usableWork(input, context);
  // What each run reads: a missing login would fail the first one at night.
  if (work.kind === 'label') await workOfRun({ work }, undefined, project, context);
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
    seen: await failedNow(schedule, project, context),
  };
  await createDefinition(home, recurring);
  await supervise(context);
  return await recurringReport(recurring, {}, context);
}

/** `leaves`: it ends once nothing waits, so after a restart of the machine nothing would start the runs. */
export async function supervisorHere({
  home,
  host,
}: Pick<ActionContext, 'home' | 'host'>): Promise<'stays' | 'leaves' | 'none'> {
  const presence = await readPresence(supervisorPaths(home, host), host);
  if (presence.kind !== 'watching') return 'none';
  return presence.about?.stays === true ? 'stays' : 'leaves';
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
