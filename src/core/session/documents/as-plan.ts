import { agreedText, beginning, visibleControls } from '../../kernel/text.ts';
import type { GivenPlan } from '../events/bodies/session-file.ts';
import { boxesIn } from './given-plan.ts';
import { code, oneLine, parseMarkdown } from './markdown-lines.ts';
import { endOfPlan, isPlanOf, type PlanPhase, parsePlan } from './plan.ts';
import { MAX_CHECK, parseLedger, REVIEWED, Requirement, withLedger } from './requirements.ts';

const ALL = 'All steps';

/**
 * A given plan as a plan with numbered phases: the heading above each group of boxes becomes one, so that every box is a
 * step of exactly one phase. Nothing else of the text changes, so that its author recognizes it. Text that has phases
 * stays as it is.
 */
export function asPlan(text: string): string {
  if (parsePlan(text).phases.length > 0) return text;
  const doc = parseMarkdown(text);
  const lines = [...doc.lines];
  const notes = endOfPlan(doc);
  const numbered = new Set<number>();
  for (const { line } of boxesIn(text)) {
    const above = doc.headings.findLast(({ index }) => index < line);
    const at = above?.index ?? -1;
    if (numbered.has(at)) continue;
    numbered.add(at);
    const name = `Phase ${numbered.size}: ${above?.text || ALL}`;
    if (above === undefined || above.level === 1) {
      lines[line] = `## ${name}${doc.eol}${doc.eol}${lines[line]}`;
    } else {
      // Below the notes, a deeper heading would belong to them.
      const marks = '#'.repeat(at > notes ? 2 : above.level);
      lines[at] = `${marks} ${name}${doc.eol}`;
    }
  }
  return doc.bom + lines.join('');
}

/** The commands of the `Check:` lines of a given plan as requirements; those that no ledger can hold are problems. */
export function checksOfPlan(plan: string): { requirements: Requirement[]; problems: string[] } {
  const requirements: Requirement[] = [];
  const problems: string[] = [];
  for (const phase of parsePlan(asPlan(plan)).phases) {
    if (phase.command === undefined) continue;
    const check = Requirement.shape.check.safeParse(phase.command);
    const id = `R${requirements.length + 1}`;
    if (check.success) requirements.push({ id, text: nameOf(phase), check: check.data });
    else
      problems.push(
        `the command of phase ${phase.number} is longer than ${MAX_CHECK} characters, or has hidden ones, unusual blanks or more than two in a row`,
      );
  }
  const chars = requirements.reduce((sum, { check }) => sum + check.length, 0);
  if (requirements.length > MAX_COMMANDS || chars > MAX_CHARS)
    problems.push(
      `it has ${requirements.length} commands of ${chars} characters, and a session takes at most ${MAX_COMMANDS} of ${MAX_CHARS}`,
    );
  return { requirements, problems };
}

/** Each face shows each command whole before one runs, and the shortest of them takes 16,000 characters. */
const MAX_COMMANDS = 100;
const MAX_CHARS = 8000;

function nameOf({ number, name }: Pick<PlanPhase, 'number' | 'name'>): string {
  return beginning(visibleControls(oneLine(name)), 500).trim() || `Phase ${number}`;
}

/** The requirement ledger of a given plan; undefined if it has no commands. */
export function ledgerOfPlan(plan: string): string | undefined {
  const { requirements } = checksOfPlan(plan);
  return requirements.length === 0 ? undefined : `${JSON.stringify({ requirements }, null, 2)}\n`;
}

/** Whether an approval was of the given plan as it was given. */
export function isAsGiven({ text }: Pick<GivenPlan, 'text'>, hash: string): boolean {
  return isPlanOf(hash, withLedger(asPlan(text), ledgerOfPlan(text)));
}

/** The commands that the approval of a plan covers, a line each and each whole: the worker runs them. */
export function commandLines(plan: string, ledger: string | undefined): string[] {
  const reading = ledger === undefined ? undefined : parseLedger(ledger);
  const required = reading?.kind === 'ledger' ? reading.requirements : [];
  const named = required.filter(({ check }) => check !== REVIEWED);
  const others = parsePlan(plan).phases.filter(
    ({ command }) => command !== undefined && !required.some(({ check }) => check === command),
  );
  return [
    ...named.map(({ id, check }) => `${id} will run ${code(agreedText(check))}`),
    ...others.map(({ number, command = '' }) => `Phase ${number} will run ${code(agreedText(command))}`),
  ];
}
