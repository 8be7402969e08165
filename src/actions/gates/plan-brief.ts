import { counted } from '../../base/plain-words.ts';
import { parsePlan } from '../../session/documents/plan.ts';
import { ledgerText, parseLedger, REVIEWED } from '../../session/documents/requirements.ts';
import type { PlanReport } from './read-plan.ts';

/** What somebody decides about who does not read the whole plan, in lines for people. */
export interface PlanBrief {
  /** `2. Parse the table (3 files; check: npm test)`. */
  phases: string[];
  /** Everything that must hold before the session is done, and how many files the plan names. */
  beforeDone: string;
}

const MOST_PHASES = 12;

export async function planBrief({ view, text }: PlanReport): Promise<PlanBrief> {
  const { phases, testable } = parsePlan(text);
  const lines = phases.map(({ number, name, files, check }) => {
    const facts = [files.length > 0 && counted(files.length, 'file'), check && `check: ${check}`];
    const known = facts.filter(Boolean).join('; ');
    return `${number}. ${name}${known && ` (${known})`}`;
  });
  const left = lines.length - MOST_PHASES;
  const files = new Set(phases.flatMap((phase) => phase.files)).size;
  const checks = view.sessionFile?.settings.checks ?? [];
  const parts = [
    checks.length > 0 ? checks.join(', ') : 'no CHECK of the project',
    await requirementWords(view.paths),
    testable ? '' : 'the plan says that nothing can be tested',
  ];
  const named = files === 0 ? 'The plan names no files.' : `The plan names ${counted(files, 'file')}.`;
  return {
    phases: left > 0 ? [...lines.slice(0, MOST_PHASES), `… and ${left} more`] : lines,
    beforeDone: `Checked before done: ${parts.filter(Boolean).join('; ')}. ${named}`,
  };
}

async function requirementWords(paths: PlanReport['view']['paths']): Promise<string> {
  const ledger = await ledgerText(paths);
  const reading = ledger === undefined ? undefined : parseLedger(ledger);
  if (reading?.kind !== 'ledger') return '';
  const { requirements } = reading;
  const reviewed = requirements.filter(({ check }) => check === REVIEWED).length;
  const byReview = reviewed > 0 ? `, ${reviewed} of them by review alone` : '';
  return `${counted(requirements.length, 'requirement')}${byReview}`;
}
