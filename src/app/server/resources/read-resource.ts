import type { ReadResourceResult } from '@modelcontextprotocol/server';
import { readPlanOf } from '../../../core/acts/gates/read-plan.act.ts';
import { readChanges } from '../../../core/acts/reading/read-changes.act.ts';
import type { ActionContext } from '../../../core/caller/context/context.ts';
import { findSession } from '../../../core/caller/context/find-session.ts';
import { InvalidParamsError, paramsProblem } from '../../../core/faces/mcp/on-request.ts';
import { type BoundedText, readBoundedText } from '../../../core/kernel/files/lines.ts';
import { visibleControls, visibleInJson } from '../../../core/kernel/text.ts';
import type { SessionView } from '../../../core/session/folder/session-view.ts';
import { parseResourceUri, RESOURCE_KINDS, type SessionAddress, type ShownFile } from './kinds.ts';
import { sessionsText } from './session-rows.ts';

/** More than any client passes to its model. */
const MAX_BYTES = 256 * 1024;

/** @throws InvalidParamsError that lists the existing resources, or says why this one has no content yet */
export async function readResource(uri: string, context: ActionContext): Promise<ReadResourceResult> {
  const address = parseResourceUri(uri);
  try {
    if (address.kind === 'sessions') {
      return { contents: [{ uri, mimeType: 'application/json', text: await sessionsText(context) }] };
    }
    return { contents: [{ uri, ...(await contentOf(address, context)) }] };
  } catch (error) {
    throw paramsProblem(error);
  }
}

async function contentOf(address: SessionAddress, context: ActionContext) {
  const { mimeType, writtenBy, file } = RESOURCE_KINDS[address.kind];
  const view = await findSession({ ...address, isWholeName: true }, context);
  const keep = file?.keep ?? 'start';
  const { text, omittedBytes } = file
    ? await textOfFile(view, file)
    : cutAtLine(
        address.kind === 'plan' ? (await readPlanOf(view)).text : await changesText(address, context),
      );
  const shown = mimeType.startsWith('text/') ? visibleControls(text) : visibleInJson(text);
  return {
    mimeType,
    text: omittedBytes === 0 ? shown : withNote(shown, { keep, mimeType, omittedBytes }),
    _meta: {
      'samocode/writtenBy': writtenBy,
      ...(omittedBytes > 0 && { 'samocode/omittedBytes': omittedBytes }),
    },
  };
}

async function textOfFile(
  { paths, folder }: SessionView,
  { at, keep, absent }: ShownFile,
): Promise<Omit<BoundedText, 'kind'>> {
  const reading = readBoundedText(paths[at], { maxBytes: MAX_BYTES, keep });
  if (reading.kind === 'text') return reading;
  const why = reading.kind === 'missing' ? absent : `Its path holds ${reading.problem}, which is not read.`;
  throw new InvalidParamsError(`${folder} has nothing to show here. ${why}`);
}

function cutAtLine(text: string): Omit<BoundedText, 'kind'> {
  const bytes = Buffer.from(text);
  if (bytes.length <= MAX_BYTES) return { text, omittedBytes: 0 };
  const end = bytes.lastIndexOf('\n', MAX_BYTES - 1) + 1;
  return { text: bytes.toString('utf8', 0, end), omittedBytes: bytes.length - end };
}

/** Agents write subjects and paths, so they appear only as JSON strings. */
async function changesText(address: SessionAddress, context: ActionContext): Promise<string> {
  const { branch, since, commits, stat } = await readChanges(address, context);
  const { files, fileCount: filesInAll, insertions, deletions } = stat;
  const counted = { commits: commits.commits, commitsInAll: commits.total };
  const changes = { branch, since, ...counted, files, filesInAll, insertions, deletions };
  return `${JSON.stringify(changes, null, 1)}\n`;
}

function withNote(
  text: string,
  { keep, mimeType, omittedBytes }: { keep: 'start' | 'end'; mimeType: string; omittedBytes: number },
): string {
  const where = keep === 'start' ? 'below' : 'above';
  const omission = `${omittedBytes} bytes ${where} are omitted`;
  const note = mimeType === 'application/x-ndjson' ? JSON.stringify({ note: omission }) : `[${omission}]`;
  return keep === 'start' ? `${text}${note}\n` : `${note}\n${text}`;
}
