/** Aborts when its source does, until disposed. */
export class LinkedController extends AbortController implements Disposable {
  readonly #source: AbortSignal;
  readonly #follow = () => this.abort(this.#source.reason);

  // Not AbortSignal.any: on Node 20 each call stays in the memory of a long-lived source.
  constructor(source: AbortSignal) {
    super();
    this.#source = source;
    if (source.aborted) this.#follow();
    else source.addEventListener('abort', this.#follow, { once: true });
  }

  [Symbol.dispose](): void {
    this.#source.removeEventListener('abort', this.#follow);
  }
}
