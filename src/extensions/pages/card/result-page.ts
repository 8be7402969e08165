import { planNotes } from '../html/common-parts.ts';
import { type Html, html, type Part } from '../html/html.ts';
import { factList } from '../html/iterations.ts';
import { markdown } from '../html/markdown-html.ts';
import { questionPart } from '../html/session-page.ts';
import {
  type Around,
  type CardQuestion,
  type CardRow,
  type CardSession,
  FACTS,
  type PlanFields,
  type ResultFields,
  readFields,
} from './card-data.ts';

// Runs in the sandbox of a client: bundled with the card's script, without Node.

/** @param given the result of a tool, or of anything else that the client shows here */
export function resultPage(given: unknown, around: Around): Html {
  const fields = readFields(given);
  const { session = 'Sessions', sessions, problems = [] } = fields;
  const task = !sessions && around.sessions?.[0]?.task;
  return html`<header class="about"><h1 tabindex="-1"><bdi>${session}</bdi></h1>${task && html`<p class="task" dir="auto">${task}</p>`}<p class="sentence" dir="auto">${shortSummary(fields)}</p></header>
${problems.map((line) => html`<p class="attention" dir="auto">${line}</p>`)}
${resultBody(fields, around)}
<p class="buttons">${buttonsPart(fields, around)}</p>`;
}

function resultBody(fields: ResultFields, around: Around): Part {
  const { sessions, plan, questions, about, state } = fields;
  if (sessions) return inboxOf(sessions, around);
  if (plan) return planPart(fields);
  return questions ? questionsPart(questions, about) : state && statusPart(fields, around);
}

/** The summary without the session's name (the heading) and without the way to decide (a button). */
function shortSummary({ summary, session, plan, questions }: ResultFields): string {
  const text = session && summary.startsWith(`${session} `) ? summary.slice(session.length + 1) : summary;
  return (plan || questions ? text.split(/(?<=\.) /)[0] : text) ?? '';
}

interface ShownRow extends CardRow {
  shown: CardSession;
}

/** First the sessions that need the person, and those that wait longest; the others in the order of the list. */
function inboxOf(sessions: readonly CardRow[], around: Around): Part {
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

function nameOf(row: CardRow, around: Around): Html {
  const { session = '' } = row;
  return html`<bdi>${callButton(session, ['get_status', argsFor(row, around)], around, 'name') || session}</bdi>`;
}

const plain = (name: string) => name.replace('qa_', '').replaceAll('_', ' ');

/** For example `waits for approval`. */
function stateOf({ shown, state = '', for: what, worker }: ShownRow): string {
  const named = [state, what].flatMap((name) => (name ? plain(name) : [])).join(' for ');
  return shown.says ?? (worker === 'gone' ? 'its worker is gone' : named);
}

function sinceText({ state, since }: CardRow): Part {
  const time = since && html`<time data-since="${since}"></time>`;
  // Apart from the state, whose words can end with another time.
  return time && (state === 'done' || state === 'stopped' ? html` · ${time} ago` : html` · for ${time}`);
}

/** Each tone has a sign, because not everyone can tell the colours apart. */
const SIGNS = { person: '●', done: '✔', resting: '■', working: '◆' } as const;

function markOf(row: ShownRow): Html {
  const { shown, state = '' } = row;
  const tone = isYours(row) ? 'person' : (shown.tone ?? TONES.get(state) ?? 'resting');
  return html`<b class="mark tone-${tone}">${SIGNS[tone]}</b>`;
}

/** Where the server says nothing else. */
const TONES = new Map<string, keyof typeof SIGNS>([
  ['starting', 'working'],
  ['running', 'working'],
  ['done', 'done'],
]);

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

function questionsPart(questions: readonly CardQuestion[], about: string | undefined): Html {
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
  const { session, sessions, questions, plan, more_from: offset } = fields;
  const { args, page } = around;
  const same = sessions ? args : argsFor({ session }, around);
  const tool = sessions ? 'list_sessions' : plan ? 'read_plan' : questions ? 'read_qa' : 'get_status';
  const button = (words: string, name: string, given: object) => callButton(words, [name, given], around);
  return [
    sessions
      ? page && html`<a class="button" href="${page}">Open the page</a> `
      : waysOf(askedBy(fields, around), around, tool),
    offset !== undefined && button('More', tool, { ...same, offset }),
    (session || sessions) && button('Refresh', tool, same),
    (plan || questions) && button('Status', 'get_status', same),
    !sessions && button('All sessions', 'list_sessions', argsFor({}, around)),
  ];
}

/** The session of a result, with the gate that its questions or its plan belong to. */
function askedBy(fields: ResultFields, { sessions: [shown = {}] = [] }: Around): ShownRow {
  const { session, state, worker, questions, plan } = fields;
  const row = { session, state, worker, shown };
  if (questions?.some(({ open = true }) => open)) return { ...row, state: 'waiting', for: 'qa_answers' };
  if (plan && shown.for === 'plan_approval') return { ...row, state: 'waiting', for: 'plan_approval' };
  return { ...row, for: questions || plan ? undefined : fields.for };
}

/** The arguments for a session, in its own project or in the one that the call was about. */
function argsFor({ session, project }: CardRow, { args }: Around) {
  const folder = project ?? args.project_dir;
  return { ...(session && { session }), ...(folder !== undefined && { project_dir: folder }) };
}

function callButton(words: string, [name, args]: [string, object], { canCall }: Around, kind = ''): Part {
  return (
    canCall &&
    html`<button type="button" class="${kind}" data-call="${JSON.stringify({ name, arguments: args })}">${words}</button> `
  );
}
