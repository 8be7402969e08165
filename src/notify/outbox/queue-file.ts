import { replaceWhole } from '../../base/files/atomic-file.ts';
import { readBoundedText } from '../../base/files/lines.ts';
import { identityAt } from '../../base/files/look-at.ts';
import { parseJson } from '../../base/parse-json.ts';
import { QueuedNotice } from '../queued-notice.ts';

const MAX_BYTES = 16 * 1024 * 1024;
export const DAY_MS = 24 * 3_600_000;
/** What could not be sent for so long is given up. */
const KEPT_MS = 7 * DAY_MS;

/** `queue.jsonl`, which the supervisor appends to in the same process. */
export class QueueFile {
  readonly #path: string;
  #id: string | undefined;
  entries: readonly QueuedNotice[] = [];

  constructor(path: string) {
    this.#path = path;
  }

  read(): void {
    const id = identityAt(this.#path);
    if (id === this.#id) return;
    const reading = readBoundedText(this.#path, { maxBytes: MAX_BYTES, keep: 'end' });
    const lines = reading.kind === 'text' ? reading.text.split('\n') : [];
    const notices = lines.flatMap((line) => QueuedNotice.safeParse(parseJson(line)).data ?? []);
    // Where the cursors of the queue were lost, a change is there twice.
    this.entries = [...new Map(notices.map((notice) => [notice.id, notice])).values()];
    this.#id = id;
  }

  /** Forgets what no channel waits for after a day, and the rest after a week. */
  async prune(nowMs: number, waiting: ReadonlySet<string>): Promise<void> {
    const kept = this.entries.filter(
      ({ id, at }) => nowMs - Date.parse(at) < (waiting.has(id) ? KEPT_MS : DAY_MS),
    );
    if (kept.length === this.entries.length) return;
    const text = kept.map((notice) => `${JSON.stringify(notice)}\n`).join('');
    const stillFits = () => identityAt(this.#path) === this.#id;
    if (await replaceWhole(this.#path, text, { mode: 0o600, stillFits })) this.entries = kept;
  }
}
