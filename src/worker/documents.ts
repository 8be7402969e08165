import { createHash } from 'node:crypto';
import { decode } from '../base/change-file.ts';
import { namesAt } from '../base/look-at.ts';
import { readPlainFile } from '../base/plain-file.ts';
import { MAX_DOCUMENT_BYTES, MAX_OVERVIEW_BYTES, type SessionPaths } from '../session/paths.ts';

/** Names of the session's own documents and folders at its top level, sorted. */
export function documentNames({ paths }: { paths: SessionPaths }): string[] {
  return (namesAt(paths.sessionDir) ?? []).sort();
}

/** The text of a document that a child may have replaced by anything; undefined when it is no plain file. */
export async function readDocument(path: string, maxBytes = MAX_DOCUMENT_BYTES): Promise<string | undefined> {
  const reading = await readPlainFile(path, maxBytes);
  return reading.kind === 'bytes' ? decode(reading.bytes) : undefined;
}

/** The notebook, where it is one that a worker keeps up. */
export async function readOwnOverview({ overview }: SessionPaths): Promise<string | undefined> {
  return await readDocument(overview, MAX_OVERVIEW_BYTES);
}

export function hashOf(text: string | undefined): string | undefined {
  return text === undefined ? undefined : createHash('sha256').update(text).digest('hex');
}
