import type { Phase } from '../../../core/kernel/phases/table.ts';
import { boardCard, planNotes } from '../html/common-parts.ts';
import { type Html, html, type Part } from '../html/html.ts';
import { factList } from '../html/iterations.ts';
import { markdown } from '../html/markdown-html.ts';
import { questionPart } from '../html/session-page.ts';

// Runs in the sandbox of a client: bundled with the board's script, without Node.

const FACTS = ['branch', 'sandbox', 'checks', 'gates', 'spent', 'messages'] as const;
type Word =
  | 'session'
  | 'state'
  | 'for'
  | 'project'
  | 'since'
  | 'worker'
  | 'activity'
  | (typeof FACTS)[number];
type Row = Partial<Record<Word, string>> & { phase?: Phase };
type PlanFields = Partial<Record<'hash' | 'plan' | 'text' | 'changes', string>> &
  Partial<Record<'mcp_servers' | 'remarks', string[]>>;

interface Question extends Partial<Record<'suggestion' | 'answer' | 'unconfirmed_answer', string>> {
  id: string;
  text: string;
  options: string[];
  open?: false;
}

/** The fields that are shown, as list_sessions, get_status, read_qa and read_plan define them. */
export interface ResultFields extends Row, PlanFields {
  summary: string;
  problems?: string[];
  more_from?: number;
  iteration?: number;
  sessions?: Row[];
  says?: Readonly<Record<string, string>>;
  questions?: Question[];
  about?: string;
}

export interface Around {
  args: { project_dir?: unknown };
  canCall: boolean;
  /** Whether the client has forms, in which the person decides. */
  hasForms: boolean;
  /** The address of the live page, if one runs. */
  page?: string;
}

export function resultPage(fields: ResultFields, around: Around): Html {
  const { session = 'Sessions', problems = [] } = fields;
  return html`<header class="head bar"><h1 tabindex="-1"><bdi>${session}</bdi></h1><p class="sentence" dir="auto">${shortSummary(fields)}</p></header>
${problems.map((line) => html`<p class="attention" dir="auto">${line}</p>`)}
${resultBody(fields, around)}
<p class="buttons">${buttonsPart(fields, around)}</p>`;
}

function resultBody(fields: ResultFields, around: Around): Part {
  const { sessions, hash, questions, about, state } = fields;
  if (sessions) return boardOf(sessions, around);
  if (hash) return planPart(fields);
  return questions ? questionsPart(questions, about) : state && statusPart(fields, state);
}

/** The summary without the session's name (the heading) and without the way to decide (a button). */
function shortSummary({ summary, session, hash, questions }: ResultFields): string {
  const text = session && summary.startsWith(`${session} `) ? summary.slice(session.length + 1) : summary;
  return (hash || questions ? text.split(/(?<=\.) /)[0] : text) ?? '';
}

const GROUPS = ['needs you', 'working', 'waiting', 'done', 'stopped'] as const;

function groupOf({ state = '', worker }: Row): (typeof GROUPS)[number] {
  if (worker === 'gone' || ['waiting', 'blocked', 'needs_worker'].includes(state)) return 'needs you';
  if (state === 'done' || state === 'stopped') return state;
  return state === 'queued' || state === 'limited' ? 'waiting' : 'working';
}

function boardOf(sessions: readonly Row[], around: Around): Part {
  return GROUPS.map((group) => {
    const cards = sessions.filter((row) => groupOf(row) === group).map((row) => rowCard(row, around));
    return (
      cards.length > 0 &&
      html`<section class="group" aria-label="${group}"><h2>${group} <small>${cards.length}</small></h2><div class="cards">${cards}</div></section>
`
    );
  });
}

const plain = (name: string) => name.replace('qa_', '').replaceAll('_', ' ');

function rowCard(row: Row, around: Around): Html {
  const { session = '', project, state = '', worker } = row;
  // For example `waiting for plan approval`.
  const brief = [state, row.for].flatMap((name) => (name ? plain(name) : [])).join(' for ');
  const open = callButton(session, ['get_status', argsFor(row, around)], around);
  return cardOf(row, {
    title: html`<bdi>${open || session}</bdi>${project && html` <small><bdi>${project}</bdi></small>`}`,
    brief: worker === 'gone' ? 'its worker is gone' : brief,
  });
}

function cardOf(row: Row, words: { title: Html; brief: string }): Html {
  const { session: key = '', since, phase = 'init', state, activity: why } = row;
  return boardCard({
    ...words,
    key,
    group: groupOf(row),
    since,
    why,
    phase,
    isDone: state === 'done',
    find: [],
  });
}

function statusPart({ says = {}, phase, iteration, ...fields }: ResultFields, state: string): Html {
  const title = html`${phase} <small>${iteration !== undefined && `iteration ${iteration}`}</small>`;
  const quotes = Object.entries(says).map(([name, text]) => [plain(name), text] as const);
  return html`${cardOf({ ...fields, phase }, { title, brief: plain(state) })}
${factList([...quotes, ...FACTS.map((name) => [name, fields[name]] as const)])}`;
}

function questionsPart(questions: readonly Question[], about: string | undefined): Html {
  return html`<div class="of-questions">${questions.map(
    ({ options, unconfirmed_answer: typed, open = true, ...question }) => [
      questionPart({
        ...question,
        isOpen: open,
        options: options.map((text) => ({ letter: text.slice(0, 1), text: text.slice('A) '.length) })),
      }),
      typed && html`<p class="attention" dir="auto">In _qa.md, by you or by a program: ${typed}</p>`,
    ],
  )}</div>${about && html`<details><summary>Context</summary><pre dir="ltr">${about}</pre></details>`}`;
}

function planPart({
  plan: name,
  remarks = [],
  mcp_servers: servers = [],
  changes,
  text = '',
}: PlanFields): Html {
  return html`${planNotes({ name, remarks, servers, changes })}${markdown(text)}`;
}

/** No button decides: a call from here looks like the model's. People decide in a form or on the page. */
function buttonsPart(fields: ResultFields, around: Around): Part[] {
  const { session, sessions, questions, hash, summary, more_from: offset } = fields;
  const { args, canCall, hasForms, page } = around;
  const same = sessions ? args : argsFor({ session }, around);
  const tool = sessions ? 'list_sessions' : hash ? 'read_plan' : questions ? 'read_qa' : 'get_status';
  const isAsked = questions?.some(({ open = true }) => open) || (hash && summary.includes('waits for'));
  const button = (words: string, name: string, given: object) => callButton(words, [name, given], around);
  return [
    fields.for === 'qa_answers' && button('Its questions', 'read_qa', same),
    fields.for === 'plan_approval' && button('Its plan', 'read_plan', same),
    offset !== undefined && button('More', tool, { ...same, offset }),
    isAsked &&
      hasForms &&
      (hash
        ? button('Decide in a form', 'approve_plan', same)
        : button('Answer in a form', 'answer_qa', same)),
    page && html`<a class="button" href="${page}">Open the page</a> `,
    isAsked &&
      !page &&
      !(canCall && hasForms) &&
      html`<span>To decide: <code>samocode web --open</code></span> `,
    (session || sessions) && button('Refresh', tool, same),
    (hash || questions) && button('Status', 'get_status', same),
    !sessions && button('All sessions', 'list_sessions', argsFor({}, around)),
  ];
}

/** The arguments for a session, in its own project or in the one that the call was about. */
function argsFor({ session, project }: Row, { args }: Around) {
  const folder = project ?? args.project_dir;
  return { ...(session && { session }), ...(folder !== undefined && { project_dir: folder }) };
}

function callButton(words: string, [name, args]: [string, object], { canCall }: Around): Part {
  return (
    canCall &&
    html`<button type="button" data-call="${JSON.stringify({ name, arguments: args })}">${words}</button> `
  );
}
