import { InvalidParamsError } from '../calls/invalid-params.ts';
import { isResourceKind, RESOURCE_KINDS, type ResourceKindName } from './kinds.ts';

/** The list of all sessions. */
export const SESSIONS_URI = 'samocode://sessions';

const PREFIX = `${SESSIONS_URI}/`;

export interface SessionAddress {
  kind: ResourceKindName;
  /** A session folder, or a name without its date. */
  session: string;
  /** Its project, where the name alone means a session of another one. */
  projectDir?: string;
}

export type ResourceAddress = { kind: 'sessions' } | SessionAddress;

export function resourceUri(kind: ResourceKindName, session: string, projectDir?: string): string {
  const query = projectDir === undefined ? '' : `?project=${encodeURIComponent(projectDir)}`;
  return `${PREFIX}${encodeURIComponent(session)}/${kind}${query}`;
}

export function uriTemplate(kind: ResourceKindName): string {
  return `${PREFIX}{name}/${kind}`;
}

/** @throws InvalidParamsError with what addresses look like */
export function parseResourceUri(uri: string): ResourceAddress {
  if (uri === SESSIONS_URI) return { kind: 'sessions' };
  const match = /^([^/?#]+)\/([a-z]+)(?:\?project=([^&#]*))?$/.exec(
    uri.startsWith(PREFIX) ? uri.slice(PREFIX.length) : '',
  );
  const [, session = '', kind = '', projectDir] = match ?? [];
  if (!isResourceKind(kind)) throw new InvalidParamsError(`${shown(uri)} is not a resource. ${HELP}`);
  try {
    return {
      kind,
      session: decodeURIComponent(session),
      ...(projectDir && { projectDir: decodeURIComponent(projectDir) }),
    };
  } catch {
    throw new InvalidParamsError(`${shown(uri)} has a % that encodes no character. ${HELP}`);
  }
}

const HELP = `There are ${SESSIONS_URI}, the list of all sessions, and for each of them ${PREFIX}{name}/ with ${Object.keys(RESOURCE_KINDS).join(', ')}.`;

function shown(uri: string): string {
  return JSON.stringify(uri.slice(0, 200));
}
