import type { By } from '../../../../src/core/session/events/bodies/who-acted.ts';
import { emptyState, type Status, type WaitingStatus } from '../../../../src/core/session/events/state.ts';

export const since = '2026-01-08T10:00:00.000Z';
export const byPerson = { channel: 'cli' } as const;
export const byModel = { channel: 'tool', client: 'claude-code' } as const;
export const UNCONFIRMED = { channel: 'web', unconfirmed: true } as const;
export const PEOPLE = ['cli', 'file'] as const;
export const inForm = (client: string): By => ({ channel: 'elicitation', client });

export function waiting(waitsFor: WaitingStatus['for']): Status {
  const lists = { openQuestions: [], unconfirmed: [] };
  return { kind: 'waiting', since, for: waitsFor, resumePhase: 'implementation', ...lists };
}

export const stateOf = (status: Status) => ({ ...emptyState(), status });
export const RUNNING = stateOf({ kind: 'running', since });
export const STOPPED = stateOf({ kind: 'stopped', since, by: byPerson, why: 'requested' });
export const DONE = stateOf({ kind: 'done', since, summary: 'all of it' });

/** The code of a refusal, else the kind of the verdict. */
export function codeOf(verdict: { kind: string; error?: { code: string } } | undefined): string | undefined {
  return verdict?.error?.code ?? verdict?.kind;
}
