import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ifExists, SamocodeError } from '../base/errors.ts';
import { decode, type NotRead, readPlainFile } from '../base/plain-file.ts';
import { isAtRest } from '../session/at-rest.ts';
import { MAX_DOCUMENT_BYTES } from '../session/paths.ts';
import { currentPlanOf, planHash } from '../session/plan.ts';
import { planChanges } from '../session/plan-changes.ts';
import { gateOf, type SessionView } from '../session/status.ts';
import type { ActionContext } from './context.ts';
import { findSession, type SessionQuestion } from './find-session.ts';
import { nextStep } from './next-step.ts';
import { planBefore } from './plan-before.ts';

export interface PlanReport {
  view: SessionView;
  /** File name in the session folder. */
  name: string;
  /** The child's own words. */
  text: string;
  /** What an approval names: everything but ticks and notes. */
  hash: string;
  state: 'waits_for_approval' | 'approved' | 'draft';
  /** What differs from the version that a person was asked about before, line by line; absent for the first one. */
  changes?: string[];
}

/**
 * The plan that waits for approval, else the approved one, else the newest draft.
 * @throws NoPlanError, SessionNotFoundError
 */
export async function readPlan(question: SessionQuestion, context: ActionContext): Promise<PlanReport> {
  const view = await findSession(question, context);
  const plan = await readPlanOf(view);
  if (plan.state !== 'waits_for_approval') return plan;
  const before = await planBefore(view, plan.text, context);
  return before === undefined ? plan : { ...plan, changes: planChanges(before, plan.text).lines };
}

export async function readPlanOf(view: SessionView): Promise<PlanReport> {
  const { approvedPlan } = view.state;
  const waiting = gateOf(view)?.plan;
  if (waiting) return await readVersion(view, waiting.name, 'waits_for_approval');
  if (approvedPlan) return await readVersion(view, approvedPlan.name, 'approved');
  const name = await newestPlan(view);
  if (name === undefined) throw new NoPlanError(view);
  return await readVersion(view, name, 'draft');
}

async function readVersion(view: SessionView, name: string, state: PlanReport['state']): Promise<PlanReport> {
  const reading = await readPlainFile(join(view.paths.sessionDir, name), MAX_DOCUMENT_BYTES);
  if (reading.kind !== 'bytes') throw new NoPlanError(view, { name, reading });
  const text = decode(reading.bytes);
  return { view, name, text, hash: planHash(text), state };
}

async function newestPlan({ paths, state }: SessionView): Promise<string | undefined> {
  const names = (await ifExists(readdir(paths.sessionDir))) ?? [];
  return currentPlanOf(names, paths.folder, state.oldPlans);
}

interface UnreadableFile {
  name: string;
  reading: NotRead;
}

class NoPlanError extends SamocodeError {
  readonly code = 'no_plan';

  constructor(view: SessionView, file?: UnreadableFile) {
    const { folder, state } = view;
    const comes =
      isAtRest(view) || gateOf(view)
        ? `Next: ${nextStep(view)}.`
        : 'Follow the session with wait until it waits for plan_approval.';
    super(
      `There is no plan to read in ${folder}.`,
      file === undefined
        ? `None has been written yet; the session is in ${state.progress.phase}.`
        : `The file ${file.name} is ${file.reading.kind === 'missing' ? 'gone' : file.reading.problem}.`,
      file === undefined ? comes : 'Put the file back, or ask for a new plan with request_changes.',
    );
  }
}
