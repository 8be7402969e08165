import { InvalidParamsError } from '../../../core/faces/mcp/on-request.ts';
import type { SessionPaths } from '../../../core/session/layout/paths.ts';

export type ResourceKindName =
  | ('overview' | 'qa' | 'plan')
  | ('signal' | 'history' | 'events' | 'log')
  | 'changes';

/** A resource of a session. Text written by agents is data; clients show it verbatim. */
export interface ResourceKind {
  title: string;
  description: string;
  mimeType: string;
  writtenBy: 'agents' | 'samocode, quoting agents';
  /** As in the protocol; priority from 0 to 1. */
  annotations: { audience: Array<'user' | 'assistant'>; priority: number };
  /** Absent if the content is composed. */
  file?: ShownFile;
}

export interface ShownFile {
  at: keyof SessionPaths;
  /** The part of a large file that is shown. */
  keep: 'start' | 'end';
  /** Says why the file may be missing, and when it is written. */
  absent: string;
}

const forBoth = (priority: number): ResourceKind['annotations'] => ({
  audience: ['user', 'assistant'],
  priority,
});
const forModels = (priority: number): ResourceKind['annotations'] => ({ audience: ['assistant'], priority });
const MARKDOWN = { mimeType: 'text/markdown', writtenBy: 'agents' } as const;
const JSON_LINES = 'application/x-ndjson';
const QUOTING = 'samocode, quoting agents';

/** In the order in which clients list them. */
export const RESOURCE_KINDS: Readonly<Record<ResourceKindName, ResourceKind>> = {
  overview: {
    title: 'Overview of a session',
    description: 'Its _overview.md: task, status, flow log, files and plans.',
    ...MARKDOWN,
    annotations: forBoth(0.8),
    file: { at: 'overview', keep: 'start', absent: 'Its overview is written when the session begins.' },
  },
  qa: {
    title: 'Questions and answers of a session',
    description: 'Its _qa.md: every question with its options, suggestion and answer.',
    ...MARKDOWN,
    annotations: forBoth(0.9),
    file: { at: 'qa', keep: 'end', absent: 'It has no questions yet; the requirements phase asks.' },
  },
  plan: {
    title: 'Plan of a session',
    description: 'The plan that waits for approval, or else the approved plan, or else the newest draft.',
    ...MARKDOWN,
    annotations: forBoth(0.9),
  },
  signal: {
    title: 'Last signal of a session',
    description: 'Its _signal.json: what the newest agent said should happen next.',
    mimeType: 'application/json',
    writtenBy: 'agents',
    annotations: forModels(0.2),
    file: { at: 'signal', keep: 'start', absent: 'No agent has signalled yet.' },
  },
  history: {
    title: 'Signals of a session so far',
    description: 'Its _signal_history.jsonl: one line per iteration; if it is long, the newest.',
    mimeType: JSON_LINES,
    writtenBy: 'agents',
    annotations: forModels(0.2),
    file: { at: 'history', keep: 'end', absent: 'No iteration has ended yet.' },
  },
  events: {
    title: 'Events of a session',
    description: 'Its events.jsonl, the event log; if it is long, the newest.',
    mimeType: JSON_LINES,
    writtenBy: QUOTING,
    annotations: forModels(0.1),
    file: { at: 'events', keep: 'end', absent: 'Nothing has happened in it yet.' },
  },
  log: {
    title: 'Log of a session',
    description: 'Its session.log: what the worker did, one readable line each; if it is long, the newest.',
    mimeType: 'text/plain',
    writtenBy: QUOTING,
    annotations: forBoth(0.4),
    file: { at: 'sessionLog', keep: 'end', absent: 'No worker has done anything in it yet.' },
  },
  changes: {
    title: 'Changes of a session',
    description: 'Commits of its branch since the base, and the files and lines that they change.',
    mimeType: 'application/json',
    writtenBy: 'agents',
    annotations: forBoth(0.6),
  },
};

export function isResourceKind(name: string): name is ResourceKindName {
  return Object.hasOwn(RESOURCE_KINDS, name);
}

export const SESSIONS_URI = 'samocode://sessions';

const PREFIX = `${SESSIONS_URI}/`;

export interface SessionAddress {
  kind: ResourceKindName;
  /** A session folder, or a name without its date. */
  session: string;
  /** Set if the name alone would refer to a session of another project. */
  projectDir?: string;
}

export function resourceUri(kind: ResourceKindName, session: string, projectDir?: string): string {
  const query = projectDir === undefined ? '' : `?project=${encodeURIComponent(projectDir)}`;
  return `${PREFIX}${encodeURIComponent(session)}/${kind}${query}`;
}

export function uriTemplate(kind: ResourceKindName): string {
  return `${PREFIX}{name}/${kind}`;
}

/** @throws InvalidParamsError that lists the valid addresses */
export function parseResourceUri(uri: string): { kind: 'sessions' } | SessionAddress {
  if (uri === SESSIONS_URI) return { kind: 'sessions' };
  const below = uri.startsWith(PREFIX) ? uri.slice(PREFIX.length) : '';
  const [, session = '', kind = '', projectDir] =
    /^([^/?#]+)\/([a-z]+)(?:\?project=([^&#]*))?$/.exec(below) ?? [];
  if (!isResourceKind(kind)) throw noResource(uri, 'is not a resource');
  try {
    const project = projectDir && { projectDir: decodeURIComponent(projectDir) };
    return { kind, session: decodeURIComponent(session), ...project };
  } catch {
    throw noResource(uri, 'contains an invalid % escape');
  }
}

function noResource(uri: string, why: string): InvalidParamsError {
  const kinds = Object.keys(RESOURCE_KINDS).join(', ');
  const help = `There are ${SESSIONS_URI}, the list of all sessions, and for each of them ${PREFIX}{name}/ with ${kinds}.`;
  return new InvalidParamsError(`${JSON.stringify(uri.slice(0, 200))} ${why}. ${help}`);
}
