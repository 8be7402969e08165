import { join } from 'node:path';
import { crashPoint } from '../../kernel/fault-points.ts';
import { ensurePlainFolder } from '../../kernel/files/append-lines.ts';
import { writeWhole } from '../../kernel/files/atomic-file.ts';
import { statsAt } from '../../kernel/files/path-stats.ts';
import { stampsAt } from '../../kernel/files/stamps.ts';
import { asPlan, commandLines, ledgerOfPlan } from '../../session/documents/as-plan.ts';
import { GIVEN_PLAN, parsePlan } from '../../session/documents/plan.ts';
import { ledgerText } from '../../session/documents/requirements.ts';
import { stateOf, type Worker } from '../state/worker.ts';

/**
 * Writes the plan that the session was started with, and its checks, before a person is first asked about them. Not
 * together with the other documents: those are written again after a crash, and by then a person may have edited these.
 */
export async function writeGivenPlan(worker: Worker): Promise<void> {
  const { paths, file, given } = worker;
  const { way, createdAt } = file;
  const { plan: text } = given;
  if (way !== 'plan' || text === undefined || stateOf(worker).lastIteration !== undefined) return;
  const ledger = ledgerOfPlan(text);
  ensurePlainFolder(paths.sessionDir);
  if (ledger !== undefined) await writeIfMissing(paths.requirements, ledger);
  crashPoint('after-given-checks');
  const { file: stamp } = stampsAt(Date.parse(createdAt));
  await writeIfMissing(join(paths.sessionDir, `${stamp}${GIVEN_PLAN}`), asPlan(text));
}

async function writeIfMissing(path: string, text: string): Promise<void> {
  if (statsAt(path) === undefined) await writeWhole(path, text);
}

/**
 * What a plan that no agent wrote asks for and a choice made at the start does not cover, as the reason to wait for a
 * person: nothing but the gate has shown its commands and the lines that lower the proof.
 */
export async function beyondTheStart({ paths, file }: Worker, plan: string): Promise<string | undefined> {
  if (file.way !== 'plan') return undefined;
  const lowers = parsePlan(plan).testing !== undefined;
  const runs = commandLines(plan, await ledgerText(paths)).length > 0;
  const found = [
    ...(lowers ? ['a line that lowers the proof'] : []),
    ...(runs ? ['commands that will run'] : []),
  ];
  if (found.length === 0) return undefined;
  return `The plan was given with ${found.join(' and ')}: auto_approve does not cover that, so a person decides.`;
}
