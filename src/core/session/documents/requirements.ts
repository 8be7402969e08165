import * as z from 'zod';
import { fingerprint } from '../../kernel/files/fingerprint.ts';
import { parseJson } from '../../kernel/parse-json.ts';
import { agreedText, listed } from '../../kernel/text.ts';
import type { SessionPaths } from '../layout/paths.ts';
import { documentText } from './documents.ts';
import { code, lineBody, parseMarkdown } from './markdown-lines.ts';
import { notesHeading } from './plan.ts';

const line = (max: number) =>
  z
    .string()
    .trim()
    .min(1)
    .max(max)
    .regex(/^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]*$/u);

const MAX_TEXT = 500;
/** In characters: each face shows it whole before it runs. */
export const MAX_CHECK = 1000;

/** One requirement and its check: a shell command, or `reviewed`. */
export const Requirement = z.object({
  id: z.string().regex(/^R\d{1,3}$/),
  text: line(MAX_TEXT),
  // Unusual blanks, and many blanks in a row, hide what follows them.
  check: line(MAX_CHECK).refine((command) => agreedText(command) === command),
  /** new: the check fails without the work. stays: it passes there too, and must go on passing. Absent: not said. */
  kind: z.enum(['new', 'stays']).optional(),
});
export type Requirement = z.infer<typeof Requirement>;

/** The check of a requirement that no command can verify: a quality agent confirms it. */
export const REVIEWED = 'reviewed';
/** The requirement that the worker writes for quick work: the task itself. */
export const TASK_ID = 'T1';

const TWICE = 'twice';
const HIDES = 'is not one line, or has hidden characters, unusual blanks or more than two in a row';

const Ledger = z.object({
  requirements: z
    .array(Requirement)
    .min(1)
    .max(100)
    .superRefine((all, { addIssue }) => {
      const ids = all.map(({ id }) => id);
      for (const [at, id] of ids.entries())
        if (ids.indexOf(id) < at) addIssue({ code: 'custom', path: [at, 'id'], message: TWICE });
    }),
});

export type LedgerReading =
  | { kind: 'ledger'; requirements: Requirement[] }
  /** `problem` completes "_requirements.json is refused: …". */
  | { kind: 'malformed'; problem: string };

/** Parses `_requirements.json` without its states; never throws. */
export function parseLedger(text: string): LedgerReading {
  const value = parseJson(text.replace(/^\uFEFF/, ''));
  if (value === undefined) return { kind: 'malformed', problem: 'it is not valid JSON' };
  const parsed = Ledger.safeParse(value);
  if (parsed.success) return { kind: 'ledger', requirements: parsed.data.requirements };
  const places = [...new Set(parsed.error.issues.map((issue) => placeOf(value, issue)))];
  return {
    kind: 'malformed',
    problem: `${listed(places, MAX_PLACES, { separator: '; ' })}. It must be ${LEDGER_FORM}`,
  };
}

const MAX_PLACES = 20;

/** What is wrong at a place of a ledger, by the id that it has there: with what was measured and what is allowed. */
function placeOf(ledger: unknown, { path, code, message }: z.core.$ZodIssue): string {
  const [, at, key] = path;
  if (typeof at !== 'number') return 'it is not a list of 1 to 100 requirements';
  const entry = Object(Object(Object(ledger).requirements)[at]);
  const who = typeof entry.id === 'string' && /^R\d{1,3}$/.test(entry.id) ? entry.id : `entry ${at + 1}`;
  if (message === TWICE) return `${who} stands there twice`;
  const found = entry[String(key)];
  if (key === 'kind') return `${who} has a kind that is neither new nor stays`;
  if (typeof found !== 'string' || found.trim() === '') return `${who} has no ${String(key ?? 'text')}`;
  if (code === 'too_big')
    return `the ${String(key)} of ${who} has ${found.trim().length} characters; ${key === 'text' ? MAX_TEXT : MAX_CHECK} are allowed`;
  if (key === 'check' || key === 'text') return `the ${key} of ${who} ${HIDES}`;
  return `${who} has an id that is not R and a number`;
}

/** A fingerprint of the requirements that ignores their states; undefined if they cannot be parsed. */
export function ledgerFingerprint(text: string | undefined): string | undefined {
  const reading = text === undefined ? undefined : parseLedger(text);
  return reading?.kind === 'ledger' ? fingerprint(JSON.stringify(reading.requirements)) : undefined;
}

export const LEDGER_FORM = `{"requirements": [{"id": "R1", "text": "…", "check": "a command, or ${REVIEWED}", "kind": "new, or stays"}]}, each id once, each text one line of at most ${MAX_TEXT} characters and each check of at most ${MAX_CHECK}, a check without unusual or more than two blanks in a row`;

/** The commands that passed in the last full run, and the requirements that a quality agent confirmed. */
export interface Shown {
  passed?: readonly string[];
  reviewed?: readonly string[];
}

export function isMet({ id, check }: Requirement, { passed = [], reviewed = [] }: Shown): boolean {
  return check === REVIEWED ? reviewed.includes(id) : passed.includes(check);
}

/** The ledger with the state of each entry as known to the worker, replacing existing states. */
export function withStates(text: string, shown: Shown): string {
  const reading = parseLedger(text);
  if (reading.kind === 'malformed') return text;
  const requirements = reading.requirements.map((each) => ({
    ...each,
    state: isMet(each, shown) ? 'met' : 'open',
  }));
  return `${JSON.stringify({ requirements }, null, 2)}\n`;
}

const SECTION = '## What will be checked';

/** The text of a plan, with the requirements that its approval covers inserted before its notes. */
export function withLedger(plan: string, ledger: string | undefined): string {
  const doc = parseMarkdown(plan);
  // A plan that contains such a section itself must not be mistaken for one with a ledger.
  const markOwnSection = (line: string) =>
    lineBody(line).trimEnd() === SECTION ? line.replace(SECTION, `${SECTION}, in the plan's words`) : line;
  doc.lines = doc.lines.map(markOwnSection);
  if (ledger === undefined) return `${doc.bom}${doc.lines.join('')}`;
  const at = notesHeading(doc) ?? doc.lines.length;
  const before = doc.lines.slice(0, at).join('').trimEnd();
  const rest = doc.lines.slice(at).join('');
  return `${doc.bom}${before}\n\n${SECTION}\n\n${ledgerLines(ledger).join('\n')}\n\n${rest}`;
}

function ledgerLines(text: string): string[] {
  const reading = parseLedger(text);
  if (reading.kind === 'malformed') return [`- _requirements.json is refused: ${reading.problem}`];
  return reading.requirements.map(({ id, text: words, check, kind }) => {
    const stays = kind === 'stays' ? ', as it is' : '';
    return `- ${id}${stays}: ${words} (${check === REVIEWED ? 'by review' : code(check)})`;
  });
}

export const LEDGER_NAME = '_requirements.json';

export async function ledgerText({
  requirements,
}: Pick<SessionPaths, 'requirements'>): Promise<string | undefined> {
  return await documentText(requirements, MAX_LEDGER_BYTES);
}

const MAX_LEDGER_BYTES = 1024 * 1024;
