/** A piece of the page: the id of an element and the element, which names the one that it lies in (`data-in`). */
export type Piece = readonly [id: string, html: string];

export interface TabUpdate {
  /** The ids of all pieces in order, if it differs from that of the last update. */
  order?: string[];
  /** The pieces that the tab does not have, or has in another version. */
  changed: Piece[];
  /** The next update follows at once. */
  more?: true;
}

/** The first update fills more than a screen, so that the browser can draw it before the others arrive in batches. */
const FIRST_PIECES = 60;
const NEXT_PIECES = 300;

/** What one tab has of the page, so that each piece is sent only when it differs. */
export class TabView {
  readonly #sent = new Map<string, string>();
  #order = '';
  #pane: string | undefined;
  /** How many updates were made for it. */
  count = 0;

  /** For a new stream of the tab: the earlier one may still make an update, which the tab does not get. */
  copy(): TabView {
    const copy = new TabView();
    for (const [id, html] of this.#sent) copy.#sent.set(id, html);
    copy.#order = this.#order;
    copy.#pane = this.#pane;
    copy.count = this.count;
    return copy;
  }

  /** @param isEmpty the tab has nothing beside its list: it has come from another session or form */
  moveTo(pane: string, isEmpty: boolean): void {
    if (pane === this.#pane && !isEmpty) return;
    this.#pane = pane;
    this.#order = '';
    for (const id of this.#sent.keys()) if (!isRow(id)) this.#sent.delete(id);
  }

  changed(pieces: readonly Piece[]): TabUpdate {
    const most = this.#sent.size < FIRST_PIECES ? FIRST_PIECES : NEXT_PIECES;
    const differing = pieces.filter(([id, html]) => this.#sent.get(id) !== html);
    const changed = differing.slice(0, most);
    for (const [id, html] of changed) this.#sent.set(id, html);
    const order = pieces.map(([id]) => id);
    const ids = order.join(' ');
    const isMoved = ids !== this.#order;
    this.#order = ids;
    if (isMoved) {
      const kept = new Set(order);
      for (const id of this.#sent.keys()) if (!kept.has(id)) this.#sent.delete(id);
    }
    return {
      ...(isMoved && { order }),
      changed,
      ...(differing.length > most && { more: true as const }),
    };
  }
}

function isRow(id: string): boolean {
  return id.startsWith('r-');
}

/** A person has only a few tabs; one that comes back later gets everything again. */
const MAX_TABS = 20;

/** The pieces that recent tabs have: a tab that opens another place or was disconnected does not get them again. */
export class TabViews {
  readonly #views = new Map<string, TabView>();

  /** @param got how many updates the tab has received: another number than were made for it means that it lacks some */
  of(tab: string, got: number): TabView {
    const known = this.#views.get(tab);
    const view = known?.count === got ? known.copy() : new TabView();
    if (tab === '') return view;
    this.#views.delete(tab);
    this.#views.set(tab, view);
    for (const old of [...this.#views.keys()].slice(0, -MAX_TABS)) this.#views.delete(old);
    return view;
  }
}
