import { join } from 'node:path';
import { namesAt, statsAt } from '../../base/files/look-at.ts';
import { readPlainFile } from '../../base/files/plain-file.ts';
import type { SessionReportData } from '../../report/report-data.ts';
import { documentText } from '../../session/documents/document-text.ts';
import { parseDocumentName, sortNewestFirst } from '../../session/documents/documents.ts';
import type { SessionView } from '../../session/events/session-view.ts';
import { dateOf } from '../../session/layout/names.ts';

const MOST_DOCUMENTS = 30;
const ONE_DOCUMENT_CHARS = 40_000;
const ALL_DOCUMENTS_CHARS = 300_000;

/** The documents that agents wrote, newest first, the plan aside, which has a section of its own. */
export async function reportDocuments(
  { paths }: SessionView,
  planName: string | undefined,
): Promise<SessionReportData['documents']> {
  const names = (namesAt(paths.sessionDir) ?? []).filter(
    (name) => name !== planName && parseDocumentName(name) !== undefined,
  );
  const found: SessionReportData['documents'] = [];
  let left = ALL_DOCUMENTS_CHARS;
  for (const name of sortNewestFirst(names, dateOf(paths.folder)).slice(0, MOST_DOCUMENTS)) {
    const text = (await documentText(join(paths.sessionDir, name))) ?? '';
    const shown = text.slice(0, Math.min(left, ONE_DOCUMENT_CHARS));
    left -= shown.length;
    const { kind, slug } = parseDocumentName(name) ?? {};
    found.push({ name, kind: kind ?? slug ?? '', text: shown, isCut: shown.length < text.length });
  }
  return found;
}

const MOST_PICTURES = 12;
const ONE_PICTURE_BYTES = 300_000;
const ALL_PICTURES_BYTES = 600_000;
const PNG = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

/** Pictures of the work in `screens/` of the session, where there is one: PNG files up to a size. */
export async function reportPictures({ paths }: SessionView): Promise<SessionReportData['pictures']> {
  const folder = join(paths.sessionDir, 'screens');
  // A link may lead to pictures of the person's own.
  if (!statsAt(folder)?.isDirectory()) return [];
  const names = (namesAt(folder) ?? []).filter((name) => name.endsWith('.png')).sort();
  const found: SessionReportData['pictures'] = [];
  let left = ALL_PICTURES_BYTES;
  for (const name of names.slice(0, MOST_PICTURES)) {
    const reading = await readPlainFile(join(folder, name), Math.min(left, ONE_PICTURE_BYTES));
    if (reading.kind !== 'bytes' || !reading.bytes.subarray(0, PNG.length).equals(PNG)) continue;
    left -= reading.bytes.length;
    found.push({ name, data: reading.bytes.toString('base64') });
  }
  return found;
}
