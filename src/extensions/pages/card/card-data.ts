import type { Phase } from '../../../core/kernel/phases/table.ts';
import type { StateBadge } from '../../../core/session/words/words.ts';

export const FACTS = ['branch', 'sandbox', 'checks', 'gates', 'spent', 'messages'] as const;
type Word =
  | 'session'
  | 'state'
  | 'for'
  | 'project'
  | 'since'
  | 'worker'
  | 'activity'
  | (typeof FACTS)[number];
export type CardRow = Partial<Record<Word, string>> & { phase?: Phase };
export type PlanFields = Partial<Record<'hash' | 'plan' | 'text' | 'changes', string>> &
  Partial<Record<'mcp_servers' | 'remarks', string[]>>;

export interface CardQuestion
  extends Partial<Record<'suggestion' | 'answer' | 'unconfirmed_answer', string>> {
  id: string;
  text: string;
  options: string[];
  open?: false;
}

/** The fields that are shown, as list_sessions, get_status, read_qa and read_plan define them. */
export interface ResultFields extends CardRow, PlanFields {
  summary: string;
  problems?: string[];
  more_from?: number;
  iteration?: number;
  sessions?: CardRow[];
  says?: Readonly<Record<string, string>>;
  questions?: CardQuestion[];
  about?: string;
}

/** A session in words; without them, the card shows the names of the result. */
export interface CardSession {
  task?: string | undefined;
  /** `waits for answers`, `done`. */
  says?: string;
  tone?: StateBadge['tone'];
  isYours?: boolean;
  /** The gate at which it waits for the person. */
  for?: string | undefined;
  /** The text of its question, of an agent or a person, that says what it wants. */
  wants?: string | undefined;
  /** Its address on the live page, if one runs. */
  page?: string | undefined;
}

export interface Around {
  args: { project_dir?: unknown };
  canCall: boolean;
  /** Whether the client has forms, in which the person decides. */
  hasForms: boolean;
  /** The address of the live page, if one runs. */
  page?: string | undefined;
  /** The sessions of the result, in its order. */
  sessions?: readonly CardSession[];
}

const TEXTS = [
  ...FACTS,
  ...(['session', 'state', 'for', 'project', 'since', 'worker', 'activity', 'phase'] as const),
  ...(['summary', 'hash', 'plan', 'text', 'changes', 'about'] as const),
];
const QUESTION_TEXTS = ['id', 'text', 'suggestion', 'answer', 'unconfirmed_answer'] as const;
const SESSION_TEXTS = ['task', 'says', 'for', 'wants'] as const;
const TONES: readonly unknown[] = ['person', 'working', 'done', 'resting'] satisfies StateBadge['tone'][];

/**
 * The fields of a result that have the expected kind. A client can show a result of another version, or one that
 * another program has changed.
 */
export function readFields(value: unknown): ResultFields {
  const { sessions, questions, problems, says, more_from, iteration, ...given } = Object(value);
  const fields = {
    summary: '',
    ...picked(given, TEXTS, 'string'),
    ...picked({ more_from, iteration }, ['more_from', 'iteration'], 'number'),
    problems: strings(problems),
    mcp_servers: strings(given.mcp_servers),
    remarks: strings(given.remarks),
    says: picked(says, Object.keys(Object(says)), 'string'),
    ...(Array.isArray(sessions) && { sessions: sessions.map((row) => picked(row, TEXTS, 'string')) }),
    ...(Array.isArray(questions) && { questions: questions.map(questionIn) }),
  };
  // Their kinds were checked; which texts a state or a phase can be, nothing here depends on.
  return fields as ResultFields;
}

function questionIn(value: unknown): CardQuestion {
  const { open, options } = Object(value);
  const texts = { id: '', text: '', ...picked(value, QUESTION_TEXTS, 'string') };
  return { ...texts, options: strings(options), ...(open === false && { open }) };
}

/** What the server adds to a result; the client's own facts, such as `canCall`, cannot come from there. */
export function readPlaces(value: unknown): Pick<Around, 'hasForms' | 'page' | 'sessions'> {
  const { hasForms, page, sessions } = Object(value);
  const rows: unknown[] = Array.isArray(sessions) ? sessions : [];
  return { hasForms: hasForms === true, page: webAddress(page), sessions: rows.map(sessionIn) };
}

function sessionIn(value: unknown): CardSession {
  const { isYours, page, tone } = Object(value);
  const texts: CardSession = picked(value, SESSION_TEXTS, 'string');
  if (TONES.includes(tone)) texts.tone = tone;
  return { ...texts, page: webAddress(page), ...(typeof isYours === 'boolean' && { isYours }) };
}

function webAddress(value: unknown): string | undefined {
  return typeof value === 'string' && /^https?:\/\//.test(value) ? value : undefined;
}

function strings(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((each) => typeof each === 'string') : [];
}

function picked(value: unknown, names: readonly string[], kind: 'string' | 'number'): object {
  return Object.fromEntries(
    Object.entries(Object(value)).filter(([name, each]) => names.includes(name) && typeof each === kind),
  );
}
