import { join } from 'node:path';
import { namesAt } from '../../base/files/look-at.ts';
import { decode, type NotRead, readPlainFile } from '../../base/files/plain-file.ts';
import { currentPlanOf, planHash } from '../../session/documents/plan.ts';
import { ledgerText, withLedger } from '../../session/documents/requirements.ts';
import { MAX_DOCUMENT_BYTES, type SessionPaths } from '../../session/layout/paths.ts';

/** A plan as it is approved: with the requirements that an approval covers, under one hash. */
export interface PlanText {
  kind: 'plan';
  text: string;
  hash: string;
}

/** A plan of a session folder, by its file name. */
export async function readPlanFile(paths: SessionPaths, name: string): Promise<PlanText | NotRead> {
  const reading = await readPlainFile(join(paths.sessionDir, name), MAX_DOCUMENT_BYTES);
  if (reading.kind !== 'bytes') return reading;
  const text = withLedger(decode(reading.bytes), await ledgerText(paths));
  return { kind: 'plan', text, hash: planHash(text) };
}

/** @param oldPlans those of goals that are reached */
export function newestPlan(
  { sessionDir, folder }: SessionPaths,
  oldPlans: readonly string[],
): string | undefined {
  return currentPlanOf(namesAt(sessionDir) ?? [], folder, oldPlans);
}
