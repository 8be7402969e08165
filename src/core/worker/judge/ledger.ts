import type { Phase } from '../../kernel/phases/table.ts';
import { hasSameCode } from '../../project/proving/branch-work.ts';
import type { FailedCheck } from '../../project/proving/run-check.ts';
import {
  isMet,
  LEDGER_FORM,
  LEDGER_NAME,
  ledgerFingerprint,
  ledgerText,
  parseLedger,
  REVIEWED,
} from '../../session/documents/requirements.ts';
import type { Evidence } from '../state/evidence.ts';
import { checksOf, stateOf, type Worker } from '../state/worker.ts';

/** The commands that a merge must pass. Includes those that proved the work, even if its plan is archived now. */
export async function mergeCommands(evidence: Evidence): Promise<string[]> {
  const { proved } = stateOf(evidence.worker);
  return [...new Set([...(await evidence.fullCommands()), ...(proved?.commands ?? [])])];
}

/** Splits failed commands into those of the project and a line for each requirement that one leaves open. */
export async function splitFailures(
  evidence: Evidence,
  failures: readonly FailedCheck[],
): Promise<{ ofProject: FailedCheck[]; requirements: string[] }> {
  const lines: string[] = [];
  const ofLedger = new Set<string>();
  for (const { id, text, check } of (await evidence.plan()).requirements) {
    const failure = failures.find(({ command }) => command === check);
    if (failure === undefined) continue;
    ofLedger.add(check);
    lines.push(`requirement ${id} is open (${text}): \`${check}\` (${failure.how})`);
  }
  const own = checksOf(evidence.worker);
  const ofProject = failures.filter(({ command }) => own.includes(command) || !ofLedger.has(command));
  return { ofProject, requirements: lines };
}

/** Requirements without a command that no quality agent has confirmed for the current code, except those in `also`. */
export async function unreviewed(evidence: Evidence, also: readonly string[] = []): Promise<string[]> {
  const { reviewed = [], reviewedAt = {} } = stateOf(evidence.worker);
  const changed = await changedSince(evidence, Object.values(reviewedAt));
  const held = reviewed.filter((id) => !changed.includes(reviewedAt[id] ?? ''));
  const shown = { reviewed: [...held, ...also] };
  return (await evidence.plan()).requirements
    .filter((each) => each.check === REVIEWED && !isMet(each, shown))
    .map(
      ({ id, text }) => `requirement ${id} is open (${text}): no review of the current code has confirmed it`,
    );
}

async function changedSince(
  { worker, tip: askTip }: Evidence,
  commits: readonly string[],
): Promise<string[]> {
  const { mainRepo } = worker.file;
  const { context } = worker.git;
  const tip = commits.length === 0 ? undefined : (await askTip())?.commit;
  if (tip === undefined) return [];
  const changed: string[] = [];
  for (const base of new Set(commits))
    if (!(await hasSameCode({ ...context, mainRepo, base, tip }))) changed.push(base);
  return changed;
}

/** Why an agent may not continue with the current ledger. It must exist at the end of the requirements, and with a plan. */
export async function ledgerProblem(worker: Worker, phase: Phase): Promise<string | undefined> {
  const text = await ledgerText(worker.paths);
  if (text === undefined)
    return phase !== 'planning' ? `There is no ${LEDGER_NAME}. Write it: ${LEDGER_FORM}.` : undefined;
  const reading = parseLedger(text);
  if (reading.kind === 'malformed') return `${LEDGER_NAME} cannot be read: ${reading.problem}.`;
  return ledgerFingerprint(text) === stateOf(worker).oldLedger
    ? `${LEDGER_NAME} is still that of the previous goal. Write one for the current goal: ${LEDGER_FORM}.`
    : undefined;
}
