import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { type MachineEffect, onEffects } from '../../src/core/kernel/effects.ts';
import { filesBelow } from '../../src/core/kernel/files/path-stats.ts';

/**
 * Of a file that was written and whose folder was not synced since: after a power cut the folder still names the old
 * file, or already the new one, with its bytes only if they were synced; or everything arrived by luck.
 */
export type Luck = 'old' | 'new' | 'all';

interface Plan {
  folders: readonly string[];
  /** Effects that are left out, as if the program had not synced; by default none. */
  without?: (path: string) => boolean;
}

/** What a disk keeps of some folders if the power fails, from the syncs of this process. */
export class DurableFiles implements Disposable {
  readonly #plan: Plan;
  readonly #listening: Disposable;
  /** The bytes that were synced last, by path. */
  readonly #synced = new Map<string, Buffer>();
  #durable = new Map<string, Buffer>();

  constructor(plan: Plan) {
    this.#plan = plan;
    this.#listening = onEffects((effect) => this.#note(effect));
    this.settle();
  }

  /** Everything has arrived, as a while after it was written. */
  settle(): void {
    this.#durable = this.#now();
  }

  /** The files after a power cut at this moment. */
  image(luckOf: (name: string) => Luck): Map<string, Buffer> {
    const now = this.#now();
    const image = new Map<string, Buffer>();
    for (const path of new Set([...this.#durable.keys(), ...now.keys()])) {
      const bytes = this.#after(path, luckOf(basename(path)), now.get(path));
      if (bytes !== undefined) image.set(path, bytes);
    }
    return image;
  }

  /** Puts an image in place of the files. */
  restore(image: ReadonlyMap<string, Buffer>): void {
    for (const path of this.#now().keys()) if (!image.has(path)) rmSync(path);
    for (const [path, bytes] of image) {
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, bytes);
    }
  }

  [Symbol.dispose](): void {
    this.#listening[Symbol.dispose]();
  }

  #after(path: string, luck: Luck, now: Buffer | undefined): Buffer | undefined {
    const old = this.#durable.get(path);
    if (luck === 'old' || APPENDED.test(path)) return old;
    if (luck === 'all' || now === undefined || old?.equals(now)) return now;
    return this.#synced.get(path)?.equals(now) ? now : Buffer.alloc(0);
  }

  #note({ kind, what: path }: MachineEffect): void {
    if (kind !== 'sync' || this.#plan.without?.(path)) return;
    const name = DRAFT.exec(basename(path))?.[1];
    if (name !== undefined) this.#synced.set(join(dirname(path), name), readFileSync(path));
    else if (APPENDED.test(path)) this.#durable.set(path, readFileSync(path));
    else this.#syncFolder(path);
  }

  #syncFolder(folder: string): void {
    const now = this.#now();
    for (const path of new Set([...this.#durable.keys(), ...now.keys()])) {
      if (dirname(path) !== folder || APPENDED.test(path)) continue;
      const bytes = this.#after(path, 'new', now.get(path));
      if (bytes === undefined) this.#durable.delete(path);
      else this.#durable.set(path, bytes);
    }
  }

  #now(): Map<string, Buffer> {
    const paths = this.#plan.folders.flatMap((folder) =>
      filesBelow(folder, (name) => !NOT_OURS.test(name)).map((name) => join(folder, name)),
    );
    return new Map(paths.map((path) => [path, readFileSync(path)]));
  }
}

const DRAFT = /^\.(.+)\.[0-9a-f]{12}\.draft$/;
const APPENDED = /\/events\.jsonl$/;
/** Written by agents and by git; the owner of the leases is this process, which no power cut ends. */
const NOT_OURS = /^(?:_logs|checkpoints|git|leases)(?:\/|$)|\.draft$/;
