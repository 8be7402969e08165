import type { CallToolResult, Result } from '@modelcontextprotocol/server';
import { readGroup } from '../../core/acts/reading/list-sessions.act.ts';
import { waitFields } from '../../core/acts/reading/wait.tool.ts';
import { firstToReport, type Reading, waitResult } from '../../core/acts/reading/wait-for-change.act.ts';
import { findSession } from '../../core/caller/context/find-session.ts';
import { cursorOfSeveral } from '../../core/caller/facts/cursor.ts';
import type { ChatTasks, TaskContext } from '../../core/faces/mcp/chat-tasks.ts';
import { asJson, toolResult } from '../../core/faces/mcp/define-tool.ts';
import { InvalidParamsError } from '../../core/faces/mcp/on-request.ts';
import { FormAnswered, filledIn } from '../../core/faces/mcp/shown-form.ts';
import type { TaskedWait } from '../../core/faces/mcp/tool.ts';
import { isoUtc } from '../../core/kernel/clock.ts';
import { isSamocodeError, systemErrorCode } from '../../core/kernel/errors.ts';
import { cut } from '../../core/kernel/text.ts';
import { oneLine } from '../../core/session/documents/markdown-lines.ts';
import { isFileError } from '../../core/session/folder/read-session.ts';
import type { SessionView } from '../../core/session/folder/session-view.ts';
import { atGate, type Further, type GateForm, type GateNow, isPage } from './gate-form.ts';
import { isDue, MAX_STATUS_CHARS, readMembers, sessionsOfTask, stampOf, statusMessage } from './look.ts';
import { placeDigest, type TaskWatch, taskId, taskKey, watchOf } from './task-id.ts';

/** How long an unchanged log is enough; then the worker, the page and the members of a group are looked at again. */
const LOOK_AGAIN_MS = 60_000;
const SOON_MS = 2000;
const LATER_MS = 10_000;
const FIRST_MINUTE_MS = 60_000;
/** Claude Code shows no further one of a task; a new wait begins a new task. */
const MAX_FORMS = 16;
/** A chat follows a few sessions at once. */
const MAX_REMEMBERED = 256;

/** What this connection knows of a task besides its id. Without it, only a form opens once more. */
interface Memory {
  begunAt: number;
  /** The last answer, as long as the logs are unchanged. */
  last?: { views: readonly SessionView[]; stamp: string | undefined; at: number; answer: Result };
  /** By session: what its person chose in the last form, which the next one asks about. */
  further: Map<string, Further>;
  /** Keys of the forms so far, and those that were answered. */
  shown: Set<string>;
  answered: Set<string>;
  /** Of the last answer to a form, if it had no effect. */
  note?: { text: string; at: number };
  /** The session that its person wants to decide about elsewhere, and what they said. */
  left?: { session: string; says: string };
  /** The answer after which nothing changes any more. */
  final?: Result;
}

export function newChatTasks(): ChatTasks {
  const remembered = new Map<string, Memory>();
  const memoryOf = (id: string, { actions }: TaskContext): Memory => {
    const memory = remembered.get(id) ?? newMemory(actions.clock.monotonic());
    // The one that was asked about longest ago is forgotten first.
    remembered.delete(id);
    remembered.set(id, memory);
    const [oldest] = remembered.keys();
    if (oldest !== undefined && remembered.size > MAX_REMEMBERED) remembered.delete(oldest);
    return memory;
  };
  // Read once: it may be a key that no file could take.
  let key: Promise<string> | undefined;
  const keyFor = ({ actions }: TaskContext) => {
    key ??= taskKey(actions.home);
    return key;
  };
  const known = async (id: string, context: TaskContext): Promise<Task> => {
    const watch = watchOf(id, await keyFor(context));
    if (watch === undefined) throw new InvalidParamsError('There is no such task. Call wait again.');
    return { id, watch, memory: memoryOf(id, context), context };
  };
  return {
    async begin(wait, context) {
      const watched = await watchFor(wait, context);
      if (watched === undefined) return undefined;
      const { watch, views } = watched;
      const readings = await readMembers(views, watch, context.actions);
      if (isDue(readings, watch)) return undefined;
      const id = taskId({ ...watch, cursor: cursorOfSeveral(readings) }, await keyFor(context));
      if (id === undefined) return undefined;
      // A wait that is called again, after its form was declined say, begins anew.
      remembered.delete(id);
      const task = await known(id, context);
      const { inputRequests: _, ...answer } = await answerTo(task);
      // What is over is not followed.
      if (answer.status === 'completed') {
        remembered.delete(id);
        return undefined;
      }
      return { ...answer, resultType: 'task', status: 'working' };
    },
    async get(id, context) {
      const task = await known(id, context);
      return await answerTo(task);
    },
    async update(id, inputResponses, context) {
      const task = await known(id, context);
      for (const [key, response] of Object.entries(inputResponses)) await takeAnswer(task, key, response);
      return {};
    },
    async cancel(id, context) {
      const task = await known(id, context);
      const { memory } = task;
      const { inputRequests: _, ...answer } = await answerTo(task);
      memory.final ??= { ...answer, status: 'cancelled' };
      return {};
    },
  };
}

interface Task {
  id: string;
  watch: TaskWatch;
  memory: Memory;
  context: TaskContext;
}

function newMemory(begunAt: number): Memory {
  return { begunAt, further: new Map(), shown: new Set(), answered: new Set() };
}

/**
 * The watch of a wait, with the cursor that its caller has; undefined where its sessions are in several projects. An end
 * is what it waits for: a chat that sleeps is not woken by each step.
 */
async function watchFor(
  { session, group, cursor = '', until: asked, projectDir }: TaskedWait,
  { actions }: TaskContext,
): Promise<{ watch: TaskWatch; views: readonly SessionView[] } | undefined> {
  const until = asked === 'change' ? 'attention' : asked;
  const isGroup = session === undefined;
  const views = isGroup
    ? (await readGroup({ group: group ?? '', projectDir }, actions)).sessions
    : [await findSession({ session, projectDir }, actions)];
  const places = new Set(views.map(({ paths }) => placeDigest(isGroup ? paths.sessionsDir : paths.runDir)));
  const [first] = views;
  const [place] = places;
  if (first === undefined || place === undefined || places.size > 1) return undefined;
  const name = isGroup ? (group ?? '') : first.folder;
  return { watch: { name, isGroup, until, cursor, place }, views };
}

async function answerTo(task: Task): Promise<Result> {
  const { memory, context } = task;
  const { clock } = context.actions;
  if (memory.final) return memory.final;
  const { last } = memory;
  const stamp = last && stampOf(last.views);
  if (last && last.stamp === stamp && clock.monotonic() - last.at < LOOK_AGAIN_MS) return last.answer;
  try {
    const { views, answer, isAsking } = await look(task);
    if (answer.status === 'completed') memory.final = answer;
    // Taken before anything was read, so that no event is missed.
    const isKnown = last !== undefined && foldersOf(last.views) === foldersOf(views);
    const isSame = isKnown && isAsking !== true;
    memory.last = { views, answer, at: clock.monotonic(), stamp: isSame ? stamp : undefined };
    return answer;
  } catch (error) {
    // A client gives up on a task whose requests fail, and the next look may succeed.
    if (!isSamocodeError(error) && !isFileError(error)) throw error;
    const why = isSamocodeError(error) ? error.what : systemErrorCode(error);
    const says = `cannot be read now: ${why}`;
    return stateOf(task, { status: 'working', says, views: [] });
  }
}

function foldersOf(views: readonly SessionView[]): string {
  return views.map(({ folder }) => folder).join();
}

interface Look {
  views: readonly SessionView[];
  answer: Result;
  /** A form is open: the documents that it shows can change without an event. */
  isAsking?: boolean;
}

async function look(task: Task): Promise<Look> {
  const { watch, memory, context } = task;
  const { views, projectDir } = await sessionsOfTask(watch, context.actions);
  if (views.length === 0)
    return {
      views,
      answer: { ...stateOf(task, { status: 'completed', says: 'gone', views }), result: GONE },
    };
  const readings = await readMembers(views, watch, context.actions);
  const gates = await gatesOf(views, projectDir, task);
  const left = memory.left ?? undecided(gates, memory);
  const leaves = readings.find(({ view }) => view.folder === left?.session);
  const asleep = readings.map((reading) =>
    isOpen(gates.get(reading.view.folder)) ? { ...reading, isReached: false } : reading,
  );
  const reported = leaves ?? firstToReport(asleep, watch);
  if (reported) {
    const result = resultOf(task, left?.says, reported, readings);
    return { views, answer: { ...stateOf(task, { status: 'completed', views }), result } };
  }
  const says = [...gates.values()].find(({ kind }) => kind === 'elsewhere');
  const open = [...gates.values()].find(({ kind }) => kind === 'form');
  const state = { says: says?.kind === 'elsewhere' ? says.says : undefined, views };
  const isAsking = open !== undefined;
  if (open?.kind !== 'form' || mustPause(memory, open.form.key))
    return { views, answer: stateOf(task, { ...state, status: 'working' }), isAsking };
  const { key } = open.form;
  memory.shown.add(key);
  // Hidden characters become visible.
  const params = JSON.parse(asJson(open.form.params));
  const inputRequests = { [key]: { method: 'elicitation/create', params } };
  const answer = { ...stateOf(task, { ...state, status: 'input_required' }), inputRequests };
  return { views, answer, isAsking };
}

/** A form that was answered and is still open, because the answer was refused: the client does not show it again. */
function undecided(gates: ReadonlyMap<string, GateNow>, { answered }: Memory): Memory['left'] {
  const [session] = [...gates].find(([, gate]) => gate.kind === 'form' && answered.has(gate.form.key)) ?? [];
  return session === undefined ? undefined : { session, says: 'The form decided nothing.' };
}

/**
 * Whether one answer has to say that nothing is asked: after a form that was left with Esc, Claude Code opens another one
 * only then.
 */
function mustPause({ last, answered }: Memory, key: string): boolean {
  const before = Object.keys(Object(last?.answer.inputRequests)).find((each) => !answered.has(each));
  return before !== undefined && before !== key;
}

function isOpen(gate: GateNow | undefined): boolean {
  return gate !== undefined && gate.kind !== 'unasked';
}

async function gatesOf(
  views: readonly SessionView[],
  projectDir: string,
  { memory, context }: Task,
): Promise<Map<string, GateNow>> {
  const gates = new Map<string, GateNow>();
  for (const view of views) {
    const further = memory.further.get(view.folder);
    const gate = await atGate(view, { projectDir, further }, context);
    if (gate?.kind === 'form' && memory.shown.size >= MAX_FORMS && !memory.shown.has(gate.form.key))
      gates.set(view.folder, { kind: 'unasked' });
    else if (gate) gates.set(view.folder, gate);
  }
  return gates;
}

interface Said {
  status: 'working' | 'input_required' | 'completed';
  /** Instead of what the sessions do. */
  says?: string | undefined;
  views: readonly SessionView[];
}

function stateOf({ id, memory, context }: Task, { status, says, views }: Said): Result {
  const { clock } = context.actions;
  const age = clock.monotonic() - memory.begunAt;
  const times = views.map(({ state }) => state.createdAt ?? state.status.since).sort();
  const changes = views.map(({ state }) => state.status.since).sort();
  const now = isoUtc(clock.now());
  const note =
    memory.note && clock.monotonic() - memory.note.at < FIRST_MINUTE_MS ? memory.note.text : undefined;
  const message = says ?? statusMessage(views, clock.now());
  return {
    resultType: 'complete',
    taskId: id,
    status,
    statusMessage: oneLine(cut([note, message].filter(Boolean).join(' · '), MAX_STATUS_CHARS)),
    createdAt: times[0] ?? now,
    lastUpdatedAt: changes.at(-1) ?? now,
    // A gate may wait for days.
    ttlMs: null,
    pollIntervalMs: age < FIRST_MINUTE_MS || status === 'input_required' ? SOON_MS : LATER_MS,
  };
}

/** The result of the wait, which wakes the chat. */
function resultOf(
  { watch: { isGroup, until }, memory }: Task,
  says: string | undefined,
  reported: Reading,
  readings: readonly Reading[],
): CallToolResult {
  const result = waitResult(reported, { changed: true, readings, isGroup });
  // A whole session may have passed: what its state implies is left out.
  const happened = result.happened.filter(({ isRoutine }) => !isRoutine);
  const fields = waitFields({ ...result, happened }, { until, isSeveral: isGroup });
  const said = [says, memory.note?.text].filter(Boolean);
  const summary = [...said, fields.summary].join(' ');
  return toolResult({
    ...fields,
    summary,
    next: [{ act: 'report', args: { only: true } }, ...(fields.next ?? [])],
  });
}

const GONE: CallToolResult = toolResult({
  summary: 'The session is gone: it was removed, or its project cannot be read.',
  next: [{ act: 'list' }],
});

/** Carries out an answer, if its form is still the one that is open. */
async function takeAnswer(task: Task, key: string, response: unknown): Promise<void> {
  const { watch, memory, context } = task;
  const { data } = FormAnswered.safeParse(response);
  if (memory.final || data === undefined || data.action === 'cancel') return;
  const { views, projectDir } = await sessionsOfTask(watch, context.actions);
  const gates = await gatesOf(views, projectDir, task);
  const [session, form] = [...gates].flatMap(([folder, gate]) =>
    gate.kind === 'form' && gate.form.key === key ? [folder, gate.form] : [],
  ) as [string?, GateForm?];
  const say = (text: string) => {
    memory.note = { text, at: context.actions.clock.monotonic() };
  };
  const isLate = memory.shown.has(key) && !memory.answered.has(key) && !isPage(key);
  memory.answered.add(key);
  memory.last = undefined;
  if (session === undefined || form === undefined) {
    if (isLate) say('Already decided elsewhere; the answer in the form was not recorded.');
    return;
  }
  if (data.action === 'decline') {
    memory.left = { session, says: 'The user declined the form: nothing is decided.' };
    return;
  }
  if (form.form === undefined || form.decide === undefined) {
    memory.left = { session, says: 'The user was at its page and has not decided yet.' };
    return;
  }
  const outcome = filledIn(data, form.form);
  if (outcome.kind !== 'filled') return;
  try {
    const led = await form.decide(outcome.filled);
    memory.further.delete(session);
    if (led.kind === 'further') memory.further.set(session, led.further);
    if (led.kind === 'left') memory.left = { session, says: led.says };
  } catch (error) {
    if (!isSamocodeError(error)) throw error;
    say(`${error.what} ${error.why}`);
  }
}
