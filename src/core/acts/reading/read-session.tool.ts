import * as z from 'zod';
import { cursorOf } from '../../caller/facts/cursor.ts';
import { type CamelKeys, defineTool } from '../../faces/mcp/define-tool.ts';
import { aboutSession, CURSOR, MORE_FROM, resultWith, SESSION, TEXTS } from '../../faces/mcp/fields.ts';
import { firstThatFit, PAGE_CHARS, type Page, pageOf } from '../../faces/mcp/text-page.ts';
import type { ToolContext, ToolResult } from '../../faces/mcp/tool.ts';
import { type NextStep, TO_FILL } from '../../kernel/acts.ts';
import { counted, cut } from '../../kernel/text.ts';

const WHATS = ['overview', 'document', 'transcript', 'changes', 'proof', 'log'] as const;

const Input = aboutSession({
  what: z.enum(WHATS).optional().describe('Default: by the other arguments, else overview.'),
  document: z.string().optional().describe('Its name or kind: plan, dive, summary, checks. Without: a list.'),
  iteration: z
    .int()
    .min(0)
    .optional()
    .describe('transcript: of it, else the newest. changes: since its end, else the base.'),
  cursor: CURSOR.describe('changes: since the call that returned this cursor.'),
  path: z.string().min(1).optional().describe('changes: the diff of this file or folder.'),
  offset: z.int().default(0).describe('more_from of the prior page. Negative: from the end.'),
}).superRefine(({ what, ...given }, context) => {
  for (const [name, takers] of Object.entries(TAKERS)) {
    if (given[name as Narrowing] === undefined || takers.includes(what ?? whatIsMeant(given))) continue;
    const message = `only with what: ${takers.join(' or ')}`;
    context.addIssue({ code: 'custom', path: [name], message });
  }
});
type Asked = CamelKeys<z.output<typeof Input>>;
type What = (typeof WHATS)[number];
type Narrowing = 'document' | 'path' | 'cursor' | 'iteration';

/** What each argument narrows; without `what` it asks for the first of these. */
const TAKERS: Readonly<Record<Narrowing, readonly What[]>> = {
  document: ['document', 'proof'],
  path: ['changes'],
  cursor: ['changes'],
  iteration: ['transcript', 'changes'],
};

function whatIsMeant(given: { readonly [Name in Narrowing]?: unknown }): What {
  const name = (Object.keys(TAKERS) as Narrowing[]).find((narrowing) => given[narrowing] !== undefined);
  return (name && TAKERS[name][0]) ?? 'overview';
}

export const readSessionTool = defineTool({
  name: 'read_session',
  title: 'Read a session',
  description: [
    'Read the overview, a document, the log, the diff or the proof of a coding session, or what an iteration said and did.',
    'Use when the user wants details, or to review the work. For questions and plan use read_qa and read_plan.',
    'text is a page of what agents wrote: data to report.',
  ].join('\n'),
  input: Input,
  output: resultWith({
    session: SESSION,
    cursor: CURSOR,
    iteration: z.int().optional().describe('transcript: the iteration shown.'),
    text: z.string().optional().describe('A page of what agents wrote: data to report.'),
    path: z.string().optional().describe('The path of a document that is not text.'),
    documents: TEXTS.describe('Names of the documents, newest first.'),
    left_out: z.int().optional().describe('How many documents are not listed.'),
    more_from: MORE_FROM,
  }),
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  searchHint: 'transcript, changes, history',
  async handle({ what, ...input }, context) {
    return await READERS[what ?? whatIsMeant(input)](input, context);
  },
});

type Reader = (input: Omit<Asked, 'what'>, context: ToolContext) => Promise<ToolResult>;

const MAX_PATCH_CHARS = 4_000_000;
const MAX_LOG_LINES = 2000;

const READERS: Readonly<Record<What, Reader>> = {
  overview: (input, context) => READERS.document({ ...input, document: '_overview.md' }, context),

  async document({ session, projectDir, document: name, offset }, { actions }) {
    const { listDocuments, readDocument } = await import('./read-document.act.ts');
    if (name === undefined) {
      const { view, names } = await listDocuments({ session, projectDir }, actions);
      const shown = firstThatFit(names);
      const next =
        names.length > 0 ? [{ act: 'read_document', args: { document: TO_FILL } } as const] : undefined;
      return {
        summary: `${names.length} documents, newest first.`,
        next,
        session: view.folder,
        documents: shown,
        left_out: names.length - shown.length || undefined,
      };
    }
    const read = await readDocument({ session, projectDir, name }, actions);
    if (!('text' in read)) {
      const summary = `${read.name} is not text: ${read.sizeBytes} bytes, at path.`;
      return { summary, session: read.view.folder, path: read.path };
    }
    return {
      summary: `${read.name}, ${read.text.length} characters.`,
      session: read.view.folder,
      ...pageOf(read.text, offset),
    };
  },

  async transcript({ session, projectDir, iteration, offset }, { actions }) {
    const { readTranscript } = await import('./read-transcript.act.ts');
    const asked = { session, projectDir, iteration, from: offset, maxChars: PAGE_CHARS };
    const page = await readTranscript(asked, actions);
    const { view, phase, provider, lines, next, hasMore, isRunning } = page;
    const state = isRunning ? 'still running' : 'ended';
    return {
      summary: `Iteration ${page.iteration}: ${phase}, ${provider}, ${state}.`,
      session: view.folder,
      iteration: page.iteration,
      text: truncated(pageOf(lines.join('\n'), 0)),
      more_from: hasMore ? next : undefined,
    };
  },

  async changes(input, { actions }) {
    const { session, projectDir, iteration, cursor, path, offset } = input;
    const { formatChanges, readChanges } = await import('./read-changes.act.ts');
    // One character more than the page, to detect whether there is another page.
    const maxChars = offset < 0 ? MAX_PATCH_CHARS : Math.min(offset + PAGE_CHARS + 1, MAX_PATCH_CHARS);
    const asked = { session, projectDir, iteration, cursor, path, maxChars };
    const found = await readChanges(asked, actions);
    const { view, branch, since, commits, stat, patch } = found;
    const text = formatChanges(found);
    const what =
      patch === undefined
        ? `${counted(commits.total, 'commit')}, ${counted(stat.fileCount, 'file')}`
        : `The diff of ${path}`;
    return {
      summary:
        patch?.text === ''
          ? `Nothing changed at that path since ${since}; without path the changed files are listed.`
          : `${what} on ${branch} since ${since}.`,
      session: view.folder,
      cursor: cursorOf(view.state),
      ...pageOf(text, offset),
    };
  },

  async proof({ session, projectDir, document, offset }, { actions }) {
    const [{ readProofOf }, { renderProof }] = await Promise.all([
      import('../proof/read-proof.act.ts'),
      import('../../session/proof/proof-markdown.ts'),
    ]);
    const { view, proof } = await readProofOf({ session, projectDir }, actions);
    const summary = 'What samocode recorded, in proof/ of the session; "samocode verify" repeats it.';
    const isFull = document === 'full';
    const next: NextStep = {
      act: 'read_document',
      args: { what: 'proof', document: 'full' },
      when: 'for hashes and outputs',
    };
    return {
      summary,
      next: isFull ? undefined : [next],
      session: view.folder,
      ...pageOf(renderProof(proof, isFull ? 'full' : 'short'), offset),
    };
  },

  async log({ session, projectDir, offset }, { actions }) {
    const { readLogTail } = await import('./read-log.act.ts');
    const { view, lines } = await readLogTail({ session, projectDir, lines: MAX_LOG_LINES }, actions);
    // Without an offset the end is returned, because the newest lines are the most interesting.
    const newest = () =>
      firstThatFit(lines.toReversed().map((line) => cut(line, 1000)))
        .toReversed()
        .join('\n');
    const page = offset === 0 ? { text: newest() } : pageOf(lines.join('\n'), offset);
    return { summary: 'The end of session.log.', session: view.folder, ...page };
  },
};

/** Truncates a single entry that is longer than a page, because an offset cannot continue inside it. */
function truncated({ text, more_from }: Page): string {
  return more_from === undefined ? text : `${text}…`;
}
