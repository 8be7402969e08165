import { join } from 'node:path';
import { type TranscriptTail, transcriptTail } from '../../../../core/acts/reading/read-transcript.act.ts';
import type { ShownSession } from '../../../../core/acts/reading/watch-sessions.act.ts';
import type { ActionContext } from '../../../../core/caller/context/context.ts';
import { identityAt, namesAt, statsAt } from '../../../../core/kernel/files/path-stats.ts';
import { parseDocumentName } from '../../../../core/session/documents/documents.ts';
import { currentPlanOf } from '../../../../core/session/documents/plan.ts';
import type { SessionEvent } from '../../../../core/session/events/events.ts';
import { gateOf } from '../../../../core/session/folder/read-session.ts';
import type { SessionView } from '../../../../core/session/folder/session-view.ts';
import { type LogReading, readLog } from '../../../../core/session/log/event-log.ts';
import { type Html, html, type Part } from '../../html/html.ts';
import { transcriptBody } from '../../html/iterations.ts';
import { SECTIONS, type SectionId, type SessionHead } from '../../html/report-data.ts';
import { sectionBody, sessionHead, sessionSections, sessionStrip } from '../../html/session-parts.ts';
import { sessionHeadOf, sessionReport } from '../../report/collect.ts';
import type { SessionRow } from '../../rows/row.ts';
import { actsPart } from '../acts/acts-part.ts';
import { decisionPart } from '../acts/decision.ts';
import { commentedPictures, pictureAddress } from '../acts/pictures-part.ts';
import { servicesPart } from '../acts/services-part.ts';
import { problemText, stateIdOf } from '../web-context.ts';
import { WEB_ERRORS } from '../web-errors.ts';
import { changesPart } from './changes-part.ts';
import { editorLink } from './editor-link.ts';
import type { LiveSessions } from './live.ts';
import type { Piece } from './tab-view.ts';

/** The pieces beside the list. @throws an expected error that says why there are none */
export type Pane = () => Promise<readonly Piece[]>;

/** A piece directly in the pane; none if it has no content. @param about `data-…` of its element */
export function panePiece(id: string, content: Part, about: Part = ''): Piece[] {
  const inner = html`${content}`;
  if (inner.text === '') return [];
  return [[`p-${id}`, html`<div id="p-${id}" data-in="session"${about}>${inner}</div>`.text]];
}

/** Makes a part again only when something that it was made from has changed, or when it failed. */
class Kept<T> {
  readonly #made = new Map<string, { from: readonly unknown[]; part: Promise<T> }>();

  async part(id: string, from: readonly unknown[], make: () => Promise<T> | T): Promise<T> {
    const known = this.#made.get(id);
    if (known !== undefined && from.every((each, at) => each === known.from[at])) return await known.part;
    const made = { from, part: (async () => await make())() };
    this.#made.set(id, made);
    try {
      return await made.part;
    } catch (error) {
      if (this.#made.get(id) === made) this.#made.delete(id);
      throw error;
    }
  }
}

/** The interval at which the branch is read while an agent works, since the agent's commits are not events. */
const CHANGES_EVERY_MS = 60_000;
/** A person may edit and commit there, too. */
const CHANGES_AT_REST_MS = 300_000;

type PaneTab = 'changes' | Exclude<SectionId, 'iterations'>;
/** The iterations are part of the timeline. */
const { iterations: _, ...OTHER_SECTIONS } = SECTIONS;
const TITLES: Readonly<Record<PaneTab, string>> = { changes: 'Changes', ...OTHER_SECTIONS };

/** A session: what it is, the decision that it waits for, and one of its parts, by default the most useful one. */
export function sessionPane(
  { key, tab }: { key: string; tab: string | undefined },
  live: LiveSessions,
  context: ActionContext,
): Pane {
  const kept = new Kept<Piece[]>();
  const offered = new Kept<PaneTab[]>();
  const events = new KnownEvents();
  const agent = new CurrentAgent(key);
  let shown: { open: PaneTab; pieces: Piece[] } | undefined;
  /** What git or a long log takes long for comes with a later update; meanwhile the rest is shown. */
  const soon = async (open: PaneTab, making: Promise<Piece[]>): Promise<Piece[]> => {
    const made = new AbortController();
    const late = context.clock.sleep(SLOW_MS, made.signal).then(
      () => (shown?.open === open ? shown.pieces : tabPiece(open, html`<p class="note">Reading …</p>`)),
      () => [],
    );
    // A part that fails leaves the decision and the other parts.
    const failed = (error: unknown) => tabPiece(open, html`<p class="attention">${problemText(error)}</p>`);
    const pieces = await Promise.race([making.catch(failed), late]);
    made.abort('made');
    shown = { open, pieces };
    return pieces;
  };
  return async () => {
    const row = await live.row(key);
    if (row === undefined) throw WEB_ERRORS.session_gone();
    const { session } = row;
    const { view } = session;
    const { n, openIteration } = view.state;
    const tabs = await offered.part('tabs', [session], () => tabsOf(view));
    const open = tabs.find((each) => each === tab) ?? firstTab(view, tabs);
    const since = openIteration ? CHANGES_EVERY_MS : CHANGES_AT_REST_MS;
    // Only these can bring a commit, besides the agent at work.
    const commits = `${view.state.progress.totalIterations} ${view.state.status.since} ${Math.floor(context.clock.now() / since)}`;
    const made = [
      kept.part('head', [session], () => panePiece('head', headPart(row, context))),
      kept.part('gate', [session, gateFile(view)], async () => await gatePiece(row, context)),
      servicesPart(session).then((part) => panePiece('services', part)),
      kept.part('do', [session], () => panePiece('do', actsPart(session, row.kind))),
      kept.part('now', [n, agent.stamp(session)], async () => panePiece('now', await agent.part(session))),
      kept.part('strip', [session], () => panePiece('strip', sessionStrip(headOf(row, context)))),
      kept.part('tabs', [tabs.join(), open], () => panePiece('tabs', tabLinks(key, tabs, open))),
      soon(
        open,
        kept.part('tab', open === 'changes' ? [open, commits] : [open, n], async () =>
          open === 'changes'
            ? tabPiece(open, await changesTab(row, context))
            : await sectionPieces(open, { row, events: await events.of(view) }, context),
        ),
      ),
    ];
    return (await Promise.all(made)).flat();
  };
}

const SLOW_MS = 1000;

function tabPiece(tab: PaneTab, content: Part): Piece[] {
  return panePiece('tab', content, html` data-tab="${tab}"`);
}

function headOf({ session, facts }: SessionRow, context: ActionContext): SessionHead {
  return sessionHeadOf(session.view, { facts, worker: session }, context);
}

function headPart(row: SessionRow, context: ActionContext): Html {
  const beside = html`<span class="beside"><a class="button back" href="#/">‹ Sessions</a> <button id="skip" type="button" hidden>Skip <kbd>x</kbd></button> ${editorLink(row.facts, context.env)}</span>`;
  const head = headOf(row, context);
  // The decision quotes its agent, and one of the three says all that the sentence does.
  const isSaid = row.kind !== undefined && row.kind !== 'stuck';
  return sessionHead({ ...head, says: undefined, ...(isSaid && { sentence: '' }) }, beside);
}

/** The gate's file can change by an editor, which records no event. */
function gateFile(view: SessionView): string {
  const gate = gateOf(view);
  if (gate === undefined) return '';
  return identityAt(gate.plan === undefined ? view.paths.qa : join(view.paths.sessionDir, gate.plan.name));
}

async function gatePiece(
  { session, facts, key, kind }: SessionRow,
  context: ActionContext,
): Promise<Piece[]> {
  const says = kind === undefined && (facts.says?.summary ?? facts.says?.reason);
  const content =
    kind === undefined
      ? says && html`<blockquote class="says" dir="auto">${says}</blockquote>`
      : await decisionPart({ key, kind, facts, session }, context);
  return panePiece('gate', content, html` data-item="${key} ${stateIdOf(session.view)}"`);
}

const HAS: Readonly<Record<PaneTab, (view: SessionView, names: readonly string[]) => boolean>> = {
  changes: ({ state }) => state.worktree !== undefined,
  timeline: ({ state }) => state.progress.totalIterations > 0,
  questions: ({ paths }) => statsAt(paths.qa) !== undefined,
  plan: ({ state, folder }, names) =>
    state.approvedPlan !== undefined || currentPlanOf(names, folder, state.oldPlans) !== undefined,
  checks: ({ state }) => state.progress.totalIterations > 0,
  pages: ({ state }) => state.pictures !== undefined,
  pictures: ({ paths }) => statsAt(join(paths.sessionDir, 'screens')) !== undefined,
  documents: (_, names) => names.some((name) => parseDocumentName(name) !== undefined),
  acts: () => true,
};

function tabsOf(view: SessionView): PaneTab[] {
  const names = namesAt(view.paths.sessionDir) ?? [];
  return (Object.keys(TITLES) as PaneTab[]).filter((tab) => HAS[tab](view, names));
}

function firstTab({ state }: SessionView, tabs: readonly PaneTab[]): PaneTab {
  const wanted: PaneTab[] = state.status.kind === 'done' ? ['pages', 'changes'] : ['timeline'];
  return wanted.find((tab) => tabs.includes(tab)) ?? 'acts';
}

function tabLinks(key: string, tabs: readonly PaneTab[], open: PaneTab): Html {
  return html`<nav class="tabs" aria-label="Parts of the session">${tabs.map((tab) => html`<a id="tab-${tab}" href="#/s/${key}/${tab}"${tab === open && html` aria-current="page"`}>${TITLES[tab]}</a>`)}</nav>`;
}

async function changesTab({ session, key }: SessionRow, context: ActionContext): Promise<Html> {
  return html`<p class="as buttons"><button type="button" data-as="unified">Unified</button><button type="button" data-as="side">Side by side</button></p>
${await changesPart({ session, key }, context)}<form id="remarks" data-act="review" hidden><input type="hidden" name="session" value="${key}"><input type="hidden" name="comments"><b></b> <button>Send</button> <output></output></form>`;
}

/** A part that the report has, too; each iteration is a piece, whose details are loaded when it is opened. */
async function sectionPieces(
  open: Exclude<PaneTab, 'changes'>,
  { row, events }: { row: SessionRow; events: readonly SessionEvent[] },
  context: ActionContext,
): Promise<Piece[]> {
  const { session, key } = row;
  const one = {
    only: open,
    events,
    loadIteration: (iteration: number) => `/s/${key}/iteration/${iteration}`,
    pictureAt: pictureAddress(key),
  };
  const subject = { view: session.view, worker: session, renderSteps: () => [] };
  const data = await sessionReport(subject, context, one);
  // Open questions are shown in the form above.
  const shown = { ...data, questions: data.questions.filter(({ isOpen }) => !isOpen) };
  const sections = sessionSections(shown, (pages) => [commentedPictures(session, pages)]);
  const section = sections.find(({ id }) => id === open);
  const iterations = sections.find(({ id }) => id === 'iterations')?.parts ?? [];
  return [
    ...tabPiece(open, section === undefined ? html`<p class="note">Nothing yet.</p>` : sectionBody(section)),
    ...iterations.map((part, at): Piece => [`i${data.iterations[at]?.iteration}`, html`${part}`.text]),
  ];
}

/** A longer event log is not kept in memory, but read again at each event. */
const KEPT_EVENTS = 20_000;

class KnownEvents {
  #known: { events: SessionEvent[]; log: LogReading | undefined } = { events: [], log: undefined };

  async of({ paths, isUnreadable }: SessionView): Promise<readonly SessionEvent[]> {
    if (isUnreadable) return [];
    const { events: before, log: from } = this.#known;
    let [kept, added]: [SessionEvent[], SessionEvent[]] = [before, []];
    const onEvent = (event: SessionEvent) => {
      if (event.n === 1) [kept, added] = [[], []];
      added.push(event);
    };
    const log = await readLog(paths, { from, useCache: false, onEvent });
    // Not before: a reading that fails is repeated.
    const events = [...kept, ...added];
    this.#known = events.length > KEPT_EVENTS ? { events: [], log: undefined } : { events, log };
    return events;
  }
}

/** The part of a log that is shown while its agent works. */
const TAIL = { maxBytes: 16 * 1024, maxEntries: 40 };

/** What the agent of a session is doing, in one tab. */
class CurrentAgent {
  readonly #key: string;
  #log = '';
  #tail: TranscriptTail | undefined;

  constructor(key: string) {
    this.#key = key;
  }

  /** Changes with everything that `part` shows. */
  stamp({ view, activity }: ShownSession): string {
    const { openIteration: open } = view.state;
    return open === undefined ? '' : `${identityAt(join(view.paths.logs, open.log))} ${activity}`;
  }

  async part({ view, activity }: ShownSession): Promise<Part> {
    const { openIteration } = view.state;
    if (openIteration === undefined) return undefined;
    const { iteration, phase, provider, log } = openIteration;
    const before = log === this.#log ? this.#tail : undefined;
    this.#log = log;
    this.#tail = await transcriptTail(join(view.paths.logs, log), { provider, ...TAIL }, before);
    const { entries } = this.#tail;
    return html`<section class="now"><h2>The agent now <small>iteration ${iteration}, ${phase}, <time data-since="${openIteration.startedAt}"></time> · <a href="#/s/${this.#key}/transcript/${iteration}">the whole transcript</a></small></h2>
${activity && html`<p class="sentence" dir="auto">${activity}</p>`}<div class="tail" tabindex="0">${transcriptBody(entries)}</div></section>`;
  }
}
