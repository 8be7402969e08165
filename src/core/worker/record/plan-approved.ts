import { join } from 'node:path';
import { writeWhole } from '../../kernel/files/atomic-file.ts';
import type { Phase } from '../../kernel/phases/table.ts';
import { openedBy } from '../../session/documents/describe-event.ts';
import { documentText } from '../../session/documents/documents.ts';
import { isPlanOf, parsePlan } from '../../session/documents/plan.ts';
import { proposedServers } from '../../session/documents/plan-servers.ts';
import { ledgerText, withLedger } from '../../session/documents/requirements.ts';
import type { PlanVersion, Position } from '../../session/events/bodies/positions.ts';
import type { By } from '../../session/events/bodies/who-acted.ts';
import type { NewEvent } from '../../session/events/events.ts';
import { stateOf, type Worker } from '../state/worker.ts';

/** Keeps the approved text for comparison with later plans. @returns the approval event */
export async function planApproved(
  worker: Worker,
  by: By,
  { plan, text, phase }: { plan: PlanVersion; text: string; phase: Phase },
): Promise<NewEvent> {
  await writeWhole(worker.paths.approvedPlan, text);
  const { status } = stateOf(worker);
  const asked = status.kind === 'waiting' ? status.plan : undefined;
  const proposed = asked === undefined || isPlanOf(asked.hash, text) ? undefined : asked.hash;
  const edited = proposed === undefined ? '' : ', edited since it was proposed';
  const flow = `Plan approved by ${openedBy(by)}: ${plan.name}${edited}`;
  const testing = parsePlan(text).testing?.line;
  return { type: 'plan_approved', by, plan, phase, servers: proposedServers(text), proposed, testing, flow };
}

/** Keeps the text of a plan whose approval was restored by a rewind, for comparison with later plans. */
export async function keepRestoredPlan(worker: Worker, { approvedPlan: approved }: Position): Promise<void> {
  const own = approved && (await documentText(join(worker.paths.sessionDir, approved.name)));
  const text = own && withLedger(own, await ledgerText(worker.paths));
  if (text !== undefined && approved !== undefined && isPlanOf(approved.hash, text))
    await writeWhole(worker.paths.approvedPlan, text);
}
