import type { SessionPaths } from '../../session/layout/paths.ts';

/** One thing to read about a session. Words that a child wrote are data: clients show them as they stand. */
export interface ResourceKind {
  title: string;
  description: string;
  mimeType: string;
  writtenBy: 'agents' | 'samocode, quoting agents';
  /** For whom it is, and how much it matters beside the others, from 0 to 1. */
  annotations: { audience: Array<'user' | 'assistant'>; priority: number };
  /** The file that it shows; left out where it is put together. */
  file?: ShownFile;
}

export interface ShownFile {
  of(paths: SessionPaths): string;
  /** The part of a large one that is shown. */
  keep: 'start' | 'end';
  /** Why it may not be there, and when it comes. */
  absent: string;
}

/** Every kind, in the order in which clients list them. */
export const RESOURCE_KINDS = {
  overview: {
    title: 'Overview of a session',
    description: 'Its _overview.md: task, status, flow log, files and plans.',
    mimeType: 'text/markdown',
    writtenBy: 'agents',
    annotations: { audience: ['user', 'assistant'], priority: 0.8 },
    file: {
      of: ({ overview }) => overview,
      keep: 'start',
      absent: 'Its overview is written when the session begins.',
    },
  },
  qa: {
    title: 'Questions and answers of a session',
    description: 'Its _qa.md: every question with its options, suggestion and answer.',
    mimeType: 'text/markdown',
    writtenBy: 'agents',
    annotations: { audience: ['user', 'assistant'], priority: 0.9 },
    file: {
      of: ({ qa }) => qa,
      keep: 'end',
      absent: 'It has asked nothing yet; the requirements phase asks.',
    },
  },
  plan: {
    title: 'Plan of a session',
    description: 'The plan that waits for approval, else the approved one, else the newest draft.',
    mimeType: 'text/markdown',
    writtenBy: 'agents',
    annotations: { audience: ['user', 'assistant'], priority: 0.9 },
  },
  signal: {
    title: 'Last signal of a session',
    description: 'Its _signal.json: what the newest agent said should happen next.',
    mimeType: 'application/json',
    writtenBy: 'agents',
    annotations: { audience: ['assistant'], priority: 0.2 },
    file: {
      of: ({ signal }) => signal,
      keep: 'start',
      absent: 'No agent has signalled yet.',
    },
  },
  history: {
    title: 'Signals of a session so far',
    description: 'Its _signal_history.jsonl: one line per iteration; of a long one the newest.',
    mimeType: 'application/x-ndjson',
    writtenBy: 'agents',
    annotations: { audience: ['assistant'], priority: 0.2 },
    file: {
      of: ({ history }) => history,
      keep: 'end',
      absent: 'No iteration has ended yet.',
    },
  },
  events: {
    title: 'Events of a session',
    description: 'Its events.jsonl, the event log; of a long one the newest.',
    mimeType: 'application/x-ndjson',
    writtenBy: 'samocode, quoting agents',
    annotations: { audience: ['assistant'], priority: 0.1 },
    file: {
      of: ({ events }) => events,
      keep: 'end',
      absent: 'Nothing has happened in it yet.',
    },
  },
  log: {
    title: 'Log of a session',
    description: 'Its session.log: what the worker did, one readable line each; of a long one the newest.',
    mimeType: 'text/plain',
    writtenBy: 'samocode, quoting agents',
    annotations: { audience: ['user', 'assistant'], priority: 0.4 },
    file: {
      of: ({ sessionLog }) => sessionLog,
      keep: 'end',
      absent: 'No worker has done anything in it yet.',
    },
  },
  changes: {
    title: 'Changes of a session',
    description: 'Commits of its branch since the base, and the files and lines that they change.',
    mimeType: 'application/json',
    writtenBy: 'agents',
    annotations: { audience: ['user', 'assistant'], priority: 0.6 },
  },
} as const satisfies Record<string, ResourceKind>;

export type ResourceKindName = keyof typeof RESOURCE_KINDS;

export function resourceKind(name: ResourceKindName): ResourceKind {
  return RESOURCE_KINDS[name];
}

export function isResourceKind(name: string): name is ResourceKindName {
  return Object.hasOwn(RESOURCE_KINDS, name);
}
