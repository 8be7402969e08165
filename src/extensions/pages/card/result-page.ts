import type { Phase } from '../../../core/kernel/phases/table.ts';
import { planNotes } from '../html/common-parts.ts';
import { type Html, html, type Part } from '../html/html.ts';
import { factList } from '../html/iterations.ts';
import { markdown } from '../html/markdown-html.ts';
import { questionPart } from '../html/session-page.ts';

// Runs in the sandbox of a client: bundled with the card's script, without Node.

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

/** A session in words; without them, the card shows the names of the result. */
export interface CardSession {
  task?: string | undefined;
  /** `waits for answers`, `done`. */
  says?: string;
  isYours?: boolean;
  /** The text of its question, of an agent or a person, that says what it wants. */
  wants?: string | undefined;
  /** Its address on the live page, if one runs. */
  page?: string | undefined;
}

export interface Around {
  args: { project_dir?: unknown };
  canCall: boolean;
  /** Whether the client has forms, in which the person decides. */
  hasForms: boolean;
  /** The address of the live page, if one runs. */
  page?: string;
  /** The sessions of the result, in its order. */
  sessions?: readonly CardSession[];
}

export function resultPage(fields: ResultFields, around: Around): Html {
  const { session = 'Sessions', sessions, problems = [] } = fields;
  const task = !sessions && around.sessions?.[0]?.task;
  return html`<header class="about"><h1 tabindex="-1"><bdi>${session}</bdi></h1>${task && html`<p class="task" dir="auto">${task}</p>`}<p class="sentence" dir="auto">${shortSummary(fields)}</p></header>
${problems.map((line) => html`<p class="attention" dir="auto">${line}</p>`)}
${resultBody(fields, around)}
<p class="buttons">${buttonsPart(fields, around)}</p>`;
}

function resultBody(fields: ResultFields, around: Around): Part {
  const { sessions, hash, questions, about, state } = fields;
  if (sessions) return inboxOf(sessions, around);
  if (hash) return planPart(fields);
  return questions ? questionsPart(questions, about) : state && statusPart(fields, around);
}

/** The summary without the session's name (the heading) and without the way to decide (a button). */
function shortSummary({ summary, session, hash, questions }: ResultFields): string {
  const text = session && summary.startsWith(`${session} `) ? summary.slice(session.length + 1) : summary;
  return (hash || questions ? text.split(/(?<=\.) /)[0] : text) ?? '';
}

interface ShownRow extends Row {
  shown: CardSession;
}

/** First the sessions that need the person, and those that wait longest; the others in the order of the list. */
function inboxOf(sessions: readonly Row[], around: Around): Part {
  const rows = sessions.map((row, index) => ({ ...row, shown: around.sessions?.[index] ?? {} }));
  const yours = rows.filter(isYours).sort((a, b) => Date.parse(a.since ?? '') - Date.parse(b.since ?? ''));
  const others = rows.filter((row) => !isYours(row));
  const group = (title: string, part: Html, count: number) =>
    count > 0 &&
    html`<section class="group" aria-label="${title}"><h2>${title} <small>${count}</small></h2>${part}</section>
`;
  return [
    group('Needs you', html`${yours.map((row) => itemPart(row, around))}`, yours.length),
    group(
      'Others',
      html`<ul class="others">${others.map((row) => otherPart(row, around))}</ul>`,
      others.length,
    ),
  ];
}

function isYours({ shown, state = '', worker }: ShownRow): boolean {
  return shown.isYours ?? (worker === 'gone' || ['waiting', 'blocked', 'needs_worker'].includes(state));
}

/** What a session wants, since when, and the way to decide. */
function itemPart(row: ShownRow, around: Around): Html {
  const { shown, project } = row;
  return html`<article class="item"><h3 dir="auto">${shown.task ?? row.session}</h3>
<p class="sentence">${markOf(row)} ${stateOf(row)}${sinceText(row)} · ${nameOf(row, around)}${project && html` · <bdi>${project}</bdi>`}</p>
${shown.wants && html`<p class="says" dir="auto">${shown.wants}</p>`}
<p class="buttons">${waysOf(row, around, 'list_sessions')}</p></article>
`;
}

function otherPart(row: ShownRow, around: Around): Html {
  const { shown, project } = row;
  return html`<li>${markOf(row)} ${nameOf(row, around)}${project && html` · <bdi>${project}</bdi>`} · ${stateOf(row)}${sinceText(row)}${shown.task && html` <small dir="auto">${shown.task}</small>`}</li>
`;
}

function nameOf(row: Row, around: Around): Html {
  const { session = '' } = row;
  return html`<bdi>${callButton(session, ['get_status', argsFor(row, around)], around, 'name') || session}</bdi>`;
}

const plain = (name: string) => name.replace('qa_', '').replaceAll('_', ' ');

/** For example `waits for approval`. */
function stateOf({ shown, state = '', for: what, worker }: ShownRow): string {
  const named = [state, what].flatMap((name) => (name ? plain(name) : [])).join(' for ');
  return shown.says ?? (worker === 'gone' ? 'its worker is gone' : named);
}

function sinceText({ state, since }: Row): Part {
  const time = since && html`<time data-since="${since}"></time>`;
  return time && (state === 'done' || state === 'stopped' ? html`, ${time} ago` : html` for ${time}`);
}

/** Each tone has a sign, because not everyone can tell the colours apart. */
function markOf(row: ShownRow): Html {
  const [tone, sign] = isYours(row)
    ? ['person', '●']
    : row.state === 'done'
      ? ['done', '✔']
      : row.state === 'stopped'
        ? ['resting', '■']
        : ['working', '◆'];
  return html`<b class="mark tone-${tone}">${sign}</b>`;
}

/** How the person reads what a session asks, and decides. */
const GATES = {
  qa_answers: { read: ['Its questions', 'read_qa'], form: ['Answer in a form', 'answer_qa'] },
  plan_approval: { read: ['Its plan', 'read_plan'], form: ['Decide in a form', 'approve_plan'] },
} as const;

/**
 * The form of the chat program, and the live page, which decides with its key. No button decides: a call from here
 * looks like the model's.
 * @param tool whose result is shown
 */
function waysOf(row: ShownRow, around: Around, tool: string): Part[] {
  const args = argsFor(row, around);
  const gate = Object.hasOwn(GATES, row.for ?? '') ? GATES[row.for as keyof typeof GATES] : undefined;
  const page = row.shown.page ?? around.page;
  const [words, form] = gate?.form ?? [];
  const hasForm = around.canCall && around.hasForms && form !== undefined;
  return [
    gate && gate.read[1] !== tool && callButton(gate.read[0], [gate.read[1], args], around),
    hasForm && callButton(words, [form, args], around),
    page && html`<a class="button" href="${page}">Open the page</a> `,
    isYours(row) && !page && !hasForm && html`<span>To decide: <code>samocode web --open</code></span> `,
  ];
}

function statusPart({ says = {}, phase, iteration, ...fields }: ResultFields, around: Around): Html {
  const row = { ...fields, shown: around.sessions?.[0] ?? {} };
  const quotes = Object.entries(says).map(([name, text]) => [plain(name), text] as const);
  return html`<p class="sentence">${markOf(row)} ${stateOf(row)}${sinceText(row)}${phase && ` · in ${phase}`}${iteration !== undefined && ` · iteration ${iteration}`}</p>
${row.shown.wants && html`<p class="says" dir="auto">${row.shown.wants}</p>`}
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

function buttonsPart(fields: ResultFields, around: Around): Part[] {
  const { session, sessions, questions, hash, more_from: offset } = fields;
  const { args, page } = around;
  const same = sessions ? args : argsFor({ session }, around);
  const tool = sessions ? 'list_sessions' : hash ? 'read_plan' : questions ? 'read_qa' : 'get_status';
  const button = (words: string, name: string, given: object) => callButton(words, [name, given], around);
  return [
    sessions
      ? page && html`<a class="button" href="${page}">Open the page</a> `
      : waysOf(askedBy(fields, around), around, tool),
    offset !== undefined && button('More', tool, { ...same, offset }),
    (session || sessions) && button('Refresh', tool, same),
    (hash || questions) && button('Status', 'get_status', same),
    !sessions && button('All sessions', 'list_sessions', argsFor({}, around)),
  ];
}

/** The session of a result, with the gate that its questions or its plan belong to. */
function askedBy(fields: ResultFields, { sessions: [shown = {}] = [] }: Around): ShownRow {
  const { session, state, worker, questions, hash, summary } = fields;
  const row = { session, state, worker, shown };
  if (questions?.some(({ open = true }) => open)) return { ...row, state: 'waiting', for: 'qa_answers' };
  if (hash && summary.includes('waits for')) return { ...row, state: 'waiting', for: 'plan_approval' };
  return { ...row, for: questions || hash ? undefined : fields.for };
}

/** The arguments for a session, in its own project or in the one that the call was about. */
function argsFor({ session, project }: Row, { args }: Around) {
  const folder = project ?? args.project_dir;
  return { ...(session && { session }), ...(folder !== undefined && { project_dir: folder }) };
}

function callButton(words: string, [name, args]: [string, object], { canCall }: Around, kind = ''): Part {
  return (
    canCall &&
    html`<button type="button" class="${kind}" data-call="${JSON.stringify({ name, arguments: args })}">${words}</button> `
  );
}
