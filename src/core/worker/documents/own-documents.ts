import { namesAt } from '../../kernel/files/path-stats.ts';
import { documentText } from '../../session/documents/documents.ts';
import { MAX_OVERVIEW_BYTES, type SessionPaths } from '../../session/layout/paths.ts';

/** Names of the session's top-level documents and folders, sorted. */
export function documentNames({ paths }: { paths: SessionPaths }): string[] {
  return (namesAt(paths.sessionDir) ?? []).sort();
}

/** The overview; undefined if it is missing, not a plain file, or too large for the worker to update. */
export async function readOwnOverview({ overview }: SessionPaths): Promise<string | undefined> {
  return await documentText(overview, MAX_OVERVIEW_BYTES);
}
