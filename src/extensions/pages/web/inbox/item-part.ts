import type { ShownSession } from '../../../../core/acts/reading/watch-sessions.act.ts';
import type { ActionContext } from '../../../../core/caller/context/context.ts';
import { type Html, html } from '../../html/html.ts';
import { taskPart } from '../../html/session-page.ts';
import { picturesOfDecision } from '../application/pictures-part.ts';
import { servicesPart } from '../application/services-part.ts';
import { editorLink } from '../editor-link.ts';
import { GateWatch } from '../gate-part.ts';
import type { ViewPart } from '../session-part.ts';
import { decisionPart } from './decision-part.ts';
import { type InboxItem, stateIdOf } from './items.ts';

/** The chosen item of the inbox in one tab, rendered again only if its session or its file may have changed. */
export class ItemParts {
  readonly #key: string;
  readonly #context: ActionContext;
  readonly #gate = new GateWatch();
  #shown: ShownSession | undefined;
  readonly #sent = new Map<string, string>();

  constructor(key: string, context: ActionContext) {
    this.#key = key;
    this.#context = context;
  }

  async changed(session: ShownSession | undefined, items: readonly InboxItem[]): Promise<ViewPart[]> {
    const item = items.find(({ key }) => key === this.#key);
    // The state of services is not an event.
    const services = item && (await servicesPart(item.session));
    return [...(await this.#itemChanged(session, item)), ...this.#unsent('p-services', html`${services}`)];
  }

  async #itemChanged(session: ShownSession | undefined, item: InboxItem | undefined): Promise<ViewPart[]> {
    const isNew = session !== this.#shown || !this.#sent.has('p-item');
    this.#shown = session;
    if (!isNew && (session === undefined || !this.#gate.hasChanged(session))) return [];
    const part = item === undefined ? goneItem(this.#key, session) : await itemPart(item, this.#context);
    const pictures = item?.kind === 'finished' && (await picturesOfDecision(item.session));
    return [...this.#unsent('p-item', part), ...this.#unsent('p-pictures', html`${pictures}`)];
  }

  #unsent(id: string, { text }: Html): ViewPart[] {
    if (this.#sent.get(id) === text) return [];
    this.#sent.set(id, text);
    return [[id, text]];
  }
}

/** For an item that was decided, on this page or elsewhere. */
function goneItem(key: string, session: ShownSession | undefined): Html {
  if (session === undefined)
    return html`<p class="sentence">This session was archived, discarded or moved.</p>`;
  return html`<p class="sentence">Nothing to decide here now. <a href="#/s/${key}">Its page</a></p>`;
}

async function itemPart(item: InboxItem, context: ActionContext): Promise<Html> {
  const { key, row, session } = item;
  const { facts, name, project } = row;
  return html`<article class="item" data-item="${key} ${stateIdOf(session.view)}" aria-labelledby="item"><p class="over"><bdi>${project}</bdi>${facts.recurring && html` · <bdi>${facts.recurring}</bdi>`} · <time data-since="${facts.since}"></time></p>
<h2 id="item" tabindex="-1"><bdi><a href="#/s/${key}">${name}</a></bdi> ${editorLink(facts, context.env)}</h2>
${facts.task && taskPart({ task: facts.task })}
${await decisionPart({ key, kind: item.kind, facts, session }, context)}</article>`;
}
