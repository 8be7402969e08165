import { boxesIn } from '../documents/given-plan.ts';
import { parsePlan } from '../documents/plan.ts';

/** The changed paths that no `Files:` line of a plan names. A plan that names no file covers all of them. */
export function outsidePlanFiles(planText: string, changed: readonly string[]): string[] {
  const named = parsePlan(planText).phases.flatMap(({ files }) => files);
  if (named.length === 0) return [];
  return changed.filter((path) => !named.some((entry) => isNamed(entry, path)));
}

/** Whether an entry of `Files:` names a path: directly, by a parent folder, or by a matching pattern with `*`. */
export function isNamed(entry: string, path: string): boolean {
  const folder = entry.replace(/\/+$/, '');
  if (folder === '' || folder === '.') return entry !== '';
  if (path === folder || path.startsWith(`${folder}/`)) return true;
  return entry.includes('*') && isMatch(entry, path);
}

/** Follows all ways at once: an agent wrote the pattern, and a regular expression tries them one after the other. */
function isMatch(pattern: string, path: string): boolean {
  const parts = pattern.match(/\*\*\/?|./gsu) ?? [];
  const reached = (at: number, into: Set<number>) => {
    for (; !into.has(at); at += 1) {
      into.add(at);
      if (!parts[at]?.startsWith('*')) return;
    }
  };
  let now = new Set<number>();
  reached(0, now);
  for (const character of path) {
    const next = new Set<number>();
    for (const at of now) {
      const part = parts[at] ?? '';
      if (part === '*' ? character !== '/' : part.startsWith('**')) reached(at, next);
      else if (part === character) reached(at + 1, next);
    }
    now = next;
  }
  return now.has(parts.length);
}

export interface PlanReason {
  number: number;
  name: string;
  steps: string[];
}

/** The parts of a plan that concern a file. An agent wrote all texts. */
export interface PlanReasons {
  phases: PlanReason[];
  /** The requirements that those phases name: `R1` and its sentence. */
  requirements: { id: string; text: string }[];
  questions: string[];
}

/**
 * Finds the parts of a plan that explain why it changes a file: the phases that name it, and the requirements and
 * questions that these name. Never throws.
 */
export function planReasons(plan: string, path: string): PlanReasons {
  const naming = parsePlan(plan).phases.filter(({ files }) => files.some((entry) => isNamed(entry, path)));
  const phases = naming.map(({ number, name, lines }) => ({ number, name, steps: stepsIn(lines) }));
  const texts = naming.flatMap(({ name, lines }) => [name, ...lines]);
  const ids = idsIn(texts, /\bR\d{1,3}\b/g);
  const requirements = ids.map((id) => ({ id, text: sentenceOf(plan, id) }));
  const words = [...texts, ...requirements.map(({ text }) => text)];
  return { phases, requirements, questions: idsIn(words, /\bQ\d{1,3}\b/g) };
}

function stepsIn(lines: readonly string[]): string[] {
  return boxesIn(lines.join('\n')).map(({ text }) => text);
}

function idsIn(texts: readonly string[], pattern: RegExp): string[] {
  return [...new Set(texts.flatMap((text) => text.match(pattern) ?? []))];
}

/** The text after the id in the plan's list of requirements; empty if it is not listed. */
function sentenceOf(plan: string, id: string): string {
  const line = new RegExp(`^\\s*[-*]\\s+(?:\\[[ xX]\\]\\s+)?${id}\\b[:.\\s]*(.*)$`, 'm');
  return line.exec(plan)?.[1]?.trim() ?? '';
}
