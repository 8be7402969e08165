import { basename, join } from 'node:path';
import { namesAt } from '../../kernel/files/path-stats.ts';
import { NO_PLAN, type Outcome } from '../../kernel/phases/outcome.ts';
import type { PlanVersion } from '../events/bodies/positions.ts';
import { documentText } from './documents.ts';
import { currentPlanOf, isPlanOf, parsePlan } from './plan.ts';
import { LEDGER_NAME, ledgerText, withLedger } from './requirements.ts';

export interface PlanPlace {
  sessionDir: string;
  approvedPlan?: PlanVersion | undefined;
  oldPlans: readonly string[];
}

export interface PlanOnDisk {
  name: string | undefined;
  /** Includes the requirements that an approval covers. */
  text: string | undefined;
  ledger: string | undefined;
  /** The text has the hash that was approved. */
  isSame: boolean;
  outcome: Outcome['plan'];
}

/**
 * The approved plan, otherwise the newest one of the current goal, and how it stands to its approval.
 * @param lostNotes whether the text has lost notes of the approved plan: they may be added, but not removed
 */
export async function planOnDisk(
  { sessionDir, approvedPlan, oldPlans }: PlanPlace,
  lostNotes: (text: string) => Promise<boolean> = async () => false,
): Promise<PlanOnDisk> {
  const names = (namesAt(sessionDir) ?? []).sort();
  const name = approvedPlan?.name ?? currentPlanOf(names, basename(sessionDir), oldPlans);
  const own = name === undefined ? undefined : await documentText(join(sessionDir, name));
  const ledger = await ledgerText({ requirements: join(sessionDir, LEDGER_NAME) });
  const text = own === undefined ? undefined : withLedger(own, ledger);
  if (text === undefined) {
    const outcome = { ...NO_PLAN, changedSinceApproval: approvedPlan !== undefined };
    return { name: undefined, text, ledger, isSame: false, outcome };
  }
  const isSame = approvedPlan !== undefined && isPlanOf(approvedPlan.hash, text);
  const approved = isSame && !(await lostNotes(text));
  const instead = approved ? parsePlan(text).testing?.instead : undefined;
  const outcome = {
    exists: true,
    approved,
    changedSinceApproval: approvedPlan !== undefined && !approved,
    untestable: instead === 'none',
    triedInReview: instead === 'in review',
  };
  return { name, text, ledger, isSame, outcome };
}
