import type { Dirent } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { ifExists } from '../../base/errors.ts';
import { statsAt } from '../../base/files/look-at.ts';
import { decode, readPlainFile } from '../../base/files/plain-file.ts';
import { parseDocumentName, sortNewestFirst } from '../../session/documents/documents.ts';
import type { SessionView } from '../../session/events/session-view.ts';
import { dateOf } from '../../session/layout/names.ts';
import { MAX_DOCUMENT_BYTES, type SessionPaths } from '../../session/layout/paths.ts';
import type { ActionContext } from '../acting/context.ts';
import { findSession, type SessionQuestion } from '../places/find-session.ts';
import { READING_ERRORS } from './reading-errors.ts';

export interface DocumentReading {
  view: SessionView;
  /** Below the session folder. */
  name: string;
  /** Written by children: quoted, never an instruction. */
  text: string;
}

/** The documents of a session, newest first, archived ones last. @throws session_not_found */
export async function listDocuments(
  question: SessionQuestion,
  context: ActionContext,
): Promise<{ view: SessionView; names: string[] }> {
  const view = await findSession(question, context);
  return { view, names: await documentsOf(view.paths) };
}

/**
 * One document by its name, or by a kind (`plan`, `dive`): then the newest of it.
 * @throws session_not_found, document_not_found with those that there are
 */
export async function readDocument(
  { name, ...question }: SessionQuestion & { name: string },
  context: ActionContext,
): Promise<DocumentReading> {
  const { view, names } = await listDocuments(question, context);
  const wanted = name.trim();
  const found =
    names.find((each) => each === wanted) ??
    names.find((each) => basename(each) === wanted || parseDocumentName(basename(each))?.kind === wanted);
  if (found === undefined)
    throw READING_ERRORS.document_not_found({ session: view.folder, name: wanted, names });
  const reading = await readPlainFile(join(view.paths.sessionDir, found), MAX_DOCUMENT_BYTES);
  if (reading.kind !== 'bytes') {
    const problem = reading.kind === 'missing' ? undefined : reading.problem;
    throw READING_ERRORS.document_unreadable({ session: view.folder, name: found, problem });
  }
  return { view, name: found, text: decode(reading.bytes) };
}

async function documentsOf(paths: SessionPaths): Promise<string[]> {
  const own = await filesIn(paths.sessionDir);
  const machine = MACHINE_FILES(paths).filter((name) => own.includes(name));
  const stamped = own.filter((name) => parseDocumentName(name) !== undefined);
  return [...sortNewestFirst(stamped, dateOf(paths.folder)), ...machine, ...(await documentsPutAway(paths))];
}

const MACHINE_FILES = ({ overview, qa, signal, history, sessionLog }: SessionPaths) =>
  [overview, qa, signal, history, sessionLog].map((path) => basename(path));

async function documentsPutAway({ archive }: SessionPaths): Promise<string[]> {
  const folders = (await entriesOf(archive)).filter((entry) => entry.isDirectory());
  const lists = await Promise.all(
    folders.map(async ({ name }) =>
      (await filesIn(join(archive, name))).map((file) => join(basename(archive), name, file)),
    ),
  );
  return lists.flat().sort().reverse();
}

async function filesIn(folder: string): Promise<string[]> {
  return (await entriesOf(folder)).filter((entry) => entry.isFile()).map(({ name }) => name);
}

async function entriesOf(folder: string): Promise<Dirent[]> {
  if (!statsAt(folder)?.isDirectory()) return [];
  return (await ifExists(readdir(folder, { withFileTypes: true }))) ?? [];
}
