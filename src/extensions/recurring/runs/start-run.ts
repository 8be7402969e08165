import type { StartSessionInput } from '../../../core/acts/sessions/start/start-choices.ts';
import type { NewWork } from '../../../core/acts/sessions/start/work.ts';
import type { startSession } from '../../../core/acts/sessions/start-session.act.ts';
import type { FailedChecks } from '../../../core/caller/context/base-checks-failed.ts';
import type { ActionContext } from '../../../core/caller/context/context.ts';
import { findProjectFor } from '../../../core/caller/context/find-project-for.ts';
import { ACTION_ERRORS } from '../../../core/caller/errors/action-errors.ts';
import { isSamocodeError } from '../../../core/kernel/errors.ts';
import { fromExtensions } from '../../../core/kernel/extension.ts';
import { cut } from '../../../core/kernel/text.ts';
import type { Project } from '../../../core/project/finding/open-project.ts';
import { readSession } from '../../../core/session/folder/read-session.ts';
import { sessionFolders } from '../../../core/session/folder/session-list.ts';
import { sessionPaths } from '../../../core/session/layout/paths.ts';
import { readSessionFile } from '../../../core/session/log/read-session-file.ts';
import { isPassing } from '../../../core/worker/state/passing-errors.ts';
import type { Recurring, RecurringRunRecord } from '../recurring.ts';
import { requireSafeguards } from './safeguards.ts';

const NO_SESSION = 'No session was created.';

/** The prompt of each agent contains the task. */
const MAX_QUOTED_CHARS = 20_000;

export interface RunPlan extends Pick<RecurringRunRecord, 'run' | 'maxUsd'> {
  project: Project;
  work: NewWork;
}

export type RunStart = Pick<RecurringRunRecord, 'result' | 'session' | 'sessionsDir' | 'text'>;

/**
 * Starts the session of a run unless it exists, as after a crash between the two.
 * @returns how it began; a refusal is a failed run @throws what is no refusal, so that the run is tried again
 */
export async function startRun(
  recurring: Recurring,
  plan: RunPlan,
  start: typeof startSession,
  context: ActionContext,
): Promise<RunStart> {
  const { values } = plan.project;
  try {
    requireSafeguards(recurring, plan.project, NO_SESSION);
    const before = await sessionOfRun(recurring, plan.run, values.sessions, context);
    if (before !== undefined) return before;
    const { view } = await start(inputOf(recurring, plan), { ...context, by: recurring.by });
    return startedIn(view.folder, view.paths.sessionsDir);
  } catch (error) {
    return notStarted(error);
  }
}

/** The project of a run with the settings of its sessions, or why it fails. */
export async function projectOfRun(
  { project: projectDir, choices: { settings: call } }: Pick<Recurring, 'project' | 'choices'>,
  context: ActionContext,
): Promise<{ project: Project; failed?: undefined } | { project?: undefined; failed: RunStart }> {
  try {
    return { project: await findProjectFor({ projectDir, call }, context) };
  } catch (error) {
    return { failed: notStarted(error) };
  }
}

/** @throws what is no refusal, or may pass: a disk takes the files later, and a slow worker has its session already */
function notStarted(error: unknown): RunStart {
  if (!isSamocodeError(error) || isPassing(error.cause) || ACTION_ERRORS.pending.is(error)) throw error;
  return { result: 'failed', text: `could not be started. ${error.what} ${error.why}` };
}

/** Finds the session of a run by what its start recorded. */
async function sessionOfRun(
  { id }: Pick<Recurring, 'id'>,
  run: string,
  sessionsDir: string,
  { host }: Pick<ActionContext, 'host'>,
): Promise<RunStart | undefined> {
  for (const folder of await sessionFolders(sessionsDir)) {
    const paths = sessionPaths(sessionsDir, folder);
    const file = await readSessionFile(paths).catch(() => undefined);
    if (file?.recurring?.id !== id || file.recurring.run !== run) continue;
    const view = await readSession(paths, host);
    if (view !== undefined) return startedIn(folder, sessionsDir);
  }
  return undefined;
}

function startedIn(session: string, sessionsDir: string): RunStart {
  return { result: 'works', session, sessionsDir };
}

function inputOf(
  { id, name, project, choices }: Recurring,
  { run, maxUsd, work }: RunPlan,
): StartSessionInput {
  const { settings, ...others } = choices;
  const ofPerson = Number(settings?.maxCostUsd ?? Number.POSITIVE_INFINITY);
  const maxCostUsd = maxUsd === undefined ? settings?.maxCostUsd : Math.min(maxUsd, ofPerson);
  return {
    work,
    project,
    choices: { ...others, settings: { ...settings, ...(maxCostUsd !== undefined && { maxCostUsd }) } },
    recurring: { id, name, run },
    again: false,
  };
}

/**
 * The work of the next run; undefined if no open issue has its label.
 * @throws what the forge reports, so that the run is tried again
 */
export async function workOfRun(
  { work }: Pick<Recurring, 'work'>,
  failed: FailedChecks | undefined,
  project: Project,
  context: ActionContext,
): Promise<NewWork | undefined> {
  const quoted = failed === undefined ? '' : `\n\n${cut(failed.text, MAX_QUOTED_CHARS)}`;
  switch (work.kind) {
    case 'task':
      return { kind: 'task', task: `${work.task}${quoted}` };
    case 'plan':
      // Its agents plan from the file as it is by then; a person approves each plan.
      return {
        ...work,
        replan: true,
        task: quoted === '' ? work.task : `${work.task ?? 'Carry out the plan.'}${quoted}`,
      };
    case 'label': {
      const issues = await fromExtensions('forge')[0]?.labelledIssues(work.label, project, context);
      if (issues === undefined) throw ACTION_ERRORS.not_in_this_build({ what: 'issues' });
      return issues[0];
    }
    default:
      return work satisfies never;
  }
}
