import type * as z from 'zod';
import type { readPlanTool } from '../../../core/acts/gates/read-plan.tool.ts';
import type { readQaTool } from '../../../core/acts/gates/read-qa.tool.ts';
import type { getStatusTool } from '../../../core/acts/reading/get-status.tool.ts';
import type { listSessionsTool } from '../../../core/acts/reading/list-sessions.tool.ts';
import type { ShownSession } from '../../../core/acts/reading/watch-sessions.act.ts';
import type { ActionContext } from '../../../core/caller/context/context.ts';
import { findSessionAndPlace } from '../../../core/caller/context/find-session.ts';
import { projectDirOf } from '../../../core/caller/context/session-index.ts';
import { reportOn } from '../../../core/caller/facts/get-status.ts';
import { askPage, pageKey } from '../../../core/caller/facts/live-page.ts';
import { type SessionFacts, sessionFacts } from '../../../core/caller/facts/session-facts.ts';
import type { ShownCall } from '../../../core/faces/mcp/chat-page.ts';
import { capitalised, cut } from '../../../core/kernel/text.ts';
import { factList, type Html, html, type Part } from '../html/html.ts';
import { markdown } from '../html/markdown.ts';
import { planNotes, questionPart } from '../html/questions-and-plan.ts';
import type { SessionHead } from '../html/report-data.ts';
import { sessionHead, sessionStrip } from '../html/session-parts.ts';
import { sessionHeadOf } from '../report/collect.ts';
import { listedGroup, listedRows, rowClass, rowLines } from '../rows/list-row.ts';
import { requestSummary } from '../rows/needs.ts';
import { GROUPS, needKind } from '../rows/row.ts';

/** The results of the four tools, which this process has made. */
type ResultFields = Fields<typeof listSessionsTool> &
  Fields<typeof getStatusTool> &
  Fields<typeof readQaTool> &
  Fields<typeof readPlanTool>;
type Fields<Of extends { output: z.ZodObject }> = z.output<Of['output']>;

/** What every part of the card needs. */
interface CardContext {
  fields: ResultFields;
  tool: string;
  args: Readonly<Record<string, unknown>>;
  /** Whether the client has forms, in which the person decides. */
  hasForms: boolean;
  /** The address of the live page, if one runs, without a key: with one, the model could act as the person. */
  page: string | undefined;
}

/** The bounds of a result keep its markup far below. */
const MAX_CHARS = 100_000;

/** The content of the card for the result of a shown tool; undefined if the card shows only its summary. */
export async function resultMarkup(
  made: unknown,
  { name: tool, arguments: args, hasForms, actions }: ShownCall,
): Promise<string | undefined> {
  const fields = made as ResultFields;
  const page = (await askPage(actions.home))?.address;
  const context = { fields, tool, args: Object(args), hasForms, page };
  const body = fields.sessions
    ? await listCard(fields.sessions, context, actions)
    : fields.session && (await sessionCard(fields.session, context, actions));
  return body && body.text.length <= MAX_CHARS ? body.text : undefined;
}

/** The rows of the page's list; those that need the person with the ways to decide. */
async function listCard(
  named: readonly NamedSession[],
  context: CardContext,
  actions: ActionContext,
): Promise<Html> {
  const { fields, args, page } = context;
  const read = async (each: NamedSession) => {
    const of = callArgs(each, args);
    return { of, session: await shownSession(of, actions) };
  };
  // One may have been archived since the result was made: its name stays.
  const found = await Promise.all(named.map(async (each) => await read(each).catch(() => [])));
  const lost = named.flatMap(({ session }, at) => (Array.isArray(found[at]) ? [session] : []));
  const calls = new Map(found.flat().map(({ of, session }) => [pageKey(session.view.paths), of]));
  const rows = listedRows(found.flat().map(({ session }) => session));
  const nowMs = actions.clock.now();
  const items = await Promise.all(
    rows.map(async (row) => {
      const { facts, key } = row;
      const of = calls.get(key) ?? {};
      const lines = await rowLines(row, nowMs, facts.session);
      const button = callButton(lines, 'get_status', of, rowClass(row));
      const ways = row.kind === undefined ? [] : waysOf(facts, of, { ...context, key });
      return [
        listedGroup(row),
        html`<li>${button}${ways.length > 0 && html`<p class="buttons">${ways}</p>`}</li>`,
      ] as const;
    }),
  );
  return html`<h1 tabindex="-1">Sessions</h1><p class="sentence" dir="auto">${fields.summary}</p>${problemsPart(fields)}
${GROUPS.map((group) => {
  const shown = items.flatMap(([of, item]) => (of === group ? [item] : []));
  const title = capitalised(group);
  return (
    shown.length > 0 &&
    html`<section class="group" aria-label="${title}"><h2>${title} <small>${shown.length}</small></h2><ul>${shown}</ul></section>
`
  );
})}${lost.length > 0 && html`<p class="note">Not found any more: ${lost.join(', ')}</p>`}<p class="buttons">${page && pageLink(page)}${moreButton(context, args)}${callButton('Refresh', 'list_sessions', args)}</p>`;
}

/** The head of the page's session, and below it what the result is about. */
async function sessionCard(name: string, context: CardContext, actions: ActionContext): Promise<Html> {
  const { fields, tool, args } = context;
  const of = callArgs({ session: name }, args);
  const session = await shownSession(of, actions);
  const facts = sessionFacts(session.view, session);
  const head = sessionHeadOf(session.view, { facts, worker: session }, actions);
  const isStatus = tool === 'get_status';
  const says = isStatus && (head.says ?? (needKind(facts) && (await requestSummary({ session, facts }))));
  const shown = {
    ...head,
    task: isStatus ? cut(head.task, TASK_CHARS) : '',
    says: says ? cut(says, SAYS_CHARS) : undefined,
  };
  const problems = fields.problems?.filter((line) => line !== head.warning);
  return html`${sessionHead(shown)}${problemsPart({ ...fields, problems })}
${isStatus ? statusPart(head, fields) : tool === 'read_plan' ? planPart(fields) : questionsPart(fields)}
<p class="buttons">${waysOf(facts, of, { ...context, key: pageKey(session.view.paths) })}${moreButton(context, of)}${callButton('Refresh', tool, of)}${!isStatus && callButton('Status', 'get_status', of)}${callButton('All sessions', 'list_sessions', callArgs({}, args))}</p>`;
}

const TASK_CHARS = 2000;
const SAYS_CHARS = 1000;

function problemsPart({ problems = [] }: ResultFields): Html[] {
  return problems.map((line) => html`<p class="attention" dir="auto">${line}</p>`);
}

function statusPart(head: SessionHead, { says = {}, checks, gates, messages }: ResultFields): Html {
  const quotes = Object.entries(says).filter(([, text]) => text !== head.says);
  const more = factList([
    ...quotes.map(([name, text]) => [capitalised(name.replaceAll('_', ' ')), text] as const),
    ['Checks', checks],
    ['Gates', gates],
    ['Messages', messages],
  ]);
  return html`${sessionStrip(head)}${more}`;
}

function questionsPart({ questions = [], about, summary }: ResultFields): Html {
  if (questions.length === 0) return html`<p class="sentence" dir="auto">${summary}</p>`;
  return html`<div class="of-questions">${questions.map(
    ({ options, unconfirmed_answer: typed, open = true, ...question }) => [
      questionPart({
        ...question,
        isOpen: open,
        options: options.map((text) => ({ letter: text.slice(0, 1), text: text.slice('A) '.length) })),
      }),
      typed && html`<p class="attention" dir="auto">In _qa.md, by you or by a program: ${typed}</p>`,
    ],
  )}</div>${about && html`<details><summary>Context</summary><pre dir="ltr" tabindex="0">${about}</pre></details>`}`;
}

/** Of the summary, what the plan is: the rest says how to decide, as the buttons do. */
function planPart({
  summary,
  plan: name,
  remarks,
  mcp_servers: servers,
  changes,
  text = '',
}: ResultFields): Html {
  return html`<p class="sentence">${summary.split(/(?<=\.) /)[0]}</p>${planNotes({ name, remarks, servers, changes })}${markdown(text)}`;
}

/** How the person reads what a session asks, and decides. */
const GATES: Partial<Record<WaitsFor, { read: Call; form: Call }>> = {
  qa_answers: { read: ['Its questions', 'read_qa'], form: ['Answer in a form', 'answer_qa'] },
  plan_approval: { read: ['Its plan', 'read_plan'], form: ['Decide in a form', 'approve_plan'] },
};
type WaitsFor = NonNullable<SessionFacts['for']>;
type Call = [words: string, name: string];

/**
 * The form of the chat program, and the live page, which decides with its key. No button decides: a call from here
 * looks like the model's.
 */
function waysOf(
  { needsHuman, for: what }: Pick<SessionFacts, 'needsHuman' | 'for'>,
  args: object,
  { tool, hasForms, page, key }: CardContext & { key: string },
): Part[] {
  const gate = needsHuman && what ? GATES[what] : undefined;
  const ways = [
    gate && gate.read[1] !== tool && callButton(...gate.read, args),
    gate && hasForms && callButton(...gate.form, args, 'form'),
    page && pageLink(`${page}#/s/${key}`),
    // Beside a form only where the client lets the card call no tool.
    needsHuman && !page && html`<span class="otherwise">To decide: <code>samocode web --open</code></span> `,
  ];
  return ways.filter(Boolean);
}

function pageLink(page: string): Html {
  return html`<a class="button" href="${page}">Open the page</a> `;
}

function moreButton({ fields, tool }: CardContext, args: object): Part {
  return fields.more_from !== undefined && callButton('More', tool, { ...args, offset: fields.more_from });
}

interface NamedSession {
  session: string;
  project?: string;
}

/** The arguments for a session, in its own project or in the one that the call was about. */
function callArgs({ session, project }: Partial<NamedSession>, { project_dir: asked }: CardContext['args']) {
  const folder = project ?? asked;
  return {
    ...(session !== undefined && { session }),
    ...(typeof folder === 'string' && { project_dir: folder }),
  };
}

async function shownSession(
  { session = '', project_dir: projectDir }: ReturnType<typeof callArgs>,
  actions: ActionContext,
): Promise<ShownSession> {
  const { view, place } = await findSessionAndPlace({ session, projectDir, isWholeName: true }, actions);
  return { ...(await reportOn(view, actions)), projectDir: projectDirOf(place) };
}

/** Shown where the client lets the card call tools. */
function callButton(words: Part, name: string, args: object, kind = ''): Html {
  return html`<button type="button"${kind && html` class="${kind}"`} data-call="${JSON.stringify({ name, arguments: args })}">${words}</button> `;
}
