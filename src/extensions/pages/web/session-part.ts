import type { ShownSession } from '../../../core/acts/reading/watch-sessions.act.ts';
import type { ActionContext } from '../../../core/caller/context/context.ts';
import { sessionFacts } from '../../../core/caller/facts/session-facts.ts';
import type { SessionEvent } from '../../../core/session/events/events.ts';
import type { SessionView } from '../../../core/session/folder/session-view.ts';
import { type LogReading, readLog } from '../../../core/session/log/event-log.ts';
import { type Html, html } from '../html/html.ts';
import { cardFacts, cardTop, sectionLinks, sessionSections, taskPart } from '../html/session-page.ts';
import { sessionReport } from '../report/session-report.ts';
import { actsPart } from './acts-part.ts';
import { commentedPictures, pictureAddress } from './application/pictures-part.ts';
import { servicesPart } from './application/services-part.ts';
import { changesPart } from './changes-part.ts';
import { CurrentAgent } from './current-agent.ts';
import { GateWatch } from './gate-part.ts';
import { decisionPart } from './inbox/decision-part.ts';
import { itemKind } from './inbox/items.ts';

/** A part of a session's page, which is replaced as a whole, and only if it differs. */
export type ViewPart = [id: string, html: string];

/** A longer event log is not kept in memory, but read again at each event. */
const KEPT_EVENTS = 20_000;
/** The interval at which the branch is read while an agent works, since the agent's commits are not events. */
const CHANGES_EVERY_MS = 60_000;

/** Empty elements for the parts, in order. */
/** @param key of the session */
export function sessionFrame(key: string): Html {
  return html`<div id="p-head"><p class="sentence">Loading this session …</p></div><div id="p-gate"></div><div id="p-services"></div><div id="p-do"></div><div id="p-now" aria-live="off"></div><div id="p-facts"></div><div id="p-nav"></div>
<section id="changes"><h2>Changes</h2><p class="as buttons"><button type="button" data-as="unified">Unified</button><button type="button" data-as="side">Side by side</button></p>
<div id="p-changes"></div><form id="remarks" data-act="review" hidden><input type="hidden" name="session" value="${key}"><input type="hidden" name="comments"><b></b> <button>Send</button> <output></output></form></section><div id="p-sections"></div>`;
}

/** The parts of a session's page in one tab; each is rendered again only if its source may have changed. */
export class SessionParts {
  readonly #key: string;
  readonly #context: ActionContext;
  readonly #sent = new Map<string, string>();
  readonly #gate = new GateWatch();
  #shown: ShownSession | undefined;
  #madeAt = -1;
  #known: { events: SessionEvent[]; log: LogReading | undefined } = { events: [], log: undefined };
  readonly #agent: CurrentAgent;
  #changesAt = '';

  constructor(key: string, context: ActionContext) {
    this.#key = key;
    this.#context = context;
    this.#agent = new CurrentAgent(key);
  }

  /** The parts that differ from those sent before. */
  async changed(session: ShownSession): Promise<ViewPart[]> {
    const parts: ViewPart[] = [];
    const add = (id: string, part: Html) => {
      if (this.#sent.get(id) === part.text) return;
      this.#sent.set(id, part.text);
      parts.push([id, part.text]);
    };
    const isNew = session !== this.#shown;
    this.#shown = session;
    if (this.#gate.hasChanged(session) || isNew) {
      const facts = sessionFacts(session.view, session);
      const kind = itemKind(facts);
      const decision = kind && { key: this.#key, kind, facts, session };
      add('p-gate', decision === undefined ? html`` : await decisionPart(decision, this.#context));
      add('p-do', actsPart(session, this.#context.env, kind));
    }
    add('p-services', html`${await servicesPart(session)}`);
    const { n } = session.view.state;
    if (isNew && n !== this.#madeAt) {
      for (const [id, part] of await this.#report(session)) add(id, part);
      this.#madeAt = n;
    }
    const { openIteration: open } = session.view.state;
    const minute = Math.floor(this.#context.clock.now() / CHANGES_EVERY_MS);
    const changes = `${n} ${open === undefined ? '' : minute}`;
    if (changes !== this.#changesAt) {
      this.#changesAt = changes;
      add('p-changes', await changesPart({ session, key: this.#key }, this.#context));
    }
    const now = await this.#agent.changed(session);
    if (now !== undefined) add('p-now', now);
    return parts;
  }

  async #eventsOf({ paths }: SessionView): Promise<readonly SessionEvent[]> {
    let { events } = this.#known;
    const onEvent = (event: SessionEvent) => {
      if (event.n === 1) events = [];
      events.push(event);
    };
    const log = await readLog(paths, { from: this.#known.log, useCache: false, onEvent });
    this.#known = events.length > KEPT_EVENTS ? { events: [], log: undefined } : { events, log };
    return events;
  }

  async #report(session: ShownSession): Promise<[string, Html][]> {
    const { view } = session;
    const linkTo = (iteration: number) => `#/s/${this.#key}/transcript/${iteration}`;
    const events = view.isUnreadable ? [] : await this.#eventsOf(view);
    // The forms above do what the commands would.
    const subject = {
      view,
      worker: session,
      renderSteps: () => [],
      events,
      linkTo,
      pictureAt: pictureAddress(this.#key),
    };
    const data = await sessionReport(subject, this.#context);
    // The decision below quotes it.
    const isQuoted = itemKind(sessionFacts(view, session)) !== undefined;
    const says = isQuoted ? undefined : data.says;
    // Open questions are shown in the form above.
    const closed = { ...data, questions: data.questions.filter(({ isOpen }) => !isOpen) };
    const sections = sessionSections(closed, (pages) => [commentedPictures(session, pages)]);
    return [
      ['p-head', html`${cardTop({ ...data, says })}${taskPart(data)}`],
      ['p-facts', cardFacts(data)],
      ['p-nav', sectionLinks([{ id: 'changes', title: 'Changes' }, ...sections])],
      [
        'p-sections',
        html`${sections.map(
          ({ id, title, body }) => html`<section id="${id}"><h2>${title}</h2>
${body}</section>
`,
        )}`,
      ],
    ];
  }
}
