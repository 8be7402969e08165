import type { ActionContext } from '../../core/caller/context/context.ts';
import { findProjectFor } from '../../core/caller/context/find-project-for.ts';
import type { Project } from '../../core/project/finding/open-project.ts';
import { readPresence, supervisorPaths } from '../../core/sandbox/programs/supervisor-folder.ts';
import { addRecurring, type NewRecurring, requirePersonForRuns } from './recurring.act.ts';
import type { RecurringReport } from './recurring.ts';
import { NOTHING_RECURS, RECURRING_ERRORS } from './recurring-errors.ts';
import { requireBoundedCost } from './runs/bounded-cost.ts';
import { requireSafeguards } from './runs/safeguards.ts';
import { workOfRun } from './runs/start-run.ts';
import { parseSchedule } from './schedule/parse-schedule.ts';

/** Creates a recurring session, unless its runs could not begin, or could not be bounded as its person wants. */
export async function createRecurring(input: NewRecurring, context: ActionContext): Promise<RecurringReport> {
  await requirePersonForRuns(context, NOTHING_RECURS);
  if ('schedule' in input.when) parseSchedule(input.when.schedule);
  const { project: projectDir, choices: { settings: call } = {} } = input;
  const project = await findProjectFor({ projectDir, call }, context);
  requireBoundedCost(project, input.limits ?? {}, NOTHING_RECURS);
  const isByChecks = 'on' in input.when;
  requireSafeguards({ ...input, isByChecks }, project, NOTHING_RECURS);
  if ((await supervisorHere(context)) !== 'stays') throw RECURRING_ERRORS.recurring_needs_supervisor();
  await requireForge(input, project, context);
  return await addRecurring(input, context);
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

/** Reads once what each run reads: a missing login would fail the first run at night. */
async function requireForge({ work }: NewRecurring, project: Project, context: ActionContext): Promise<void> {
  if (work.kind === 'label') await workOfRun({ work }, undefined, project, context);
}
