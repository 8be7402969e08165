import { beginning } from '../../../core/kernel/text.ts';
import type { ChatPiece } from '../clients/chat.ts';
import { type ChatTurn, MAX_BETWEEN_CHARS, MAX_TEXT_CHARS } from './chat-document.ts';

interface KeptTurn extends ChatTurn {
  after?: string;
  message?: string;
}

/** What is longer is shortened in any document, so no more is kept. */
const KEPT_CHARS = MAX_TEXT_CHARS + 1;
/** This many of the newest turns are kept in full, because the person may take some back. */
const IN_FULL = 8;
const MAX_TURNS = 500;

/** Collects the turns of a chat piece by piece, in bounded memory: of a very long one the first and the newest. */
export class TurnCollector {
  readonly #turns: KeptTurn[] = [];
  /** Applied to whole texts, before anything is cut. */
  readonly #clean: (text: string) => string;

  constructor(clean: (text: string) => string) {
    this.#clean = clean;
  }

  get turns(): readonly ChatTurn[] {
    return this.#turns;
  }

  take(piece: ChatPiece): void {
    if (piece.kind === 'person') this.#person(piece);
    else if (piece.kind === 'agent') this.#agent(piece);
    else if (piece.kind === 'undone') this.#turns.splice(Math.max(0, this.#turns.length - piece.turns));
  }

  #person({ text, after }: Extract<ChatPiece, { kind: 'person' }>): void {
    // The person went back and wrote something else.
    const replaced = after === undefined ? -1 : this.#turns.findIndex((turn) => turn.after === after);
    if (replaced !== -1) this.#turns.splice(replaced);
    const person = this.#kept(text);
    const last = this.#turns.at(-1);
    // Some versions record one text in two forms.
    if (last?.person === person && last.agent === '') return;
    this.#turns.push({ number: (last?.number ?? 0) + 1, person, agent: '', after });
    // Of what is no longer among the newest, no document has as much.
    const older = this.#turns.at(-IN_FULL - 1);
    if (older !== undefined && older !== this.#turns[0]) {
      older.person = beginning(older.person, MAX_BETWEEN_CHARS + 1);
      older.agent = beginning(older.agent, MAX_BETWEEN_CHARS + 1);
    }
    if (this.#turns.length > MAX_TURNS) this.#turns.splice(1, 1);
  }

  #agent({ text, message }: Extract<ChatPiece, { kind: 'agent' }>): void {
    const turn = this.#turns.at(-1);
    if (turn === undefined) return;
    const own = this.#kept(text);
    const isContinued = message !== undefined && message === turn.message && turn.agent !== own;
    turn.agent = isContinued ? beginning(`${turn.agent}\n\n${own}`, KEPT_CHARS) : own;
    turn.message = message;
  }

  #kept(text: string): string {
    return beginning(this.#clean(text.trim()), KEPT_CHARS);
  }
}
