import type { CompleteSignal, JudgedSignal } from '../../kernel/phases/decision.ts';
import {
  PHASES,
  type Phase,
  phaseNamed,
  SIGNAL_STATUSES,
  type SignalStatus,
  WAITING_FOR,
  type WaitingFor,
} from '../../kernel/phases/table.ts';
import { beginning } from '../../kernel/text.ts';

export type SignalReading =
  | {
      kind: 'signal';
      signal: CompleteSignal;
      notes: string[];
    }
  /** Still the blank `{}`: the agent wrote nothing. */
  | { kind: 'blank' }
  | { kind: 'missing' }
  /** `problem` completes "_signal.json could not be read: …". */
  | { kind: 'malformed'; problem: string };

/** Written by the worker before each agent. */
export const BLANK_SIGNAL = '{}\n';

/** A larger file is not read as a signal. */
export const MAX_SIGNAL_BYTES = 1024 * 1024;
/** Longer texts are truncated; the whole file is kept in the iteration's folder. */
const MAX_TEXT = 20_000;

const TEXT_KEYS = ['reason', 'needs', 'note', 'summary', 'file'] as const;
const ID_KEYS = ['acknowledged', 'reviewed'] as const;

/**
 * Parses the `_signal.json` that an agent wrote; never throws.
 * @param data the bytes of the file, undefined when there is none
 * @param phase the phase that ran: determines what a `waiting` without `for` waits for
 */
export function parseSignal(data: Uint8Array | string | undefined, phase: Phase): SignalReading {
  if (data === undefined) return { kind: 'missing' };
  if (data.length > MAX_SIGNAL_BYTES) return malformed('it is larger than 1 MB');
  const decoded = typeof data === 'string' ? data : new TextDecoder().decode(data);
  const text = decoded.replace(/^\uFEFF/, '').trim();
  if (/^\{\s*\}$/.test(text)) return { kind: 'blank' };
  if (text === '') return malformed('it is empty');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return malformed(`it is not valid JSON${positionOf(error)}`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return malformed('it is not a JSON object');
  const fields = new Map<string, unknown>(Object.entries(value));
  const status = statusNamed(fields.get('status'));
  if (!status) return malformed(`its "status" must be one of ${SIGNAL_STATUSES.join(', ')}`);
  return readFields(fields, status, phase);
}

type Said = Omit<JudgedSignal, 'status' | 'for'>;

function readFields(fields: ReadonlyMap<string, unknown>, status: SignalStatus, phase: Phase): SignalReading {
  const notes: string[] = [];
  const said: Said = readPhase(fields.get('phase'));
  for (const key of TEXT_KEYS) {
    const text = readText(key, fields.get(key), notes);
    if (text !== undefined) said[key] = text;
  }
  for (const key of ID_KEYS) {
    const ids = readIds(key, fields.get(key), notes);
    if (ids) said[key] = ids;
  }
  const waitsFor = () => readWaitingFor(fields.get('for'), phase, notes);
  return { kind: 'signal', signal: completed(status, said, waitsFor, notes), notes };
}

function completed(
  status: SignalStatus,
  said: Said,
  waitsFor: () => WaitingFor,
  notes: string[],
): CompleteSignal {
  const or = (key: 'reason' | 'needs' | 'note' | 'summary', assumed: string): string => {
    if (said[key] === undefined) notes.push(`The signal has no "${key}"; assumed: ${assumed}`);
    return said[key] ?? assumed;
  };
  switch (status) {
    case 'continue':
      return { status, ...said };
    case 'waiting': {
      const wait = { status, ...said, for: waitsFor() };
      if (wait.for !== 'human_action') return wait;
      return { ...wait, reason: or('reason', 'The agent did not say what to do.') };
    }
    case 'handoff':
      return { status, ...said, note: or('note', 'The agent left no note.') };
    case 'blocked': {
      const reason = or('reason', 'The agent gave no reason.');
      return { status, ...said, reason, needs: or('needs', 'human_decision') };
    }
    case 'done':
      return { status, ...said, summary: or('summary', 'Done.') };
    default:
      return status satisfies never;
  }
}

function readPhase(value: unknown): { phase?: Phase; unknownPhase?: string } {
  if (value === undefined || value === null) return {};
  // Objects are not quoted: they might be nested too deeply to be serialized.
  const text = typeof value === 'object' ? 'no text' : String(value).trim();
  if (text === '') return {};
  const phase = phaseNamed(text);
  return phase ? { phase } : { unknownPhase: beginning(text, 100).trim() };
}

function readWaitingFor(value: unknown, phase: Phase, notes: string[]): WaitingFor {
  const word = typeof value === 'string' ? value.trim().toLowerCase().replace(/[\s-]/g, '_') : undefined;
  const known = WAITING_FOR.find((name) => name === word);
  if (known) return known;
  const assumed = PHASES[phase].waits[0] ?? 'human_action';
  const what = value === undefined || value === null ? 'has no "for"' : 'waits "for" something unknown';
  notes.push(`The signal ${what}; assumed: ${assumed}`);
  return assumed;
}

function readText(key: string, value: unknown, notes: string[]): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'object') {
    notes.push(`"${key}" is not a text and was left out.`);
    return undefined;
  }
  const text = String(value).trim();
  if (text.length > MAX_TEXT) notes.push(`"${key}" was truncated to ${MAX_TEXT} characters.`);
  return text === '' ? undefined : beginning(text, MAX_TEXT);
}

function readIds(key: string, value: unknown, notes: string[]): string[] | undefined {
  if (value === undefined || value === null) return undefined;
  const items = Array.isArray(value) ? value : [value];
  const ids = items.filter((item) => typeof item === 'string').map((id) => beginning(id.trim(), 100).trim());
  if (ids.length < items.length) notes.push(`"${key}" has an entry that is not an id.`);
  return ids.slice(0, 1000);
}

function statusNamed(value: unknown): SignalStatus | undefined {
  const lower = typeof value === 'string' ? value.trim().toLowerCase() : undefined;
  return SIGNAL_STATUSES.find((status) => status === lower);
}

/** Only the position: the rest of the parser's message quotes the agent's text. */
function positionOf(error: unknown): string {
  const position = error instanceof Error ? /at position (\d+)/.exec(error.message)?.[1] : undefined;
  return position ? ` (at character ${Number(position) + 1})` : '';
}

function malformed(problem: string): SignalReading {
  return { kind: 'malformed', problem };
}
